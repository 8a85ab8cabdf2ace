package arm_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const (
	readerRole = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	guid1      = "11111111-2222-4333-8444-555555555555"
	guid2      = "11111111-2222-4333-8444-666666666666"
)

func assign(role, principal string) map[string]any {
	return map[string]any{"properties": map[string]any{"principalId": principal,
		"roleDefinitionId": subscription + "/providers/Microsoft.Authorization/roleDefinitions/" + role}}
}

// TestRoleAssignments: made, listed by scope and principal, effective at once,
// deleted; and what Azure refuses.
func TestRoleAssignments(t *testing.T) {
	l := newLab(t, nil)
	ci := l.state.World().ServicePrincipals[0].ID
	at := func(scope, id string) string {
		return scope + "/providers/Microsoft.Authorization/roleAssignments/" + id
	}
	l.do("ci-deployer", "GET", group, nil).want(403, "AuthorizationFailed")
	l.do("lab-owner", "PUT", at(group, guid1), assign(readerRole, ci)).want(201, "")
	l.do("ci-deployer", "GET", group, nil).want(200, "")
	l.do("ci-deployer", "GET", cluster, nil).want(200, "")
	l.do("ci-deployer", "POST", cluster+"/listClusterUserCredential", nil).want(403, "AuthorizationFailed")

	l.do("lab-owner", "PUT", at(group, guid1), assign(readerRole, ci)).want(200, "")
	l.do("lab-owner", "PUT", at(group, guid2), assign(readerRole, ci)).want(409, "RoleAssignmentExists")
	l.do("lab-owner", "PUT", at(group, guid1), assign(readerRole, admins)).want(409, "RoleAssignmentUpdateNotPermitted")
	l.do("lab-owner", "PUT", at(group, guid2), assign(readerRole, guid2)).want(400, "PrincipalNotFound")
	l.do("lab-owner", "PUT", at(group, guid2), assign(guid2, ci)).want(404, "RoleDefinitionDoesNotExist")
	l.do("lab-owner", "PUT", at(group, "x"), assign(readerRole, ci)).want(400, "InvalidRoleAssignmentId")
	l.do("lab-owner", "PUT", at(group+"2", guid2), assign(readerRole, ci)).want(404, "ResourceGroupNotFound")
	l.do("hshahin", "PUT", at(cluster, guid2), assign(readerRole, ci)).want(403, "AuthorizationFailed")
	l.do("lab-owner", "PUT", at(cluster+"/namespaces/dev", guid2), assign(readerRole, ci)).want(201, "")

	list := func(scope, filter string) int {
		a := l.do("lab-owner", "GET", scope+"/providers/Microsoft.Authorization/roleAssignments?$filter="+url.QueryEscape(filter), nil).want(200, "")
		return len(a.body["value"].([]any))
	}
	h, _ := l.state.World().User("hshahin@lab.onmicrosoft.com")
	for _, c := range []struct {
		scope, filter string
		want          int
	}{
		{cluster, "atScope()", 5}, {cluster, "", 5}, {subscription, "", 6}, {subscription, "atScope()", 1},
		{group, "atScope()", 2}, {cluster + "/namespaces/dev", "atScope()", 6},
		{subscription, "principalId eq '" + ci + "'", 2}, {cluster, "atScope() and assignedTo('" + h.ID + "')", 2},
	} {
		if got := list(c.scope, c.filter); got != c.want {
			t.Errorf("list at %s with %q: %d, want %d", c.scope, c.filter, got, c.want)
		}
	}
	l.do("lab-owner", "GET", group+"/providers/Microsoft.Authorization/roleAssignments?$filter="+url.QueryEscape("color eq 'red'"), nil).want(400, "InvalidFilterInQueryString")

	l.do("lab-owner", "GET", at(group, guid1), nil).want(200, "")
	l.do("lab-owner", "DELETE", at(cluster, guid1), nil).want(204, "")
	l.do("lab-owner", "DELETE", at(group, guid1), nil).want(200, "")
	l.do("lab-owner", "GET", at(group, guid1), nil).want(404, "RoleAssignmentNotFound")
	l.do("ci-deployer", "GET", group, nil).want(403, "AuthorizationFailed")
}

// TestGroupAssignment: a role given to a group is its members'.
func TestGroupAssignment(t *testing.T) {
	l := newLab(t, nil)
	testers := "2d4f8a60-b713-4e95-a6c2-8b1f5d0e3c79"
	l.do("test-user", "GET", group, nil).want(403, "AuthorizationFailed")
	l.do("lab-owner", "PUT", group+"/providers/Microsoft.Authorization/roleAssignments/"+guid1, assign(readerRole, testers)).want(201, "")
	l.do("test-user", "GET", group, nil).want(200, "")
	h := l.do("test-user", "GET", group+"/providers/Microsoft.Authorization/permissions", nil).want(200, "")
	if len(h.body["value"].([]any)) != 1 {
		t.Errorf("permissions: %s", h.Body)
	}
}

