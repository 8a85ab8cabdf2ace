package azure

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// id makes an object id that tells in a failure whose it is.
func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// The people of fakeGraph.
var (
	ada, bob, cleo         = id(1), id(2), id(3) // a user; a guest; a disabled user
	admins, nested         = id(11), id(12)      // groups, each a member of the other
	ci, ciApp, ciAppID     = id(21), id(22), id(23)
	identityOf             = id(24) // a managed identity
	gone                   = id(31)
	roleGroup, roleMember  = id(41), id(42)
	mighty, graphPrincipal = id(51), id(52) // a service principal with a permission on Graph; Graph's own
	activator, owner       = id(61), id(62)
	device                 = id(71)
	permission             = id(81) // Group.ReadWrite.All
	caller                 = id(91)
)

// fakeGraph answers as Microsoft Graph, in pages of one item, and the federated
// credentials of a managed identity as Resource Manager. It is of these tests
// only; the laboratory's is another.
type fakeGraph struct {
	objects map[string][]map[string]any // by collection
	under   map[string][]map[string]any // by path
	refuse  func(path string) (status int, code string)
	after   int // answers of 429 before the first good one

	mu   sync.Mutex
	seen map[string]int // by path and filter
	url  string
}

func newFakeGraph() *fakeGraph {
	o := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	typed := func(id, kind string) map[string]any { return o("id", id, "@odata.type", "#microsoft.graph."+kind) }
	user := func(id, upn string, more ...any) map[string]any {
		return o(append([]any{"id", id, "userPrincipalName", upn, "displayName", upn, "userType", "Member", "accountEnabled", true}, more...)...)
	}
	return &fakeGraph{
		seen: map[string]int{},
		objects: map[string][]map[string]any{
			"users": {user(ada, "ada@example.org"), user(bob, "bob_x#EXT#@example.org", "userType", "Guest"), user(cleo, "cleo@example.org", "accountEnabled", false),
				user(roleMember, "role@example.org"), user(activator, "pim@example.org"), user(owner, "owner@example.org"), user(caller, "caller@example.org")},
			"groups": {o("id", admins, "displayName", "aks-admins", "isAssignableToRole", true, "groupTypes", []string{}),
				o("id", nested, "displayName", "nested", "isAssignableToRole", nil, "groupTypes", []string{"DynamicMembership"}, "membershipRule", "user.department -eq \"x\"", "onPremisesSyncEnabled", true),
				o("id", roleGroup, "displayName", "role holders", "groupTypes", []string{})},
			"servicePrincipals": {o("id", ci, "appId", ciAppID, "displayName", "ci-deployer", "servicePrincipalType", "Application", "accountEnabled", true),
				o("id", identityOf, "appId", id(25), "displayName", "aks-identity", "servicePrincipalType", "ManagedIdentity", "accountEnabled", true,
					"alternativeNames", []string{"isExplicit=True", subscriptionA + "/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks"}),
				o("id", mighty, "appId", id(53), "displayName", "mighty", "servicePrincipalType", "Application", "accountEnabled", true)},
			"applications": {o("id", ciApp, "appId", ciAppID, "passwordCredentials", []any{o("displayName", "old", "endDateTime", "2027-01-01T00:00:00Z")}, "keyCredentials", []any{o("displayName", nil, "endDateTime", nil)})},
		},
		under: map[string][]map[string]any{
			"groups/" + admins + "/members":                              {typed(ada, "user"), typed(nested, "group"), typed(device, "device")},
			"groups/" + admins + "/owners":                               {typed(owner, "user")},
			"groups/" + nested + "/members":                              {typed(admins, "group"), typed(bob, "user"), typed(cleo, "user")},
			"groups/" + roleGroup + "/members":                           {typed(roleMember, "user")},
			"eligible/" + admins:                                         {o("principalId", activator, "accessId", "member", "endDateTime", "2027-06-01T00:00:00Z"), o("principalId", owner, "accessId", "owner", "endDateTime", nil)},
			"servicePrincipals/" + ci + "/owners":                        {typed(owner, "user")},
			"applications/" + ciApp + "/owners":                          {typed(ada, "user")},
			"applications/" + ciApp + "/federatedIdentityCredentials":    {o("name", "gh", "issuer", "https://token.actions.githubusercontent.com", "subject", "repo:x/y:ref:refs/heads/main")},
			"roleManagement/directory/roleAssignments":                   {o("principalId", roleGroup, "roleDefinitionId", "62E90394-69f5-4237-9190-012177145e10", "directoryScopeId", "/"), o("principalId", id(99), "roleDefinitionId", id(98), "directoryScopeId", "/")},
			"roleManagement/directory/roleEligibilityScheduleInstances":  {o("principalId", ada, "roleDefinitionId", "fdd7a751-b60b-444a-984c-02652fe8fa1c", "directoryScopeId", "/"+admins)},
			"servicePrincipals/" + graphPrincipal + "/appRoleAssignedTo": {o("principalId", mighty, "appRoleId", permission), o("principalId", id(97), "appRoleId", id(96))},
			"arm": {o("name", "workload", "properties", o("issuer", "https://oidc.example", "subject", "system:serviceaccount:a:b"))},
		},
	}
}

