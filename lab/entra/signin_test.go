package entra

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func (i *idp) startDevice() (device, user string) {
	i.t.Helper()
	w := i.do(http.MethodPost, "/organizations/oauth2/v2.0/devicecode", values("client_id", AKSClientApp, "scope", AKSServerApp+"/.default openid offline_access"))
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK {
		i.t.Fatalf("%d %s", w.Code, w.Body)
	}
	user = out["user_code"].(string)
	if !strings.Contains(out["message"].(string), i.VerificationURL+" and enter the code "+user) {
		i.t.Errorf("message %q", out["message"])
	}
	return out["device_code"].(string), user
}

func (i *idp) poll(device string) (string, map[string]any) {
	i.t.Helper()
	_, out := i.token(values("grant_type", deviceGrantType, "client_id", AKSClientApp, "device_code", device))
	code, _ := out["error"].(string)
	return code, out
}

// TestDeviceCode walks from pending over a mistyped password to a token whose
// scope is the one asked for at the start.
func TestDeviceCode(t *testing.T) {
	i := newIDP(t, nil)
	device, user := i.startDevice()
	if code, _ := i.poll(device); code != "authorization_pending" {
		t.Errorf("before: %s", code)
	}
	page := func(code, pass, action string) int {
		return i.do(http.MethodPost, "/devicelogin", values("user_code", code, "login", hshahin, "password", pass, "action", action)).Code
	}
	if got := page(user, "wrong", "approve"); got != http.StatusUnauthorized {
		t.Errorf("wrong password: %d", got)
	}
	if got := page("XXXXXXXXX", secret, "approve"); got != http.StatusNotFound {
		t.Errorf("unknown code: %d", got)
	}
	if code, _ := i.poll(device); code != "authorization_pending" {
		t.Errorf("after a wrong password: %s", code)
	}
	if got := page(strings.ToLower(user), secret, "approve"); got != http.StatusOK {
		t.Errorf("approve: %d", got)
	}
	_, out := i.poll(device)
	if c := i.claims(out["access_token"]); c["aud"] != AKSServerApp || c["upn"] != hshahin {
		t.Errorf("claims %v", c)
	}
	if out["id_token"] == nil || out["refresh_token"] == nil {
		t.Error("the scopes of the start were forgotten")
	}
	if code, _ := i.poll(device); code != "bad_verification_code" {
		t.Errorf("second redemption: %s", code)
	}
	if got := page(user, secret, "approve"); got != http.StatusNotFound {
		t.Errorf("second approval: %d", got)
	}
}

func TestDeviceCodeEnds(t *testing.T) {
	i := newIDP(t, nil)
	device, user := i.startDevice()
	i.do(http.MethodPost, "/devicelogin", values("user_code", user, "action", "deny"))
	if code, out := i.poll(device); code != "authorization_declined" {
		t.Errorf("declined: %v", out)
	}
	device, user = i.startDevice()
	if _, out := i.token(values("grant_type", deviceGrantType, "client_id", AzureCLIApp, "device_code", device)); out["error"] != "bad_verification_code" {
		t.Errorf("another client redeemed: %v", out)
	}
	i.pass(deviceLife + time.Second)
	if code, out := i.poll(device); code != "expired_token" || out["error_codes"].([]any)[0] != 70020.0 {
		t.Errorf("expired: %v", out)
	}
	if w := i.do(http.MethodPost, "/devicelogin", values("user_code", user, "login", hshahin, "password", secret)); w.Code != http.StatusNotFound {
		t.Errorf("approving an expired code: %d", w.Code)
	}
}

// TestPageEscapes: what a stranger puts in a link does not become markup.
func TestPageEscapes(t *testing.T) {
	i := newIDP(t, nil)
	w := i.do(http.MethodGet, "/devicelogin?user_code="+url.QueryEscape(`"><script>x</script>`), nil)
	if strings.Contains(w.Body.String(), "<script>") || !strings.Contains(w.Body.String(), "LAB") {
		t.Errorf("page: %s", w.Body)
	}
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("no content security policy")
	}
}

