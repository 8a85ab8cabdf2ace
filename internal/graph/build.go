package graph

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// Options choose what is drawn. Without any, everything but system: objects is.
type Options struct {
	Subjects  []Asked        // these and what they reach
	Pattern   *regexp.Regexp // Subjects whose label matches, and what they reach
	Roles     []string       // NAME, or NAMESPACE/NAME: these, who holds them, what feeds them
	Namespace string         // RoleBindings of this namespace, and cluster-wide bindings
	System    bool           // system: objects too
	Paths     bool           // escalation
}

// Asked is a SUBJECT as typed: of one kind, or of any.
type Asked struct {
	Text    string
	Subject rbac.Subject // Kind is empty where Text did not name one
}

// String is the Subject as typed.
func (a Asked) String() string {
	if a.Subject.Kind != "" {
		return a.Subject.String()
	}
	return a.Text
}

// Source is one cluster and the name to give it.
type Source struct {
	Snapshot *snapshot.Snapshot
	Name     string // for people; empty: what the snapshot says
}

// Build draws clusters side by side.
func Build(sources []Source, o Options) (*Graph, error) {
	g := &Graph{Kind: "Graph", Question: o.question(), Clusters: []Cluster{}, Nodes: []Node{}, Edges: []Edge{}, Warnings: []string{}}
	var all []*builder
	for i, s := range sources {
		all = append(all, newBuilder(strconv.Itoa(i+1), len(sources) > 1, s, o))
	}
	if err := known(all, o); err != nil {
		return nil, err
	}
	for _, b := range all {
		b.build()
		g.Clusters = append(g.Clusters, b.cluster)
		drawn := b.sorted()
		g.Nodes = append(g.Nodes, drawn...)
		g.Edges = append(g.Edges, b.sortedEdges(drawn)...)
		g.Paths = append(g.Paths, b.paths...)
		for _, w := range b.warnings {
			if len(sources) > 1 {
				w = b.cluster.Name + ": " + w
			}
			if !slices.Contains(g.Warnings, w) {
				g.Warnings = append(g.Warnings, w)
			}
		}
	}
	return g, nil
}

func (o Options) question() Question {
	q := Question{Roles: o.Roles, Namespace: o.Namespace, System: o.System, Paths: o.Paths}
	for _, a := range o.Subjects {
		q.Subjects = append(q.Subjects, a.String())
	}
	if o.Pattern != nil {
		q.Regex = o.Pattern.String()
	}
	return q
}

// builder draws one cluster.
type builder struct {
	options  Options
	prefix   string // of ids, where there are several clusters
	snap     *snapshot.Snapshot
	index    *rbac.Index
	policy   rbac.Policy
	cluster  Cluster
	focus    map[rbac.Subject]bool // asked for; nil: everybody
	roles    map[string]bool       // ids of roles asked for and of those that take their rules; nil: all
	feeds    map[string][]string   // names of aggregated ClusterRoles → names of their feeders
	bindings map[string]int        // ids → positions; of one given twice the last counts
	known    map[string]int        // the same of roles
	nodes    map[string]*Node
	hops     map[string]bool // escalation edges that are drawn
	edges    []Edge
	paths    []Path
	warnings []string
}

func newBuilder(id string, several bool, s Source, o Options) *builder {
	b := &builder{options: o, snap: s.Snapshot, index: rbac.NewIndex(s.Snapshot.RBAC), nodes: map[string]*Node{}, hops: map[string]bool{}, bindings: map[string]int{}, known: map[string]int{}}
	b.policy = b.index.Policy()
	if several {
		b.prefix = id + ":"
	}
	for i, r := range b.policy.Roles {
		b.known[roleID(r)] = i
	}
	for i := range b.policy.Bindings {
		b.bindings[bindingID(&b.policy.Bindings[i])] = i
	}
	b.cluster = Cluster{
		ID: id, Name: s.Name, Source: s.Snapshot.Source, Taken: s.Snapshot.Taken,
		Unknown: unread(s.Snapshot), NotExamined: notExamined(s.Snapshot, o),
	}
	if b.cluster.Name == "" {
		b.cluster.Name = s.Snapshot.Name
	}
	b.feeds = b.feeders()
	b.focus = b.chosenSubjects()
	b.roles = b.chosenRoles()
	return b
}

