package graph

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// Object ids of the directory that these tests add to the default one.
const (
	other     = "11111111-2222-4333-8444-000000000001" // an application of another tenant
	identity  = "11111111-2222-4333-8444-000000000002" // user-assigned
	ofMachine = "11111111-2222-4333-8444-000000000003" // system-assigned
	appObject = "11111111-2222-4333-8444-000000000004" // the application of ci-deployer
	gone      = "99999999-2222-4333-8444-000000000009" // nobody has it
)

const (
	identityResource = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x"
	machineResource  = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm"
)

// whole is a directory with something behind every route.
func whole(t *testing.T, edit func(*cloud.World)) *directory {
	t.Helper()
	return newDirectory(t, func(w *cloud.World) {
		owner, guest := w.Users[2].ID, w.Users[1].ID
		until := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
		w.Tenant.PIM = true
		for i := range w.Groups {
			if w.Groups[i].ID == admins {
				w.Groups[i].Owners = []string{owner, gone}
				w.Groups[i].RoleAssignable = true
				w.Groups[i].Eligible = []cloud.GroupEligible{{PrincipalID: guest, Access: "member", Until: until}, {PrincipalID: owner, Access: "owner"}}
			}
		}
		ci := &w.ServicePrincipals[0]
		ci.Owners, ci.GraphRoles = []string{guest}, nil
		ci.Application = &cloud.Application{ID: appObject, Owners: []string{owner}}
		ci.Credentials = []cloud.Secret{{Name: "pipeline", Kind: "password", Until: until}, {Name: "signing", Kind: "certificate", Until: until}}
		w.ServicePrincipals = append(w.ServicePrincipals,
			cloud.ServicePrincipal{ID: other, AppID: "22222222-2222-4333-8444-000000000001", DisplayName: "vendor", GraphRoles: []string{"Group.ReadWrite.All", "Mail.Read"}},
			cloud.ServicePrincipal{ID: identity, AppID: "22222222-2222-4333-8444-000000000002", DisplayName: "x", ManagedIdentity: identityResource},
			cloud.ServicePrincipal{ID: ofMachine, AppID: "22222222-2222-4333-8444-000000000003", DisplayName: "vm", ManagedIdentity: machineResource})
		w.DirectoryRoles = append(w.DirectoryRoles,
			cloud.DirectoryRole{Role: "Groups Administrator", PrincipalID: owner, Scope: "/" + admins},
			cloud.DirectoryRole{Role: "Global Administrator", PrincipalID: owner, Scope: "/", Eligible: true})
		if edit != nil {
			edit(w)
		}
	})
}

// answer is what a request gets, whole.
func (d *directory) answer(who, path string) (int, map[string]any) {
	d.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://"+Host+path, nil)
	r.Header.Set("Authorization", "Bearer "+d.token(who, "https://graph.microsoft.com/.default"))
	w := httptest.NewRecorder()
	d.s.Handler().ServeHTTP(w, r)
	out := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		d.t.Fatalf("%s: %v in %s", path, err, w.Body)
	}
	return w.Code, out
}

// values are the objects of a collection.
func values(t *testing.T, body map[string]any) (all []map[string]any) {
	t.Helper()
	list, ok := body["value"].([]any)
	if !ok {
		t.Fatalf("no collection: %v", body)
	}
	for _, v := range list {
		all = append(all, v.(map[string]any))
	}
	return all
}

func where(path, filter, fields string) string {
	return path + "?$filter=" + url.QueryEscape(filter) + "&$select=" + fields
}