func (g *fakeGraph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, filter := strings.TrimPrefix(r.URL.Path, "/v1.0/"), r.URL.Query().Get("$filter")
	w.Header().Set("Content-Type", "application/json")
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.after > 0 {
		g.after--
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"error":{"code":"TooManyRequests"}}`)
		return
	}
	if g.refuse != nil {
		if status, code := g.refuse(path); status != 0 {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"error":{"code":%q,"message":"no"}}`, code)
			return
		}
	}
	if r.URL.Query().Get("page") == "" {
		g.seen[path+"?"+filter]++
	}
	items, found := g.under[path]
	switch {
	case path == "servicePrincipals(appId='"+graphApp+"')":
		_ = json.NewEncoder(w).Encode(map[string]any{"id": graphPrincipal, "appRoles": []any{map[string]any{"id": permission, "value": "Group.ReadWrite.All"}, map[string]any{"id": id(96), "value": "Mail.Read"}}})
		return
	case strings.HasSuffix(path, "/federatedIdentityCredentials") && strings.HasPrefix(path, "/subscriptions"):
		items = g.under["arm"]
	case strings.HasPrefix(path, "identityGovernance/"):
		items = g.under["eligible/"+strings.Split(filter, "'")[1]]
	case found:
	case filter != "":
		property, list, ok := strings.Cut(filter, " in (")
		values := strings.Split(strings.TrimSuffix(list, ")"), ",")
		if !ok || len(values) > 15 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, o := range g.objects[path] {
			if slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(strings.Trim(v, "'"), o[property].(string)) }) {
				items = append(items, o)
			}
		}
	}
	page := 0
	_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page) // absent on the first
	body := map[string]any{"value": items[min(page, len(items)):min(page+1, len(items))]}
	if page+1 < len(items) {
		q := r.URL.Query()
		q.Set("page", fmt.Sprint(page+1))
		body["@odata.nextLink"] = g.url + r.URL.Path + "?" + q.Encode()
	}
	_ = json.NewEncoder(w).Encode(body)
}

// readPeople reads what fakeGraph knows of a tenant that names some of it.
func readPeople(t *testing.T, g *fakeGraph) *snapshot.Tenant {
	t.Helper()
	server := httptest.NewTLSServer(g)
	t.Cleanup(server.Close)
	g.url = server.URL
	o := TenantOptions{Getenv: func(string) string { return "" }, Now: time.Now, Progress: func(Progress) {}, transport: server.Client(), credential: staticToken{}, patience: 5 * time.Second}
	c := &tenantCollector{o: o, tenant: &snapshot.Tenant{
		Assignments: []snapshot.Assignment{{Assignment: azrbac.Assignment{PrincipalID: strings.ToUpper(ci)}}, {Assignment: azrbac.Assignment{PrincipalID: gone}}},
		Eligible:    []snapshot.Assignment{{Assignment: azrbac.Assignment{PrincipalID: identityOf}}},
		Clusters: []snapshot.AzureCluster{{ID: cluster, Raw: json.RawMessage(`{"properties":{"aadProfile":{"adminGroupObjectIDs":["` + admins + `"]}}}`),
			Kubernetes: &snapshot.Snapshot{RBAC: rbac.Policy{Bindings: []rbac.Binding{{Name: "b", Subjects: []rbac.Subject{rbac.User("Cleo@example.org"), {Kind: rbac.GroupKind, Name: "no id"}}}}}}}},
		Activity: []snapshot.Activity{{Caller: "caller@example.org"}, {Caller: ciAppID}},
	}}
	c.arm = newReader(o.credential, o, server.URL)
	c.graph = newReader(o.credential, o, server.URL)
	c.readDirectory(t.Context())
	c.sort()
	return c.tenant
}