// unread are the parts that could not be read and that this picture needs.
func unread(s *snapshot.Snapshot) []snapshot.Unknown {
	needed := []snapshot.Unknown{}
	for _, u := range s.Unknown {
		switch u.What {
		case snapshot.ClusterRoles, snapshot.ClusterRoleBindings, snapshot.Roles, snapshot.RoleBindings, snapshot.Manifest:
			needed = append(needed, u)
		}
	}
	return needed
}

// notExamined are the limits of what is drawn.
func notExamined(s *snapshot.Snapshot, o Options) []string {
	limits := []string{}
	if namespace := cmp.Or(o.Namespace, s.Source.Namespace); namespace != "" {
		limits = append(limits, "RoleBindings outside namespace "+namespace)
	}
	if s.Source.Kind == snapshot.Files {
		limits = append(limits, "what the cluster holds beside these manifests")
	}
	return append(limits, "memberships of groups that come with a sign-in", "Azure role assignments")
}

func (b *builder) build() {
	for i := range b.policy.Bindings {
		binding := &b.policy.Bindings[i]
		switch {
		case b.bindings[bindingID(binding)] != i, !b.wanted(binding):
		case b.hides(binding):
			b.cluster.Hidden.Bindings++
		default:
			b.bind(binding)
		}
	}
	b.addMasters()
	b.addFocus()
	b.addUnbound()
	b.feed()
	b.memberships()
	b.escalation()
	b.countHiddenSubjects()
	b.warn()
}

// wanted reports whether a binding is of the chosen namespace, Subjects and roles.
func (b *builder) wanted(binding *rbac.Binding) bool {
	if n := b.options.Namespace; n != "" && binding.Namespace != "" && binding.Namespace != n {
		return false
	}
	if b.roles != nil && !b.roles[b.roleID(binding)] {
		return false
	}
	return b.focus == nil || slices.ContainsFunc(binding.Subjects, func(s rbac.Subject) bool { return b.reaches(resolve(binding, s)) })
}

// reaches reports whether a Subject a binding names is one that was asked for,
// or a group that one is in.
func (b *builder) reaches(s rbac.Subject) bool {
	return b.focus == nil || b.focus[s] || s.Kind == rbac.GroupKind && b.hasMembers(s.Name)
}

func (b *builder) hasMembers(group string) bool {
	for s := range b.focus {
		if slices.Contains(b.groups(s), group) {
			return true
		}
	}
	return false
}

// bind adds a binding, its Subjects, role and namespace.
func (b *builder) bind(binding *rbac.Binding) {
	kind := NodeKind(binding.Kind())
	from := b.add(Node{ID: bindingID(binding), Kind: kind, Namespace: binding.Namespace, Name: binding.Name, Subjects: len(binding.Subjects), At: binding.At})
	var done []rbac.Subject
	for _, s := range binding.Subjects {
		s = resolve(binding, s)
		if !b.reaches(s) || slices.Contains(done, s) {
			continue
		}
		done = append(done, s)
		b.edge(Edge{From: b.subject(s), To: from, Kind: BoundBy})
	}
	role, state := b.role(binding)
	to := b.addRole(role, state)
	edge := Edge{From: from, To: to, Kind: Grants}
	if state == Missing {
		edge.Kind, edge.Text = Dangling, "the role does not exist: the binding grants nothing until somebody creates it"
	}
	b.edge(edge)
	switch all := rbac.Everything(role.Rules); {
	case binding.Namespace == "" && all:
		b.edge(Edge{From: from, To: b.power(), Kind: Everywhere})
	case binding.Namespace != "" && all:
		b.edge(Edge{From: from, To: b.namespace(binding.Namespace), Kind: Everywhere, Text: "every verb on every resource of the namespace"})
	case binding.Namespace != "":
		b.edge(Edge{From: from, To: b.namespace(binding.Namespace), Kind: HoldsIn})
	}
}

// resolve is whom a subject of a binding means: a ServiceAccount without
// namespace is one of the binding's own.
func resolve(binding *rbac.Binding, s rbac.Subject) rbac.Subject {
	if s.Kind == rbac.ServiceAccountKind && s.Namespace == "" {
		s.Namespace = binding.Namespace
	}
	return s.Canonical()
}