// TestCustomRole: made, in force, not deletable while assigned.
func TestCustomRole(t *testing.T) {
	l := newLab(t, nil)
	ci := l.state.World().ServicePrincipals[0].ID
	def := group + "/providers/Microsoft.Authorization/roleDefinitions/" + guid1
	body := map[string]any{"properties": map[string]any{"roleName": "Key puller", "assignableScopes": []string{group},
		"permissions": []any{map[string]any{"actions": []string{"Microsoft.ContainerService/*/action"}}}}}
	l.do("lab-owner", "PUT", def, body).want(201, "")
	l.do("lab-owner", "PUT", group+"/providers/Microsoft.Authorization/roleAssignments/"+guid2, assign(guid1, ci)).want(201, "")
	l.do("ci-deployer", "POST", cluster+"/listClusterAdminCredential", nil).want(200, "")
	l.do("ci-deployer", "GET", cluster, nil).want(403, "AuthorizationFailed")
	l.do("lab-owner", "DELETE", def, nil).want(400, "RoleDefinitionHasAssignments")
	l.do("lab-owner", "DELETE", group+"/providers/Microsoft.Authorization/roleAssignments/"+guid2, nil).want(200, "")
	l.do("lab-owner", "DELETE", def, nil).want(200, "")
	l.do("lab-owner", "PUT", group+"/providers/Microsoft.Authorization/roleDefinitions/"+readerRole, body).want(400, "RoleDefinitionCannotBeUpdated")
	a := l.do("lab-owner", "GET", subscription+"/providers/Microsoft.Authorization/roleDefinitions?$filter="+url.QueryEscape("roleName eq 'Azure Kubernetes Service RBAC Reader'"), nil).want(200, "")
	if v := a.body["value"].([]any); len(v) != 1 || v[0].(map[string]any)["name"] != "7f6c6a51-bcf8-42ba-9220-52d62157d7db" {
		t.Errorf("by name: %s", a.Body)
	}
}

func setting(sink string, categories ...string) map[string]any {
	logs := []any{}
	for _, c := range categories {
		logs = append(logs, map[string]any{"category": c, "enabled": true})
	}
	return map[string]any{"properties": map[string]any{"storageAccountId": sink, "workspaceId": nil, "logs": logs}}
}

// TestDiagnosticSettings: made, replaced, deleted, and what Azure refuses.
func TestDiagnosticSettings(t *testing.T) {
	l := newLab(t, nil)
	const at = cluster + "/providers/microsoft.insights/diagnosticSettings"
	l.do("lab-owner", "PUT", at+"/audit", setting(storage, "kube-audit-admin")).want(200, "")
	l.do("lab-owner", "PUT", at+"/audit", setting(storage, "kube-audit-admin", "guard")).want(200, "")
	d := l.state.World().DiagnosticSettings
	if len(d) != 1 || d[0].Changed.IsZero() {
		t.Fatalf("settings: %+v", d)
	}
	r, err := d[0].Routing()
	if err != nil || strings.Join(r.Enabled(), " ") != "kube-audit-admin guard" || r.StorageAccountID != storage {
		t.Errorf("routing: %+v %v", r, err)
	}
	for name, body := range map[string]any{
		"no sink": setting("", "guard"), "odd sink": setting("labaudit", "guard"), "no category": setting(storage),
		"unknown category": setting(storage, "kube-odit"),
		"category and group": map[string]any{"properties": map[string]any{"storageAccountId": storage,
			"logs": []any{map[string]any{"category": "guard", "categoryGroup": "allLogs", "enabled": true}}}},
	} {
		if a := l.do("lab-owner", "PUT", at+"/other", body); a.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
	l.do("lab-owner", "PUT", at+"/other", setting(strings.ToUpper(storage), "guard")).want(409, "Conflict")
	for _, name := range []string{"b", "c", "d", "e"} {
		l.do("lab-owner", "PUT", at+"/"+name, setting(storage+name, "guard")).want(200, "")
	}
	l.do("lab-owner", "PUT", at+"/f", setting(storage+"f", "guard")).want(409, "Conflict")
	if v := l.do("lab-owner", "GET", at, nil).want(200, "").body["value"].([]any); len(v) != 5 {
		t.Errorf("%d settings listed", len(v))
	}
	l.do("lab-owner", "DELETE", at+"/AUDIT", nil).want(200, "")
	l.do("lab-owner", "DELETE", at+"/audit", nil).want(204, "")
	l.do("lab-owner", "GET", at+"/audit", nil).want(404, "ResourceNotFound")
	l.do("hshahin", "PUT", at+"/audit", setting(storage, "guard")).want(403, "AuthorizationFailed")
	if v := l.do("lab-owner", "GET", cluster+"/providers/Microsoft.Insights/diagnosticSettingsCategories", nil).want(200, "").body["value"].([]any); len(v) != 16 {
		t.Errorf("%d categories", len(v))
	}
}
