package rbac

import (
	"cmp"
	"slices"
	"strings"
)

// Index answers questions about one Policy. It is read only once built, and
// safe for concurrent use.
type Index struct {
	policy    Policy
	bySubject map[Subject][]int // canonical Subject → positions in policy.Bindings
	byRole    map[roleKey][]int // role → positions in policy.Bindings
	byFold    map[string][]Subject
	roles     map[roleKey]int
	faults    []Fault
}

// roleKey is a role: a ClusterRole where the namespace is empty.
type roleKey struct{ namespace, name string }

// NewIndex indexes a policy; the policy must not change afterwards. The rules of
// aggregated ClusterRoles are computed where Aggregated says they are wanting.
func NewIndex(p Policy) *Index {
	x := &Index{
		policy: Policy{Complete: p.Complete, Roles: slices.Clone(p.Roles), Bindings: p.Bindings}, bySubject: map[Subject][]int{}, byRole: map[roleKey][]int{},
		byFold: map[string][]Subject{}, roles: make(map[roleKey]int, len(p.Roles)),
	}
	x.faults = aggregate(x.policy.Roles, p.Complete)
	for i, r := range x.policy.Roles {
		key := roleKey{r.Namespace, r.Name}
		if first, twice := x.roles[key]; twice {
			x.faults = append(x.faults, Fault{Kind: Twice, Role: r.Ref(), Namespace: r.Namespace, At: r.At, Msg: r.Title() + " is given twice; the last one counts (first " + x.policy.Roles[first].At.String() + ")"})
		}
		x.roles[key] = i
	}
	for i, b := range x.policy.Bindings {
		key := b.roleKey()
		x.byRole[key] = append(x.byRole[key], i)
		for _, s := range b.Subjects {
			x.add(b.resolve(s), i)
		}
		if _, found := x.roles[key]; !found {
			x.faults = append(x.faults, b.dangling())
		}
	}
	return x
}

func (b Binding) roleKey() roleKey {
	if b.Role.Kind == RoleRoleKind {
		return roleKey{b.Namespace, b.Role.Name}
	}
	return roleKey{"", b.Role.Name}
}

// resolve is whom a subject of this binding means: a ServiceAccount without
// namespace is one of the RoleBinding's own.
func (b Binding) resolve(s Subject) Subject {
	if s.Kind == ServiceAccountKind && s.Namespace == "" {
		s.Namespace = b.Namespace
	}
	return s.Canonical()
}

func (x *Index) add(s Subject, binding int) {
	at := x.bySubject[s]
	if len(at) == 0 {
		fold := foldKey(s)
		x.byFold[fold] = append(x.byFold[fold], s)
	}
	if len(at) == 0 || at[len(at)-1] != binding { // a binding may name somebody twice
		x.bySubject[s] = append(at, binding)
	}
}

func foldKey(s Subject) string {
	return string(s.Kind) + "\x00" + strings.ToLower(s.Label())
}

// Policy is what was indexed, with the rules of aggregated ClusterRoles filled in.
func (x *Index) Policy() Policy { return x.policy }

// Faults are what is wrong with the policy itself: dangling references, roles
// given twice, selectors that cannot be read.
func (x *Index) Faults() []Fault { return x.faults }

// Subjects are all Subjects that any binding names, sorted by kind and label.
func (x *Index) Subjects() []Subject {
	all := make([]Subject, 0, len(x.bySubject))
	for s := range x.bySubject {
		all = append(all, s)
	}
	slices.SortFunc(all, CompareSubjects)
	return all
}

// CompareSubjects orders by kind, namespace and name.
func CompareSubjects(a, b Subject) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// Bindings are the bindings that name exactly this Subject: cluster-wide ones
// first, then by namespace and name.
func (x *Index) Bindings(s Subject) []Binding {
	var found []Binding
	for _, i := range x.bySubject[s.Canonical()] {
		found = append(found, x.policy.Bindings[i])
	}
	slices.SortFunc(found, compareBindings)
	return found
}

func compareBindings(a, b Binding) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// NearEqual are the bound Subjects of the same kind that differ from s in upper
// and lower case only. RBAC compares names exactly, so they are somebody else.
func (x *Index) NearEqual(s Subject) []Subject {
	s = s.Canonical()
	var near []Subject
	for _, other := range x.byFold[foldKey(s)] {
		if other != s {
			near = append(near, other)
		}
	}
	slices.SortFunc(near, CompareSubjects)
	return near
}

// Role finds the role a binding grants.
func (x *Index) Role(b Binding) (Role, bool) {
	i, found := x.roles[b.roleKey()]
	if !found {
		return Role{}, false
	}
	return x.policy.Roles[i], true
}
