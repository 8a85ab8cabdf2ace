package arm_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/lab/arm"
	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
)

const (
	subscription = "/subscriptions/1ab00000-5b5c-4f2e-8d17-90a4c3e7b602"
	group        = subscription + "/resourceGroups/rg-lab"
	cluster      = group + "/providers/Microsoft.ContainerService/managedClusters/aks-lab"
	storage      = group + "/providers/Microsoft.Storage/storageAccounts/labaudit"
	admins       = "66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06"
	staticText   = "Getting static credential is not allowed because this cluster is set to disable local accounts."
)

// fakeControlPlane is a control plane without an API server, for these tests
// only: it counts generations and remembers what it was handed.
type fakeControlPlane struct {
	mu         sync.Mutex
	generation int
	groups     []string
	fail       error
	hold       chan struct{} // when set, operations wait for it
	server     string        // where an API server answers, if one does
	ca         []byte
}

func (f *fakeControlPlane) LocalAccount(name string) (cloud.Credential, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	part := func(kind string) []byte { return fmt.Appendf(nil, "%s-%s-%d", kind, name, f.generation) }
	if f.server != "" {
		return cloud.Credential{Server: f.server, CA: f.ca, Token: string(part("token"))}, nil
	}
	return cloud.Credential{Server: "https://127.0.0.1:1", CA: part("ca"), Certificate: part("cert"), Key: part("key"), Token: string(part("token"))}, nil
}

func (f *fakeControlPlane) Endpoint() (string, []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.server != "" {
		return f.server, f.ca
	}
	return "https://127.0.0.1:1", []byte("ca")
}

func (f *fakeControlPlane) wait() error {
	f.mu.Lock()
	hold, fail := f.hold, f.fail
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return fail
}