// routes are every read that Postern makes, with the permissions of which each
// alone suffices. A permission that is not listed does not.
func routes(d *directory) map[string][]string {
	ci := d.world.ServicePrincipals[0]
	var (
		users   = []string{"Directory.Read.All", "User.Read.All"}
		groups  = []string{"Directory.Read.All", "Group.Read.All", "GroupMember.Read.All"}
		owners  = []string{"Directory.Read.All", "Group.Read.All"}
		apps    = []string{"Application.Read.All", "Directory.Read.All"}
		active  = []string{"Directory.Read.All", "RoleManagement.Read.All", "RoleManagement.Read.Directory"}
		through = []string{"RoleEligibilitySchedule.Read.Directory", "RoleManagement.Read.Directory"}
		ofGroup = []string{"PrivilegedEligibilitySchedule.Read.AzureADGroup"}
	)
	self := "/v1.0/servicePrincipals(appId='" + graphAppID + "')"
	return map[string][]string{
		where("/v1.0/users", "id in ('"+d.world.Users[0].ID+"')", "id,displayName,userPrincipalName,userType,accountEnabled"): users,
		where("/v1.0/users", "userPrincipalName in ('"+d.world.Users[0].UPN+"')", "id"):                                       users,
		where("/v1.0/groups", "id in ('"+admins+"')", "id,displayName,isAssignableToRole,membershipRule,groupTypes"):          groups,
		"/v1.0/groups/" + admins + "/members?$select=id&$top=999":                                                             groups,
		"/v1.0/groups/" + admins + "/owners?$select=id&$top=999":                                                              owners,
		where("/v1.0/servicePrincipals", "id in ('"+ci.ID+"')", "id,appId,displayName,servicePrincipalType,alternativeNames"): apps,
		"/v1.0/servicePrincipals/" + ci.ID + "/owners?$select=id":                                                             apps,
		where("/v1.0/applications", "appId in ('"+ci.AppID+"')", "id,appId,passwordCredentials,keyCredentials"):               apps,
		"/v1.0/applications/" + appObject + "/owners?$select=id":                                                              apps,
		"/v1.0/applications/" + appObject + "/federatedIdentityCredentials":                                                   apps,
		self + "?$select=id,appRoles":                                     apps,
		self + "/appRoleAssignedTo":                                       apps,
		"/v1.0/servicePrincipals(appId='" + ci.AppID + "')":               apps,
		"/v1.0/servicePrincipals(appId='" + gone + "')":                   apps,
		"/v1.0/roleManagement/directory/roleAssignments":                  active,
		"/v1.0/roleManagement/directory/roleEligibilityScheduleInstances": through,
		where("/v1.0/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances", "groupId eq '"+admins+"'", "accessId"): ofGroup,
	}
}

