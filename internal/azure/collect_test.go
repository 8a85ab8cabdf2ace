package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/postern-dev/postern/rbac/azrbac"
)

const (
	subscriptionA = "/subscriptions/11110000-0000-4000-8000-000000000001"
	subscriptionB = "/subscriptions/22220000-0000-4000-8000-000000000002"
	cluster       = subscriptionA + "/resourceGroups/rg-shop/providers/Microsoft.ContainerService/managedClusters/aks-shop"
	reader        = "7f6c6a51-bcf8-42ba-9220-52d62157d7db"
	custom        = "cccc6a51-bcf8-42ba-9220-52d62157d7db"
)

// fakeARM is a Resource Manager that answers by path, in pages of one item. It
// is of these tests only; the laboratory's is another.
type fakeARM struct {
	items   map[string][]any        // by lower-cased path of a listing
	objects map[string]any          // by lower-cased path
	faults  map[string]func() fault // what goes wrong, by lower-cased path
	onward  string                  // replaces the host in nextLink

	mu   sync.Mutex
	seen []string
	url  string
}

type fault struct {
	status int
	code   string
	after  string // Retry-After
	hang   bool
}

func (f *fakeARM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.ToLower(r.URL.Path)
	f.mu.Lock()
	f.seen = append(f.seen, path)
	f.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer token" || r.URL.Query().Get("api-version") == "" {
		http.Error(w, `{"error": {"code": "InvalidAuthenticationToken"}}`, http.StatusUnauthorized)
		return
	}
	if make := f.faults[path]; make != nil {
		if x := make(); x.status != 0 || x.hang {
			f.fail(w, r, x)
			return
		}
	}
	if o, found := f.objects[path]; found {
		answer(w, o)
		return
	}
	items, found := f.items[path]
	if !found {
		f.fail(w, r, fault{status: http.StatusNotFound, code: "ResourceNotFound"})
		return
	}
	page := 0
	_, _ = fmt.Sscan(r.URL.Query().Get("$skiptoken"), &page) // absent on the first page
	body := map[string]any{"value": items[min(page, len(items)):min(page+1, len(items))]}
	if page+1 < len(items) {
		q := r.URL.Query()
		q.Set("$skiptoken", fmt.Sprint(page+1))
		body["nextLink"] = f.url + f.onward + r.URL.Path + "?" + q.Encode()
	}
	answer(w, body)
}