func (f *fakeControlPlane) RotateCertificates(context.Context) error {
	if err := f.wait(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.generation++
	return nil
}

func (f *fakeControlPlane) ReconcileAdminGroups(_ context.Context, groups []string) error {
	if err := f.wait(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.groups = groups
	return nil
}

func (f *fakeControlPlane) set(fail error, hold chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail, f.hold = fail, hold
}

// lab is Resource Manager and the identity provider over one world.
type lab struct {
	t      *testing.T
	state  *cloud.State
	arm    *arm.Server
	ids    *entra.Server
	plane  *fakeControlPlane
	mu     sync.Mutex
	tokens map[string]string
}

func newLab(t *testing.T, edit func(*cloud.World)) *lab {
	t.Helper()
	w := cloud.DefaultWorld()
	if edit != nil {
		edit(w)
	}
	dir := t.TempDir()
	state, err := cloud.Open(cloud.Options{Dir: dir, World: w})
	if err != nil {
		t.Fatal(err)
	}
	key, err := entra.OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	l := &lab{t: t, state: state, plane: &fakeControlPlane{}, tokens: map[string]string{}}
	l.arm = &arm.Server{State: state, Key: key, ControlPlane: l.plane, ClusterID: cluster, Log: log}
	l.ids = &entra.Server{State: state, Key: key, Log: log}
	t.Cleanup(func() { l.arm.Wait(); state.Close() })
	return l
}

// token signs a person in by the name before the @, or ci-deployer.
func (l *lab) token(who string) string {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tokens[who] != "" {
		return l.tokens[who]
	}
	form := url.Values{"scope": {"https://management.azure.com/.default"}}
	w := l.state.World()
	if u, ok := w.User(who + "@" + w.Tenant.Domain); ok {
		form.Set("grant_type", "password")
		form.Set("client_id", entra.AzureCLIApp)
		form.Set("username", u.UPN)
		form.Set("password", u.Password)
	} else {
		form.Set("grant_type", "client_credentials")
		form.Set("client_id", w.ServicePrincipals[0].AppID)
		form.Set("client_secret", w.ServicePrincipals[0].Secret)
	}
	r := httptest.NewRequest(http.MethodPost, "https://"+entra.Host+"/organizations/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	l.ids.Handler().ServeHTTP(rec, r)
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil || out.Token == "" {
		l.t.Fatalf("sign in %s: %d %s", who, rec.Code, rec.Body)
	}
	l.tokens[who] = out.Token
	return out.Token
}

type answer struct {
	*httptest.ResponseRecorder
	t    *testing.T
	body map[string]any
}

// do makes one request; target is a path with or without query.
func (l *lab) do(who, method, target string, body any) answer {
	l.t.Helper()
	if u, err := url.Parse(target); err != nil {
		l.t.Fatal(err)
	} else if u.Host == "" {
		q := u.Query()
		if !q.Has("api-version") {
			q.Set("api-version", "2025-02-01")
		}
		u.RawQuery = q.Encode()
		target = "https://" + arm.Host + u.String()
	}
	text := ""
	switch b := body.(type) {
	case nil:
	case string:
		text = b
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			l.t.Fatal(err)
		}
		text = string(raw)
	}
	r := httptest.NewRequest(method, target, strings.NewReader(text))
	r.Header.Set("Authorization", "Bearer "+l.token(who))
	a := answer{ResponseRecorder: httptest.NewRecorder(), t: l.t}
	l.arm.Handler().ServeHTTP(a, r)
	if a.Body.Len() > 0 {
		if err := json.Unmarshal(a.Body.Bytes(), &a.body); err != nil {
			l.t.Fatalf("%s %s: %v in %s", method, target, err, a.Body)
		}
	}
	return a
}

// want checks the status and, for refusals, the code.
func (a answer) want(status int, code string) answer {
	a.t.Helper()
	if got, _ := a.fault(); a.Code != status || got != code {
		a.t.Errorf("%d %q, want %d %q: %s", a.Code, got, status, code, a.Body)
	}
	return a
}

func (a answer) fault() (code, message string) {
	body := a.body
	if e, ok := body["error"].(map[string]any); ok {
		body = e
	}
	code, _ = body["code"].(string)
	message, _ = body["message"].(string)
	return code, message
}

// kubeconfig decodes what a credential call returned.
func (a answer) kubeconfig() string {
	a.t.Helper()
	list, _ := a.body["kubeconfigs"].([]any)
	if len(list) != 1 {
		a.t.Fatalf("kubeconfigs: %s", a.Body)
	}
	text, err := base64.StdEncoding.DecodeString(list[0].(map[string]any)["value"].(string))
	if err != nil {
		a.t.Fatal(err)
	}
	return string(text)
}

// put changes properties of the cluster as az does: get, change, put.
func (l *lab) put(who string, change func(properties map[string]any)) answer {
	l.t.Helper()
	got := l.do(who, http.MethodGet, cluster, nil).want(200, "")
	change(got.body["properties"].(map[string]any))
	delete(got.body["identity"].(map[string]any), "principalId")
	return l.do(who, http.MethodPut, cluster, got.body)
}

func enableEntra(p map[string]any) {
	p["aadProfile"] = map[string]any{"managed": true, "adminGroupObjectIDs": []string{admins}}
}

// TestDoors walks the access plane of a cluster from open to closed.
func TestDoors(t *testing.T) {
	l := newLab(t, nil)
	admin := l.do("hshahin", "POST", cluster+"/listClusterAdminCredential", nil).want(200, "").kubeconfig()
	user := l.do("test-user", "POST", cluster+"/listClusterUserCredential?format=exec", nil).want(200, "").kubeconfig()
	if strings.ReplaceAll(admin, "clusterAdmin_", "clusterUser_") != user || !strings.Contains(admin, "name: clusterAdmin_rg-lab_aks-lab") {
		t.Errorf("without Entra both calls must hand out one identity:\n%s\n%s", admin, user)
	}
	if !strings.Contains(admin, "token: token-masterclient-0") {
		t.Errorf("no static token: %s", admin)
	}
	l.put("hshahin", func(p map[string]any) { p["disableLocalAccounts"] = true }).want(400, "BadRequest")

	a := l.put("hshahin", enableEntra).want(200, "")
	if a.Header().Get("Azure-AsyncOperation") == "" {
		t.Error("no Azure-AsyncOperation")
	}
	l.arm.Wait()
	if len(l.plane.groups) != 1 || l.plane.groups[0] != admins {
		t.Errorf("admin groups handed over: %q", l.plane.groups)
	}
	user = l.do("test-user", "POST", cluster+"/listClusterUserCredential", nil).want(200, "").kubeconfig()
	for _, word := range []string{"command: kubelogin", "- get-token", "- 6dae42f8-4368-4678-94ff-3960e28e3630", "- 80faf920-1908-4b52-b5ef-a8e7bedfc67a", "- devicecode", "current-context: aks-lab\n"} {
		if !strings.Contains(user, word) {
			t.Errorf("no %q in\n%s", word, user)
		}
	}
	if strings.Contains(user, "client-key-data") {
		t.Error("a static credential in the user's kubeconfig")
	}
	if old := l.do("test-user", "POST", cluster+"/listClusterUserCredential?format=azure", nil).want(200, "").kubeconfig(); !strings.Contains(old, "auth-provider") {
		t.Errorf("format=azure: %s", old)
	}
	l.do("hshahin", "POST", cluster+"/listClusterAdminCredential", nil).want(200, "")

	l.put("hshahin", func(p map[string]any) { p["disableLocalAccounts"] = true }).want(200, "")
	l.arm.Wait()
	for _, call := range []string{"/listClusterAdminCredential", "/accessProfiles/clusterAdmin/listCredential"} {
		a = l.do("hshahin", "POST", cluster+call, nil).want(400, "BadRequest")
		if _, text := a.fault(); !strings.HasPrefix(text, staticText) || a.body["error"] != nil {
			t.Errorf("%s: not AKS's refusal: %s", call, a.Body)
		}
	}
	l.do("test-user", "POST", cluster+"/listClusterUserCredential", nil).want(200, "")
	l.put("hshahin", func(p map[string]any) { delete(p, "aadProfile"); p["disableLocalAccounts"] = false }).want(400, "BadRequest")

	a = l.do("hshahin", "POST", cluster+"/rotateClusterCertificates", nil).want(202, "")
	l.arm.Wait()
	if l.plane.generation != 1 {
		t.Error("certificates were not rotated")
	}
	l.do("hshahin", "GET", a.Header().Get("Location"), nil).want(204, "")
	if k, _ := l.state.World().Cluster(cluster); k.CertificatesRotated.IsZero() {
		t.Error("the rotation's time was not kept")
	}
}

// TestActivityLog tells who pulled the admin credential, refusals included.
func TestActivityLog(t *testing.T) {
	l := newLab(t, nil)
	l.do("hshahin", "GET", cluster, nil)
	l.do("hshahin", "POST", cluster+"/listClusterAdminCredential", nil)
	l.do("test-user", "POST", cluster+"/listClusterAdminCredential", nil)
	l.do("hshahin", "POST", cluster+"/rotateClusterCertificates", nil)
	l.arm.Wait()
	query := func(filter string) string {
		a := l.do("lab-owner", "GET", subscription+"/providers/Microsoft.Insights/eventtypes/management/values?$filter="+url.QueryEscape(filter), nil).want(200, "")
		var lines []string
		for _, v := range a.body["value"].([]any) {
			e := v.(map[string]any)
			op := e["operationName"].(map[string]any)["value"].(string)
			lines = append(lines, e["caller"].(string)+" "+strings.TrimPrefix(op, "Microsoft.ContainerService/managedClusters/")+" "+e["status"].(map[string]any)["value"].(string))
		}
		return strings.Join(lines, "\n")
	}
	all := strings.ReplaceAll(`hshahin@ rotateClusterCertificates/action Succeeded
hshahin@ rotateClusterCertificates/action Accepted
test-user@ listClusterAdminCredential/action Failed
hshahin@ listClusterAdminCredential/action Succeeded`, "@", "@lab.onmicrosoft.com")
	day := l.state.Now().UTC().Add(-24 * time.Hour)
	if got := query("eventTimestamp ge '" + day.Format(time.RFC3339) + "' and resourceUri eq '" + strings.ToLower(cluster) + "'"); got != all {
		t.Errorf("log:\n%s\nwant:\n%s", got, all)
	}
	if got := query("eventTimestamp ge " + day.Format("2006-01-02T15:04:05.9") + " and caller eq 'test-user@lab.onmicrosoft.com'"); got != "test-user@lab.onmicrosoft.com listClusterAdminCredential/action Failed" {
		t.Errorf("by caller: %s", got)
	}
	if got := query("eventTimestamp ge '2999-01-01'"); got != "" {
		t.Errorf("in the future: %s", got)
	}
	l.do("hshahin", "GET", subscription+"/providers/Microsoft.Insights/eventtypes/management/values", nil).want(403, "AuthorizationFailed")
}

// TestAuthorizationFailed is Azure's sentence, and nothing happens.
func TestAuthorizationFailed(t *testing.T) {
	l := newLab(t, nil)
	u, _ := l.state.World().User("test-user@lab.onmicrosoft.com")
	a := l.do("test-user", "POST", cluster+"/listClusterAdminCredential", nil).want(403, "AuthorizationFailed")
	want := "The client 'test-user@lab.onmicrosoft.com' with object id '" + u.ID + "' does not have authorization to perform action 'Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action' over scope '" +
		cluster + "' or the scope is invalid. If access was recently granted, please refresh your credentials."
	if _, got := a.fault(); got != want {
		t.Errorf("message %q\nwant %q", got, want)
	}
	before := l.state.World()
	for _, c := range [][2]string{
		{"PUT", cluster}, {"PATCH", cluster}, {"DELETE", cluster}, {"POST", cluster + "/rotateClusterCertificates"}, {"POST", cluster + "/runCommand"},
		{"POST", cluster + "/accessProfiles/clusterAdmin/listCredential"},
		{"PUT", cluster + "/providers/Microsoft.Authorization/roleAssignments/" + admins},
		{"GET", cluster + "/providers/Microsoft.Authorization/roleAssignments"},
		{"PUT", cluster + "/providers/Microsoft.Authorization/roleDefinitions/" + admins},
		{"PUT", cluster + "/providers/Microsoft.Insights/diagnosticSettings/x"},
		{"GET", cluster + "/providers/Microsoft.Insights/diagnosticSettings"},
		{"GET", group}, {"GET", group + "2/providers/Microsoft.ContainerService/managedClusters/none"},
	} {
		l.do("test-user", c[0], c[1], "{}").want(403, "AuthorizationFailed")
	}
	l.arm.Wait()
	if l.state.World() != before || l.plane.generation != 0 {
		t.Error("a refused request changed something")
	}
	a = l.do("ci-deployer", "GET", cluster, nil).want(403, "AuthorizationFailed")
	if _, got := a.fault(); !strings.HasPrefix(got, "The client '"+l.state.World().ServicePrincipals[0].AppID+"' with object id '"+l.state.World().ServicePrincipals[0].ID+"'") {
		t.Errorf("an application is named by its application id: %s", got)
	}
}

// TestFrontDoor: tokens, versions, casing, absent things.
func TestFrontDoor(t *testing.T) {
	l := newLab(t, nil)
	raw := func(authorization, target string) answer {
		r := httptest.NewRequest("GET", "https://"+arm.Host+target, nil)
		r.Header.Set("Authorization", authorization)
		a := answer{ResponseRecorder: httptest.NewRecorder(), t: t}
		l.arm.Handler().ServeHTTP(a, r)
		if err := json.Unmarshal(a.Body.Bytes(), &a.body); err != nil {
			t.Fatal(err)
		}
		return a
	}
	good := "Bearer " + l.token("hshahin")
	raw("", cluster+"?api-version=1").want(401, "AuthenticationFailed")
	raw(good+"x", cluster+"?api-version=1").want(401, "InvalidAuthenticationToken")
	raw(good, cluster).want(400, "MissingApiVersionParameter")
	raw(good, "/subscriptions/"+admins+"/resourceGroups?api-version=1").want(404, "SubscriptionNotFound")
	if a := raw("", cluster); !strings.HasPrefix(a.Header().Get("WWW-Authenticate"), "Bearer authorization_uri=") {
		t.Error("no challenge")
	}
	for _, path := range []string{strings.ToUpper(cluster), strings.ToLower(cluster), strings.Replace(cluster, "resourceGroups", "resourcegroups", 1)} {
		l.do("hshahin", "GET", path, nil).want(200, "")
	}
	l.do("lab-owner", "GET", cluster+"x", nil).want(404, "ResourceNotFound")
	l.do("lab-owner", "GET", strings.Replace(cluster, "rg-lab", "rg", 1), nil).want(404, "ResourceGroupNotFound")
	l.do("lab-owner", "GET", group+"/providers/Microsoft.Compute/virtualMachines/x", nil).want(404, "InvalidResourceType")
	l.do("lab-owner", "PUT", cluster+"x", "{}").want(501, "NotImplemented")
	l.do("lab-owner", "POST", cluster+"/runCommand", "{}").want(400, "BadRequest")
	l.do("lab-owner", "PUT", cluster, "[]").want(400, "InvalidRequestContent")
	l.do("lab-owner", "PUT", cluster, `{"location":"elsewhere"}`).want(409, "InvalidResourceLocation")
	l.do("lab-owner", "PATCH", cluster, `{"properties":{}}`).want(400, "InvalidRequestContent")
	if err := l.state.Update(func(w *cloud.World) error { w.Users[0].Disabled = true; return nil }); err != nil {
		t.Fatal(err)
	}
	raw(good, cluster+"?api-version=1").want(401, "InvalidAuthenticationToken")
}

// TestLists show what the caller may see.
func TestLists(t *testing.T) {
	l := newLab(t, nil)
	count := func(who, path string) int {
		return len(l.do(who, "GET", path, nil).want(200, "").body["value"].([]any))
	}
	for _, c := range []struct {
		who, path string
		want      int
	}{
		{"hshahin", "/tenants", 1}, {"hshahin", "/subscriptions", 1}, {"ci-deployer", "/subscriptions", 0},
		{"hshahin", subscription + "/providers/Microsoft.ContainerService/managedClusters", 1},
		{"test-user", group + "/providers/Microsoft.ContainerService/managedClusters", 1},
		{"lab-owner", subscription + "/resourceGroups", 2}, {"hshahin", subscription + "/resourceGroups", 0},
	} {
		if got := count(c.who, c.path); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.who, c.path, got, c.want)
		}
	}
	// Who may read no cluster and holds no right to list them is refused.
	l.do("ci-deployer", "GET", subscription+"/providers/Microsoft.ContainerService/managedClusters", nil).want(403, "AuthorizationFailed")
}

