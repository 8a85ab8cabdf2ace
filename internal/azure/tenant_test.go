package azure

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/postern-dev/postern/internal/snapshot"
)

const (
	clustersOf   = "/providers/Microsoft.ContainerService/managedClusters"
	other        = subscriptionB + "/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks-other"
	fleetID      = subscriptionA + "/resourceGroups/rg/providers/Microsoft.ContainerService/fleets/fleet-1"
	eligibleOf   = authorization + "roleEligibilityScheduleInstances"
	activityOf   = "/providers/Microsoft.Insights/eventtypes/management/values"
	diagnosticOf = "/providers/Microsoft.Insights/diagnosticSettings"
	fluxOf       = "/providers/Microsoft.KubernetesConfiguration/fluxConfigurations"
	extensionsOf = "/providers/Microsoft.KubernetesConfiguration/extensions"
)

// taken is when the tenants of these tests are read.
var taken = time.Date(2026, 11, 24, 4, 30, 0, 0, time.UTC)

// newTenant is newFake's directory with what a whole tenant has besides.
func newTenant() *fakeARM {
	f := newFake()
	type m = map[string]any
	put := func(path string, items ...any) { f.items[strings.ToLower(path)] = items }
	for _, s := range []string{subscriptionA, subscriptionB} {
		for _, list := range []string{authorization + "roleAssignments", authorization + "denyAssignments", eligibleOf, "/providers/Microsoft.ContainerService/fleets", activityOf} {
			if _, there := f.items[strings.ToLower(s+list)]; !there {
				put(s + list)
			}
		}
	}
	for _, k := range []string{cluster, other} {
		for _, list := range []string{diagnosticOf, "/trustedAccessRoleBindings", fluxOf, extensionsOf} {
			put(k + list)
		}
	}
	put("/tenants", m{"tenantId": id(800), "displayName": "Elsewhere"}, m{"tenantId": id(801), "displayName": "LAB tenant"})
	// The assignment at the root is in the listing of each subscription.
	root := assignment("a1", "/", reader)
	root["properties"].(m)["roleDefinitionId"] = subscriptionB + authorization + "roleDefinitions/" + reader
	put(subscriptionB+authorization+"roleAssignments", root)
	put(subscriptionA+eligibleOf, m{"id": subscriptionA + eligibleOf + "/e1", "properties": m{"principalId": ada, "principalType": "User", "scope": cluster,
		"roleDefinitionId": subscriptionA + authorization + "roleDefinitions/" + custom, "endDateTime": "2027-01-01T00:00:00Z", "condition": nil}})
	put(subscriptionA+"/providers/Microsoft.ContainerService/fleets", m{"id": fleetID, "properties": m{"hubProfile": m{"fqdn": "x"}}})
	put(fleetID+"/members", m{"properties": m{"clusterResourceId": cluster}}, m{"properties": m{"clusterResourceId": other}})
	put(subscriptionA+activityOf,
		m{"eventTimestamp": "2026-11-20T10:00:00.1234567Z", "eventDataId": "2", "resourceId": strings.ToUpper(cluster), "caller": "ada@example.org",
			"operationName": m{"value": "MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/LISTCLUSTERADMINCREDENTIAL/ACTION", "localizedValue": "List"}, "status": m{"value": "Failed"},
			"claims":      m{"appid": id(9), "http://schemas.microsoft.com/identity/claims/objectidentifier": ada, "ipaddr": "192.0.2.1"},
			"httpRequest": m{"clientIpAddress": "192.0.2.2"},
			"properties":  m{"statusCode": "BadRequest", "statusMessage": `{"code":"BadRequest","message":"Getting static credential is not allowed because …"}`}},
		m{"eventTimestamp": "2026-11-19T10:00:00Z", "eventDataId": "1", "resourceId": cluster, "caller": ciAppID,
			"operationName": "Microsoft.ContainerService/managedClusters/write", "status": "Succeeded", "properties": m{"statusCode": "200"}})
	put(cluster+diagnosticOf, m{"name": "to-storage", "properties": m{"logs": []any{}}})
	put(cluster+"/trustedAccessRoleBindings", m{"id": cluster + "/trustedAccessRoleBindings/t", "name": "t", "properties": m{"sourceResourceId": "/subscriptions/x", "roles": []string{"r/1"}}})
	put(cluster+fluxOf, m{"id": cluster + fluxOf + "/f", "name": "f", "properties": m{"scope": "cluster", "gitRepository": m{"url": "https://git.example/f"}, "bucket": nil}})
	put(cluster+extensionsOf, m{"id": cluster + extensionsOf + "/x", "name": "x", "properties": m{"extensionType": "microsoft.flux"}})
	f.objects["/providers/microsoft.resourcegraph/resources"] = m{"data": []any{m{"id": strings.ToLower(cluster)}}}
	f.objects[strings.ToLower(other)] = f.items[strings.ToLower(subscriptionB+clustersOf)][0]
	f.objects[strings.ToLower(subscriptionB+authorization+"roleDefinitions/"+reader)] = definition(reader)
	return f
}

