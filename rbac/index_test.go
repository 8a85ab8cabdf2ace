package rbac_test

import (
	"reflect"
	"testing"

	"github.com/postern-dev/postern/rbac"
)

func world() rbac.Policy {
	return rbac.Policy{
		Roles: []rbac.Role{
			{Name: "cluster-admin", Rules: []rbac.Rule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}},
			{Namespace: "dev", Name: "view"},
		},
		Bindings: []rbac.Binding{
			{Namespace: "dev", Name: "b", Role: rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: "view"}, Subjects: []rbac.Subject{rbac.User("Ann"), rbac.User("Ann")}},
			{Name: "z", Role: rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: "cluster-admin"}, Subjects: []rbac.Subject{rbac.User("Ann"), rbac.User("system:serviceaccount:dev:bot")}},
			{Namespace: "ops", Name: "a", Role: rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: "view"}, Subjects: []rbac.Subject{rbac.ServiceAccount("dev", "bot"), rbac.Group("Ann")}},
		},
	}
}

func names(grants []rbac.Grant) []string {
	var got []string
	for _, g := range grants {
		if g.Binding == nil {
			got = append(got, "unbound")
			continue
		}
		got = append(got, g.Binding.Kind()+" "+g.Binding.Namespace+"/"+g.Binding.Name)
	}
	return got
}

func TestGrants(t *testing.T) {
	x := rbac.NewIndex(world())
	for _, c := range []struct {
		subject rbac.Subject
		want    []string
	}{
		{rbac.User("Ann"), []string{"ClusterRoleBinding /z", "RoleBinding dev/b"}},
		{rbac.User("ann"), nil},
		{rbac.Group("Ann"), []string{"RoleBinding ops/a"}},
		{rbac.ServiceAccount("dev", "bot"), []string{"ClusterRoleBinding /z", "RoleBinding ops/a"}},
		{rbac.User("system:serviceaccount:dev:bot"), []string{"ClusterRoleBinding /z", "RoleBinding ops/a"}},
		{rbac.Group("system:masters"), []string{"unbound"}},
		{rbac.User("system:masters"), nil},
	} {
		if got := names(x.Grants(c.subject)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("Grants(%s) = %q, want %q", c.subject, got, c.want)
		}
	}
}

func TestNearEqualKeepsKindsApart(t *testing.T) {
	x := rbac.NewIndex(world())
	if got := x.NearEqual(rbac.User("ANN")); !reflect.DeepEqual(got, []rbac.Subject{rbac.User("Ann")}) {
		t.Errorf("NearEqual(user:ANN) = %v", got)
	}
	if got := x.NearEqual(rbac.User("Ann")); got != nil {
		t.Errorf("NearEqual(user:Ann) = %v, want none: it is the same name", got)
	}
}

func TestRoleIsLookedUpWhereTheBindingStands(t *testing.T) {
	x := rbac.NewIndex(world())
	for _, c := range []struct {
		namespace, role string
		kind            rbac.RoleKind
		found           bool
	}{
		{"dev", "view", rbac.RoleRoleKind, true},
		{"ops", "view", rbac.RoleRoleKind, false},
		{"ops", "cluster-admin", rbac.ClusterRoleKind, true},
		{"ops", "view", rbac.ClusterRoleKind, false},
	} {
		_, found := x.Role(rbac.Binding{Namespace: c.namespace, Role: rbac.RoleRef{Kind: c.kind, Name: c.role}})
		if found != c.found {
			t.Errorf("Role(%s %s in %s) found = %v", c.kind, c.role, c.namespace, found)
		}
	}
}

func TestImplicitGroups(t *testing.T) {
	for _, c := range []struct {
		subject rbac.Subject
		want    []string
	}{
		{rbac.User("ann"), []string{"system:authenticated"}},
		{rbac.User("system:anonymous"), []string{"system:unauthenticated"}},
		{rbac.User("system:serviceaccount:dev:bot"), []string{"system:serviceaccounts:dev", "system:serviceaccounts", "system:authenticated"}},
		{rbac.User("system:serviceaccount:dev"), []string{"system:authenticated"}},
		{rbac.Group("ann"), nil},
	} {
		if got := c.subject.ImplicitGroups(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s.ImplicitGroups() = %q, want %q", c.subject, got, c.want)
		}
	}
}
