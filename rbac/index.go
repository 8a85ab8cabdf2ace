package rbac

import (
	"cmp"
	"slices"
	"strings"
)

// Index answers questions about one Policy. It is read only once built.
type Index struct {
	policy    Policy
	bySubject map[Subject][]int // canonical Subject → positions in policy.Bindings
	byFold    map[string][]Subject
	roles     map[roleKey]int
}

type roleKey struct{ namespace, name string }

// NewIndex indexes a policy; the policy must not change afterwards.
func NewIndex(p Policy) *Index {
	x := &Index{policy: p, bySubject: map[Subject][]int{}, byFold: map[string][]Subject{}, roles: map[roleKey]int{}}
	for i, r := range p.Roles {
		x.roles[roleKey{r.Namespace, r.Name}] = i
	}
	for i, b := range p.Bindings {
		for _, s := range b.Subjects {
			x.add(s.Canonical(), i)
		}
	}
	return x
}

func (x *Index) add(s Subject, binding int) {
	at := x.bySubject[s]
	if len(at) == 0 {
		fold := foldKey(s)
		x.byFold[fold] = append(x.byFold[fold], s)
	}
	if !slices.Contains(at, binding) { // a binding may name somebody twice
		x.bySubject[s] = append(at, binding)
	}
}

func foldKey(s Subject) string {
	return string(s.Kind) + "\x00" + strings.ToLower(s.Label())
}

// Subjects are all Subjects that any binding names, sorted by kind and label.
func (x *Index) Subjects() []Subject {
	all := make([]Subject, 0, len(x.bySubject))
	for s := range x.bySubject {
		all = append(all, s)
	}
	slices.SortFunc(all, compareSubjects)
	return all
}

func compareSubjects(a, b Subject) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// Bindings are the bindings that name exactly this Subject: cluster-wide ones
// first, then by namespace and name.
func (x *Index) Bindings(s Subject) []Binding {
	var found []Binding
	for _, i := range x.bySubject[s.Canonical()] {
		found = append(found, x.policy.Bindings[i])
	}
	slices.SortFunc(found, func(a, b Binding) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return found
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
	slices.SortFunc(near, compareSubjects)
	return near
}

// Role finds the role a binding grants.
func (x *Index) Role(b Binding) (Role, bool) {
	key := roleKey{name: b.Role.Name}
	if b.Role.Kind == RoleRoleKind {
		key.namespace = b.Namespace
	}
	i, found := x.roles[key]
	if !found {
		return Role{}, false
	}
	return x.policy.Roles[i], true
}