// TestOperations: one at a time, and a failure is told.
func TestOperations(t *testing.T) {
	l := newLab(t, nil)
	hold := make(chan struct{})
	l.plane.set(nil, hold)
	a := l.put("hshahin", enableEntra).want(200, "")
	if state := a.body["properties"].(map[string]any)["provisioningState"]; state != "Updating" {
		t.Errorf("provisioningState %v", state)
	}
	status := a.Header().Get("Azure-AsyncOperation")
	if got := l.do("hshahin", "GET", status, nil).want(200, ""); got.body["status"] != "InProgress" || got.Header().Get("Retry-After") == "" {
		t.Errorf("operation: %s", got.Body)
	}
	l.do("hshahin", "POST", cluster+"/rotateClusterCertificates", nil).want(409, "OperationNotAllowed")
	l.put("hshahin", enableEntra).want(409, "OperationNotAllowed")
	close(hold)
	l.arm.Wait()
	if got := l.do("hshahin", "GET", status, nil).want(200, ""); got.body["status"] != "Succeeded" {
		t.Errorf("operation: %s", got.Body)
	}
	l.plane.set(errors.New("etcd is gone"), nil)
	a = l.do("hshahin", "POST", cluster+"/rotateClusterCertificates", nil).want(202, "")
	l.arm.Wait()
	if _, text := l.do("hshahin", "GET", a.Header().Get("Location"), nil).want(500, "InternalOperationError").fault(); !strings.Contains(text, "etcd is gone") {
		t.Errorf("failure: %s", text)
	}
	l.plane.set(nil, nil)
	l.do("hshahin", "POST", cluster+"/rotateClusterCertificates", nil).want(202, "")
	l.arm.Wait()
	l.do("hshahin", "GET", subscription+"/providers/Microsoft.ContainerService/locations/x/operations/none", nil).want(404, "NotFound")
}

