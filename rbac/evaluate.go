package rbac

import (
	"cmp"
	"slices"
	"strconv"
)

// Decision is what RBAC says to a request, with everything that makes it so.
// Not allowed means no opinion: RBAC never denies, another authorizer may allow.
type Decision struct {
	Allowed bool    `json:"allowed"`
	Allows  []Allow `json:"allows,omitempty"` // every rule that allows it, cluster-wide ones first
	Faults  []Fault `json:"faults,omitempty"` // bindings of this caller, in scope, whose role does not exist
}

// Allow is one rule that allows a request, and how the caller comes by it.
type Allow struct {
	Grant        // Binding is nil for system:masters, which needs none
	Role  *Role  // nil for system:masters
	Rule  int    // index in Role.Rules
	Scope string // namespace it holds in; empty: cluster-wide
}

// At is where the rule stands in a file; zero for what came from a cluster.
func (a Allow) At() Position {
	if a.Role == nil {
		return Position{}
	}
	return a.Role.ruleAt(a.Rule)
}

// Because is the sentence kube-apiserver writes to the audit annotation
// authorization.k8s.io/reason (kubernetes/pkg/registry/rbac/validation). It is
// empty for system:masters, as there.
func (a Allow) Because() string {
	if a.Binding == nil {
		return ""
	}
	name := a.Binding.Name
	if a.Binding.Namespace != "" {
		name += "/" + a.Binding.Namespace
	}
	return "RBAC: allowed by " + a.Binding.Kind() + " " + strconv.Quote(name) + " of " + string(a.Binding.Role.Kind) + " " + strconv.Quote(a.Binding.Role.Name) + " to " + a.Binding.describe(a.Subject)
}

// describe names a Subject as the binding spells it: a ServiceAccount may stand
// there as a User.
func (b *Binding) describe(s Subject) string {
	for _, spelled := range b.Subjects {
		if b.resolve(spelled) == s {
			if spelled.Kind != ServiceAccountKind {
				s = spelled
			}
			break
		}
	}
	if s.Kind == ServiceAccountKind {
		return string(s.Kind) + " " + strconv.Quote(s.Name+"/"+s.Namespace)
	}
	return string(s.Kind) + " " + strconv.Quote(s.Name)
}

// identities are the Subjects a binding could name to mean this caller.
func identities(u UserInfo) []Subject {
	who := make([]Subject, 0, len(u.Groups)+1)
	if u.Username != "" {
		who = append(who, User(u.Username).Canonical())
	}
	for _, g := range u.Groups {
		who = append(who, Group(g))
	}
	return who
}

// scope is the namespace whose RoleBindings count; URLs are in none.
func (r Request) scope() string {
	if r.Path != "" {
		return ""
	}
	return r.Namespace
}

// Evaluate decides as kube-apiserver's RBAC authorizer does: ClusterRoleBindings
// first, then the RoleBindings of the request's namespace. Groups are taken as
// they are: see Subject.UserInfo.
func (x *Index) Evaluate(u UserInfo, q Request) Decision {
	var d Decision
	if slices.Contains(u.Groups, Masters) {
		d.Allowed = true
		d.Allows = append(d.Allows, masters())
	}
	x.visit(u, q.scope(), func(s Subject, b *Binding) {
		role := x.role(b)
		if role == nil {
			d.Faults = append(d.Faults, b.dangling())
			return
		}
		for i := range role.Rules {
			if role.Rules[i].Allows(q) {
				d.Allowed = true
				d.Allows = append(d.Allows, Allow{Grant: Grant{Subject: s, Binding: b}, Role: role, Rule: i, Scope: b.Namespace})
			}
		}
	})
	return d
}

func masters() Allow { return Allow{Grant: Grant{Subject: Group(Masters), Reason: Unbound}} }

// visit calls f for every binding that applies to the caller in a namespace;
// the Subject is the one by which it applies, the first in the binding.
func (x *Index) visit(u UserInfo, namespace string, f func(Subject, *Binding)) {
	var who, at []int32
	for _, s := range identities(u) {
		id, known := x.ids[s]
		if !known {
			continue
		}
		who = append(who, id)
		for _, i := range x.bound[id] {
			if x.policy.Bindings[i].holdsIn(namespace) {
				at = append(at, i)
			}
		}
	}
	slices.SortFunc(at, func(a, b int32) int { return cmp.Compare(x.rank[a], x.rank[b]) })
	for _, i := range slices.Compact(at) {
		for _, id := range x.members[i] {
			if slices.Contains(who, id) {
				f(x.subjects[id], &x.policy.Bindings[i])
				break
			}
		}
	}
}

