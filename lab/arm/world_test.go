package arm_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/lab/arm"
	"github.com/postern-dev/postern/lab/cloud"
)

const (
	second   = "/subscriptions/22220000-5b5c-4f2e-8d17-90a4c3e7b602"
	third    = "/subscriptions/33330000-5b5c-4f2e-8d17-90a4c3e7b602"
	other    = second + "/resourceGroups/rg-other/providers/Microsoft.ContainerService/managedClusters/aks-other"
	identity = second + "/resourceGroups/rg-other/providers/Microsoft.ManagedIdentity/userAssignedIdentities/robot"
	fleetID  = second + "/resourceGroups/rg-other/providers/Microsoft.ContainerService/fleets/all"
)

// wide is a world of three subscriptions below management groups. lab-owner
// owns everything, test-user reads the group "corp", hshahin nothing at first.
const wide = `
tenant: {id: 1ab00000-7e4a-4c1d-9a5e-3f0c6d2b8e01, displayName: LAB directory, domain: lab.onmicrosoft.com, pim: true}
managementGroups: [{name: corp}, {name: online, parent: corp}]
subscription: {id: 1ab00000-5b5c-4f2e-8d17-90a4c3e7b602, displayName: LAB subscription}
subscriptions:
  - {id: 22220000-5b5c-4f2e-8d17-90a4c3e7b602, displayName: LAB two, managementGroup: online}
  - {id: 33330000-5b5c-4f2e-8d17-90a4c3e7b602, displayName: LAB three}
resourceGroups:
  - {name: rg-lab, location: westeurope}
  - {name: rg-other, location: northeurope, subscription: LAB two}
users:
  - {id: 4f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10, userPrincipalName: hshahin@lab.onmicrosoft.com, password: x}
  - {id: 8b3e6d17-2a94-4f5c-b0d8-7c1f9e4a2d33, userPrincipalName: test-user@lab.onmicrosoft.com, password: x}
  - {id: 0c7a1f64-93d2-4e8b-a5f1-2b6d8e0c4a91, userPrincipalName: lab-owner@lab.onmicrosoft.com, password: x}
groups:
  - {id: 66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06, displayName: aks-admins, members: [hshahin@lab.onmicrosoft.com]}
servicePrincipals:
  - {id: 5a8c2e71-d904-4b6f-83e1-f7b0d5c94a26, appId: 9e1d4b07-6f3a-4c82-b5d9-2a7e0c8f1b63, displayName: ci-deployer, secret: x}
  - id: aaaa2e71-d904-4b6f-83e1-f7b0d5c94a26
    appId: aaaa4b07-6f3a-4c82-b5d9-2a7e0c8f1b63
    displayName: robot
    managedIdentity: "LAB two:resourceGroups/rg-other/providers/Microsoft.ManagedIdentity/userAssignedIdentities/robot"
    federatedCredentials: [{name: main, issuer: "https://issuer.example", subject: "repo:a/b"}, {name: dev, issuer: "https://issuer.example", subject: "repo:a/c"}]
roleAssignments:
  - {principal: lab-owner@lab.onmicrosoft.com, role: Owner, scope: /}
  - {principal: test-user@lab.onmicrosoft.com, role: Reader, scope: managementGroups/corp}
  - {principal: aks-admins, role: Azure Kubernetes Service RBAC Reader, scope: "cluster:aks-other/namespaces/shop"}
  - {principal: 99999999-d904-4b6f-83e1-f7b0d5c94a26, role: Reader, scope: "nodes:aks-other", condition: "@Resource exists"}
eligibleAssignments:
  - {principal: aks-admins, role: Owner, scope: managementGroups/corp, until: +30d}
  - {principal: hshahin@lab.onmicrosoft.com, role: Contributor, scope: "cluster:aks-other"}
  - {principal: hshahin@lab.onmicrosoft.com, role: Contributor, scope: "LAB three:.", until: -1d}
denyAssignments:
  - {name: no pulling, scope: "LAB two:.", principals: [everyone], exclude: [test-user@lab.onmicrosoft.com], actions: [Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action]}
clusters:
  - {name: aks-lab, resourceGroup: rg-lab}
  - name: aks-other
    resourceGroup: rg-other
    subscription: LAB two
    kind: automatic
    created: 2026-01-02T03:04:05Z
    trustedAccess: [{name: ml, source: /subscriptions/x/ml, roles: [Microsoft.MachineLearningServices/workspaces/mlworkload]}]
    flux: [{name: apps, url: "https://git.example/apps", scope: cluster}, {name: infra, url: "https://git.example/infra"}]
    extensions: [{name: flux, type: microsoft.flux}]
fleets: [{name: all, resourceGroup: rg-other, subscription: LAB two, hub: true, members: [aks-lab, aks-other]}]
activity:
  - {time: -100d, operation: Microsoft.ContainerService/managedClusters/write, resource: "cluster:aks-other", caller: hshahin@lab.onmicrosoft.com}
  - {time: -3d, operation: Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action, resource: "cluster:aks-other", caller: hshahin@lab.onmicrosoft.com, case: upper}
  - {time: -2d, operation: Microsoft.Compute/virtualMachines/start/action, resource: "LAB two:resourceGroups/rg-other/x", caller: ci-deployer, case: lower}
  - {time: -1d, operation: Microsoft.ContainerService/managedClusters/listClusterUserCredential/action, resource: "cluster:aks-lab", caller: ci-deployer}
  - {time: -1h, operation: Microsoft.Authorization/elevateAccess/action, resource: /, caller: lab-owner@lab.onmicrosoft.com}
`

