package graph

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// What every cluster ships with fills a picture with what nobody asked for. An
// object is left out by what it does, not by its name alone: a binding called
// system:x that gives something to an ordinary user, or an ordinary role to
// anybody, is drawn.

const systemPrefix = "system:"

func system(name string) bool { return strings.HasPrefix(name, systemPrefix) }

func systemSubject(s rbac.Subject) bool {
	return system(s.Name) || s.Kind == rbac.ServiceAccountKind && s.Namespace == "kube-system"
}

// hides reports whether a binding is one of the cluster's own and nobody asked
// for it.
func (b *builder) hides(binding *rbac.Binding) bool {
	if b.options.System || !system(binding.Name) || !system(binding.Role.Name) {
		return false
	}
	if slices.Contains(b.options.Roles, binding.Role.Name) {
		return false
	}
	role, state := b.role(binding)
	if state == "" && rbac.Everything(role.Rules) {
		return false
	}
	for _, s := range binding.Subjects {
		s = resolve(binding, s)
		if !systemSubject(s) || b.focus[s] {
			return false
		}
	}
	return true
}

// hidesRole: a role that nothing drawn refers to.
func (b *builder) hidesRole(r rbac.Role) bool {
	return !b.options.System && system(r.Name) && !rbac.Everything(r.Rules) && !b.asked(r)
}

// addMasters adds the group that needs no binding.
func (b *builder) addMasters() {
	masters := rbac.Group(rbac.Masters)
	if !b.reaches(masters) || b.roles != nil {
		return
	}
	b.edge(Edge{From: b.subject(masters), To: b.power(), Kind: Everywhere, Text: rbac.Unbound})
}

// addFocus adds the Subjects that were asked for and have no binding that is
// drawn: they are there all the same.
func (b *builder) addFocus() {
	for s := range b.focus {
		if b.roles == nil {
			b.subject(s)
		}
	}
}

// addUnbound adds roles that nobody holds, where all are wanted.
func (b *builder) addUnbound() {
	for i := range b.policy.Roles {
		r := &b.policy.Roles[i]
		id := roleID(*r)
		switch {
		case b.known[id] != i, b.nodes[b.prefix+id] != nil, b.focus != nil:
		case b.roles != nil && !b.roles[id]:
		case b.options.Namespace != "" && r.Namespace != "" && r.Namespace != b.options.Namespace:
		case b.roles == nil && b.hidesRole(*r):
			b.cluster.Hidden.Roles++
		default:
			b.addRole(*r, "")
		}
	}
}

// feed adds what the drawn aggregated ClusterRoles take their rules from.
func (b *builder) feed() {
	var queue []string
	for _, n := range b.sorted() {
		if n.Kind == ClusterRole {
			queue = append(queue, n.Name)
		}
	}
	done := map[string]bool{}
	for len(queue) > 0 {
		taker := queue[0]
		queue = queue[1:]
		if done[taker] {
			continue
		}
		done[taker] = true
		for _, name := range b.feeds[taker] {
			r := b.policy.Roles[b.known["ClusterRole/"+name]]
			if b.nodes[b.prefix+roleID(r)] == nil && b.hidesRole(r) {
				if b.focus != nil || b.roles != nil {
					b.cluster.Hidden.Roles++
				}
				continue
			}
			to := b.addRole(r, "")
			b.edge(Edge{From: b.prefix + "ClusterRole/" + taker, To: to, Kind: Aggregates})
			queue = append(queue, name)
		}
	}
}

// memberships adds who is in the drawn groups without anybody having said so.
func (b *builder) memberships() {
	for _, s := range b.drawnSubjects() {
		for _, group := range b.groups(s) {
			if to := b.prefix + rbac.Group(group).String(); b.nodes[to] != nil {
				b.edge(Edge{From: b.prefix + s.String(), To: to, Kind: MemberOf, Text: b.why(s, group)})
			}
		}
	}
}

func (b *builder) drawnSubjects() []rbac.Subject {
	var all []rbac.Subject
	for _, n := range b.sorted() {
		switch n.Kind {
		case User, Group, ServiceAccount:
			all = append(all, rbac.Subject{Kind: rbac.SubjectKind(n.Kind), Namespace: n.Namespace, Name: n.Name})
		}
	}
	return all
}

// countHiddenSubjects counts whom only hidden bindings name.
func (b *builder) countHiddenSubjects() {
	if b.focus != nil || b.roles != nil || b.options.System {
		return
	}
	for _, s := range b.index.Subjects() {
		if b.nodes[b.prefix+s.String()] == nil && systemSubject(s) && b.boundHere(s) {
			b.cluster.Hidden.Subjects++
		}
	}
}

func (b *builder) boundHere(s rbac.Subject) bool {
	return slices.ContainsFunc(b.index.Bindings(s), func(x rbac.Binding) bool { return b.wanted(&x) })
}

// warn gathers what is wrong with what is drawn.
func (b *builder) warn() {
	for _, f := range b.index.Faults() {
		id := string(f.Role.Kind) + "/" + f.Role.Name
		if f.Role.Kind == rbac.RoleRoleKind {
			id = "Role/" + scoped(f.Namespace, f.Role.Name)
		}
		if f.Kind == rbac.Dangling {
			binding := rbac.Binding{Namespace: f.Namespace, Name: f.Binding}
			if n := b.nodes[b.prefix+id]; n == nil || n.State != Missing {
				continue // it may exist: nothing is wrong with what is known
			}
			id = bindingID(&binding)
		}
		if b.nodes[b.prefix+id] != nil {
			b.warnf(id, "%s", f.Msg)
		}
	}
	for _, s := range b.drawnSubjects() {
		for _, near := range b.index.NearEqual(s) {
			first, second := s, near
			if rbac.CompareSubjects(first, second) > 0 {
				first, second = near, s
			}
			b.warnf(s.String(), "%s and %s differ in upper and lower case only: names are compared exactly, they are two", first, second)
		}
		if s.Kind == rbac.ServiceAccountKind && s.Namespace == "" {
			b.warnf(s.String(), "%s is bound without a namespace: the binding means nobody", s)
		}
	}
}
