package rbac_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/postern-dev/postern/rbac"
)

// large is a policy of 5,000 roles and 50,000 bindings: 500 namespaces with
// nine Roles and a hundred RoleBindings each, the rest cluster-wide.
func large() rbac.Policy {
	const namespaces, roles, bindings = 500, 5_000, 50_000
	resources := []string{"pods", "services", "configmaps", "secrets", "deployments", "jobs", "pods/exec", "pods/log", "ingresses", "endpoints"}
	verbs := [][]string{{"get", "list", "watch"}, {"create", "update", "patch", "delete"}, {"get"}, {"*"}}
	p, r := rbac.Policy{Complete: true}, rand.New(rand.NewPCG(1, 2))
	for i := range roles {
		role := rbac.Role{Name: fmt.Sprintf("role-%d", i)}
		if i >= namespaces {
			role.Namespace = fmt.Sprintf("ns-%d", i%namespaces)
		}
		for n := range 1 + i%5 {
			role.Rules = append(role.Rules, rbac.Rule{Verbs: verbs[r.IntN(len(verbs))], APIGroups: []string{[]string{"", "apps"}[n%2]}, Resources: []string{resources[r.IntN(10)], resources[r.IntN(10)]}})
		}
		p.Roles = append(p.Roles, role)
	}
	for i := range bindings {
		b := rbac.Binding{Name: fmt.Sprintf("binding-%d", i), Namespace: fmt.Sprintf("ns-%d", i%namespaces)}
		b.Role = rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: fmt.Sprintf("role-%d", namespaces+i%namespaces+namespaces*(i/namespaces%9))}
		if i%100 == 7 {
			b.Namespace = ""
		}
		if i%10 == 7 {
			b.Role = rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: fmt.Sprintf("role-%d", i/10%namespaces)}
		}
		b.Subjects = []rbac.Subject{rbac.User(fmt.Sprintf("user-%d@contoso.example", i%9_973)), rbac.Group(fmt.Sprintf("%08d-0000-4000-8000-000000000000", i%1_999)), rbac.ServiceAccount(fmt.Sprintf("ns-%d", i%namespaces), fmt.Sprintf("sa-%d", i%10))}
		p.Bindings = append(p.Bindings, b)
	}
	return p
}

func BenchmarkIndex(b *testing.B) {
	p := large()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := rbac.NewIndex(p)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportAllocs()
	for b.Loop() {
		rbac.NewIndex(p)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-held")
	runtime.KeepAlive(x)
	runtime.KeepAlive(p)
}

func BenchmarkWhoCan(b *testing.B) {
	x := rbac.NewIndex(large())
	for _, q := range []rbac.Request{
		{Verb: "get", Resource: "secrets", Namespace: "ns-12"},
		{Verb: "get", Resource: "secrets"},
		{Verb: "create", Resource: "pods", Subresource: "exec", Namespace: "ns-12"},
		{Verb: "get", Path: "/metrics"},
	} {
		b.Run(q.String(), func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = len(x.WhoCan(q))
			}
			b.ReportMetric(float64(n), "ways")
		})
	}
	// The worst there is: everybody holds what is asked, by every binding.
	all := large()
	all.Roles = append(all.Roles, rbac.Role{Name: "everything", Rules: []rbac.Rule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}})
	for i := range all.Bindings {
		all.Bindings[i].Namespace, all.Bindings[i].Role = "", rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: "everything"}
	}
	x = rbac.NewIndex(all)
	b.Run("everybody", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n = len(x.WhoCan(rbac.Request{Verb: "get", Resource: "secrets"}))
		}
		b.ReportMetric(float64(n), "ways")
	})
}

func BenchmarkEvaluate(b *testing.B) {
	x := rbac.NewIndex(large())
	for _, u := range []rbac.UserInfo{rbac.User("user-12@contoso.example").UserInfo("00000012-0000-4000-8000-000000000000", "00000078-0000-4000-8000-000000000000"), rbac.ServiceAccount("ns-12", "sa-7").UserInfo()} {
		b.Run(u.Username, func(b *testing.B) {
			for b.Loop() {
				x.Evaluate(u, rbac.Request{Verb: "get", Resource: "secrets", Namespace: "ns-12"})
			}
		})
	}
}

func BenchmarkNearMisses(b *testing.B) {
	x := rbac.NewIndex(large())
	u := rbac.User("user-12@contoso.example").UserInfo("00000012-0000-4000-8000-000000000000")
	n := 0
	for b.Loop() {
		n = len(x.NearMisses(u, rbac.Request{Verb: "delete", Resource: "endpoints", Subresource: "x", Namespace: "ns-12"}))
	}
	b.ReportMetric(float64(n), "misses")
}
