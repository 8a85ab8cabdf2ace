package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
	"github.com/postern-dev/postern/rbac/resource"
)

// Cell is one verb on one resource in one scope.
type Cell string

// What a cell can say.
const (
	CellYes     Cell = "yes"
	CellNames   Cell = "names" // only objects of some names
	CellNo      Cell = "no"
	CellUnknown Cell = "unknown"
	CellNone    Cell = "none" // the server has no such verb for the resource
)

// Matrix is what somebody may do with each resource: everywhere, and in each
// namespace where that differs.
type Matrix struct {
	Verbs   []string // the columns
	Rows    []MatrixRow
	Unknown []string // what could turn a no
	Notes   []string
	Limits  []string // what was not examined
}

// MatrixRow is one resource in one scope.
type MatrixRow struct {
	Scope    string // namespace; empty: the cluster, that is all namespaces
	APIGroup string
	Resource string // RESOURCE or RESOURCE/SUBRESOURCE; a rule's own word where Listed is false
	URL      string
	Listed   bool                // the server, or the built-in table, has it
	Cells    []Cell              // one each of Verbs
	Names    map[string][]string // by verb, where the cell says names
	Special  []Special           // verbs beyond the columns
}

// Special is a verb without a column: bind, escalate, impersonate, approve, …
type Special struct {
	Verb  string
	Cell  Cell
	Names []string
}

// MatrixOptions choose what a matrix shows.
type MatrixOptions struct {
	Table     *resource.Table
	Namespace string   // only this one; empty: the cluster and all namespaces
	Verbs     []string // columns; nil: Verbs, with the special ones beside
	// Only, where set, chooses resources.
	Only func(group, resource, sub string) bool
}

// Matrix evaluates every cell.
func (a *Asker) Matrix(u rbac.UserInfo, groups Groups, o MatrixOptions) Matrix {
	grants := a.RuleGrants(u, o.Namespace)
	m := Matrix{Verbs: o.Verbs, Unknown: a.unreadFor(u, grants, o.Namespace), Limits: a.limitsOf(u, groups, o.Namespace), Notes: a.tableNotes(grants, o.Table)}
	m.Unknown = append(m.Unknown, a.azureGaps(u)...)
	special := o.Verbs == nil
	if special {
		m.Verbs = Verbs
	}
	w := &matrixWork{asker: a, user: u, options: o, verbs: m.Verbs, special: special, known: map[matrixKey]bool{}}
	if f := a.snapshot.Azure; f != nil {
		w.azure = azrbac.New(*f)
	}
	w.targets = w.lines(grants)
	byScope := map[string][]rbac.Rule{}
	for _, g := range grants {
		if g.State == RoleFound {
			byScope[g.Scope] = append(byScope[g.Scope], g.Rule)
		}
	}
	w.everywhere = newRuleSet(byScope[""])
	if o.Namespace != "" {
		m.Rows = w.scope(o.Namespace, newRuleSet(byScope[o.Namespace]), nil)
		return m
	}
	cluster := w.scope("", ruleSet{}, nil)
	m.Rows = slices.Clone(cluster)
	for _, g := range AzureGrants(a.snapshot.Azure, ObjectIDs(u)) {
		if g.Namespace != "" && byScope[g.Namespace] == nil {
			byScope[g.Namespace] = []rbac.Rule{}
		}
	}
	for _, namespace := range sortedScopes(byScope) {
		m.Rows = append(m.Rows, w.differing(namespace, newRuleSet(byScope[namespace]), cluster)...)
	}
	return m
}