func wideLab(t *testing.T, edit func(*cloud.World)) *lab {
	t.Helper()
	w, err := cloud.ParseWorld([]byte(wide))
	if err != nil {
		t.Fatal(err)
	}
	return newLab(t, func(old *cloud.World) {
		*old = *w
		if edit != nil {
			edit(old)
		}
	})
}

// all reads every page of a list and checks that each is as long as it may be.
func (l *lab) all(who, target string) []map[string]any {
	l.t.Helper()
	var out []map[string]any
	for target != "" {
		a := l.do(who, "GET", target, nil).want(200, "")
		items, ok := a.body["value"].([]any)
		if !ok {
			l.t.Fatalf("%s: %s", target, a.Body)
		}
		next, _ := a.body["nextLink"].(string)
		if size := l.state.World().Page(); len(items) > size || next != "" && len(items) != size {
			l.t.Errorf("%s: a page of %d, next %q", target, len(items), next)
		}
		for _, i := range items {
			out = append(out, i.(map[string]any))
		}
		target = next
	}
	return out
}

func names(items []map[string]any, field string) string {
	var out []string
	for _, i := range items {
		out = append(out, fmt.Sprint(dig(i, field)))
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

// dig follows dots.
func dig(v any, field string) any {
	for f := range strings.SplitSeq(field, ".") {
		m, _ := v.(map[string]any)
		v = m[f]
	}
	return v
}

// TestSubscriptions are seen from a role at them, above or below; listings go
// by page.
func TestSubscriptions(t *testing.T) {
	l := wideLab(t, func(w *cloud.World) { w.PageSize = 1 })
	for who, want := range map[string]string{
		"lab-owner": "LAB subscription LAB three LAB two",
		"test-user": "LAB two", // through the management group above its own
		"hshahin":   "LAB two", // through a namespace of a cluster
	} {
		if got := names(l.all(who, "/subscriptions"), "displayName"); got != want {
			t.Errorf("%s sees %s, want %s", who, got, want)
		}
	}
	if got := names(l.all("ci-deployer", "/subscriptions"), "displayName"); got != "" {
		t.Errorf("ci-deployer sees %s", got)
	}
	l.do("hshahin", "GET", third, nil).want(403, "AuthorizationFailed")
	l.do("lab-owner", "GET", third, nil).want(200, "")
	l.do("lab-owner", "GET", "/subscriptions/"+guid1, nil).want(404, "SubscriptionNotFound")
	if got := names(l.all("lab-owner", second+"/resourceGroups"), "name"); got != "MC_rg-other_aks-other_northeurope rg-other" {
		t.Errorf("groups of the second: %s", got)
	}
	if got := names(l.all("lab-owner", second+"/providers/Microsoft.ContainerService/managedClusters"), "name"); got != "aks-other" {
		t.Errorf("clusters of the second: %s", got)
	}
	l.do("lab-owner", "GET", strings.Replace(cluster, subscription, second, 1), nil).want(404, "ResourceGroupNotFound")
	k := l.do("test-user", "GET", strings.ToUpper(other), nil).want(200, "")
	if got := fmt.Sprint(dig(k.body, "systemData.createdAt"), " ", dig(k.body, "sku.name"), " ", dig(k.body, "properties.disableLocalAccounts")); got != "2026-01-02T03:04:05Z Automatic true" {
		t.Errorf("body: %s", got)
	}
	if got := l.all("lab-owner", third+"/providers/Microsoft.ContainerService/managedClusters"); len(got) != 0 {
		t.Errorf("clusters of the third: %v", got)
	}
	for _, token := range []string{"x", "bGFiOi0xOjA", "bGFiOjE6MDo"} {
		l.do("lab-owner", "GET", "/subscriptions?$skiptoken="+token, nil).want(400, "InvalidSkipToken")
	}
}

// TestListedAssignments: at, above and below a subscription, namespaces and
// node resource groups included; at and above with atScope().
func TestListedAssignments(t *testing.T) {
	l := wideLab(t, func(w *cloud.World) { w.PageSize = 2 })
	list := func(scope, filter string) []map[string]any {
		return l.all("lab-owner", strings.TrimSuffix(scope, "/")+"/providers/Microsoft.Authorization/roleAssignments?$filter="+url.QueryEscape(filter))
	}
	const corp, online = "/providers/Microsoft.Management/managementGroups/corp", "/providers/Microsoft.Management/managementGroups/online"
	nodes := second + "/resourceGroups/MC_rg-other_aks-other_northeurope"
	for _, c := range []struct{ scope, filter, want string }{
		{second, "", "/ " + corp + " " + nodes + " " + other + "/namespaces/shop"},
		{second, "atScope()", "/ " + corp},
		{subscription, "", "/"},
		{corp, "", "/ " + corp + " " + nodes + " " + other + "/namespaces/shop"},
		{online, "atScope()", "/ " + corp},
		{"/", "atScope()", "/"},
		{nodes, "atScope()", "/ " + corp + " " + nodes},
		{other, "", "/ " + corp},
		{other + "/namespaces/shop", "atScope()", "/ " + corp + " " + other + "/namespaces/shop"},
		{second, "assignedTo('4f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10')", other + "/namespaces/shop"},
	} {
		got := strings.Split(names(list(c.scope, c.filter), "properties.scope"), " ")
		want := strings.Split(c.want, " ")
		sort.Strings(want)
		if !slices.Equal(got, want) {
			t.Errorf("at %s with %q: %s\nwant %s", c.scope, c.filter, got, want)
		}
	}
	for _, a := range list(second, "") {
		if id := dig(a, "properties.roleDefinitionId").(string); !strings.HasPrefix(id, second+"/providers/") {
			t.Errorf("role by %s", id)
		}
		if dig(a, "properties.principalId") == "99999999-d904-4b6f-83e1-f7b0d5c94a26" && (dig(a, "properties.principalType") != "Unknown" || dig(a, "properties.condition") != "@Resource exists") {
			t.Errorf("deleted principal: %v", a)
		}
	}
	l.do("lab-owner", "GET", "/providers/Microsoft.Management/managementGroups/none/providers/Microsoft.Authorization/roleAssignments", nil).want(404, "NotFound")
	l.do("hshahin", "GET", second+"/providers/Microsoft.Authorization/roleAssignments", nil).want(403, "AuthorizationFailed")
	roles := l.all("test-user", second+"/providers/Microsoft.Authorization/roleDefinitions?$filter="+url.QueryEscape("type eq 'CustomRole'"))
	if len(roles) != 0 {
		t.Errorf("custom roles: %v", roles)
	}
}

// TestDenyAssignments: listed, and in force.
func TestDenyAssignments(t *testing.T) {
	l := wideLab(t, nil)
	at := "/providers/Microsoft.Authorization/denyAssignments"
	if got := names(l.all("test-user", second+at), "properties.denyAssignmentName"); got != "NRG Lockdown no pulling" {
		t.Errorf("at the subscription: %s", got)
	}
	if got := names(l.all("test-user", second+at+"?$filter=atScope()"), "properties.denyAssignmentName"); got != "no pulling" {
		t.Errorf("atScope: %s", got)
	}
	if got := l.all("lab-owner", subscription+at); len(got) != 0 {
		t.Errorf("elsewhere: %v", got)
	}
	d := l.all("test-user", second+at+"?$filter="+url.QueryEscape("denyAssignmentName eq 'no pulling'"))[0]
	text := fmt.Sprint(dig(d, "properties.principals"), dig(d, "properties.excludePrincipals"), dig(d, "properties.doNotApplyToChildScopes"), dig(d, "properties.isSystemProtected"))
	for _, word := range []string{cloud.Everyone, "SystemDefined", "8b3e6d17-2a94-4f5c-b0d8-7c1f9e4a2d33", "User", "false false"} {
		if !strings.Contains(text, word) {
			t.Errorf("no %s in %s", word, text)
		}
	}
	l.do("test-user", "GET", d["id"].(string), nil).want(200, "")
	l.do("test-user", "GET", second+at+"/"+guid1, nil).want(404, "DenyAssignmentNotFound")
	l.do("hshahin", "GET", second+at, nil).want(403, "AuthorizationFailed")
	a := l.do("lab-owner", "POST", other+"/listClusterAdminCredential", nil).want(403, "DenyAssignmentAuthorizationFailed")
	if _, text := a.fault(); !strings.Contains(text, "the deny assignment with name 'no pulling'") {
		t.Error(text)
	}
	l.do("hshahin", "POST", other+"/listClusterAdminCredential", nil).want(403, "AuthorizationFailed")
}

// TestEligible: what can be activated, by scope and principal; nothing that has
// ended; and a tenant without PIM says so.
func TestEligible(t *testing.T) {
	l := wideLab(t, nil)
	at := "/providers/Microsoft.Authorization/roleEligibilityScheduleInstances"
	list := func(scope, filter string) string {
		var out []string
		for _, e := range l.all("lab-owner", scope+at+"?$filter="+url.QueryEscape(filter)) {
			out = append(out, fmt.Sprint(dig(e, "properties.scope"), " ", dig(e, "properties.memberType"), " ", dig(e, "properties.endDateTime") != nil, " ", dig(e, "properties.status")))
		}
		return strings.Join(out, "\n")
	}
	const corp = "/providers/Microsoft.Management/managementGroups/corp"
	if got, want := list(second, ""), corp+" Inherited true Provisioned\n"+other+" Direct false Provisioned"; got != want {
		t.Errorf("at the subscription:\n%s", got)
	}
	if got := list(second, "atScope()"); got != corp+" Inherited true Provisioned" {
		t.Errorf("atScope:\n%s", got)
	}
	if got := list(second, "principalId eq '4f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10'"); got != other+" Direct false Provisioned" {
		t.Errorf("by principal:\n%s", got)
	}
	if got := list(second, "assignedTo('4f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10')"); strings.Count(got, "\n") != 1 {
		t.Errorf("assigned to:\n%s", got)
	}
	if got := list(third, ""); got != "" {
		t.Errorf("ended:\n%s", got)
	}
	l.do("hshahin", "GET", second+at, nil).want(403, "AuthorizationFailed")
	l = wideLab(t, func(w *cloud.World) { w.Tenant.PIM = false })
	l.do("lab-owner", "GET", second+at, nil).want(400, "AadPremiumLicenseRequired")
	l.do("hshahin", "GET", second+at, nil).want(403, "AuthorizationFailed")
}

// TestBesideClusters: what is kept beside clusters, each by its own right.
func TestBesideClusters(t *testing.T) {
	l := wideLab(t, func(w *cloud.World) { w.PageSize = 1 })
	const fleets = "/providers/Microsoft.ContainerService/fleets"
	for _, c := range []struct{ path, field, want, action string }{
		{other + "/trustedAccessRoleBindings", "properties.sourceResourceId", "/subscriptions/x/ml", "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings/read"},
		{other + "/providers/Microsoft.KubernetesConfiguration/fluxConfigurations", "properties.gitRepository.url", "https://git.example/apps https://git.example/infra", "Microsoft.KubernetesConfiguration/fluxConfigurations/read"},
		{other + "/providers/Microsoft.KubernetesConfiguration/extensions", "properties.extensionType", "microsoft.flux", "Microsoft.KubernetesConfiguration/extensions/read"},
		{second + fleets, "properties.hubProfile.dnsPrefix", "all", "Microsoft.ContainerService/fleets/read"},
		{fleetID + "/members", "properties.clusterResourceId", cluster + " " + other, "Microsoft.ContainerService/fleets/members/read"},
		{identity + "/federatedIdentityCredentials", "properties.subject", "repo:a/b repo:a/c", "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read"},
		{second + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities", "properties.principalId", "aaaa2e71-d904-4b6f-83e1-f7b0d5c94a26", "Microsoft.ManagedIdentity/userAssignedIdentities/read"},
	} {
		items := l.all("test-user", c.path)
		if got := names(items, c.field); got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
		l.do("test-user", "GET", items[0]["id"].(string), nil).want(200, "")
		l.do("test-user", "GET", c.path+"/none", nil).want(404, "ResourceNotFound")
		a := l.do("hshahin", "GET", c.path, nil).want(403, "AuthorizationFailed")
		if _, text := a.fault(); !strings.Contains(text, "'"+c.action+"'") {
			t.Errorf("%s: %s", c.path, text)
		}
	}
	if got := l.all("lab-owner", subscription+fleets); len(got) != 0 {
		t.Errorf("fleets elsewhere: %v", got)
	}
	l.do("lab-owner", "PUT", other+"/providers/Microsoft.KubernetesConfiguration/extensions/x", "{}").want(501, "NotImplemented")
	l.do("test-user", "PUT", other+"/providers/Microsoft.KubernetesConfiguration/extensions/x", "{}").want(403, "AuthorizationFailed")
	l.do("lab-owner", "GET", fleetID+"/sometimes", nil).want(404, "InvalidResourceType")
}

// TestActivityOfTenants: a log for each subscription, seeded history as it was
// written, no more than 90 days, pages that do not shift, and late records.
func TestActivityOfTenants(t *testing.T) {
	l := wideLab(t, func(w *cloud.World) { w.PageSize = 1 })
	read := func(scope, filter, rest string) string {
		since := time.Now().UTC().Add(-89 * 24 * time.Hour).Format(time.RFC3339)
		at := strings.TrimSuffix(scope, "/") + "/providers/Microsoft.Insights/eventtypes/management/values?$filter=" + url.QueryEscape("eventTimestamp ge '"+since+"'"+filter)
		var out []string
		for _, e := range l.all("lab-owner", at+rest) {
			out = append(out, fmt.Sprint(dig(e, "operationName.value"), " ", e["caller"]))
		}
		return strings.Join(out, "\n")
	}
	pulled := "MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/LISTCLUSTERADMINCREDENTIAL/ACTION hshahin@lab.onmicrosoft.com"
	for _, c := range []struct{ scope, filter, want string }{
		{second, "", "microsoft.compute/virtualmachines/start/action 9e1d4b07-6f3a-4c82-b5d9-2a7e0c8f1b63\n" + pulled},
		{second, " and resourceProvider eq 'Microsoft.ContainerService'", pulled},
		{second, " and resourceUri eq '" + other + "'", pulled},
		{subscription, "", "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action 9e1d4b07-6f3a-4c82-b5d9-2a7e0c8f1b63"},
		{third, "", ""},
		{"/", "", "Microsoft.Authorization/elevateAccess/action lab-owner@lab.onmicrosoft.com"},
	} {
		if got := read(c.scope, c.filter, ""); got != c.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", c.scope, c.filter, got, c.want)
		}
	}
	if got := read(second, "", "&$select=caller"); got != "<nil> 9e1d4b07-6f3a-4c82-b5d9-2a7e0c8f1b63\n<nil> hshahin@lab.onmicrosoft.com" {
		t.Errorf("$select: %s", got)
	}
	values := "/providers/Microsoft.Insights/eventtypes/management/values"
	for days, status := range map[int]int{90: 200, 91: 400} {
		start := time.Now().UTC().Add(-time.Duration(days) * 24 * time.Hour).Format(time.RFC3339)
		if a := l.do("lab-owner", "GET", second+values+"?$filter="+url.QueryEscape("eventTimestamp ge '"+start+"'"), nil); a.Code != status {
			t.Errorf("%d days: %d %s", days, a.Code, a.Body)
		}
	}
	l.do("hshahin", "GET", second+values, nil).want(403, "AuthorizationFailed")

	first := l.do("lab-owner", "GET", second+values, nil).want(200, "")
	l.do("lab-owner", "POST", other+"/listClusterAdminCredential", nil).want(403, "DenyAssignmentAuthorizationFailed")
	next := l.do("lab-owner", "GET", first.body["nextLink"].(string), nil).want(200, "")
	if got := dig(next.body["value"].([]any)[0], "eventDataId"); got == dig(first.body["value"].([]any)[0], "eventDataId") {
		t.Error("a page shifted when a record came")
	}
	if got := read(second, " and status eq 'Failed'", ""); got == "" {
		t.Error("the refusal is not in the log")
	}
	if err := l.state.Update(func(w *cloud.World) error { w.ActivityDelay = time.Hour; return nil }); err != nil {
		t.Fatal(err)
	}
	if got := read(second, " and status eq 'Failed'", ""); got != "" {
		t.Errorf("not late: %s", got)
	}
}

// TestResourceGraph: rows of what the caller may read, over subscriptions.
func TestResourceGraph(t *testing.T) {
	l := wideLab(t, func(w *cloud.World) { w.PageSize = 1 })
	const at = "/providers/Microsoft.ResourceGraph/resources"
	const clusters = "resources | where type =~ 'Microsoft.ContainerService/managedClusters' | project id, name, subscriptionId, resourceGroup | order by name asc"
	ask := func(who string, body map[string]any) string {
		var out []string
		options := map[string]any{"resultFormat": "objectArray"}
		body["options"] = options
		for {
			a := l.do(who, "POST", at, body).want(200, "")
			for _, r := range a.body["data"].([]any) {
				out = append(out, dig(r, "name").(string))
			}
			token, ok := a.body["$skipToken"].(string)
			if !ok {
				return strings.Join(out, " ")
			}
			options["$skipToken"] = token
		}
	}
	for _, c := range []struct {
		who, query, subscriptions, want string
	}{
		{"lab-owner", clusters, "", "aks-lab aks-other"},
		{"test-user", clusters, "", "aks-other"},
		{"ci-deployer", clusters, "", ""},
		{"lab-owner", clusters, strings.TrimPrefix(second, "/subscriptions/"), "aks-other"},
		{"lab-owner", "Resources | where type == 'microsoft.containerservice/fleets'", "", "all"},
		{"lab-owner", "resources | where type =~ 'microsoft.managedidentity/userassignedidentities' and location == 'northeurope'", "", "robot"},
	} {
		body := map[string]any{"query": c.query}
		if c.subscriptions != "" {
			body["subscriptions"] = []string{c.subscriptions}
		}
		if got := ask(c.who, body); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.who, c.query, got, c.want)
		}
	}
	for _, q := range []string{"", "resources | summarize count()", "resourcecontainers", "resources | where"} {
		a := l.do("lab-owner", "POST", at, map[string]any{"query": q}).want(400, "BadRequest")
		if _, text := a.fault(); !strings.HasPrefix(text, "Query is invalid: ") {
			t.Error(text)
		}
	}
	l.do("lab-owner", "POST", at, map[string]any{"query": clusters, "options": map[string]any{"$top": 0}}).want(400, "BadRequest")
	l.do("lab-owner", "POST", at, map[string]any{"query": clusters, "options": map[string]any{"resultFormat": "table"}}).want(501, "NotImplemented")
	l.do("lab-owner", "GET", at, nil).want(405, "MethodNotAllowed")
}