// TestEachPermission: every route, to an application with exactly one
// permission, for each permission there is, and to one with none.
func TestEachPermission(t *testing.T) {
	all := []string{"", "Mail.Read"}
	for _, enough := range routes(whole(t, nil)) {
		for _, p := range enough {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	if len(all) != 11 {
		t.Fatalf("permissions: %q", all)
	}
	for _, only := range all {
		d := whole(t, func(w *cloud.World) {
			if only != "" {
				w.ServicePrincipals[0].GraphRoles = []string{only}
			}
		})
		for path, enough := range routes(d) {
			want := http.StatusForbidden
			switch {
			case slices.Contains(enough, only) && strings.Contains(path, gone):
				want = http.StatusNotFound // whether it exists is told to those who may read
			case slices.Contains(enough, only):
				want = http.StatusOK
			}
			if got, body := d.answer("app", path); got != want {
				t.Errorf("%q: %s: %d, want %d: %v", only, path, got, want, body)
			}
		}
	}
}

// TestRefusalsByName: what stands behind PIM refuses in words of its own.
func TestRefusalsByName(t *testing.T) {
	d := whole(t, nil)
	for path, want := range map[string]string{
		"/v1.0/users": "Authorization_RequestDenied", "/v1.0/roleManagement/directory/roleAssignments": "Authorization_RequestDenied",
		"/v1.0/roleManagement/directory/roleEligibilityScheduleInstances": "UnknownError",
	} {
		_, body := d.answer("app", path)
		said, _ := body["error"].(map[string]any)
		if said["code"] != want {
			t.Errorf("%s: %v, want %s", path, said, want)
			continue
		}
		if want != "UnknownError" {
			continue
		}
		var inner struct{ ErrorCode, Message string }
		text, _ := said["message"].(string)
		if json.Unmarshal([]byte(text), &inner) != nil || inner.ErrorCode != "PermissionScopeNotGranted" || !strings.Contains(inner.Message, "RoleManagement.Read.Directory") {
			t.Errorf("%s: %s", path, text)
		}
	}
}

// TestPeople: members read all but what PIM keeps, for which they need a
// directory role, held and not merely eligible; guests read none of it.
func TestPeople(t *testing.T) {
	pim := func(path string) bool { return strings.Contains(path, "ligibilityScheduleInstances") }
	for _, c := range []struct {
		name       string
		edit       func(*cloud.World)
		plain, pim int
	}{
		{"member", nil, 200, 403},
		{"Global Reader", func(w *cloud.World) {
			w.DirectoryRoles = append(w.DirectoryRoles, cloud.DirectoryRole{Role: "Global Reader", PrincipalID: w.Users[1].ID, Scope: "/"})
		}, 200, 200},
		{"Security Reader through a group", func(w *cloud.World) {
			w.Groups = append(w.Groups, cloud.Group{ID: "77777777-2222-4333-8444-555555555555", DisplayName: "readers", Members: []string{w.Users[1].ID}})
			w.DirectoryRoles = append(w.DirectoryRoles, cloud.DirectoryRole{Role: "Security Reader", PrincipalID: "77777777-2222-4333-8444-555555555555", Scope: "/"})
		}, 200, 200},
		{"eligible Global Reader", func(w *cloud.World) {
			w.DirectoryRoles = append(w.DirectoryRoles, cloud.DirectoryRole{Role: "Global Reader", PrincipalID: w.Users[1].ID, Scope: "/", Eligible: true})
		}, 200, 403},
		{"User Administrator", func(w *cloud.World) {
			w.DirectoryRoles = append(w.DirectoryRoles, cloud.DirectoryRole{Role: "User Administrator", PrincipalID: w.Users[1].ID, Scope: "/"})
		}, 200, 403},
		{"guest", func(w *cloud.World) { w.Users[1].Guest = true }, 403, 403},
	} {
		d := whole(t, c.edit)
		for path := range routes(d) {
			want := c.plain
			if pim(path) {
				want = c.pim
			}
			if strings.Contains(path, gone) && want == 200 {
				want = 404
			}
			if got, body := d.answer("test-user", path); got != want {
				t.Errorf("%s: %s: %d, want %d: %v", c.name, path, got, want, body)
			}
		}
	}
}

// TestShapes: what each route says, as Graph says it.
func TestShapes(t *testing.T) {
	d := whole(t, func(w *cloud.World) {
		w.DirectoryRoles = append(w.DirectoryRoles, cloud.DirectoryRole{Role: "Global Reader", PrincipalID: w.Users[1].ID, Scope: "/"})
	})
	ci, owner, user := d.world.ServicePrincipals[0], d.world.Users[2].ID, d.world.Users[1].ID
	get := func(path string) []map[string]any {
		t.Helper()
		code, body := d.answer("test-user", path)
		if code != http.StatusOK {
			t.Fatalf("%s: %d %v", path, code, body)
		}
		return values(t, body)
	}
	one := func(path, field string, want any) map[string]any {
		t.Helper()
		all := get(path)
		if len(all) != 1 {
			t.Fatalf("%s: %v", path, all)
		}
		if text, err := json.Marshal(all[0][field]); err != nil || string(text) != string(mustJSON(t, want)) {
			t.Errorf("%s: %s is %s, want %v", path, field, text, want)
		}
		return all[0]
	}
	for id, want := range map[string][]string{identity: {"isExplicit=True", identityResource}, ofMachine: {"isExplicit=False", machineResource}, ci.ID: {}} {
		one(where("/v1.0/servicePrincipals", "id in ('"+id+"')", "id,alternativeNames"), "alternativeNames", want)
	}
	tenant := d.world.Tenant.ID
	one(where("/v1.0/servicePrincipals", "id in ('"+ci.ID+"')", "appOwnerOrganizationId"), "appOwnerOrganizationId", tenant)
	one(where("/v1.0/servicePrincipals", "id in ('"+identity+"')", "appOwnerOrganizationId"), "appOwnerOrganizationId", nil)
	one(where("/v1.0/servicePrincipals", "appId eq '"+graphAppID+"'", "appOwnerOrganizationId"), "appOwnerOrganizationId", microsoft)
	if o := one(where("/v1.0/servicePrincipals", "id in ('"+other+"')", "appOwnerOrganizationId"), "id", other); o["appOwnerOrganizationId"] == tenant || o["appOwnerOrganizationId"] == nil {
		t.Errorf("an application of another tenant is of %v", o["appOwnerOrganizationId"])
	}
	// Those that are gone are nowhere.
	one("/v1.0/groups/"+admins+"/owners", "id", owner)
	if got := get(where("/v1.0/users", "id in ('"+gone+"')", "id")); len(got) != 0 {
		t.Errorf("deleted: %v", got)
	}
	if got := get(where("/v1.0/applications", "appId in ('22222222-2222-4333-8444-000000000001')", "id")); len(got) != 0 {
		t.Errorf("the application of another tenant: %v", got)
	}
	one("/v1.0/servicePrincipals/"+ci.ID+"/owners", "id", user)
	one("/v1.0/applications/"+appObject+"/owners", "id", owner)
	one("/v1.0/applications/"+appObject+"/federatedIdentityCredentials", "subject", "repo:lab/deploy:ref:refs/heads/main")
	app := one(where("/v1.0/applications", "appId in ('"+ci.AppID+"')", "id,appId,passwordCredentials,keyCredentials"), "id", appObject)
	for field, name := range map[string]string{"passwordCredentials": "pipeline", "keyCredentials": "signing"} {
		list, _ := app[field].([]any)
		if len(list) != 1 {
			t.Fatalf("%s: %v", field, app[field])
		}
		c := list[0].(map[string]any)
		if c["displayName"] != name || c["endDateTime"] != "2027-03-01T00:00:00Z" {
			t.Errorf("%s: %v", field, c)
		}
		if text := string(mustJSON(t, c)); strings.Contains(text, ci.Secret) || strings.Contains(text, "secretText") {
			t.Errorf("%s carries a secret: %s", field, text)
		}
	}
	roles := get("/v1.0/roleManagement/directory/roleAssignments")
	if len(roles) != 2 || roles[0]["roleDefinitionId"] != "fdd7a751-b60b-444a-984c-02652fe8fa1c" || roles[0]["directoryScopeId"] != "/"+admins || roles[0]["principalId"] != owner {
		t.Errorf("directory roles: %v", roles)
	}
	one("/v1.0/roleManagement/directory/roleEligibilityScheduleInstances", "roleDefinitionId", "62e90394-69f5-4237-9190-012177145e10")
	const eligible = "/v1.0/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
	may := get(where(eligible, "groupId eq '"+admins+"'", ""))
	if len(may) != 2 || may[0]["accessId"] != "member" || may[0]["principalId"] != user || may[0]["endDateTime"] != "2027-03-01T00:00:00Z" || may[1]["accessId"] != "owner" || may[1]["endDateTime"] != nil {
		t.Errorf("eligible: %v", may)
	}
	if code, body := d.answer("test-user", eligible); code != http.StatusBadRequest {
		t.Errorf("eligible of no group: %d %v", code, body)
	}
	// A permission is found by the id that the assignment names.
	_, self := d.answer("test-user", "/v1.0/servicePrincipals(appId='"+graphAppID+"')?$select=id,appRoles")
	names := map[any]any{}
	for _, r := range self["appRoles"].([]any) {
		names[r.(map[string]any)["id"]] = r.(map[string]any)["value"]
	}
	if names["62a82d76-70ea-41e2-9197-370581804d09"] != "Group.ReadWrite.All" {
		t.Errorf("app roles: %v", names)
	}
	held := map[any]bool{}
	for _, a := range get("/v1.0/servicePrincipals/" + self["id"].(string) + "/appRoleAssignedTo") {
		if a["principalId"] != other {
			t.Errorf("permission of %v", a["principalId"])
		}
		held[names[a["appRoleId"]]] = true
	}
	if want := map[any]bool{"Group.ReadWrite.All": true, "Mail.Read": true}; !maps.Equal(held, want) {
		t.Errorf("permissions held: %v", held)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestNoP2: without the license PIM answers so, to those who may ask.
func TestNoP2(t *testing.T) {
	d := whole(t, func(w *cloud.World) {
		w.Tenant.PIM = false
		w.ServicePrincipals[0].GraphRoles = []string{"RoleManagement.Read.Directory", "PrivilegedEligibilitySchedule.Read.AzureADGroup"}
	})
	asked := 0
	for path := range routes(d) {
		if !strings.Contains(path, "ligibilityScheduleInstances") {
			continue
		}
		asked++
		code, body := d.answer("app", path)
		said, _ := body["error"].(map[string]any)
		if code != http.StatusBadRequest || said["code"] != "AadPremiumLicenseRequired" {
			t.Errorf("%s: %d %v", path, code, body)
		}
	}
	if asked != 2 {
		t.Errorf("%d routes asked", asked)
	}
}

// TestPages: following the links gives each item once, in pages no larger than
// the world's or the caller's, with the question still in the link.
func TestPages(t *testing.T) {
	d := whole(t, func(w *cloud.World) { w.PageSize = 3 })
	for _, c := range []struct {
		path string
		size int
		want int
	}{
		{"/v1.0/users?$select=id", 3, len(d.world.Users)},
		{"/v1.0/users?$select=id&$top=2", 2, len(d.world.Users)},
		{"/v1.0/groups?$select=id&$top=999", 3, len(d.world.Groups)},
		{"/v1.0/roleManagement/directory/roleAssignments?$top=1", 1, 1},
		{where("/v1.0/users", "id in ('"+d.world.Users[0].ID+"')", "id"), 3, 1},
	} {
		seen, pages := map[any]bool{}, 0
		for next := c.path; next != ""; pages++ {
			code, body := d.answer("test-user", next)
			if code != http.StatusOK || pages > c.want {
				t.Fatalf("%s: %d %v", next, code, body)
			}
			items := values(t, body)
			if len(items) > c.size {
				t.Errorf("%s: %d items", next, len(items))
			}
			for _, o := range items {
				if seen[o["id"]] {
					t.Errorf("%s: %v twice", c.path, o["id"])
				}
				seen[o["id"]] = true
				if o["displayName"] != nil {
					t.Errorf("%s: %v was not selected", next, o)
				}
			}
			link, _ := body["@odata.nextLink"].(string)
			next = strings.TrimPrefix(link, "https://"+Host)
			if link != "" && next == link {
				t.Fatalf("link to elsewhere: %s", link)
			}
		}
		if want := (c.want + c.size - 1) / c.size; len(seen) != c.want || pages != want {
			t.Errorf("%s: %d items on %d pages, want %d on %d", c.path, len(seen), pages, c.want, want)
		}
	}
	if code, body := d.answer("test-user", "/v1.0/users?$skiptoken=x"); code != http.StatusBadRequest {
		t.Errorf("token of no page: %d %v", code, body)
	}
}

// TestIn: fifteen values and no more; a comma inside quotes parts nothing.
func TestIn(t *testing.T) {
	d := whole(t, func(w *cloud.World) { w.Users[0].UPN = "a,'b@lab.onmicrosoft.com" })
	list := func(n int) string {
		return "id in ('" + strings.Repeat(gone+"','", n-1) + d.world.Users[0].ID + "')"
	}
	for filter, want := range map[string]int{
		list(1): 1, list(15): 1, list(16): -1, "id in (x)": -1, "id in ('x'": -1,
		"userPrincipalName in ('a,''b@lab.onmicrosoft.com','x')": 1,
		"id in ('" + strings.ToUpper(d.world.Users[0].ID) + "')": 1,
	} {
		code, body := d.answer("test-user", where("/v1.0/users", filter, "id"))
		if want < 0 {
			if code != http.StatusBadRequest {
				t.Errorf("%s: %d", filter, code)
			}
			continue
		}
		if got := values(t, body); code != http.StatusOK || len(got) != want {
			t.Errorf("%s: %d %v", filter, code, body)
		}
	}
}