func sortedScopes(byScope map[string][]rbac.Rule) (all []string) {
	for s := range byScope {
		if s != "" {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return all
}

// matrixTarget is one line of a matrix before its cells are known.
type matrixTarget struct {
	group, resource, sub, url string
	namespaced, listed        bool
	verbs, checks             []string // nil: not known
}

// matrixWork is a matrix in the making.
type matrixWork struct {
	asker   *Asker
	user    rbac.UserInfo
	options MatrixOptions
	verbs   []string
	special bool
	targets []matrixTarget
	// everywhere are the rules held cluster-wide.
	everywhere ruleSet
	known      map[matrixKey]bool // what listed has said
	azure      *azrbac.Index      // nil: not known
}

// matrixKey is group, resource and subresource.
type matrixKey struct{ group, resource, sub string }

// scope are all rows of one scope, where these rules hold beside those held
// everywhere.
func (w *matrixWork) scope(namespace string, here ruleSet, only func(matrixTarget) bool) (rows []MatrixRow) {
	otherwise := CellNo
	if len(w.asker.unread(w.user, namespace))+len(w.asker.azureUnread(w.user))+len(w.asker.withoutID(w.user)) > 0 {
		otherwise = CellUnknown
	}
	for _, t := range w.targets {
		switch {
		case namespace != "" && (t.url != "" || t.listed && !t.namespaced):
		case only != nil && !only(t):
		default:
			rows = append(rows, w.row(namespace, t, append(w.everywhere.of(t), here.of(t)...), otherwise))
		}
	}
	return rows
}

// differing are the rows of a namespace that say something else than those of
// the cluster.
func (w *matrixWork) differing(namespace string, here ruleSet, cluster []MatrixRow) (rows []MatrixRow) {
	for _, row := range w.scope(namespace, here, func(t matrixTarget) bool { return w.azure != nil || len(here.of(t)) > 0 }) {
		i, found := slices.BinarySearchFunc(cluster, row, compareMatrixRows)
		if !found || !cluster[i].Same(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// compareMatrixRows orders the rows of one scope.
func compareMatrixRows(a, b MatrixRow) int {
	return cmp.Or(cmp.Compare(min(len(a.URL), 1), min(len(b.URL), 1)), cmp.Compare(a.APIGroup, b.APIGroup), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.URL, b.URL))
}

// Same reports whether two rows say the same, whatever their scope.
func (r MatrixRow) Same(o MatrixRow) bool {
	if !slices.Equal(r.Cells, o.Cells) || len(r.Special) != len(o.Special) {
		return false
	}
	for verb, names := range r.Names {
		if !slices.Equal(names, o.Names[verb]) {
			return false
		}
	}
	for i, s := range r.Special {
		if s.Verb != o.Special[i].Verb || s.Cell != o.Special[i].Cell || !slices.Equal(s.Names, o.Special[i].Names) {
			return false
		}
	}
	return true
}

// Any reports whether the row allows anything.
func (r MatrixRow) Any() bool {
	allows := func(c Cell) bool { return c == CellYes || c == CellNames }
	return slices.ContainsFunc(r.Cells, allows) || slices.ContainsFunc(r.Special, func(s Special) bool { return allows(s.Cell) })
}

func (w *matrixWork) row(namespace string, t matrixTarget, rules []rbac.Rule, otherwise Cell) MatrixRow {
	r := MatrixRow{Scope: namespace, APIGroup: t.group, Resource: full(t.resource, t.sub), URL: t.url, Listed: t.listed}
	special := t.specials(rules)
	for _, verb := range w.verbs {
		cell, names := t.cell(verb, rules, otherwise)
		cell = w.byAzure(namespace, t, verb, cell)
		if t.listed && !slices.Contains(Verbs, verb) && !slices.Contains(special, verb) {
			cell = CellNone // * allows it, but nobody asks for it
		}
		r.Cells = append(r.Cells, cell)
		if cell == CellNames {
			if r.Names == nil {
				r.Names = map[string][]string{}
			}
			r.Names[verb] = names
		}
	}
	if !w.special {
		return r
	}
	for _, verb := range special {
		cell, names := t.cell(verb, rules, otherwise)
		if cell = w.byAzure(namespace, t, verb, cell); cell == CellYes || cell == CellNames {
			r.Special = append(r.Special, Special{verb, cell, names})
		}
	}
	return r
}

// byAzure joins what Azure RBAC says of a cell that Kubernetes RBAC does not
// allow, or for some names only: what one authorizer allows is allowed.
func (w *matrixWork) byAzure(namespace string, t matrixTarget, verb string, cell Cell) Cell {
	if w.azure == nil || cell == CellYes || cell == CellNone {
		return cell
	}
	q := rbac.Request{Verb: verb, APIGroup: t.group, Resource: t.resource, Subresource: t.sub, Namespace: namespace, Path: t.url}
	switch d := w.azure.Evaluate(w.user, q); {
	case d.Verdict == azrbac.Allow:
		return CellYes
	case d.Verdict == azrbac.Unknown && cell == CellNo:
		return CellUnknown
	}
	return cell
}

func full(resource, sub string) string {
	if sub == "" {
		return resource
	}
	return resource + "/" + sub
}

// cell joins the rules that are about a target.
func (t matrixTarget) cell(verb string, rules []rbac.Rule, otherwise Cell) (Cell, []string) {
	var names []string
	for _, r := range rules {
		if !r.AllowsVerb(verb) {
			continue
		}
		if t.url != "" || r.AllowsName("") {
			return t.served(verb, CellYes), nil
		}
		names = append(names, r.ResourceNames...)
	}
	if len(names) > 0 && t.named(verb) {
		slices.Sort(names)
		return t.served(verb, CellNames), slices.Compact(names)
	}
	return t.served(verb, otherwise), nil
}

// named reports whether requests of a verb carry the name of an object. A list
// or a watch does with fieldSelector=metadata.name=….
func (t matrixTarget) named(verb string) bool {
	return verb != "deletecollection" && (verb != "create" || t.sub != "")
}

// served is a cell, unless the server has no such verb: rules may grant it all
// the same.
func (t matrixTarget) served(verb string, c Cell) Cell {
	if t.verbs != nil && slices.Contains(Verbs, verb) && !slices.Contains(t.verbs, verb) {
		return CellNone
	}
	return c
}

// specials are the verbs beyond the usual that the server asks for, or that the
// rules name.
func (t matrixTarget) specials(rules []rbac.Rule) []string {
	all := slices.Clone(t.checks)
	for _, r := range rules {
		for _, verb := range r.Verbs {
			if (verb != "*" || !t.listed) && !slices.Contains(Verbs, verb) {
				all = append(all, verb)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ruleSet finds the rules about a resource without looking at all of them.
type ruleSet struct {
	byResource map[string][]rbac.Rule
	urls       []rbac.Rule
}

func newRuleSet(rules []rbac.Rule) ruleSet {
	s := ruleSet{byResource: map[string][]rbac.Rule{}}
	for _, r := range rules {
		for _, name := range distinct(r.Resources...) {
			s.byResource[name] = append(s.byResource[name], r)
		}
		if len(r.NonResourceURLs) > 0 {
			s.urls = append(s.urls, r)
		}
	}
	return s
}

// of are the rules about a target, whatever their verbs and names.
func (s ruleSet) of(t matrixTarget) (rules []rbac.Rule) {
	if t.url != "" {
		for _, r := range s.urls {
			if r.AllowsPath(t.url) {
				rules = append(rules, r)
			}
		}
		return rules
	}
	words := []string{"*", full(t.resource, t.sub)}
	if t.sub != "" {
		words = append(words, "*/"+t.sub)
	}
	for _, word := range distinct(words...) {
		for _, r := range s.byResource[word] {
			if r.AllowsGroup(t.group) {
				rules = append(rules, r)
			}
		}
	}
	return rules
}

// lines are the targets: what the table has, and what the rules name beyond it.
func (w *matrixWork) lines(grants []RuleGrant) (all []matrixTarget) {
	seen := map[[3]string]bool{}
	add := func(t matrixTarget) {
		key := [3]string{t.group, full(t.resource, t.sub), t.url}
		if !seen[key] && (w.options.Only == nil || t.url == "" && w.options.Only(t.group, t.resource, t.sub)) {
			all = append(all, t)
		}
		seen[key] = true
	}
	subs := map[string]bool{}
	for _, r := range w.options.Table.All() {
		add(matrixTarget{group: r.Group, resource: r.Name, namespaced: r.Namespaced, listed: true, verbs: known(r.Verbs), checks: r.Checks})
		for _, s := range r.Subresources {
			subs[s.Name] = true
			add(matrixTarget{group: r.Group, resource: r.Name, sub: s.Name, namespaced: r.Namespaced, listed: true, verbs: known(s.Verbs)})
		}
	}
	for _, g := range grants {
		for _, t := range w.unlisted(g.Rule, subs) {
			add(t)
		}
		if g.Scope == "" {
			for _, url := range g.Rule.NonResourceURLs {
				add(matrixTarget{url: url, listed: true, verbs: []string{"get", "patch", "delete"}, checks: []string{"head", "options", "post", "put"}})
			}
		}
	}
	slices.SortFunc(all, func(a, b matrixTarget) int {
		return compareMatrixRows(MatrixRow{APIGroup: a.group, Resource: full(a.resource, a.sub), URL: a.url}, MatrixRow{APIGroup: b.group, Resource: full(b.resource, b.sub), URL: b.url})
	})
	return all
}

// known is a list of verbs that is never nil: none is known to be none.
func known(verbs []string) []string { return append([]string{}, verbs...) }

// unlisted are the words of a rule that no resource of the table answers to.
func (w *matrixWork) unlisted(r rbac.Rule, subs map[string]bool) (all []matrixTarget) {
	for _, word := range r.Resources {
		name, sub, _ := strings.Cut(word, "/")
		if name == "*" && sub != "" && subs[sub] {
			continue
		}
		for _, group := range r.APIGroups {
			if !w.listed(group, name, sub) {
				all = append(all, matrixTarget{group: group, resource: name, sub: sub})
			}
		}
	}
	return all
}

func (w *matrixWork) listed(group, name, sub string) bool {
	key := matrixKey{group, name, sub}
	if found, asked := w.known[key]; asked {
		return found
	}
	w.known[key] = slices.ContainsFunc(w.options.Table.All(), func(r resource.Resource) bool {
		if group != "*" && r.Group != group || name != "*" && r.Name != name {
			return false
		}
		_, found := r.Sub(sub)
		return sub == "" || found
	})
	return w.known[key]
}

// tableNotes say which resources a matrix cannot name.
func (a *Asker) tableNotes(grants []RuleGrant, t *resource.Table) (notes []string) {
	wild := slices.ContainsFunc(grants, func(g RuleGrant) bool {
		return slices.Contains(g.Rule.APIGroups, "*") || slices.ContainsFunc(g.Rule.Resources, func(r string) bool { return strings.HasPrefix(r, "*") })
	})
	switch {
	case !t.Live && wild:
		notes = append(notes, "no server told its resources: * is shown for those of Kubernetes itself, and covers custom and added ones too")
	case len(t.Unread) > 0:
		notes = append(notes, "the server could not tell the resources of "+strings.Join(t.Unread, ", "))
	}
	return notes
}
