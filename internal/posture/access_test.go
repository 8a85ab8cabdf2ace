package posture

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

const (
	adminsID = "66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06"
	userID   = "11111111-0f3b-4d6a-9c81-5e7b2a4d8f06"
	roleID   = "/subscriptions/1111/providers/Microsoft.Authorization/roleDefinitions/0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8"
)

// tidy is a tenant in which the checks of this file find nothing: local accounts
// off and rotated since, one eligible admin, logs complete, nobody else.
func tidy() *snapshot.Tenant {
	t := tenantOf(`{"properties":{"disableLocalAccounts":true,"aadProfile":{"managed":true,"adminGroupObjectIDs":["`+adminsID+`"]}}}`,
		`{"name":"d","properties":{"storageAccountId":"/s","logs":[{"categoryGroup":"audit","enabled":true}]}}`)
	t.Subscriptions[0].ActivitySince, t.Subscriptions[0].ActivityUntil = testNow().AddDate(0, 0, -90), testNow()
	t.Principals = []snapshot.Principal{
		{ID: adminsID, Kind: snapshot.GroupPrincipal, Name: "admins", EligibleIn: []snapshot.GroupEligibility{{PrincipalID: userID, Access: "member"}}},
		{ID: userID, Kind: snapshot.UserPrincipal, UPN: "u@x", Name: "U"},
	}
	t.Activity = []snapshot.Activity{{Time: testNow().AddDate(0, 0, -5), Operation: "Microsoft.ContainerService/managedClusters/write", Resource: testID, Status: "Succeeded", Caller: "u@x"},
		{Time: testNow().AddDate(0, 0, -4), Operation: "Microsoft.ContainerService/managedClusters/rotateClusterCertificates/action", Resource: testID, Status: "Succeeded", Caller: "u@x"}}
	t.Clusters[0].Kubernetes = &snapshot.Snapshot{Requests: []snapshot.CertificateRequest{}, TokenSecrets: []snapshot.TokenSecret{}, RBAC: rbac.Policy{Complete: true}}
	return t
}

func body(text string) func(*snapshot.Tenant) {
	return func(t *snapshot.Tenant) { t.Clusters[0].Raw = json.RawMessage(text) }
}

func logs(text string) func(*snapshot.Tenant) {
	return func(t *snapshot.Tenant) { t.Clusters[0].Diagnostic = []json.RawMessage{json.RawMessage(text)} }
}

// assigned gives the user a role with actions and data actions at a scope.
func assigned(scope string, actions, data []string) func(*snapshot.Tenant) {
	return func(t *snapshot.Tenant) {
		t.Definitions = append(t.Definitions, azrbac.Definition{ID: roleID, Name: "Azure Kubernetes Service Cluster Admin Role",
			Permissions: []azrbac.Permission{{Actions: actions, DataActions: data}}, AssignableScopes: []string{"/"}})
		t.Assignments = append(t.Assignments, snapshot.Assignment{Assignment: azrbac.Assignment{ID: "a", PrincipalID: userID, PrincipalType: "User", RoleDefinitionID: roleID, Scope: scope}})
	}
}

func userBound(name string) func(*snapshot.Tenant) {
	return func(t *snapshot.Tenant) {
		t.Clusters[0].Kubernetes.RBAC.Bindings = []rbac.Binding{{Namespace: "ns", Name: "b", Role: rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: "view"}, Subjects: []rbac.Subject{rbac.User(name)}}}
	}
}

func member(change func(*snapshot.Principal)) func(*snapshot.Tenant) {
	return func(t *snapshot.Tenant) {
		t.Principals[0].Members, t.Principals[0].EligibleIn = []string{userID}, nil
		if change != nil {
			change(&t.Principals[1])
		}
	}
}

func both(all ...func(*snapshot.Tenant)) func(*snapshot.Tenant) {
	return func(t *snapshot.Tenant) {
		for _, f := range all {
			f(t)
		}
	}
}

