package cloud

import (
	"slices"
	"testing"
)

const cluster = "/subscriptions/1ab00000-5b5c-4f2e-8d17-90a4c3e7b602/resourceGroups/rg-lab/providers/Microsoft.ContainerService/managedClusters/aks-lab"

// TestRoleMatrix holds, for each power over a cluster, exactly which built-in
// roles give it.
func TestRoleMatrix(t *testing.T) {
	const aks = "Microsoft.ContainerService/managedClusters/"
	const k = "Azure Kubernetes Service "
	whole := []string{"Owner", "Contributor", k + "Contributor Role"}
	with := func(more ...string) []string { return append(more, whole...) }
	cases := []struct {
		action string
		data   bool
		roles  []string
	}{
		{aks + "listClusterAdminCredential/action", false, with(k + "Cluster Admin Role")},
		{aks + "accessProfiles/listCredential/action", false, with(k + "Cluster Admin Role")},
		{aks + "runCommand/action", false, with(k + "Cluster Admin Role")},
		{aks + "listClusterUserCredential/action", false, with(k+"Cluster User Role", k+"RBAC Admin", k+"RBAC Cluster Admin")},
		{aks + "rotateClusterCertificates/action", false, whole},
		{aks + "write", false, whole},
		{aks + "read", false, with("Reader", k+"Cluster Admin Role", k+"Cluster User Role", k+"Cluster Monitoring User")},
		{"Microsoft.Authorization/roleAssignments/write", false, []string{"Owner"}},
		{"Microsoft.Authorization/roleAssignments/read", false, with("Reader", k+"RBAC Reader", k+"RBAC Writer", k+"RBAC Admin", k+"RBAC Cluster Admin", k+"Namespace Contributor")},
		{"Microsoft.Insights/diagnosticSettings/write", false, []string{"Owner", "Contributor"}},
		{aks + "secrets/read", true, []string{k + "RBAC Writer", k + "RBAC Admin", k + "RBAC Cluster Admin"}},
		{aks + "pods/exec/action", true, []string{k + "RBAC Writer", k + "RBAC Admin", k + "RBAC Cluster Admin"}},
		{aks + "pods/read", true, []string{k + "RBAC Reader", k + "RBAC Writer", k + "RBAC Admin", k + "RBAC Cluster Admin"}},
		{aks + "rbac.authorization.k8s.io/clusterrolebindings/write", true, []string{k + "RBAC Admin", k + "RBAC Cluster Admin"}},
		{aks + "namespaces/write", true, []string{k + "RBAC Cluster Admin"}},
	}
	for _, c := range cases {
		var got []string
		for _, r := range BuiltinRoles() {
			w := &World{RoleAssignments: []RoleAssignment{{PrincipalID: "p", RoleID: r.ID, Scope: "/subscriptions/s"}}}
			decide := w.Decide
			if c.data {
				decide = w.DecideData
			}
			if decide("P", c.action, "/subscriptions/S/resourceGroups/x").Allowed {
				got = append(got, r.RoleName)
			}
		}
		slices.Sort(got)
		slices.Sort(c.roles)
		if !slices.Equal(got, c.roles) {
			t.Errorf("%s: granted by %q, want %q", c.action, got, c.roles)
		}
	}
}

// TestDecideScopeAndGroups: an assignment reaches downwards only, and members
// of nested groups share it.
func TestDecideScopeAndGroups(t *testing.T) {
	reader, ok := new(World).RoleDefinition("reader")
	if !ok {
		t.Fatal("no Reader")
	}
	w := &World{
		Groups: []Group{{ID: "inner", Members: []string{"Ann"}}, {ID: "outer", Members: []string{"INNER"}},
			{ID: "loop", Members: []string{"outer", "loop"}}},
		RoleAssignments: []RoleAssignment{{ID: "a", PrincipalID: "outer", RoleID: reader.ID, Scope: cluster}},
	}
	const action = "Microsoft.ContainerService/managedClusters/READ"
	for _, c := range []struct {
		who, scope string
		want       bool
	}{
		{"ann", cluster, true},
		{"ann", cluster + "/namespaces/dev", true},
		{"ann", cluster + "2", false},
		{"ann", "/subscriptions/1ab00000-5b5c-4f2e-8d17-90a4c3e7b602", false},
		{"outer", cluster, true},
		{"bob", cluster, false},
	} {
		d := w.Decide(c.who, action, c.scope)
		if d.Allowed != c.want {
			t.Errorf("%s at %s: allowed %v, want %v", c.who, c.scope, d.Allowed, c.want)
		}
		if d.Allowed && (d.Assignment.ID != "a" || d.Role.RoleName != "Reader") {
			t.Errorf("%s at %s: by %+v", c.who, c.scope, d)
		}
	}
	if got := w.TransitiveGroups("ann"); !slices.Equal(got, []string{"inner", "outer", "loop"}) {
		t.Errorf("groups of ann: %q", got)
	}
}

// TestNotActionsSubtractInsideTheirRole: another role may grant what one takes
// away.
func TestNotActionsSubtractInsideTheirRole(t *testing.T) {
	w := &World{
		RoleDefinitions: []RoleDefinition{{ID: "r1", Permissions: []Permission{{Actions: []string{"*"}, NotActions: []string{"a/b/*"}}}},
			{ID: "r2", Permissions: []Permission{{Actions: []string{"a/b/c"}}}}},
		RoleAssignments: []RoleAssignment{{PrincipalID: "p", RoleID: "r1", Scope: "/"}},
	}
	if w.Decide("p", "a/b/c", "/x").Allowed {
		t.Error("notActions ignored")
	}
	w.RoleAssignments = append(w.RoleAssignments, RoleAssignment{PrincipalID: "p", RoleID: "r2", Scope: "/"})
	if !w.Decide("p", "a/b/c", "/x").Allowed {
		t.Error("notActions of one role took away what another grants")
	}
	if w.DecideData("p", "a/b/c", "/x").Allowed {
		t.Error("actions granted a data action")
	}
}

func TestMatchAction(t *testing.T) {
	for _, c := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", "a/b", true}, {"*/read", "a/b/READ", true}, {"*/read", "a/read/write", false},
		{"a/*/b", "a/x/y/b", true}, {"a/*/b", "a/b", false}, {"a/b", "A/B", true}, {"a/b", "a/bc", false},
		{"a/*b*/c", "a/xbx/c", true}, {"a/*", "a", false}, {"ab*ba", "aba", false},
	} {
		if got := MatchAction(c.pattern, c.action); got != c.want {
			t.Errorf("MatchAction(%q, %q) = %v", c.pattern, c.action, got)
		}
	}
}