// holdsIn reports whether a binding counts for requests in a namespace; empty:
// cluster-scoped, all namespaces, or a URL.
func (b *Binding) holdsIn(namespace string) bool {
	if b.Namespace == "" {
		return true
	}
	return b.Namespace == namespace
}

// WhoCan are all ways by which any bound Subject, and system:masters, may do
// this, sorted by Subject, cluster-wide ways first. A Subject appears once for
// each binding and rule. Whoever is in a group that appears may do it too.
func (x *Index) WhoCan(q Request) []Allow {
	var found []way
	for r := range x.policy.Roles {
		role := &x.policy.Roles[r]
		if role.Namespace != "" && role.Namespace != q.scope() {
			continue
		}
		if x.roles[role.key()] != r { // given twice: the other one counts
			continue
		}
		for i := range role.Rules {
			if role.Rules[i].Allows(q) {
				found = x.holders(found, r, i, q.scope())
			}
		}
	}
	slices.SortFunc(found, func(a, b way) int {
		return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.rank, b.rank), cmp.Compare(a.rule, b.rule))
	})
	return x.allows(found)
}

// way is an Allow in numbers.
type way struct{ subject, rank, binding, role, rule int32 }

// holders adds everybody a role's rule is bound to in a namespace.
func (x *Index) holders(found []way, role, rule int, namespace string) []way {
	for _, i := range x.byRole[x.policy.Roles[role].key()] {
		if !x.policy.Bindings[i].holdsIn(namespace) {
			continue
		}
		for _, id := range x.members[i] {
			found = append(found, way{subject: id, rank: x.rank[i], binding: i, role: int32(role), rule: int32(rule)})
		}
	}
	return found
}

// allows spells the ways out, with system:masters in its place.
func (x *Index) allows(found []way) []Allow {
	list := make([]Allow, 0, len(found)+1)
	place, _ := slices.BinarySearchFunc(x.subjects, Group(Masters), CompareSubjects)
	before, _ := slices.BinarySearchFunc(found, int32(place), func(w way, id int32) int { return cmp.Compare(w.subject, id) })
	for _, w := range found[:before] {
		list = append(list, x.allow(w))
	}
	list = append(list, masters())
	for _, w := range found[before:] {
		list = append(list, x.allow(w))
	}
	return list
}

func (x *Index) allow(w way) Allow {
	b := &x.policy.Bindings[w.binding]
	return Allow{Grant: Grant{Subject: x.subjects[w.subject], Binding: b}, Role: &x.policy.Roles[w.role], Rule: int(w.rule), Scope: b.Namespace}
}

// Held is one role somebody has, and where.
type Held struct {
	Grant
	Role  *Role
	Scope string // namespace it holds in; empty: cluster-wide
}

// Roles are the roles a caller holds: with namespace "", those held cluster-wide;
// with every, those held in any namespace too. Bindings whose role does not exist
// are in Faults. system:masters is not among them: see UserInfo.Groups.
func (x *Index) Roles(u UserInfo, namespace string, every bool) (held []Held, faults []Fault) {
	add := func(s Subject, b *Binding) {
		role := x.role(b)
		if role == nil {
			faults = append(faults, b.dangling())
			return
		}
		held = append(held, Held{Grant: Grant{Subject: s, Binding: b}, Role: role, Scope: b.Namespace})
	}
	x.visit(u, namespace, add)
	if !every {
		return held, faults
	}
	for _, n := range x.namespaces(u) {
		if n == namespace {
			continue
		}
		x.visit(u, n, func(s Subject, b *Binding) {
			if b.Namespace != "" {
				add(s, b)
			}
		})
	}
	return held, faults
}

// namespaces are those where RoleBindings name the caller, sorted.
func (x *Index) namespaces(u UserInfo) []string {
	var all []string
	for _, s := range identities(u) {
		for _, i := range x.boundTo(s) {
			if n := x.policy.Bindings[i].Namespace; n != "" {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