// TestPutKeepsWhatItDoesNotKnow: fields of newer api-versions survive, the
// server's own do not change, and etags guard.
func TestPutKeepsWhatItDoesNotKnow(t *testing.T) {
	l := newLab(t, nil)
	l.put("hshahin", func(p map[string]any) {
		p["futureProfile"] = map[string]any{"a": []any{1.5, "x"}}
		p["fqdn"], p["provisioningState"] = "forged", "Deleting"
	}).want(200, "")
	l.arm.Wait()
	a := l.do("hshahin", "GET", cluster, nil).want(200, "")
	p := a.body["properties"].(map[string]any)
	if text, _ := json.Marshal(p["futureProfile"]); string(text) != `{"a":[1.5,"x"]}` {
		t.Errorf("unknown field: %s", text)
	}
	if p["fqdn"] == "forged" || p["provisioningState"] != "Succeeded" || a.body["identity"].(map[string]any)["principalId"] == nil {
		t.Errorf("server's fields: %v %v %v", p["fqdn"], p["provisioningState"], a.body["identity"])
	}
	for etag, want := range map[string]int{`"stale"`: 412, a.body["eTag"].(string): 200} {
		raw, err := json.Marshal(a.body)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("PUT", "https://"+arm.Host+cluster+"?api-version=1", strings.NewReader(string(raw)))
		r.Header.Set("Authorization", "Bearer "+l.token("hshahin"))
		r.Header.Set("If-Match", etag)
		w := httptest.NewRecorder()
		l.arm.Handler().ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("If-Match %s: %d %s", etag, w.Code, w.Body)
		}
		l.arm.Wait()
	}
	l.do("hshahin", "PATCH", cluster, `{"tags":{"env":"lab"}}`).want(200, "")
	if tags := l.do("hshahin", "GET", cluster, nil).body["tags"]; tags.(map[string]any)["env"] != "lab" {
		t.Errorf("tags %v", tags)
	}
}