func authorizeQuery(extra ...string) string {
	q := values("client_id", AzureCLIApp, "response_type", "code", "redirect_uri", "http://localhost:8400/", "scope", arm+" openid",
		"state", "st", "nonce", "no", "code_challenge", challengeOf("verifier"), "code_challenge_method", "S256")
	for n := 0; n < len(extra); n += 2 {
		q.Set(extra[n], extra[n+1])
	}
	return "/organizations/oauth2/v2.0/authorize?" + q.Encode()
}

// TestAuthorizationCode redeems once, with the right verifier only.
func TestAuthorizationCode(t *testing.T) {
	i := newIDP(t, nil)
	signIn := func() string {
		page := i.do(http.MethodGet, authorizeQuery(), nil)
		action := html.UnescapeString(regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(page.Body.String())[1])
		if w := i.do(http.MethodPost, action, values("login", hshahin, "password", "x")); w.Code != http.StatusUnauthorized {
			t.Errorf("wrong password: %d", w.Code)
		}
		w := i.do(http.MethodPost, action, values("login", hshahin, "password", secret))
		back, err := url.Parse(w.Header().Get("Location"))
		if err != nil || w.Code != http.StatusFound || back.Query().Get("state") != "st" {
			t.Fatalf("%d %s %v", w.Code, back, err)
		}
		return back.Query().Get("code")
	}
	redeem := func(code, verifier, redirect string) any {
		_, out := i.token(values("grant_type", "authorization_code", "client_id", AzureCLIApp, "code", code, "code_verifier", verifier, "redirect_uri", redirect))
		if codes, ok := out["error_codes"].([]any); ok {
			return codes[0]
		}
		if c := i.claims(out["id_token"]); c["nonce"] != "no" {
			t.Errorf("nonce %v", c["nonce"])
		}
		return i.claims(out["access_token"])["aud"]
	}
	const back = "http://localhost:8400/"
	code := signIn()
	if got := redeem(code, "verifier", back); got != "https://management.azure.com" {
		t.Errorf("redeem: %v", got)
	}
	if got := redeem(code, "verifier", back); got != 54005.0 {
		t.Errorf("twice: %v", got)
	}
	code = signIn()
	if got := redeem(code, "guess", back); got != 501481.0 {
		t.Errorf("wrong verifier: %v", got)
	}
	if got := redeem(code, "verifier", back); got != 54005.0 {
		t.Errorf("after a wrong verifier: %v", got)
	}
	if got := redeem(signIn(), "verifier", "http://localhost:1/"); got != 500112.0 {
		t.Errorf("another redirect: %v", got)
	}
	code = signIn()
	i.pass(11 * time.Minute)
	if got := redeem(code, "verifier", back); got != 70008.0 {
		t.Errorf("late: %v", got)
	}
}

// TestAuthorizeRedirectsOnlyToLoopback: a code is never sent elsewhere.
func TestAuthorizeRedirectsOnlyToLoopback(t *testing.T) {
	i := newIDP(t, nil)
	for _, target := range []string{"https://evil.example/", "http://localhost.evil.example/", "http://a@localhost/", "javascript:alert(1)", ""} {
		w := i.do(http.MethodPost, authorizeQuery("redirect_uri", target), values("login", hshahin, "password", secret))
		if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
			t.Errorf("%q: %d %s", target, w.Code, w.Header().Get("Location"))
		}
	}
	w := i.do(http.MethodGet, authorizeQuery("code_challenge", ""), nil)
	if loc := w.Header().Get("Location"); !strings.Contains(loc, "AADSTS9002325") {
		t.Errorf("no PKCE: %d %s", w.Code, loc)
	}
}

// TestSignInHandler offers people's pages and nothing else.
func TestSignInHandler(t *testing.T) {
	i := newIDP(t, nil)
	for path, want := range map[string]int{"/devicelogin": 200, "/common/oauth2/deviceauth": 200, "/organizations/oauth2/v2.0/token": 404, "/": 404} {
		r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := &recorder{header: http.Header{}}
		i.SignIn().ServeHTTP(w, r)
		if w.status != want {
			t.Errorf("%s: %d, want %d", path, w.status, want)
		}
	}
}

type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }
func (r *recorder) WriteHeader(s int)           { r.status = s }
