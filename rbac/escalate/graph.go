package escalate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// Graph answers questions about escalation in one policy. It is read only once
// built, and safe for concurrent use.
type Graph struct {
	index    *rbac.Index
	policy   rbac.Policy
	powers   []power
	options  Options
	bound    map[rbac.Subject][]int // positions in policy.Bindings, of roles that could matter; sorted as kube-apiserver asks them
	roles    map[roleKey]*rbac.Role
	local    map[string][]*rbac.Role   // Roles by namespace, sorted by name; ClusterRoles under ""
	relevant map[*rbac.Role][]int      // rules that could matter
	accounts map[string][]rbac.Subject // known service accounts by namespace, sorted
	bindings map[bindingKey][]string   // names of bindings by namespace and role, sorted
	spaces   []string                  // namespaces that any object names, sorted
	users    []rbac.Subject            // bound users, sorted
	groups   []rbac.Subject            // bound groups but system:masters, sorted
}

type bindingKey struct {
	namespace string
	role      rbac.RoleRef
}

// roleKey is a role: a ClusterRole where the namespace is empty.
type roleKey struct{ namespace, name string }

const rbacGroup = "rbac.authorization.k8s.io"

// New prepares a policy for questions.
func New(x *rbac.Index, o Options) *Graph {
	if o.MaxDepth <= 0 {
		o.MaxDepth = 6
	}
	if o.Limit <= 0 {
		o.Limit = 200
	}
	g := &Graph{
		index: x, policy: x.Policy(), options: o, powers: powers(), bound: map[rbac.Subject][]int{}, roles: map[roleKey]*rbac.Role{}, local: map[string][]*rbac.Role{},
		relevant: map[*rbac.Role][]int{}, accounts: map[string][]rbac.Subject{}, bindings: map[bindingKey][]string{},
	}
	for i := range g.policy.Roles { // of a role given twice the last one counts
		r := &g.policy.Roles[i]
		g.roles[roleKey{r.Namespace, r.Name}] = r
	}
	for key, r := range g.roles {
		g.local[key.namespace] = append(g.local[key.namespace], r)
		g.weigh(r)
	}
	for _, list := range g.local {
		slices.SortFunc(list, func(a, b *rbac.Role) int { return cmp.Compare(a.Name, b.Name) })
	}
	g.bind()
	g.populate()
	return g
}

// weigh notes which rules of a role could allow anything this package asks for.
func (g *Graph) weigh(r *rbac.Role) {
	for i := range r.Rules {
		if g.matters(&r.Rules[i]) {
			g.relevant[r] = append(g.relevant[r], i)
		}
	}
}

// bind indexes the bindings whose role could matter by whom they name.
func (g *Graph) bind() {
	order := make([]int, 0, len(g.policy.Bindings))
	for i := range g.policy.Bindings {
		b := &g.policy.Bindings[i]
		key := bindingKey{b.Namespace, b.Role}
		g.bindings[key] = append(g.bindings[key], b.Name)
		if r := g.role(b); r != nil && len(g.relevant[r]) > 0 {
			order = append(order, i)
		}
	}
	for _, names := range g.bindings {
		slices.Sort(names)
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &g.policy.Bindings[i], &g.policy.Bindings[j]
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	for _, i := range order {
		b := &g.policy.Bindings[i]
		for _, s := range b.Subjects {
			s = meant(b, s)
			if at := g.bound[s]; len(at) == 0 || at[len(at)-1] != i {
				g.bound[s] = append(at, i)
			}
		}
	}
}

// role is the role a binding grants, nil where it does not exist.
func (g *Graph) role(b *rbac.Binding) *rbac.Role { return g.find(b.Namespace, b.Role) }

// find is the role that a roleRef in a namespace means.
func (g *Graph) find(namespace string, ref rbac.RoleRef) *rbac.Role {
	if ref.Kind == rbac.ClusterRoleKind {
		return g.roles[roleKey{"", ref.Name}]
	}
	return g.roles[roleKey{namespace, ref.Name}]
}

// meant is whom a binding's subject is: a ServiceAccount without namespace is
// one of the RoleBinding's own.
func meant(b *rbac.Binding, s rbac.Subject) rbac.Subject {
	if s.Kind == rbac.ServiceAccountKind && s.Namespace == "" {
		s.Namespace = b.Namespace
	}
	return s.Canonical()
}

// populate lists who and which namespaces are known to exist. Service accounts
// are those that a binding names, and the one called default that every
// namespace has: it stands for all whose rights come from their groups alone.
func (g *Graph) populate() {
	spaces := map[string]bool{"default": true, "kube-system": true}
	for ns := range g.options.Labels {
		spaces[ns] = true
	}
	accounts := map[rbac.Subject]bool{}
	for _, s := range g.index.Subjects() {
		switch s.Kind {
		case rbac.ServiceAccountKind:
			if s.Namespace != "" {
				accounts[s] = true
				spaces[s.Namespace] = true
			}
		case rbac.UserKind:
			g.users = append(g.users, s)
		default:
			if ns, ok := strings.CutPrefix(s.Name, rbac.ServiceAccounts+":"); ok && ns != "" {
				spaces[ns] = true
			}
			if s.Name != rbac.Masters {
				g.groups = append(g.groups, s)
			}
		}
	}
	for i := range g.policy.Roles {
		if ns := g.policy.Roles[i].Namespace; ns != "" {
			spaces[ns] = true
		}
	}
	for i := range g.policy.Bindings {
		if ns := g.policy.Bindings[i].Namespace; ns != "" {
			spaces[ns] = true
		}
	}
	for ns := range spaces {
		accounts[rbac.ServiceAccount(ns, "default")] = true
		g.spaces = append(g.spaces, ns)
	}
	slices.Sort(g.spaces)
	for s := range accounts {
		g.accounts[s.Namespace] = append(g.accounts[s.Namespace], s)
	}
	for _, list := range g.accounts {
		slices.SortFunc(list, rbac.CompareSubjects)
	}
}

// rights are what an identity holds, cluster-wide rules first.
func (g *Graph) rights(u rbac.UserInfo) rights {
	var at []int
	who := identities(u)
	for _, s := range who {
		at = append(at, g.bound[s]...)
	}
	slices.SortStableFunc(at, func(i, j int) int {
		a, b := &g.policy.Bindings[i], &g.policy.Bindings[j]
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), i-j)
	})
	var list rights
	for _, i := range slices.Compact(at) {
		b := &g.policy.Bindings[i]
		role, by := g.role(b), rbac.Subject{}
		for _, s := range b.Subjects {
			if s = meant(b, s); slices.Contains(who, s) {
				by = s
				break
			}
		}
		for _, n := range g.relevant[role] {
			list = append(list, right{rule: &role.Rules[n], scope: b.Namespace, allow: rbac.Allow{Grant: rbac.Grant{Subject: by, Binding: b}, Role: role, Rule: n, Scope: b.Namespace}})
		}
	}
	return list
}

// identities are the Subjects a binding could name to mean this caller.
func identities(u rbac.UserInfo) []rbac.Subject {
	var who []rbac.Subject
	if u.Username != "" {
		who = append(who, rbac.User(u.Username).Canonical())
	}
	for _, n := range u.Groups {
		who = append(who, rbac.Group(n))
	}
	return who
}
