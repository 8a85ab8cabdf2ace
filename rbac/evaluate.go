package rbac

import (
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
	if a.Role == nil || a.Rule >= len(a.Role.RuleAt) {
		return Position{}
	}
	return a.Role.RuleAt[a.Rule]
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
	subject := string(a.Subject.Kind) + " " + strconv.Quote(a.Subject.Name)
	if a.Subject.Kind == ServiceAccountKind {
		subject = string(a.Subject.Kind) + " " + strconv.Quote(a.Subject.Name+"/"+a.Subject.Namespace)
	}
	return "RBAC: allowed by " + a.Binding.Kind() + " " + strconv.Quote(name) + " of " + string(a.Binding.Role.Kind) + " " + strconv.Quote(a.Binding.Role.Name) + " to " + subject
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

// Evaluate decides as kube-apiserver's RBAC authorizer does: ClusterRoleBindings
// first, then the RoleBindings of the request's namespace. Groups are taken as
// they are: see Subject.UserInfo.
func (x *Index) Evaluate(u UserInfo, q Request) Decision {
	var d Decision
	if slices.Contains(u.Groups, Masters) {
		d.Allowed = true
		d.Allows = append(d.Allows, Allow{Grant: Grant{Subject: Group(Masters), Reason: Unbound}})
	}
	x.visit(u, q.Namespace, func(s Subject, b *Binding) {
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

// visit calls f for every binding that applies to the caller in a namespace;
// the Subject is the one by which it applies, the first in the binding.
func (x *Index) visit(u UserInfo, namespace string, f func(Subject, *Binding)) {
	var at []int
	for _, s := range identities(u) {
		for _, i := range x.bySubject[s] {
			if n := x.policy.Bindings[i].Namespace; n == "" || n == namespace {
				at = append(at, i)
			}
		}
	}
	slices.SortFunc(at, func(a, b int) int {
		if c := compareBindings(x.policy.Bindings[a], x.policy.Bindings[b]); c != 0 {
			return c
		}
		return a - b
	})
	who := map[Subject]bool{}
	for _, s := range identities(u) {
		who[s] = true
	}
	for _, i := range slices.Compact(at) {
		b := &x.policy.Bindings[i]
		for _, s := range b.Subjects {
			if r := b.resolve(s); who[r] {
				f(r, b)
				break
			}
		}
	}
}

func (x *Index) role(b *Binding) *Role {
	i, found := x.roles[b.roleKey()]
	if !found {
		return nil
	}
	return &x.policy.Roles[i]
}

// WhoCan are all ways by which any bound Subject, and system:masters, may do
// this, sorted by Subject, cluster-wide ways first. A Subject appears once for
// each binding and rule. Whoever is in a group that appears may do it too.
func (x *Index) WhoCan(q Request) []Allow {
	all := []Allow{{Grant: Grant{Subject: Group(Masters), Reason: Unbound}}}
	for r := range x.policy.Roles {
		role := &x.policy.Roles[r]
		if role.Namespace != "" && role.Namespace != q.Namespace {
			continue
		}
		key := roleKey{role.Namespace, role.Name}
		if x.roles[key] != r { // given twice: the other one counts
			continue
		}
		for i := range role.Rules {
			if role.Rules[i].Allows(q) {
				all = x.holders(all, role, i, q.Namespace)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Allow) int {
		if c := CompareSubjects(a.Subject, b.Subject); c != 0 {
			return c
		}
		switch {
		case a.Binding == nil && b.Binding == nil:
			return 0
		case a.Binding == nil:
			return -1
		case b.Binding == nil:
			return 1
		}
		return compareBindings(*a.Binding, *b.Binding)
	})
	return all
}

// holders adds everybody a role's rule is bound to in a namespace.
func (x *Index) holders(all []Allow, role *Role, rule int, namespace string) []Allow {
	for _, i := range x.byRole[roleKey{role.Namespace, role.Name}] {
		b := &x.policy.Bindings[i]
		if b.Namespace != "" && b.Namespace != namespace {
			continue
		}
		for n, s := range b.Subjects {
			s = b.resolve(s)
			if slices.ContainsFunc(b.Subjects[:n], func(o Subject) bool { return b.resolve(o) == s }) {
				continue
			}
			all = append(all, Allow{Grant: Grant{Subject: s, Binding: b}, Role: role, Rule: rule, Scope: b.Namespace})
		}
	}
	return all
}

// Held is one role somebody has, and where.
type Held struct {
	Grant
	Role  *Role
	Scope string // namespace it holds in; empty: cluster-wide
}

// Roles are the roles a caller holds: with namespace "", those held cluster-wide;
// with all, those held in any namespace too. Bindings whose role does not exist
// are in Faults. system:masters is not among them: see UserInfo.Groups.
func (x *Index) Roles(u UserInfo, namespace string, all bool) (held []Held, faults []Fault) {
	add := func(s Subject, b *Binding) {
		role := x.role(b)
		if role == nil {
			faults = append(faults, b.dangling())
			return
		}
		held = append(held, Held{Grant: Grant{Subject: s, Binding: b}, Role: role, Scope: b.Namespace})
	}
	x.visit(u, namespace, add)
	if !all {
		return held, faults
	}
	seen := map[string]bool{"": true, namespace: true}
	var others []string
	for _, s := range identities(u) {
		for _, i := range x.bySubject[s] {
			if n := x.policy.Bindings[i].Namespace; !seen[n] {
				seen[n] = true
				others = append(others, n)
			}
		}
	}
	slices.Sort(others)
	for _, n := range others {
		x.visit(u, n, func(s Subject, b *Binding) {
			if b.Namespace != "" {
				add(s, b)
			}
		})
	}
	return held, faults
}
