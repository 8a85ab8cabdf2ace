package escalate_test

import (
	"fmt"
	"testing"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/escalate"
)

// large is a policy of 5,000 roles and 50,000 bindings over 500 namespaces, with
// some that lead on: pod creators, a binder, an administrator's service account.
func large() rbac.Policy {
	var p rbac.Policy
	rule := func(verb, group, resource string) rbac.Rule {
		return rbac.Rule{Verbs: []string{verb}, APIGroups: []string{group}, Resources: []string{resource}}
	}
	add := func(ns, name string, rules ...rbac.Rule) {
		p.Roles = append(p.Roles, rbac.Role{Namespace: ns, Name: name, Rules: rules})
	}
	add("", "cluster-admin", rule("*", "*", "*"))
	add("", "edit", rule("create", "", "pods"), rule("get", "", "secrets"), rule("create", "apps", "deployments"), rule("get", "", "configmaps"))
	add("", "binder", rule("bind", "rbac.authorization.k8s.io", "clusterroles"), rule("create", "rbac.authorization.k8s.io", "rolebindings"))
	for i := range 4997 {
		add(fmt.Sprintf("ns%d", i%500), fmt.Sprintf("role%d", i), rule("get", "", "pods"), rule("list", "apps", "deployments"), rule("update", fmt.Sprintf("g%d.io", i%50), "things"))
	}
	bind := func(i int, ns string, ref rbac.RoleRef, subjects ...rbac.Subject) {
		p.Bindings = append(p.Bindings, rbac.Binding{Namespace: ns, Name: fmt.Sprintf("b%d", i), Role: ref, Subjects: subjects})
	}
	clusterRole := func(name string) rbac.RoleRef { return rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: name} }
	bind(0, "", clusterRole("cluster-admin"), rbac.ServiceAccount("ns7", "operator"))
	bind(1, "ns7", clusterRole("binder"), rbac.Group("team7"))
	for i := 2; i < 50_000; i++ {
		ns := fmt.Sprintf("ns%d", i%500)
		who := []rbac.Subject{rbac.User(fmt.Sprintf("u%d", i%10_000)), rbac.Group(fmt.Sprintf("g%d", i%300)), rbac.ServiceAccount(ns, fmt.Sprintf("sa%d", i%20))}
		if i%10 == 0 {
			bind(i, ns, clusterRole("edit"), who...)
			continue
		}
		n := i % 4997
		bind(i, fmt.Sprintf("ns%d", n%500), rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: fmt.Sprintf("role%d", n)}, who...)
	}
	return p
}

func BenchmarkNew(b *testing.B) {
	x := rbac.NewIndex(large())
	for b.Loop() {
		escalate.New(x, escalate.Options{})
	}
}

func BenchmarkPaths(b *testing.B) {
	g := escalate.New(rbac.NewIndex(large()), escalate.Options{})
	u := rbac.User("u10").UserInfo("g10")
	for b.Loop() {
		g.Paths(u)
	}
}

func BenchmarkReach(b *testing.B) {
	g := escalate.New(rbac.NewIndex(large()), escalate.Options{})
	for b.Loop() {
		if len(g.Reach()) < 1000 {
			b.Fatal("too few")
		}
	}
}