// role is the role of a binding; of one that is not here, its name alone.
func (b *builder) role(binding *rbac.Binding) (rbac.Role, State) {
	if role, found := b.index.Role(*binding); found {
		return role, ""
	}
	role, what := rbac.Role{Namespace: binding.Namespace, Name: binding.Role.Name}, snapshot.Roles
	if binding.Role.Kind == rbac.ClusterRoleKind {
		role.Namespace, what = "", snapshot.ClusterRoles
	}
	// Manifests rarely hold the roles that every cluster ships with.
	if b.snap.Missing(what) || b.snap.Missing(snapshot.Manifest) || b.snap.Source.Kind == snapshot.Files && !b.policy.Complete {
		return role, Unread
	}
	return role, Missing
}

// add adds a node once.
func (b *builder) add(n Node) string {
	n.ID, n.Cluster = b.prefix+n.ID, b.cluster.ID
	if _, twice := b.nodes[n.ID]; !twice {
		b.nodes[n.ID] = &n
	}
	return n.ID
}

func (b *builder) edge(e Edge) { b.edges = append(b.edges, e) }

func (b *builder) subject(s rbac.Subject) string {
	return b.add(Node{ID: s.String(), Kind: NodeKind(s.Kind), Namespace: s.Namespace, Name: s.Name, Focus: b.focus[s]})
}

func (b *builder) addRole(r rbac.Role, state State) string {
	n := Node{ID: roleID(r), Kind: NodeKind(r.Ref().Kind), Namespace: r.Namespace, Name: r.Name, State: state, At: r.At, Aggregated: r.Aggregated(), Everything: rbac.Everything(r.Rules)}
	n.Focus = b.asked(r)
	for i, rule := range r.Rules {
		drawn := Rule{Rule: rule}
		if i < len(r.RuleAt) {
			drawn.At = r.RuleAt[i]
		}
		n.Rules = append(n.Rules, drawn)
	}
	return b.add(n)
}

func (b *builder) namespace(name string) string {
	return b.add(Node{ID: "Namespace/" + name, Kind: Namespace, Name: name})
}

// powerName is what the node says that everything leads to.
const powerName = "everything in the cluster"

func (b *builder) power() string {
	return b.add(Node{ID: "everything", Kind: Power, Name: powerName})
}

func bindingID(binding *rbac.Binding) string {
	return binding.Kind() + "/" + scoped(binding.Namespace, binding.Name)
}

func roleID(r rbac.Role) string { return string(r.Ref().Kind) + "/" + scoped(r.Namespace, r.Name) }

func (b *builder) roleID(binding *rbac.Binding) string {
	if binding.Role.Kind == rbac.RoleRoleKind {
		return "Role/" + scoped(binding.Namespace, binding.Role.Name)
	}
	return "ClusterRole/" + binding.Role.Name
}

func scoped(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// sorted are the nodes by kind in the order of Kinds, then by namespace and name.
func (b *builder) sorted() []Node {
	rank := map[NodeKind]int{}
	for i, k := range Kinds() {
		rank[k] = i
	}
	all := make([]Node, 0, len(b.nodes))
	for _, n := range b.nodes {
		all = append(all, *n)
	}
	slices.SortFunc(all, func(x, y Node) int {
		if d := rank[x.Kind] - rank[y.Kind]; d != 0 {
			return d
		}
		if d := strings.Compare(x.Namespace, y.Namespace); d != 0 {
			return d
		}
		return strings.Compare(x.Name, y.Name)
	})
	return all
}

// sortedEdges follow the order of the nodes they come from.
func (b *builder) sortedEdges(nodes []Node) []Edge {
	rank := make(map[string]int, len(nodes))
	for i, n := range nodes {
		rank[n.ID] = i
	}
	slices.SortStableFunc(b.edges, func(x, y Edge) int {
		return cmp.Or(rank[x.From]-rank[y.From], strings.Compare(string(x.Kind), string(y.Kind)), rank[x.To]-rank[y.To])
	})
	return b.edges
}

func (b *builder) warnf(id, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if n := b.nodes[b.prefix+id]; n != nil && !slices.Contains(n.Warnings, text) {
		n.Warnings = append(n.Warnings, text)
	}
	if !slices.Contains(b.warnings, text) {
		b.warnings = append(b.warnings, text)
	}
}