// jwt is a credential whose tokens say whose they are.
type jwt map[string]any

func (c jwt) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	text, err := json.Marshal(c)
	return azcore.AccessToken{Token: "x." + base64.RawURLEncoding.EncodeToString(text) + ".x", ExpiresOn: time.Now().Add(time.Hour)}, err
}

var asReader = jwt{"tid": id(801), "oid": ada, "upn": "ada@example.org", "scp": "user_impersonation"}

// tenantServer answers as Resource Manager and as Graph.
func tenantServer(t *testing.T, f *fakeARM) *httptest.Server {
	t.Helper()
	g := newFakeGraph()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1.0/") {
			g.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer x.") { // fakeARM wants staticToken's
			r.Header.Set("Authorization", "Bearer token")
		}
		f.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections the client gives up
	server.StartTLS()
	t.Cleanup(server.Close)
	f.url, g.url = server.URL, server.URL
	return server
}

func collectTenant(t *testing.T, ctx context.Context, f *fakeARM, o TenantOptions) (*snapshot.Tenant, error) {
	t.Helper()
	server := tenantServer(t, f)
	o.armEndpoint, o.graphEndpoint, o.transport = server.URL, server.URL, server.Client()
	if o.Getenv = func(string) string { return "" }; o.credential == nil {
		o.credential = asReader
	}
	if o.Now == nil {
		o.Now = func() time.Time { return taken }
	}
	return CollectTenant(ctx, o)
}