// TestEntraGuards: what AKS refuses in an aadProfile.
func TestEntraGuards(t *testing.T) {
	l := newLab(t, nil)
	for name, profile := range map[string]map[string]any{
		"legacy":         {"managed": false},
		"foreign tenant": {"managed": true, "tenantID": admins},
		"bad group":      {"managed": true, "adminGroupObjectIDs": []string{"aks-admins"}},
	} {
		a := l.put("hshahin", func(p map[string]any) { p["aadProfile"] = profile })
		if code, _ := a.fault(); a.Code != 400 || code != "BadRequest" {
			t.Errorf("%s: %d %s", name, a.Code, a.Body)
		}
	}
	l.put("hshahin", func(p map[string]any) { p["enableRBAC"] = false }).want(400, "BadRequest")
	l.put("hshahin", func(p map[string]any) { p["disableLocalAccounts"] = "yes" }).want(400, "InvalidParameter")
}

// TestResume after a crash in the middle of an operation.
func TestResume(t *testing.T) {
	l := newLab(t, nil)
	l.put("hshahin", enableEntra).want(200, "")
	l.arm.Wait()
	err := l.state.Update(func(w *cloud.World) error {
		w.Clusters[0].Properties = []byte(strings.Replace(string(w.Clusters[0].Properties), `"Succeeded"`, `"Updating"`, 1))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	l.plane.groups = nil
	if err := l.arm.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(l.plane.groups) != 1 {
		t.Error("admin groups were not handed over again")
	}
	l.put("hshahin", func(map[string]any) {}).want(200, "")
}
