package rbac

import (
	"cmp"
	"slices"
	"strings"
)

// Index answers questions about one Policy. It is read only once built, and
// safe for concurrent use.
type Index struct {
	policy   Policy
	roles    map[roleKey]int     // positions in policy.Roles
	byRole   map[roleKey][]int32 // positions in policy.Bindings
	subjects []Subject           // canonical, sorted; an id is a position here
	ids      map[Subject]int32
	members  [][]int32 // per binding: the ids it names, each once, in its order
	bound    [][]int32 // per id: positions in policy.Bindings
	rank     []int32   // per binding: its place among all, see compareBindings
	byFold   map[string][]int32
	faults   []Fault
}

// roleKey is a role as a roleRef finds it.
type roleKey struct {
	kind            RoleKind
	namespace, name string
}

// NewIndex indexes a policy; the policy must not change afterwards. The rules of
// aggregated ClusterRoles are computed as aggregate says. Of a role or a binding
// given twice the last counts, as if the objects were applied in order.
func NewIndex(p Policy) *Index {
	x := &Index{policy: Policy{Complete: p.Complete, Roles: slices.Clone(p.Roles), Bindings: p.Bindings}}
	x.faults = aggregate(x.policy.Roles, p.Complete)
	x.indexRoles()
	x.indexSubjects(x.indexBindings())
	return x
}

func (x *Index) indexRoles() {
	x.roles = make(map[roleKey]int, len(x.policy.Roles))
	for i, r := range x.policy.Roles {
		key := r.key()
		if first, twice := x.roles[key]; twice {
			x.faults = append(x.faults, r.twice(x.policy.Roles[first].At))
		}
		x.roles[key] = i
	}
}

// indexBindings returns whom each binding names; nobody for one given again later.
func (x *Index) indexBindings() [][]Subject {
	type place struct{ namespace, name string }
	bindings := x.policy.Bindings
	last := make(map[place]int, len(bindings))
	for i, b := range bindings {
		at := place{b.Namespace, b.Name}
		if first, twice := last[at]; twice {
			x.faults = append(x.faults, b.twice(bindings[first].At))
		}
		last[at] = i
	}
	x.byRole = make(map[roleKey][]int32, len(x.policy.Roles))
	named := make([][]Subject, len(bindings))
	for i, b := range bindings {
		if last[place{b.Namespace, b.Name}] != i {
			continue
		}
		key := b.roleKey()
		x.byRole[key] = append(x.byRole[key], int32(i))
		if _, found := x.roles[key]; !found {
			x.faults = append(x.faults, b.dangling())
		}
		named[i] = b.named()
	}
	return named
}

// indexSubjects numbers everybody in order, so that answers sort by numbers.
func (x *Index) indexSubjects(named [][]Subject) {
	x.ids = map[Subject]int32{}
	for _, subjects := range named {
		for _, s := range subjects {
			if _, known := x.ids[s]; !known {
				x.ids[s] = 0
				x.subjects = append(x.subjects, s)
			}
		}
	}
	slices.SortFunc(x.subjects, CompareSubjects)
	x.byFold = make(map[string][]int32, len(x.subjects))
	for i, s := range x.subjects {
		x.ids[s] = int32(i)
		fold := foldKey(s)
		x.byFold[fold] = append(x.byFold[fold], int32(i))
	}
	x.members, x.bound = make([][]int32, len(named)), make([][]int32, len(x.subjects))
	for i, subjects := range named {
		x.members[i] = make([]int32, 0, len(subjects))
		for _, s := range subjects {
			id := x.ids[s]
			if n := len(x.bound[id]); n > 0 && x.bound[id][n-1] == int32(i) {
				continue // named twice
			}
			x.members[i] = append(x.members[i], id)
			x.bound[id] = append(x.bound[id], int32(i))
		}
	}
	x.rank = ranks(x.policy.Bindings)
}

// ranks are the places of bindings in their order: cluster-wide ones first.
func ranks(bindings []Binding) []int32 {
	order := make([]int32, len(bindings))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(compareBindings(bindings[a], bindings[b]), cmp.Compare(a, b))
	})
	rank := make([]int32, len(bindings))
	for place, i := range order {
		rank[i] = int32(place)
	}
	return rank
}

func (r Role) key() roleKey {
	if r.Namespace == "" {
		return roleKey{ClusterRoleKind, "", r.Name}
	}
	return roleKey{RoleRoleKind, r.Namespace, r.Name}
}

// roleKey is the role a binding means. A Role is looked up in the binding's own
// namespace; a ClusterRoleBinding has none and can mean no Role.
func (b Binding) roleKey() roleKey {
	if b.Role.Kind == ClusterRoleKind {
		return roleKey{ClusterRoleKind, "", b.Role.Name}
	}
	return roleKey{b.Role.Kind, b.Namespace, b.Role.Name}
}

// named is whom a binding means, in its order. A ServiceAccount without a
// namespace in a ClusterRoleBinding is nobody.
func (b Binding) named() []Subject {
	var who []Subject
	for _, s := range b.Subjects {
		s = b.resolve(s)
		if s.Kind == ServiceAccountKind && s.Namespace == "" {
			continue
		}
		who = append(who, s)
	}
	return who
}

// resolve is whom a subject of this binding means: a ServiceAccount without
// namespace is one of the RoleBinding's own; a User or Group has none, whatever
// is written.
func (b Binding) resolve(s Subject) Subject {
	switch {
	case s.Kind != ServiceAccountKind:
		s.Namespace = ""
	case s.Namespace == "":
		s.Namespace = b.Namespace
	}
	return s.Canonical()
}

func foldKey(s Subject) string {
	return string(s.Kind) + "\x00" + strings.ToLower(s.Label())
}

// Policy is what was indexed, with the rules of aggregated ClusterRoles filled in.
func (x *Index) Policy() Policy { return x.policy }

// Faults are what is wrong with the policy itself: dangling references, objects
// given twice, selectors that cannot be read.
func (x *Index) Faults() []Fault { return x.faults }

// Subjects are all Subjects that any binding names, sorted by kind and label.
func (x *Index) Subjects() []Subject { return slices.Clone(x.subjects) }

// CompareSubjects orders by kind, namespace and name.
func CompareSubjects(a, b Subject) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// boundTo are the positions of the bindings that name exactly this Subject.
func (x *Index) boundTo(s Subject) []int32 {
	id, known := x.ids[s.Canonical()]
	if !known {
		return nil
	}
	return x.bound[id]
}

// Bindings are the bindings that name exactly this Subject: cluster-wide ones
// first, then by namespace and name.
func (x *Index) Bindings(s Subject) []Binding {
	var found []Binding
	for _, i := range x.boundTo(s) {
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
	for _, id := range x.byFold[foldKey(s)] {
		if other := x.subjects[id]; other != s {
			near = append(near, other)
		}
	}
	return near
}

// Role finds the role a binding grants.
func (x *Index) Role(b Binding) (Role, bool) {
	role := x.role(&b)
	if role == nil {
		return Role{}, false
	}
	return *role, true
}

func (x *Index) role(b *Binding) *Role {
	i, found := x.roles[b.roleKey()]
	if !found {
		return nil
	}
	return &x.policy.Roles[i]
}
