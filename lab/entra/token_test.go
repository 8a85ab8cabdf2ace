package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestVerify: what was tampered with, expired or issued elsewhere is refused.
func TestVerify(t *testing.T) {
	i := newIDP(t, nil)
	_, out := i.token(password())
	raw, tid, now := out["access_token"].(string), i.State.World().Tenant.ID, i.State.Now()
	if tok, err := i.Key.Verify(raw, tid, now); err != nil || tok.UPN != hshahin || tok.App || len(tok.Groups) != 3 {
		t.Fatalf("%+v %v", tok, err)
	}
	p := strings.Split(raw, ".")
	none := b64.EncodeToString([]byte(`{"alg":"none","kid":"` + i.Key.id + `"}`))
	forged := b64.EncodeToString([]byte(`{"aud":"x"}`))
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	foreign := &Key{private: other, id: i.Key.id}
	stolen, err := foreign.sign(map[string]any{"iss": issuerV1(tid), "exp": now.Add(time.Hour).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, raw, tenant string
		now               time.Time
		want              error
	}{
		{"payload", p[0] + "." + forged + "." + p[2], tid, now, ErrSignature},
		{"alg none", none + "." + p[1] + ".", tid, now, ErrSignature},
		{"other key, same kid", stolen, tid, now, ErrSignature},
		{"other tenant", raw, newGUID(), now, ErrIssuer},
		{"expired", raw, tid, now.Add(time.Hour + time.Second), ErrExpired},
		{"before its time", raw, tid, now.Add(-6 * time.Minute), ErrNotYet},
		{"two parts", p[0] + "." + p[1], tid, now, ErrMalformed},
		{"padding", p[0] + "=." + p[1] + "." + p[2], tid, now, ErrMalformed},
		{"empty", "", tid, now, ErrMalformed},
	} {
		if _, err := i.Key.Verify(c.raw, c.tenant, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if tok, _ := i.Key.Verify(raw, tid, now.Add(2*time.Hour)); tok.Expires.IsZero() {
		t.Error("an expired token does not say when")
	}
}

// TestKeySurvives: tokens of an earlier run verify after a restart.
func TestKeySurvives(t *testing.T) {
	dir := t.TempDir()
	one, err := OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	two, err := OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := one.sign(map[string]any{"iss": issuerV1("t"), "exp": 10})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := two.Verify(raw, "t", time.Unix(5, 0)); err != nil {
		t.Error(err)
	}
	sealed, err := one.sealed(session{UserID: "u"})
	if err != nil {
		t.Fatal(err)
	}
	var s session
	if err := two.unseal(sealed, &s); err != nil || s.UserID != "u" {
		t.Errorf("%+v %v", s, err)
	}
	if err := two.unseal(sealed[:len(sealed)-2]+"AA", &s); err == nil {
		t.Error("a changed seal was accepted")
	}
}

// TestDiscovery tells the issuer, keys and endpoints clients look for.
func TestDiscovery(t *testing.T) {
	i := newIDP(t, nil)
	get := func(path string) map[string]any {
		w := i.do(http.MethodGet, path, nil)
		out := map[string]any{}
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return out
	}
	tid := i.State.World().Tenant.ID
	for path, want := range map[string][2]string{
		"/" + tid + "/v2.0/.well-known/openid-configuration":          {issuerV2(tid), "https://" + Host + "/" + tid + "/oauth2/v2.0/token"},
		"/" + tid + "/.well-known/openid-configuration":               {issuerV1(tid), "https://" + Host + "/" + tid + "/oauth2/token"},
		"/organizations/v2.0/.well-known/openid-configuration":        {issuerV2("{tenantid}"), "https://" + Host + "/organizations/oauth2/v2.0/token"},
		"/lab.onmicrosoft.com/v2.0/.well-known/openid-configuration/": {issuerV2(tid), "https://" + Host + "/" + tid + "/oauth2/v2.0/token"},
	} {
		if c := get(path); c["issuer"] != want[0] || c["token_endpoint"] != want[1] {
			t.Errorf("%s: %v %v", path, c["issuer"], c["token_endpoint"])
		}
	}
	for _, path := range []string{"/common/userrealm/" + hshahin, "/common/UserRealm/" + strings.ToUpper(hshahin) + "?api-version=1.0"} {
		if c := get(path); c["account_type"] != "Managed" {
			t.Errorf("%s: %v", path, c)
		}
	}
	if c := get("/common/userrealm/nobody@x"); c["account_type"] != "Unknown" {
		t.Errorf("unknown user: %v", c)
	}
	if c := get("/common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.microsoftonline.com/common/oauth2/authorize"); !strings.Contains(c["tenant_discovery_endpoint"].(string), "/common/v2.0/") {
		t.Errorf("instance: %v", c)
	}
	keys := get("/common/discovery/v2.0/keys")["keys"].([]any)
	if k := keys[0].(map[string]any); k["kid"] != i.Key.id || k["n"] == "" || k["e"] != "AQAB" {
		t.Errorf("keys: %v", k)
	}
}

// fuzzKey is made once; RSA keys are slow to make.
var fuzzKey = sync.OnceValues(func() (*Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return newKey(private)
})

func FuzzVerify(f *testing.F) {
	key, err := fuzzKey()
	if err != nil {
		f.Fatal(err)
	}
	good, err := key.sign(map[string]any{"iss": issuerV1("t"), "exp": 10})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("a.b.c")
	f.Add("..")
	f.Fuzz(func(t *testing.T, raw string) {
		if tok, err := key.Verify(raw, "t", time.Unix(5, 0)); err == nil && raw != good {
			t.Errorf("verified %q as %+v", raw, tok)
		}
		var s session
		if key.unseal(raw, &s) == nil {
			t.Errorf("unsealed %q", raw)
		}
	})
}