func TestReadDirectory(t *testing.T) {
	g := newFakeGraph()
	tenant := readPeople(t, g)
	day := func(s string) time.Time { at, _ := time.Parse(time.DateOnly, s); return at }
	user := func(id, upn string) snapshot.Principal {
		return snapshot.Principal{ID: id, Kind: snapshot.UserPrincipal, Name: upn, UPN: upn}
	}
	guest, disabled := user(bob, "bob_x#EXT#@example.org"), user(cleo, "cleo@example.org")
	guest.Guest, disabled.Disabled = true, true
	want := []snapshot.Principal{
		user(ada, "ada@example.org"), guest, disabled,
		{ID: admins, Kind: snapshot.GroupPrincipal, Name: "aks-admins", RoleAssignable: true, Members: []string{ada, nested}, Owners: []string{owner},
			EligibleIn: []snapshot.GroupEligibility{{PrincipalID: activator, Access: "member", Until: day("2027-06-01")}, {PrincipalID: owner, Access: "owner"}}},
		{ID: nested, Kind: snapshot.GroupPrincipal, Name: "nested", Synced: true, Dynamic: `user.department -eq "x"`, Members: []string{bob, cleo, admins}},
		{ID: ci, Kind: snapshot.ServicePrincipal, Name: "ci-deployer", AppID: ciAppID, ApplicationID: ciApp, Owners: []string{owner}, AppOwners: []string{ada},
			Federated: []snapshot.Federated{{Name: "gh", Issuer: "https://token.actions.githubusercontent.com", Subject: "repo:x/y:ref:refs/heads/main"}},
			Secrets:   []snapshot.Secret{{Name: "old", Kind: "password", Until: day("2027-01-01")}, {Kind: "certificate"}}},
		{ID: identityOf, Kind: snapshot.ServicePrincipal, Name: "aks-identity", AppID: id(25), ManagedIdentity: subscriptionA + "/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks",
			Federated: []snapshot.Federated{{Name: "workload", Issuer: "https://oidc.example", Subject: "system:serviceaccount:a:b"}}},
		{ID: gone, Kind: snapshot.UnknownPrincipal, Deleted: true},
		{ID: roleGroup, Kind: snapshot.GroupPrincipal, Name: "role holders", Members: []string{roleMember}},
		user(roleMember, "role@example.org"),
		{ID: mighty, Kind: snapshot.ServicePrincipal, Name: "mighty", AppID: id(53)},
		user(activator, "pim@example.org"), user(owner, "owner@example.org"), user(caller, "caller@example.org"),
	}
	for i, got := range tenant.Principals {
		if i >= len(want) || !reflect.DeepEqual(got, want[i]) {
			t.Errorf("principal %d:\n got %+v\nwant %+v", i, got, want[min(i, len(want)-1)])
		}
	}
	if len(tenant.Principals) != len(want) {
		t.Errorf("%d principals, want %d", len(tenant.Principals), len(want))
	}
	if len(tenant.Unread) != 0 {
		t.Errorf("unread: %+v", tenant.Unread)
	}
	if want := []snapshot.DirectoryRole{
		{Template: "62e90394-69f5-4237-9190-012177145e10", Name: "Global Administrator", PrincipalID: roleGroup, Scope: "/"},
		{Template: "fdd7a751-b60b-444a-984c-02652fe8fa1c", Name: "Groups Administrator", PrincipalID: ada, Scope: "/" + admins, Eligible: true},
	}; !slices.Equal(tenant.DirectoryRoles, want) {
		t.Errorf("directory roles: %+v", tenant.DirectoryRoles)
	}
	if want := []snapshot.AppRole{{PrincipalID: mighty, Name: "Group.ReadWrite.All"}}; !slices.Equal(tenant.AppRoles, want) {
		t.Errorf("app roles: %+v", tenant.AppRoles)
	}
	for what, times := range g.seen {
		if times > 1 {
			t.Errorf("%s was read %d times", what, times)
		}
	}
}