func (f *fakeARM) fail(w http.ResponseWriter, r *http.Request, x fault) {
	if x.hang {
		<-r.Context().Done()
		return
	}
	if x.after != "" {
		w.Header().Set("Retry-After", x.after)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(x.status)
	answer(w, map[string]any{"error": map[string]any{"code": x.code, "message": "no"}})
}

func answer(w http.ResponseWriter, body any) {
	_ = json.NewEncoder(w).Encode(body) // the client is gone if this fails
}

type staticToken struct{}

func (staticToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

type noToken struct{ asked *int }

func (n noToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	*n.asked++
	return azcore.AccessToken{}, errors.New("DefaultAzureCredential: failed to acquire a token.\nAttempted credentials:")
}

func assignment(name, scope, role string) map[string]any {
	return map[string]any{"id": strings.TrimRight(scope, "/") + authorization + "roleAssignments/" + name, "type": "Microsoft.Authorization/roleAssignments",
		"properties": map[string]any{"principalId": "4f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10", "principalType": "User", "scope": scope, "condition": nil,
			"roleDefinitionId": subscriptionA + authorization + "roleDefinitions/" + role}}
}

func definition(guid string) map[string]any {
	return map[string]any{"id": subscriptionA + authorization + "roleDefinitions/" + guid, "type": "Microsoft.Authorization/roleDefinitions",
		"properties": map[string]any{"roleName": "role " + guid[:4], "type": "CustomRole", "permissions": []any{map[string]any{"dataActions": []string{"*"}}}}}
}

func managedCluster(id, fqdn string) map[string]any {
	// Listings spell resourcegroups as AKS does.
	return map[string]any{"id": strings.Replace(id, "resourceGroups", "resourcegroups", 1), "name": id[strings.LastIndexByte(id, '/')+1:], "type": "Microsoft.ContainerService/ManagedClusters",
		"properties": map[string]any{"provisioningState": "Succeeded", "fqdn": fqdn, "aadProfile": map[string]any{"enableAzureRBAC": true}}}
}

// newFake is a directory of two subscriptions with a cluster each.
func newFake() *fakeARM {
	other := subscriptionB + "/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks-other"
	shop := managedCluster(cluster, "shop-1.hcp.westeurope.azmk8s.io")
	above := []any{assignment("a1", "/", reader), assignment("a2", "/providers/Microsoft.Management/managementGroups/Root", custom), assignment("a3", cluster, reader)}
	all := append(slices.Clone(above), assignment("a4", cluster+"/namespaces/shop", custom), assignment("a5", cluster+"-2", reader), assignment("a6", subscriptionA+"/resourceGroups/rg-else", reader))
	deny := func(name, scope string) map[string]any {
		return map[string]any{"id": scope + authorization + "denyAssignments/" + name, "type": "Microsoft.Authorization/denyAssignments", "properties": map[string]any{"scope": scope, "denyAssignmentName": name}}
	}
	lower := func(m map[string][]any) map[string][]any {
		out := map[string][]any{}
		for k, v := range m {
			out[strings.ToLower(k)] = v
		}
		return out
	}
	const clusters = "/providers/Microsoft.ContainerService/managedClusters"
	return &fakeARM{
		items: lower(map[string][]any{
			"/subscriptions":                                                              {map[string]any{"subscriptionId": subscriptionA[15:]}, map[string]any{"subscriptionId": subscriptionB[15:]}},
			subscriptionA + clusters:                                                      {shop},
			subscriptionB + clusters:                                                      {managedCluster(other, "other-1.hcp.westeurope.azmk8s.io")},
			cluster + authorization + "roleAssignments":                                   above,
			subscriptionA + authorization + "roleAssignments":                             all,
			cluster + authorization + "denyAssignments":                                   {deny("d1", subscriptionA)},
			subscriptionA + authorization + "denyAssignments":                             {deny("d1", subscriptionA), deny("d2", cluster+"/namespaces/shop"), deny("d3", subscriptionA+"/resourceGroups/rg-else")},
			subscriptionA + "/resourceGroups/rg-shop" + authorization + "roleAssignments": {assignment("a4", cluster+"/namespaces/shop", custom)},
		}),
		objects: map[string]any{
			strings.ToLower(cluster): shop,
			strings.ToLower(subscriptionA + authorization + "roleDefinitions/" + reader): definition(reader),
			strings.ToLower(subscriptionA + authorization + "roleDefinitions/" + custom): definition(custom),
		},
		faults: map[string]func() fault{},
	}
}

// always lets a path fail.
func (f *fakeARM) always(path string, x fault) {
	f.faults[strings.ToLower(path)] = func() fault { return x }
}

func (f *fakeARM) collect(t *testing.T, ctx context.Context, o Options) (*azrbac.Facts, error) {
	t.Helper()
	server := httptest.NewUnstartedServer(f)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections the client gives up
	server.StartTLS()
	defer server.Close()
	f.url = server.URL
	o.endpoint, o.transport = server.URL, server.Client()
	if o.credential == nil {
		o.credential = staticToken{}
	}
	return Collect(ctx, o)
}

var byServer = Options{Server: "https://SHOP-1.hcp.westeurope.azmk8s.io:443"}

func TestCollect(t *testing.T) {
	f := newFake()
	facts, err := f.collect(t, context.Background(), byServer)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range facts.Assignments {
		names = append(names, a.ID[strings.LastIndexByte(a.ID, '/')+1:])
	}
	for _, d := range facts.Denies {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	if want := []string{"a1", "a2", "a3", "a4", "d1", "d2"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if !strings.EqualFold(facts.ClusterID, cluster) || !facts.Enabled || len(facts.Definitions) != 2 || len(facts.Unread) != 0 || !slices.Equal(facts.ManagementGroups, []string{"root"}) || len(facts.Assumed) != 0 {
		t.Errorf("%+v", facts)
	}
	for _, path := range f.seen {
		if strings.Contains(path, "credential") {
			t.Errorf("asked for %s", path)
		}
	}
	again, err := newFake().collect(t, context.Background(), Options{Cluster: cluster})
	again.ClusterID = facts.ClusterID
	if err != nil || !reflect.DeepEqual(facts, again) {
		t.Errorf("by id: %v\n%+v\n%+v", err, again, facts)
	}
}

// TestRefused: what may not be read is unread, with the right that is wanting;
// the rest is there.
func TestRefused(t *testing.T) {
	refused := fault{status: http.StatusForbidden, code: "AuthorizationFailed"}
	for _, c := range []struct {
		path  string
		part  azrbac.Part
		needs string
	}{
		{cluster, azrbac.Cluster, "Microsoft.ContainerService/managedClusters/read at " + cluster},
		{cluster + authorization + "roleAssignments", azrbac.Assignments, "Microsoft.Authorization/roleAssignments/read at " + cluster},
		{subscriptionA + authorization + "roleAssignments", azrbac.Below, "Microsoft.Authorization/roleAssignments/read at " + subscriptionA},
		{cluster + authorization + "denyAssignments", azrbac.Denies, "Microsoft.Authorization/denyAssignments/read at " + cluster},
		{subscriptionA + authorization + "denyAssignments", azrbac.DeniesBelow, "Microsoft.Authorization/denyAssignments/read at " + subscriptionA},
		{subscriptionA + authorization + "roleDefinitions/" + custom, azrbac.Definitions, "Microsoft.Authorization/roleDefinitions/read at " + subscriptionA + authorization + "roleDefinitions/" + custom},
	} {
		f := newFake()
		f.always(c.path, refused)
		facts, err := f.collect(t, context.Background(), Options{Cluster: cluster})
		if err != nil {
			t.Errorf("%s: %v", c.part, err)
			continue
		}
		if len(facts.Unread) != 1 || facts.Unread[0].Part != c.part || !strings.EqualFold(facts.Unread[0].Needs, c.needs) || !strings.Contains(facts.Unread[0].Why, "403 AuthorizationFailed") {
			t.Errorf("%s: %+v", c.part, facts.Unread)
		}
	}
	f := newFake()
	f.always(subscriptionA+authorization+"roleDefinitions/"+reader, refused)
	facts, err := f.collect(t, context.Background(), Options{Cluster: cluster})
	if err != nil || len(facts.Unread) != 0 || len(facts.Definitions) != 1 {
		t.Errorf("a built-in role that may not be read: %v %+v", err, facts)
	}
}

// TestThrottled: a short pause is waited for, a long one is not.
func TestThrottled(t *testing.T) {
	f := newFake()
	times := 0
	f.faults[strings.ToLower(cluster+authorization+"roleAssignments")] = func() fault {
		if times++; times == 1 {
			return fault{status: http.StatusTooManyRequests, code: "TooManyRequests", after: "1"}
		}
		return fault{}
	}
	facts, err := f.collect(t, context.Background(), byServer)
	if err != nil || len(facts.Unread) != 0 || times < 2 {
		t.Errorf("short: %v %+v after %d", err, facts, times)
	}
	f = newFake()
	f.always(cluster+authorization+"roleAssignments", fault{status: http.StatusTooManyRequests, code: "TooManyRequests", after: "600"})
	facts, err = f.collect(t, context.Background(), byServer)
	if err != nil || len(facts.Unread) != 1 || !strings.Contains(facts.Unread[0].Why, "throttling") {
		t.Errorf("long: %v %+v", err, facts)
	}
}

// TestHangs: what does not answer within the caller's patience is unread.
func TestHangs(t *testing.T) {
	f := newFake()
	f.always(cluster+authorization+"denyAssignments", fault{hang: true})
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	facts, err := f.collect(t, ctx, byServer)
	if err != nil || !slices.ContainsFunc(facts.Unread, func(u azrbac.Unread) bool {
		return u.Part == azrbac.Denies && strings.Contains(u.Why, "in time")
	}) {
		t.Errorf("%v %+v", err, facts)
	}
	f = newFake()
	f.always("/subscriptions", fault{hang: true})
	ctx, cancel = context.WithCancel(context.Background())
	go cancel()
	if facts, err := f.collect(t, ctx, byServer); err == nil {
		t.Errorf("cancelled: %+v", facts)
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name    string
		o       Options
		prepare func(*fakeARM)
		why     string // of NotFound
		assumed string
	}{
		{"by name", Options{Cluster: "AKS-shop", Server: "https://127.0.0.1:1"}, nil, "", ""},
		{"by the kubeconfig's name", Options{Server: "https://127.0.0.1:1", Names: []string{"nobody", "aks-shop"}}, nil, "", "taken for"},
		{"another AKS server, the same name", Options{Server: "https://x.hcp.westeurope.azmk8s.io", Names: []string{"aks-shop"}}, nil, "none of the 2 managed clusters", ""},
		{"nothing fits", Options{Server: "https://10.0.0.1", Names: []string{"kind"}}, nil, "is 10.0.0.1", ""},
		{"no such name", Options{Cluster: "aks-none"}, nil, "is aks-none", ""},
		{"a wrong id", Options{Cluster: "/subscriptions/x"}, nil, "is not the id", ""},
		{"no such cluster", Options{Cluster: cluster + "-9"}, nil, "404 ResourceNotFound", ""},
		{"one subscription refuses", Options{Server: "https://other-1.hcp.westeurope.azmk8s.io"}, func(f *fakeARM) {
			f.always(subscriptionB+"/providers/Microsoft.ContainerService/managedClusters", fault{status: 403, code: "AuthorizationFailed"})
		}, "subscription 22220000-0000-4000-8000-000000000002 could not be listed", ""},
		{"subscriptions refused", byServer, func(f *fakeARM) { f.always("/subscriptions", fault{status: 403, code: "AuthorizationFailed"}) }, "list subscriptions: ", ""},
		{"next page elsewhere", byServer, func(f *fakeARM) { f.onward = ".evil.example" }, "list subscriptions: ", ""},
	} {
		f := newFake()
		if c.prepare != nil {
			c.prepare(f)
		}
		facts, err := f.collect(t, context.Background(), c.o)
		var none *NotFound
		switch {
		case c.why != "":
			if !errors.As(err, &none) || !strings.Contains(none.Why, c.why) {
				t.Errorf("%s: %v, %+v", c.name, err, facts)
			}
		case err != nil || !strings.EqualFold(facts.ClusterID, cluster) || (c.assumed != "") != (len(facts.Assumed) == 1):
			t.Errorf("%s: %v %+v", c.name, err, facts)
		}
	}
}

// TestNoCredential: it is asked for once, and the reason fits on a line.
func TestNoCredential(t *testing.T) {
	for _, o := range []Options{byServer, {Cluster: cluster}} {
		asked := 0
		o.credential = noToken{&asked}
		_, err := newFake().collect(t, context.Background(), o)
		var none *NotFound
		if !errors.As(err, &none) || !strings.Contains(none.Why, "no Azure credential (az login") || asked != 1 {
			t.Errorf("%v, asked %d times", err, asked)
		}
	}
}

func TestAKS(t *testing.T) {
	for server, want := range map[string]bool{
		"https://x-1.hcp.westeurope.azmk8s.io:443": true, "https://X.privatelink.westeurope.AZMK8S.io": true,
		"https://azmk8s.io.example": false, "https://127.0.0.1:6443": false, "": false, "https://notazmk8s.io": false,
	} {
		if AKS(server) != want {
			t.Errorf("AKS(%q) = %v", server, !want)
		}
	}
}