const (
	on        = `{"properties":{"aadProfile":{"managed":true,"adminGroupObjectIDs":["` + adminsID + `"]}}}`
	withAzure = `{"properties":{"disableLocalAccounts":true,"aadProfile":{"managed":true,"enableAzureRBAC":true,"adminGroupObjectIDs":["` + adminsID + `"]}}}`
)

func TestAccess(t *testing.T) {
	pull := func(status, resource string) func(*snapshot.Tenant) {
		return func(t *snapshot.Tenant) {
			t.Activity = append(t.Activity, snapshot.Activity{Time: testNow().AddDate(0, 0, -9), Operation: "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action", Resource: resource, Status: status, Caller: "u@x", ID: "e"})
		}
	}
	sub := "/subscriptions/1111"
	list := []string{"Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"}
	run := []string{"Microsoft.ContainerService/managedClusters/runcommand/action"}
	clusterBindings := []string{"Microsoft.ContainerService/managedClusters/rbac.authorization.k8s.io/clusterrolebindings/write"}
	to := func(dest, destination, categories string) func(*snapshot.Tenant) {
		return logs(`{"name":"d","properties":{"` + dest + `":"/w","logAnalyticsDestinationType":` + destination + `,"logs":[` + categories + `]}}`)
	}
	entry := func(categories ...string) (all string) {
		for i, c := range categories {
			if i > 0 {
				all += ","
			}
			all += fmt.Sprintf(`{"category":%q,"enabled":true}`, c)
		}
		return all
	}
	for _, c := range []struct {
		check       string
		bad, nearly func(*snapshot.Tenant)
	}{
		{"ca-not-rotated", both(pull("Succeeded", testID), func(t *snapshot.Tenant) { t.Activity[1].Status = "Failed" }), func(t *snapshot.Tenant) {}},
		{"admin-credential-holders", both(body(on), assigned(sub, list, nil)), assigned(sub, list, nil)},
		{"standing-admin", member(nil), member(func(p *snapshot.Principal) { p.Disabled = true })},
		{"reopeners", assigned(sub, []string{"*"}, nil), assigned(sub, []string{"*/read"}, nil)},
		{"self-granters", assigned(sub, []string{"Microsoft.Authorization/roleAssignments/write"}, nil), assigned("/subscriptions/2222", []string{"Microsoft.Authorization/roleAssignments/write"}, nil)},
		{"cluster-admin-role-run-command", assigned(testID, run, nil), both(assigned(testID, run, nil), body(`{"properties":{"disableLocalAccounts":true,"apiServerAccessProfile":{"disableRunCommand":true}}}`))},
		{"admin-group-empty", member(func(p *snapshot.Principal) { p.Disabled = true }), member(nil)},
		{"admin-group-guests", member(func(p *snapshot.Principal) { p.Guest = true }), member(nil)},
		{"admin-group-size", both(member(nil), crowded(crowd+1)), both(member(nil), crowded(crowd))},
		{"admin-group-deleted", func(t *snapshot.Tenant) { t.Principals[0].Deleted = true }, func(*snapshot.Tenant) {}},
		{"rbac-admin-is-cluster-admin", both(body(withAzure), assigned(testID, nil, clusterBindings)), both(body(withAzure), assigned(testID+"/namespaces/n", nil, clusterBindings))},
		{"namespace-assignments", assigned(testID+"/namespaces/n", nil, clusterBindings), assigned(testID, nil, clusterBindings)},
		{"bindings-under-azure-rbac", both(body(withAzure), userBound(userID)), userBound(userID)},
		{"bindings-of-deleted", both(userBound(userID), func(t *snapshot.Tenant) { t.Principals[1].Deleted = true }), userBound(userID)},
		{"audit-twice", to("workspaceId", `"Dedicated"`, entry("kube-audit", "kube-audit-admin")), to("storageAccountId", "null", entry("kube-audit", "kube-audit-admin"))},
		{"guard-log", to("workspaceId", `"Dedicated"`, entry("kube-audit")), to("workspaceId", `"Dedicated"`, entry("guard"))},
		{"dedicated-tables", to("workspaceId", "null", entry("guard")), to("workspaceId", `"Dedicated"`, entry("guard"))},
		{"reads-not-logged", to("workspaceId", "null", entry("kube-audit-admin")), to("workspaceId", "null", entry("kube-audit-admin", "kube-audit"))},
		{"admin-credential-pulls", pull("Succeeded", testID), pull("Failed", testID)},
		{"admin-credential-pulls", pull("Succeeded", testID), pull("Succeeded", testID+"2")},
		{"trusted-access", func(t *snapshot.Tenant) {
			t.Clusters[0].TrustedAccess = []snapshot.TrustedAccess{{ID: "i", Name: "n", Source: "/s"}}
		}, func(*snapshot.Tenant) {}},
		{"client-certificates", func(t *snapshot.Tenant) {
			t.Clusters[0].Kubernetes.Requests = []snapshot.CertificateRequest{{Name: "c", Signer: "kubernetes.io/kube-apiserver-client", User: "u", Approved: true, Created: testNow().Add(-time.Minute)}}
		}, func(t *snapshot.Tenant) {
			t.Clusters[0].Kubernetes.Requests = []snapshot.CertificateRequest{{Name: "c", Signer: "kubernetes.io/kube-apiserver-client", User: "u", Denied: true}}
		}},
		{"token-secrets", func(t *snapshot.Tenant) {
			t.Clusters[0].Kubernetes.TokenSecrets = []snapshot.TokenSecret{{Namespace: "n", Name: "s", ServiceAccount: "a"}}
		}, func(*snapshot.Tenant) {}},
	} {
		world := tidy()
		c.bad(world)
		if n, u := scanOf(t, world, c.check); n != 1 || u != 0 {
			t.Errorf("%s: %d findings and %d unknown where one is wrong: %+v", c.check, n, u, scanAll(world, c.check))
		}
		blind(world)
		if n, u := scanOf(t, world, c.check); u == 0 {
			t.Errorf("%s: %d findings and %d unknown where nothing could be read", c.check, n, u)
		}
		world = tidy()
		c.nearly(world)
		if n, u := scanOf(t, world, c.check); n != 0 || u != 0 {
			t.Errorf("%s: %d findings and %d unknown where nothing is wrong: %+v", c.check, n, u, scanAll(world, c.check))
		}
	}
}