// TestCallerID: faults and logs can ask who a request is from.
func TestCallerID(t *testing.T) {
	l := wideLab(t, nil)
	r := httptest.NewRequest("GET", "https://"+arm.Host+second, nil)
	if got := l.arm.CallerID(r); got != "" {
		t.Errorf("nobody is %s", got)
	}
	r.Header.Set("Authorization", "Bearer "+l.token("ci-deployer"))
	if got := l.arm.CallerID(r); got != "5a8c2e71-d904-4b6f-83e1-f7b0d5c94a26" {
		t.Errorf("ci-deployer is %s", got)
	}
}

// TestOtherClusters: clusters that the lab does not run are changed, and say
// plainly that nobody can hand out their credentials.
func TestOtherClusters(t *testing.T) {
	l := wideLab(t, func(w *cloud.World) { w.DenyAssignments = nil })
	got := l.do("lab-owner", "GET", other, nil).want(200, "")
	got.body["properties"].(map[string]any)["disableLocalAccounts"] = false
	a := l.do("lab-owner", "PUT", other, got.body).want(200, "")
	if at := a.Header().Get("Azure-AsyncOperation"); !strings.HasPrefix(at, "https://"+arm.Host+second+"/providers/") {
		t.Errorf("operation at %s", at)
	}
	l.arm.Wait()
	after := l.do("lab-owner", "GET", other, nil).want(200, "")
	if dig(after.body, "properties.disableLocalAccounts") != false || dig(after.body, "systemData.createdAt") == nil || dig(after.body, "sku.name") != "Automatic" {
		t.Errorf("after: %s", after.Body)
	}
	if len(l.plane.groups) != 0 {
		t.Errorf("handed to the cluster that runs: %q", l.plane.groups)
	}
	for _, action := range []string{"listClusterAdminCredential", "listClusterUserCredential", "rotateClusterCertificates"} {
		l.do("lab-owner", "POST", other+"/"+action, nil).want(501, "NotImplemented")
	}
	l.do("lab-owner", "POST", other+"/runCommand", map[string]any{"command": "kubectl get pods", "clusterToken": "x"}).want(501, "NotImplemented")
}