// Each thing that is refused is unread, and nothing else is.
func TestReadDirectoryRefused(t *testing.T) {
	for prefix, want := range map[string][]snapshot.Unread{
		"users":                               {{Piece: snapshot.PiecePrincipals, Needs: "User.Read.All"}},
		"groups":                              {{Piece: snapshot.PiecePrincipals, Needs: "Group.Read.All"}},
		"servicePrincipals":                   {{Piece: snapshot.PiecePrincipals, Needs: "Application.Read.All"}},
		"groups/" + admins + "/members":       {{Piece: snapshot.PieceMembers, Scope: admins, Needs: "Group.Read.All"}},
		"groups/" + nested + "/owners":        {{Piece: snapshot.PieceOwners, Scope: nested, Needs: "Group.Read.All"}},
		"servicePrincipals/" + ci + "/owners": {{Piece: snapshot.PieceOwners, Scope: ci, Needs: "Application.Read.All"}},
		"applications":                        {{Piece: snapshot.PieceApplications, Scope: ci, Needs: "Application.Read.All"}, {Piece: snapshot.PieceApplications, Scope: mighty, Needs: "Application.Read.All"}},
		"applications/" + ciApp + "/owners":   {{Piece: snapshot.PieceApplications, Scope: ci, Needs: "Application.Read.All"}},
		"applications/" + ciApp + "/federatedIdentityCredentials":    {{Piece: snapshot.PieceFederated, Scope: ci, Needs: "Application.Read.All"}},
		"roleManagement/directory/roleAssignments":                   {{Piece: snapshot.PieceDirectoryRoles, Needs: "RoleManagement.Read.Directory"}},
		"roleManagement/directory/roleEligibilityScheduleInstances":  {{Piece: snapshot.PieceDirectoryElig, Needs: "RoleManagement.Read.Directory"}},
		"servicePrincipals(appId='" + graphApp + "')":                {{Piece: snapshot.PieceAppRoles, Needs: "Application.Read.All"}},
		"servicePrincipals/" + graphPrincipal + "/appRoleAssignedTo": {{Piece: snapshot.PieceAppRoles, Needs: "Application.Read.All"}},
		"identityGovernance/privilegedAccess/group/eligibilityScheduleInstances": {
			{Piece: snapshot.PieceGroupEligible, Scope: admins, Needs: "PrivilegedEligibilitySchedule.Read.AzureADGroup"},
			{Piece: snapshot.PieceGroupEligible, Scope: nested, Needs: "PrivilegedEligibilitySchedule.Read.AzureADGroup"},
			{Piece: snapshot.PieceGroupEligible, Scope: roleGroup, Needs: "PrivilegedEligibilitySchedule.Read.AzureADGroup"}},
	} {
		t.Run(prefix, func(t *testing.T) {
			g := newFakeGraph()
			g.refuse = func(path string) (int, string) {
				if path == prefix {
					return http.StatusForbidden, "Authorization_RequestDenied"
				}
				return 0, ""
			}
			tenant := readPeople(t, g)
			for i := range tenant.Unread {
				if !strings.Contains(tenant.Unread[i].Why, "403") {
					t.Errorf("%+v does not say why", tenant.Unread[i])
				}
				tenant.Unread[i].Why = ""
			}
			for i := range want {
				want[i].Needs = "Graph permission " + want[i].Needs
			}
			if !slices.Equal(tenant.Unread, want) {
				t.Errorf("unread %+v\n  want %+v", tenant.Unread, want)
			}
			refusedKind := !strings.Contains(prefix, "/") && prefix != "applications" && !strings.Contains(prefix, "(")
			for _, one := range tenant.Principals {
				if one.Deleted != (one.ID == gone && !refusedKind) {
					t.Errorf("%s: deleted %v", one.ID, one.Deleted)
				}
			}
		})
	}
}

// A directory that says nothing leaves the principals standing, unknown.
func TestReadDirectoryUnreachable(t *testing.T) {
	g := newFakeGraph()
	g.refuse = func(string) (int, string) { return http.StatusNotImplemented, "NotImplemented" }
	tenant := readPeople(t, g)
	ids := []string{}
	for _, one := range tenant.Principals {
		if ids = append(ids, one.ID); one.Kind != snapshot.UnknownPrincipal || one.Deleted {
			t.Errorf("%+v", one)
		}
	}
	if want := []string{admins, ci, identityOf, gone}; !slices.Equal(ids, want) {
		t.Errorf("principals %v, want %v", ids, want)
	}
	for _, piece := range []snapshot.Piece{snapshot.PiecePrincipals, snapshot.PieceDirectoryRoles, snapshot.PieceDirectoryElig, snapshot.PieceAppRoles} {
		if !slices.ContainsFunc(tenant.Unread, func(u snapshot.Unread) bool { return u.Piece == piece && u.Needs == "" }) {
			t.Errorf("%s is not unread: %+v", piece, tenant.Unread)
		}
	}
}

// Throttling is waited for; a tenant without PIM has nothing eligible.
func TestReadDirectoryThrottled(t *testing.T) {
	g := newFakeGraph()
	g.after = 5
	g.refuse = func(path string) (int, string) {
		if strings.Contains(path, "ligib") {
			return http.StatusBadRequest, "AadPremiumLicenseRequired"
		}
		return 0, ""
	}
	if tenant := readPeople(t, g); len(tenant.Unread) != 0 || len(tenant.Principals) != 13 {
		t.Errorf("%d principals, unread %+v", len(tenant.Principals), tenant.Unread)
	}
}
