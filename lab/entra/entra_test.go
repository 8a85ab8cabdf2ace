package entra

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

const (
	hshahin = "hshahin@lab.onmicrosoft.com"
	secret  = "Lab-hshahin-1!"
	arm     = "https://management.azure.com/.default"
)

// idp is a server with a clock that the test turns.
type idp struct {
	*Server
	t   *testing.T
	mu  sync.Mutex
	now time.Time
}

func newIDP(t *testing.T, edit func(*cloud.World)) *idp {
	t.Helper()
	i := &idp{t: t, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	w := cloud.DefaultWorld()
	if edit != nil {
		edit(w)
	}
	dir := t.TempDir()
	state, err := cloud.Open(cloud.Options{Dir: dir, World: w, Clock: func() time.Time {
		i.mu.Lock()
		defer i.mu.Unlock()
		return i.now
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { state.Close() })
	key, err := OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	i.Server = &Server{State: state, Key: key, VerificationURL: "http://127.0.0.1:1/devicelogin", Log: slog.New(slog.DiscardHandler)}
	return i
}

func (i *idp) pass(d time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.now = i.now.Add(d)
}

func (i *idp) do(method, target string, form url.Values) *httptest.ResponseRecorder {
	i.t.Helper()
	r := httptest.NewRequest(method, "https://"+Host+target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	i.Handler().ServeHTTP(w, r)
	return w
}

func (i *idp) token(form url.Values) (int, map[string]any) {
	i.t.Helper()
	return i.tokenAt("/organizations/oauth2/v2.0/token", form)
}

func (i *idp) tokenAt(path string, form url.Values) (int, map[string]any) {
	i.t.Helper()
	w := i.do(http.MethodPost, path, form)
	out := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		i.t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return w.Code, out
}

func values(kv ...string) url.Values {
	v := url.Values{}
	for n := 0; n < len(kv); n += 2 {
		v.Set(kv[n], kv[n+1])
	}
	return v
}

func password() url.Values {
	return values("grant_type", "password", "client_id", AzureCLIApp, "scope", arm+" openid offline_access", "username", hshahin, "password", secret)
}

func (i *idp) claims(raw any) map[string]any {
	i.t.Helper()
	parts := strings.Split(raw.(string), ".")
	text, err := b64.DecodeString(parts[1])
	if err != nil {
		i.t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(text, &out); err != nil {
		i.t.Fatal(err)
	}
	return out
}

// TestPasswordGrant has everything az and MSAL read in the answer.
func TestPasswordGrant(t *testing.T) {
	i := newIDP(t, nil)
	status, out := i.token(password())
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	for _, field := range []string{"access_token", "refresh_token", "id_token", "client_info", "token_type", "scope"} {
		if s, _ := out[field].(string); s == "" {
			t.Errorf("no %s", field)
		}
	}
	if out["expires_in"] != 3600.0 {
		t.Errorf("expires_in %v", out["expires_in"])
	}
	info, err := b64.DecodeString(out["client_info"].(string))
	u, _ := i.State.World().User(hshahin)
	if err != nil || !strings.Contains(string(info), u.ID) {
		t.Errorf("client_info %s %v", info, err)
	}
	c := i.claims(out["access_token"])
	tid := i.State.World().Tenant.ID
	for name, want := range map[string]any{"aud": "https://management.azure.com", "iss": "https://sts.windows.net/" + tid + "/",
		"oid": u.ID, "upn": hshahin, "tid": tid, "appid": AzureCLIApp, "ver": "1.0", "idtyp": "user"} {
		if c[name] != want {
			t.Errorf("%s = %v, want %v", name, c[name], want)
		}
	}
	if g, _ := c["groups"].([]any); len(g) != 3 {
		t.Errorf("groups %v", c["groups"])
	}
	if id := i.claims(out["id_token"]); id["iss"] != "https://"+Host+"/"+tid+"/v2.0" || id["preferred_username"] != hshahin || id["aud"] != AzureCLIApp {
		t.Errorf("id_token %v", id)
	}
}

// TestAudiences: each resource gets tokens for itself, in its own version.
func TestAudiences(t *testing.T) {
	i := newIDP(t, nil)
	ci := i.State.World().ServicePrincipals[0]
	for scope, want := range map[string][2]string{
		AKSServerApp + "/.default":                      {AKSServerApp, "1.0"},
		"https://management.core.windows.net//.default": {"https://management.core.windows.net/", "1.0"},
		"https://graph.microsoft.com/User.Read":         {"https://graph.microsoft.com", "1.0"},
		"https://api.loganalytics.io/.default":          {"https://api.loganalytics.io", "1.0"},
		"api://" + ci.AppID + "/.default":               {ci.AppID, "2.0"},
		"openid":                                        {"https://graph.microsoft.com", "1.0"},
	} {
		form := password()
		form.Set("scope", scope)
		status, out := i.token(form)
		if status != http.StatusOK {
			t.Errorf("%s: %v", scope, out)
			continue
		}
		if c := i.claims(out["access_token"]); c["aud"] != want[0] || c["ver"] != want[1] {
			t.Errorf("%s: aud %v ver %v, want %v", scope, c["aud"], c["ver"], want)
		}
	}
	status, out := i.tokenAt("/organizations/oauth2/token", values("grant_type", "password", "client_id", AKSClientApp,
		"resource", AKSServerApp, "username", hshahin, "password", secret))
	if status != http.StatusOK || out["resource"] != AKSServerApp || out["expires_in"] != "3600" || out["refresh_token"] == nil {
		t.Errorf("v1 endpoint: %d %v", status, out)
	}
}

// TestFaults: each refusal has its number.
func TestFaults(t *testing.T) {
	i := newIDP(t, func(w *cloud.World) { w.Users[1].Disabled = true })
	ci := i.State.World().ServicePrincipals[0]
	app := values("grant_type", "client_credentials", "client_id", ci.AppID, "client_secret", ci.Secret, "scope", arm)
	change := func(base url.Values, kv ...string) url.Values {
		out := maps.Clone(base)
		maps.Copy(out, values(kv...))
		return out
	}
	for _, c := range []struct {
		name  string
		form  url.Values
		error string
		code  float64
	}{
		{"wrong password", change(password(), "password", "x"), "invalid_grant", 50126},
		{"empty password", change(password(), "password", ""), "invalid_grant", 50126},
		{"unknown user", change(password(), "username", "nobody@x"), "invalid_grant", 50034},
		{"object id is no login", change(password(), "username", i.State.World().Users[0].ID), "invalid_grant", 50034},
		{"disabled user", change(password(), "username", "test-user@lab.onmicrosoft.com", "password", "Lab-test-user-1!"), "invalid_grant", 50057},
		{"unknown client", change(password(), "client_id", "11111111-1111-1111-1111-111111111111"), "unauthorized_client", 700016},
		{"object id is no client", change(password(), "client_id", ci.ID), "unauthorized_client", 700016},
		{"unknown resource", change(password(), "scope", "https://vault.azure.net/.default"), "invalid_resource", 500011},
		{"two resources", change(password(), "scope", arm+" https://graph.microsoft.com/User.Read"), "invalid_request", 28000},
		{"no grant", change(password(), "grant_type", ""), "invalid_request", 900144},
		{"unknown grant", change(password(), "grant_type", "magic"), "unsupported_grant_type", 70003},
		{"wrong secret", change(app, "client_secret", "x"), "invalid_client", 7000215},
		{"no secret", change(app, "client_secret", ""), "invalid_client", 7000218},
		{"no default scope", change(app, "scope", "https://graph.microsoft.com/User.Read"), "invalid_request", 1002012},
		{"public client as app", change(app, "client_id", AzureCLIApp), "invalid_client", 7000218},
		{"password grant of an app without its secret", change(password(), "client_id", ci.AppID), "invalid_client", 7000218},
		{"forged refresh token", values("grant_type", "refresh_token", "client_id", AzureCLIApp, "scope", arm, "refresh_token", "1.abcdefghijklmnopqrstuvwxyz"), "invalid_grant", 9002313},
		{"unknown device code", values("grant_type", "device_code", "client_id", AzureCLIApp, "device_code", "x"), "bad_verification_code", 70018},
		{"unknown code", values("grant_type", "authorization_code", "client_id", AzureCLIApp, "code", "x"), "invalid_grant", 9002313},
	} {
		status, out := i.token(c.form)
		codes, _ := out["error_codes"].([]any)
		if status < 400 || out["error"] != c.error || len(codes) != 1 || codes[0] != c.code {
			t.Errorf("%s: %d %v %v", c.name, status, out["error"], codes)
		}
		if text, _ := out["error_description"].(string); !strings.HasPrefix(text, "AADSTS") {
			t.Errorf("%s: description %q", c.name, text)
		}
	}
	if status, out := i.tokenAt("/22222222-2222-2222-2222-222222222222/oauth2/v2.0/token", password()); status != 400 || out["error_codes"].([]any)[0] != 90002.0 {
		t.Errorf("unknown tenant: %d %v", status, out)
	}
}

// TestAppToken: an application is named by object id and has no upn.
func TestAppToken(t *testing.T) {
	i := newIDP(t, func(w *cloud.World) { w.ServicePrincipals[0].GraphRoles = []string{"Directory.Read.All"} })
	ci := i.State.World().ServicePrincipals[0]
	form := values("grant_type", "client_credentials", "client_id", ci.AppID, "client_secret", ci.Secret, "scope", AKSServerApp+"/.default openid")
	status, out := i.token(form)
	if status != http.StatusOK {
		t.Fatal(out)
	}
	c := i.claims(out["access_token"])
	if c["oid"] != ci.ID || c["appid"] != ci.AppID || c["idtyp"] != "app" || c["upn"] != nil || c["roles"] != nil {
		t.Errorf("claims %v", c)
	}
	if out["refresh_token"] != nil || out["id_token"] != nil || out["client_info"] != nil {
		t.Errorf("an application got a person's tokens: %v", out)
	}
	form.Set("scope", "https://graph.microsoft.com/.default")
	_, out = i.token(form)
	if c := i.claims(out["access_token"]); len(c["roles"].([]any)) != 1 {
		t.Errorf("no Graph roles: %v", c)
	}
}

// TestGuestAndOverage: a guest has no upn; 201 groups are told by reference,
// 200 in the token.
func TestGuestAndOverage(t *testing.T) {
	for _, n := range []int{200, 201} {
		i := newIDP(t, func(w *cloud.World) {
			w.Users[0].Guest = true
			w.Groups = nil
			for range n {
				w.Groups = append(w.Groups, cloud.Group{ID: newGUID(), DisplayName: "g", Members: []string{w.Users[0].ID}})
			}
		})
		_, out := i.token(password())
		c := i.claims(out["access_token"])
		if c["upn"] != nil || c["idp"] != "live.com" || c["unique_name"] != "live.com#"+hshahin {
			t.Errorf("guest: %v %v %v", c["upn"], c["idp"], c["unique_name"])
		}
		verified, err := i.Key.Verify(out["access_token"].(string), i.State.World().Tenant.ID, i.State.Now())
		if err != nil {
			t.Fatal(err)
		}
		if verified.Overage != (n > 200) || len(verified.Groups) != n && n <= 200 {
			t.Errorf("%d groups: overage %v, %d in the token", n, verified.Overage, len(verified.Groups))
		}
	}
}

// TestRefresh: good for the same client and password, across a restart of the
// server, for another resource.
func TestRefresh(t *testing.T) {
	i := newIDP(t, nil)
	_, out := i.token(password())
	i.Server = &Server{State: i.State, Key: i.Key, Log: i.Log}
	form := values("grant_type", "refresh_token", "client_id", AzureCLIApp, "scope", AKSServerApp+"/.default", "refresh_token", out["refresh_token"].(string))
	status, again := i.token(form)
	if status != http.StatusOK || i.claims(again["access_token"])["aud"] != AKSServerApp {
		t.Fatalf("%d %v", status, again)
	}
	form.Del("scope")
	if status, again = i.token(form); status != http.StatusOK || i.claims(again["access_token"])["aud"] != "https://management.azure.com" {
		t.Errorf("without a scope: %d %v", status, again)
	}
	form.Set("client_id", AKSClientApp)
	if status, again = i.token(form); status != 400 || again["error_codes"].([]any)[0] != 70000.0 {
		t.Errorf("another client: %d %v", status, again)
	}
	form.Set("client_id", AzureCLIApp)
	if err := i.State.Update(func(w *cloud.World) error { w.Users[0].Password = "new"; return nil }); err != nil {
		t.Fatal(err)
	}
	if status, again = i.token(form); status != 400 || again["error_codes"].([]any)[0] != 50173.0 {
		t.Errorf("after a password change: %d %v", status, again)
	}
}