// read is a tenant that can be read.
func read(t *testing.T, f *fakeARM, o TenantOptions) *snapshot.Tenant {
	t.Helper()
	tenant, err := collectTenant(t, t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

func TestCollectTenant(t *testing.T) {
	f := newTenant()
	kubernetes := &snapshot.Snapshot{}
	o := TenantOptions{Kubernetes: func(_ context.Context, k *snapshot.AzureCluster) (*snapshot.Snapshot, error) {
		if strings.EqualFold(k.ID, other) {
			return nil, errors.New("nobody answers\nat all")
		}
		return kubernetes, nil
	}}
	done := map[string]Progress{}
	o.Progress = func(p Progress) { done[p.What] = p }
	got := read(t, f, o)
	if want := (snapshot.Asker{ObjectID: ada, Name: "ada@example.org"}); got.Reader != want || got.ID != id(801) || got.Name != "LAB tenant" || !got.Lab || !got.Taken.Equal(taken) {
		t.Errorf("read by %+v in %q %q, lab %v, %s", got.Reader, got.ID, got.Name, got.Lab, got.Taken)
	}
	if len(got.Subscriptions) != 2 || !slices.Equal(got.Subscriptions[0].ManagementGroups, []string{"root"}) || got.Subscriptions[1].ManagementGroups != nil ||
		got.Subscriptions[1].ActivitySince.IsZero() || !got.Subscriptions[1].ActivityUntil.Before(taken) {
		t.Errorf("subscriptions: %+v", got.Subscriptions)
	}
	if len(got.Clusters) != 2 || !whole(got.Clusters[0].Raw) || !strings.EqualFold(got.Clusters[0].ID, cluster) || got.Clusters[0].Kubernetes != kubernetes || got.Clusters[1].Kubernetes != nil {
		t.Fatalf("clusters: %+v", got.Clusters)
	}
	k := got.Clusters[0]
	if len(k.Diagnostic) != 1 || !bytes.Contains(k.Diagnostic[0], []byte("to-storage")) ||
		!reflect.DeepEqual(k.TrustedAccess, []snapshot.TrustedAccess{{ID: cluster + "/trustedAccessRoleBindings/t", Name: "t", Source: "/subscriptions/x", Roles: []string{"r/1"}}}) ||
		!slices.Equal(k.Flux, []snapshot.Flux{{ID: cluster + fluxOf + "/f", Name: "f", Source: "https://git.example/f", Scope: "cluster"}}) ||
		!slices.Equal(k.Extensions, []snapshot.Extension{{ID: cluster + extensionsOf + "/x", Name: "x", Type: "microsoft.flux"}}) {
		t.Errorf("beside the cluster: %+v", k)
	}
	var names []string
	for _, a := range got.Assignments {
		names = append(names, lastPart(a.ID))
	}
	if slices.Sort(names); !slices.Equal(names, []string{"a1", "a2", "a3", "a4", "a5", "a6"}) {
		t.Errorf("assignments %v", names)
	}
	if len(got.Eligible) != 1 || got.Eligible[0].Scope != cluster || got.Eligible[0].Until.Year() != 2027 || len(got.Denies) != 3 || len(got.Definitions) != 2 {
		t.Errorf("%+v\n%+v\n%+v", got.Eligible, got.Denies, got.Definitions)
	}
	if want := []snapshot.Fleet{{ID: fleetID, Members: []string{cluster, other}, Hub: true}}; !reflect.DeepEqual(got.Fleets, want) {
		t.Errorf("fleets: %+v", got.Fleets)
	}
	if want := []snapshot.Activity{
		{Time: time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC), Operation: "Microsoft.ContainerService/managedClusters/write", Resource: cluster, Caller: ciAppID, Status: "Succeeded", Code: 200, ID: "1"},
		{Time: time.Date(2026, 11, 20, 10, 0, 0, 123456700, time.UTC), Operation: "MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/LISTCLUSTERADMINCREDENTIAL/ACTION", Resource: strings.ToUpper(cluster), Caller: "ada@example.org",
			CallerID: ada, AppID: id(9), Address: "192.0.2.2", Status: "Failed", Code: 400, Message: "Getting static credential is not allowed because …", ID: "2"},
	}; !slices.Equal(got.Activity, want) {
		t.Errorf("activity: %+v", got.Activity)
	}
	if want := []snapshot.Unread{{Piece: snapshot.PieceKubernetes, Scope: got.Clusters[1].ID, Why: "nobody answers"}}; !slices.Equal(got.Unread, want) {
		t.Errorf("unread: %+v", got.Unread)
	}
	if !slices.ContainsFunc(got.Principals, func(p snapshot.Principal) bool { return p.ID == ada && p.Kind == snapshot.UserPrincipal }) {
		t.Errorf("principals: %+v", got.Principals)
	}
	for _, what := range []string{"subscriptions", "clusters", "API servers", "directory"} {
		if p := done[what]; p.Total == 0 || p.Done != p.Total {
			t.Errorf("progress %+v", p)
		}
	}
	for _, path := range f.seen {
		if strings.Contains(path, "credential") {
			t.Errorf("asked for %s", path)
		}
	}
	if again := read(t, newTenant(), o); !reflect.DeepEqual(got, again) {
		t.Errorf("the same state, read again:\n%+v\n%+v", got, again)
	}
}

// TestCollectTenantRefused: what may not be read is unread, with the right that
// is wanting, and nothing else is.
func TestCollectTenantRefused(t *testing.T) {
	whole := read(t, newTenant(), TenantOptions{})
	for _, c := range []struct {
		path  string
		piece snapshot.Piece
		scope string
		right string
	}{
		{"/subscriptions", snapshot.PieceSubscriptions, "", "Microsoft.Resources/subscriptions/read"},
		{subscriptionA + clustersOf, snapshot.PieceClusters, subscriptionA, "Microsoft.ContainerService/managedClusters/read"},
		{subscriptionB + clustersOf, snapshot.PieceClusters, subscriptionB, "Microsoft.ContainerService/managedClusters/read"},
		{subscriptionA + authorization + "roleAssignments", snapshot.PieceAssignments, subscriptionA, "Microsoft.Authorization/roleAssignments/read"},
		{subscriptionA + eligibleOf, snapshot.PieceEligible, subscriptionA, "Microsoft.Authorization/roleEligibilityScheduleInstances/read"},
		{subscriptionB + authorization + "denyAssignments", snapshot.PieceDenies, subscriptionB, "Microsoft.Authorization/denyAssignments/read"},
		{subscriptionA + authorization + "roleDefinitions/" + custom, snapshot.PieceDefinitions, subscriptionA + authorization + "roleDefinitions/" + custom, "Microsoft.Authorization/roleDefinitions/read"},
		{cluster + diagnosticOf, snapshot.PieceDiagnostic, cluster, "Microsoft.Insights/diagnosticSettings/read"},
		{cluster + "/trustedAccessRoleBindings", snapshot.PieceTrustedAccess, cluster, "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings/read"},
		{cluster + fluxOf, snapshot.PieceFlux, cluster, "Microsoft.KubernetesConfiguration/fluxConfigurations/read"},
		{cluster + extensionsOf, snapshot.PieceExtensions, cluster, "Microsoft.KubernetesConfiguration/extensions/read"},
		{subscriptionB + "/providers/Microsoft.ContainerService/fleets", snapshot.PieceFleets, subscriptionB, "Microsoft.ContainerService/fleets/read"},
		{fleetID + "/members", snapshot.PieceFleets, fleetID, "Microsoft.ContainerService/fleets/members/read"},
		{subscriptionA + activityOf, snapshot.PieceActivity, subscriptionA, "Microsoft.Insights/eventtypes/values/read"},
	} {
		f := newTenant()
		f.always(c.path, fault{status: http.StatusForbidden, code: "AuthorizationFailed"})
		got := read(t, f, TenantOptions{})
		needs := c.right
		if c.scope != "" {
			needs += " at " + c.scope
		}
		if len(got.Unread) != 1 || got.Unread[0].Piece != c.piece || !strings.EqualFold(got.Unread[0].Scope, c.scope) || !strings.EqualFold(got.Unread[0].Needs, needs) || !strings.Contains(got.Unread[0].Why, "403 AuthorizationFailed") {
			t.Errorf("%s of %s: %+v", c.piece, c.scope, got.Unread)
		}
		// Resource Graph shows the cluster of the first subscription all the same.
		if want := len(whole.Clusters); len(got.Clusters) != want && (len(got.Clusters) != 1 || c.path != subscriptionB+clustersOf && c.path != "/subscriptions") {
			t.Errorf("%s: clusters %+v", c.piece, got.Clusters)
		}
	}
	f := newTenant()
	f.always(subscriptionA+clustersOf, fault{status: http.StatusForbidden, code: "AuthorizationFailed"})
	f.always(cluster, fault{status: http.StatusForbidden, code: "AuthorizationFailed"})
	got := read(t, f, TenantOptions{})
	if !slices.ContainsFunc(got.Unread, func(u snapshot.Unread) bool {
		return u.Piece == snapshot.PieceCluster && strings.EqualFold(u.Scope, cluster)
	}) || len(got.Clusters) != 2 {
		t.Errorf("a cluster that only the query shows, and may not be read: %+v", got.Unread)
	}
	f = newTenant()
	f.always("/providers/Microsoft.ResourceGraph/resources", fault{status: http.StatusForbidden, code: "AccessDenied"})
	f.always("/tenants", fault{status: http.StatusForbidden, code: "AuthorizationFailed"})
	f.always(subscriptionA+authorization+"roleDefinitions/"+reader, fault{status: http.StatusForbidden, code: "AuthorizationFailed"})
	if got := read(t, f, TenantOptions{}); len(got.Unread) != 0 || len(got.Clusters) != 2 {
		t.Errorf("what the rest does without: %+v", got.Unread)
	}
}

// TestCollectTenantAbsent: a provider that is not there has nothing, and a
// tenant without Privileged Identity Management nobody eligible.
func TestCollectTenantAbsent(t *testing.T) {
	f := newTenant()
	f.always(subscriptionA+eligibleOf, fault{status: http.StatusBadRequest, code: "AadPremiumLicenseRequired"})
	f.always(subscriptionB+clustersOf, fault{status: http.StatusConflict, code: "MissingSubscriptionRegistration"})
	f.always(subscriptionB+"/providers/Microsoft.ContainerService/fleets", fault{status: http.StatusConflict, code: "SubscriptionNotRegistered"})
	f.always(cluster+fluxOf, fault{status: http.StatusNotFound, code: "ResourceNotFound"})
	f.always(cluster+extensionsOf, fault{status: http.StatusBadRequest, code: "NoRegisteredProviderFound"})
	if got := read(t, f, TenantOptions{}); len(got.Unread) != 0 || len(got.Eligible) != 0 || len(got.Clusters) != 1 {
		t.Errorf("%+v", got.Unread)
	}
}

// A listing that says little of a cluster is no body of it.
func TestCollectTenantShortListing(t *testing.T) {
	f := newTenant()
	f.items[strings.ToLower(subscriptionA+clustersOf)] = []any{map[string]any{"id": cluster, "properties": map[string]any{}}}
	got := read(t, f, TenantOptions{})
	if len(got.Unread) != 0 || !whole(got.Clusters[0].Raw) {
		t.Errorf("%s %+v", got.Clusters[0].Raw, got.Unread)
	}
	f.objects[strings.ToLower(cluster)] = map[string]any{"id": cluster}
	got = read(t, f, TenantOptions{})
	if len(got.Unread) != 1 || got.Unread[0].Piece != snapshot.PieceCluster || got.Clusters[0].Raw != nil {
		t.Errorf("%s %+v", got.Clusters[0].Raw, got.Unread)
	}
}

// TestCollectTenantThrottled: short pauses are waited for, by those they concern;
// what would take longer is unread, and the rest is there.
func TestCollectTenantThrottled(t *testing.T) {
	f := newTenant()
	times := 0 // one request at a time asks for it
	path := subscriptionB + authorization + "roleAssignments"
	f.faults[strings.ToLower(path)] = func() fault {
		if times++; times <= 2 {
			return fault{status: http.StatusTooManyRequests, code: "TooManyRequests", after: "1"}
		}
		return fault{}
	}
	if got := read(t, f, TenantOptions{}); len(got.Unread) != 0 || times != 3 {
		t.Errorf("short, asked %d times: %+v", times, got.Unread)
	}
	f = newTenant()
	f.always(path, fault{status: http.StatusTooManyRequests, code: "TooManyRequests", after: "600"})
	got := read(t, f, TenantOptions{})
	if len(got.Unread) != 1 || got.Unread[0].Piece != snapshot.PieceAssignments || got.Unread[0].Scope != subscriptionB || !strings.Contains(got.Unread[0].Why, "throttling") || got.Unread[0].Needs != "" {
		t.Errorf("long: %+v", got.Unread)
	}
}

// TestCollectTenantHangs: what does not answer is unread, whether one request
// runs out of time or the whole reading does.
func TestCollectTenantHangs(t *testing.T) {
	f := newTenant()
	f.always(cluster+diagnosticOf, fault{hang: true})
	got := read(t, f, TenantOptions{patience: time.Second})
	if len(got.Unread) != 1 || got.Unread[0].Piece != snapshot.PieceDiagnostic || !strings.Contains(got.Unread[0].Why, "in time") || len(got.Clusters[0].Flux) != 1 {
		t.Errorf("%+v", got.Unread)
	}
	f = newTenant()
	f.always(subscriptionA+authorization+"denyAssignments", fault{hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	got, err := collectTenant(t, ctx, f, TenantOptions{})
	if err != nil || len(got.Clusters) != 2 || len(got.Assignments) != 6 {
		t.Fatalf("%v %+v", err, got)
	}
	for _, piece := range []snapshot.Piece{snapshot.PieceDenies, snapshot.PieceDefinitions, snapshot.PieceFlux, snapshot.PieceDirectoryRoles, snapshot.PiecePrincipals} {
		if !slices.ContainsFunc(got.Unread, func(u snapshot.Unread) bool { return u.Piece == piece }) {
			t.Errorf("after the deadline %s is not unread", piece)
		}
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if got, err := collectTenant(t, ctx, newTenant(), TenantOptions{}); err == nil {
		t.Errorf("cancelled: %+v", got)
	}
}

func TestCollectTenantElsewhere(t *testing.T) {
	f := newTenant()
	f.items["/subscriptions"] = f.items["/subscriptions"][:1]
	f.onward = ".evil.example"
	got := read(t, f, TenantOptions{})
	for _, piece := range []snapshot.Piece{snapshot.PieceAssignments, snapshot.PieceDenies, snapshot.PieceFleets, snapshot.PieceActivity} {
		if !slices.ContainsFunc(got.Unread, func(u snapshot.Unread) bool {
			return u.Piece == piece && strings.Contains(u.Why, "the next page is elsewhere")
		}) {
			t.Errorf("%s: %+v", piece, got.Unread)
		}
	}
}

func TestCollectTenantChosen(t *testing.T) {
	for _, chosen := range []string{"AKS-other", strings.ToUpper(other) + "/"} {
		got := read(t, newTenant(), TenantOptions{Clusters: []string{chosen}})
		if len(got.Clusters) != 1 || !strings.EqualFold(got.Clusters[0].ID, other) || len(got.Unread) != 0 {
			t.Errorf("%s: %+v %+v", chosen, got.Clusters, got.Unread)
		}
	}
}

func TestCollectTenantNoCredential(t *testing.T) {
	asked := 0
	_, err := collectTenant(t, t.Context(), newTenant(), TenantOptions{credential: noToken{&asked}})
	var none *NotFound
	if !errors.As(err, &none) || !strings.Contains(none.Why, "no Azure credential (az login") || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

func TestClaims(t *testing.T) {
	for _, c := range []struct {
		token jwt
		want  snapshot.Asker
	}{
		{jwt{"oid": ada, "upn": "ada@example.org", "scp": "x"}, snapshot.Asker{ObjectID: ada, Name: "ada@example.org"}},
		{jwt{"oid": bob, "unique_name": "live.com#bob@example.org", "appid": ciAppID, "scp": "x"}, snapshot.Asker{ObjectID: bob, Name: "live.com#bob@example.org"}},
		{jwt{"oid": ci, "appid": ciAppID, "idtyp": "app"}, snapshot.Asker{ObjectID: ci, Name: ciAppID, App: true}},
		{jwt{"oid": ci, "azp": ciAppID}, snapshot.Asker{ObjectID: ci, Name: ciAppID, App: true}},
	} {
		token, err := c.token.GetToken(t.Context(), policy.TokenRequestOptions{})
		if got := claimsOf(token.Token).asker(); err != nil || got != c.want {
			t.Errorf("%v: %+v", c.token, got)
		}
	}
	for _, text := range []string{"", "token", "a.b.c", "a.!.c", "a.e30.c"} {
		if got := claimsOf(text); got != (claims{}) {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestAKSToken(t *testing.T) {
	asked := 0
	token := AKSToken(TenantOptions{credential: counting{&asked}})
	for range 3 {
		if got, err := token(t.Context()); err != nil || got != "for "+aksServer+"/.default" {
			t.Errorf("%q %v", got, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	if _, err := AKSToken(TenantOptions{credential: noToken{&asked}})(t.Context()); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}

type counting struct{ asked *int }

func (c counting) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	*c.asked++
	return azcore.AccessToken{Token: "for " + o.Scopes[0], ExpiresOn: time.Now().Add(time.Hour)}, nil
}
