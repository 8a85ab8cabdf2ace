package access_test

import (
	"fmt"
	"testing"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/resource"
)

// many is somebody bound to 5,000 Roles in as many namespaces, and cluster-wide
// to a hundred ClusterRoles.
func many() *access.Asker {
	p := rbac.Policy{Complete: true}
	words := []string{"pods", "secrets", "configmaps", "services", "deployments"}
	for i := range 5100 {
		role := rbac.Role{Namespace: fmt.Sprint("ns", i), Name: "r", Rules: []rbac.Rule{{Verbs: []string{"get", "list"}, APIGroups: []string{""}, Resources: []string{words[i%5], words[i%3] + "/status"}}}}
		if i >= 5000 {
			role.Namespace, role.Name = "", fmt.Sprint("r", i)
		}
		p.Roles = append(p.Roles, role)
		p.Bindings = append(p.Bindings, rbac.Binding{Namespace: role.Namespace, Name: fmt.Sprint("b", i), Role: role.Ref(), Subjects: []rbac.Subject{rbac.Group("team")}})
	}
	return access.New(&snapshot.Snapshot{Source: snapshot.Source{Kind: snapshot.Cluster}, RBAC: p})
}

func BenchmarkMatrix(b *testing.B) {
	a, table := many(), resource.Builtin()
	for b.Loop() {
		if m := a.Matrix(rbac.User("ann").UserInfo("team"), access.GroupsGiven, access.MatrixOptions{Table: table}); len(m.Rows) < 100 {
			b.Fatalf("%d rows", len(m.Rows))
		}
	}
}

func BenchmarkRules(b *testing.B) {
	a := many()
	for b.Loop() {
		if r := a.Rules(rbac.User("ann").UserInfo("team"), access.GroupsGiven, ""); len(r.Grants) != 5100 {
			b.Fatalf("%d grants", len(r.Grants))
		}
	}
}
