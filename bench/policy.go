package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/postern-dev/postern/rbac"
)

// policyOf is a cluster's RBAC: of ten roles one is a ClusterRole and nine are
// spread over as many namespaces as there are ClusterRoles; of a hundred
// bindings one is a ClusterRoleBinding; three subjects a binding.
func policyOf(seed uint64, roles, bindings int) rbac.Policy {
	clusterRoles, namespaces := roles/10, roles/10
	r := rand.New(rand.NewPCG(seed, 0))
	p := rbac.Policy{Complete: true, Roles: make([]rbac.Role, 0, roles), Bindings: make([]rbac.Binding, 0, bindings)}
	for i := range roles {
		role := rbac.Role{Name: fmt.Sprintf("role-%d", i)}
		if i >= clusterRoles {
			role.Namespace = fmt.Sprintf("ns-%d", i%namespaces)
		}
		for range 1 + r.IntN(5) {
			role.Rules = append(role.Rules, someRule(r))
		}
		p.Roles = append(p.Roles, role)
	}
	for i := range bindings {
		namespace := r.IntN(namespaces)
		b := rbac.Binding{Name: fmt.Sprintf("binding-%d", i), Namespace: fmt.Sprintf("ns-%d", namespace)}
		b.Role = rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: fmt.Sprintf("role-%d", clusterRoles+namespace+namespaces*r.IntN(9))}
		if r.IntN(10) == 0 {
			b.Role = rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: fmt.Sprintf("role-%d", r.IntN(clusterRoles))}
			if r.IntN(10) == 0 {
				b.Namespace = ""
			}
		}
		b.Subjects = []rbac.Subject{
			rbac.User(fmt.Sprintf("user-%d@contoso.example", r.IntN(bindings/5))),
			rbac.Group(fmt.Sprintf("%08x-0000-4000-8000-000000000000", r.IntN(bindings/25))),
			rbac.ServiceAccount(fmt.Sprintf("ns-%d", r.IntN(namespaces)), fmt.Sprintf("sa-%d", r.IntN(10))),
		}
		p.Bindings = append(p.Bindings, b)
	}
	return p
}

func someRule(r *rand.Rand) rbac.Rule {
	verbs := [][]string{{"get", "list", "watch"}, {"create", "update", "patch", "delete"}, {"get"}, {"*"}, {"list"}}
	core := []string{"pods", "services", "configmaps", "secrets", "pods/exec", "pods/log", "endpoints", "events"}
	apps := []string{"deployments", "statefulsets", "daemonsets", "deployments/scale"}
	rule := rbac.Rule{Verbs: verbs[r.IntN(len(verbs))], APIGroups: []string{""}, Resources: []string{core[r.IntN(len(core))], core[r.IntN(len(core))]}}
	switch r.IntN(12) {
	case 0:
		rule.ResourceNames = []string{"one", "two"}
	case 1, 2, 3:
		rule.APIGroups, rule.Resources = []string{"apps"}, []string{apps[r.IntN(len(apps))]}
	}
	return rule
}