// crowded puts n members in the admin group.
func crowded(n int) func(*snapshot.Tenant) {
	return func(t *snapshot.Tenant) {
		t.Principals[0].Members = nil
		for i := range n {
			id := fmt.Sprintf("22222222-0f3b-4d6a-9c81-%012d", i)
			t.Principals[0].Members = append(t.Principals[0].Members, id)
			t.Principals = append(t.Principals, snapshot.Principal{ID: id, Kind: snapshot.UserPrincipal, UPN: fmt.Sprintf("m%d@x", i)})
		}
	}
}

// blind takes away all that was read.
func blind(t *snapshot.Tenant) {
	sub := "/subscriptions/1111"
	for _, p := range []snapshot.Piece{snapshot.PieceAssignments, snapshot.PieceEligible, snapshot.PieceDenies, snapshot.PieceActivity} {
		t.Unread = append(t.Unread, snapshot.Unread{Piece: p, Scope: sub, Why: "403"})
	}
	for _, p := range []snapshot.Piece{snapshot.PieceCluster, snapshot.PieceDiagnostic, snapshot.PieceTrustedAccess, snapshot.PieceKubernetes} {
		t.Unread = append(t.Unread, snapshot.Unread{Piece: p, Scope: testID, Why: "403"})
	}
	a := &t.Clusters[0]
	a.Raw, a.Diagnostic, a.TrustedAccess, a.Kubernetes = nil, nil, nil, nil
	t.Assignments, t.Definitions, t.Activity = nil, nil, nil
}

// What no reading tells yet is unknown, never silent.
func TestNeverRead(t *testing.T) {
	for _, check := range []string{"conditional-access", "credential-many-addresses", "jwt-authenticators", "token-automount"} {
		if n, u := scanOf(t, tidy(), check); n != 0 || u != 1 {
			t.Errorf("%s: %d findings, %d unknown", check, n, u)
		}
	}
}
