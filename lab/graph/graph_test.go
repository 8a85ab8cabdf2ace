package graph

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
)

const admins = "66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06"

type directory struct {
	t     *testing.T
	s     *Server
	ids   *entra.Server
	world *cloud.World
}

func newDirectory(t *testing.T, edit func(*cloud.World)) *directory {
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
	t.Cleanup(func() { state.Close() })
	key, err := entra.OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &directory{t: t, s: &Server{State: state, Key: key}, world: state.World(),
		ids: &entra.Server{State: state, Key: key, Log: slog.New(slog.DiscardHandler)}}
}

// token signs in a user by the name before the @, or the application.
func (d *directory) token(who, scope string) string {
	d.t.Helper()
	form := url.Values{"scope": {scope}}
	if u, ok := d.world.User(who + "@" + d.world.Tenant.Domain); ok {
		form.Set("grant_type", "password")
		form.Set("client_id", entra.AzureCLIApp)
		form.Set("username", u.UPN)
		form.Set("password", u.Password)
	} else {
		p := d.world.ServicePrincipals[0]
		form.Set("grant_type", "client_credentials")
		form.Set("client_id", p.AppID)
		form.Set("client_secret", p.Secret)
	}
	r := httptest.NewRequest(http.MethodPost, "https://"+entra.Host+"/organizations/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	d.ids.Handler().ServeHTTP(w, r)
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out.Token == "" {
		d.t.Fatalf("sign in %s: %d %s", who, w.Code, w.Body)
	}
	return out.Token
}

// ask returns the status and the display names or values of the answer.
func (d *directory) ask(who, method, path, body string) (int, []string) {
	d.t.Helper()
	r := httptest.NewRequest(method, "https://"+Host+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+d.token(who, "https://graph.microsoft.com/.default"))
	w := httptest.NewRecorder()
	d.s.Handler().ServeHTTP(w, r)
	var out struct {
		DisplayName string
		Value       []json.RawMessage
		Error       struct{ Code string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		d.t.Fatalf("%s: %v in %s", path, err, w.Body)
	}
	if out.Error.Code != "" {
		return w.Code, []string{out.Error.Code}
	}
	if out.DisplayName != "" {
		return w.Code, []string{out.DisplayName}
	}
	names := []string{}
	for _, v := range out.Value {
		var o struct{ DisplayName string }
		if json.Unmarshal(v, &o) != nil {
			names = append(names, strings.Trim(string(v), `"`))
			continue
		}
		names = append(names, o.DisplayName)
	}
	return w.Code, names
}

// TestReads: what az and Postern ask, and what they get.
func TestReads(t *testing.T) {
	d := newDirectory(t, func(w *cloud.World) {
		w.Groups = append(w.Groups, cloud.Group{ID: "77777777-2222-4333-8444-555555555555", DisplayName: "outer", Members: []string{admins}})
	})
	h, _ := d.world.User("hshahin@lab.onmicrosoft.com")
	ci := d.world.ServicePrincipals[0]
	filter := func(s string) string { return "?$filter=" + url.QueryEscape(s) }
	const person = "H. Shahin (LAB)"
	for _, c := range []struct {
		method, path, body string
		status             int
		want               []string
	}{
		{"GET", "/v1.0/me", "", 200, []string{"Test User (LAB)"}},
		{"GET", "/v1.0/me/memberOf", "", 200, []string{"testers"}},
		{"GET", "/v1.0/users" + filter("userPrincipalName eq 'HSHAHIN@lab.onmicrosoft.com'"), "", 200, []string{person}},
		{"GET", "/v1.0/users" + filter("startswith(userPrincipalName,'hsh')"), "", 200, []string{person}},
		{"GET", "/v1.0/users" + filter("userPrincipalName eq 'x' or id eq '"+h.ID+"'"), "", 200, []string{person}},
		{"GET", "/v1.0/users" + filter("userPrincipalName gt 'x'"), "", 400, []string{"Request_UnsupportedQuery"}},
		{"GET", "/v1.0/users/" + h.UPN, "", 200, []string{person}},
		{"GET", "/v1.0/users/" + strings.ToUpper(h.ID), "", 200, []string{person}},
		{"GET", "/v1.0/users/" + admins, "", 404, []string{"Request_ResourceNotFound"}},
		{"GET", "/v1.0/users/" + h.ID + "/memberOf", "", 200, []string{"aks-admins", "platform-team", "all-engineers"}},
		{"GET", "/v1.0/users/" + h.ID + "/transitiveMemberOf", "", 200, []string{"aks-admins", "platform-team", "all-engineers", "outer"}},
		{"GET", "/v1.0/groups/" + admins, "", 200, []string{"aks-admins"}},
		{"GET", "/v1.0/groups/" + admins + "/members?$select=displayName", "", 200, []string{person}},
		{"GET", "/v1.0/groups/77777777-2222-4333-8444-555555555555/members", "", 200, []string{"aks-admins"}},
		{"GET", "/v1.0/groups/77777777-2222-4333-8444-555555555555/transitiveMembers", "", 200, []string{"aks-admins", person}},
		{"GET", "/v1.0/servicePrincipals" + filter("appId eq '"+ci.AppID+"'"), "", 200, []string{"ci-deployer"}},
		{"GET", "/v1.0/servicePrincipals" + filter("servicePrincipalNames/any(c:c eq '"+ci.AppID+"')"), "", 200, []string{"ci-deployer"}},
		{"GET", "/beta/directoryObjects/" + ci.ID, "", 200, []string{"ci-deployer"}},
		{"POST", "/v1.0/directoryObjects/getByIds", `{"ids":["` + strings.Join([]string{h.ID, admins, ci.ID, "00000000-0000-0000-0000-000000000000"}, `","`) + `"]}`, 200, []string{person, "aks-admins", "ci-deployer"}},
		{"POST", "/v1.0/directoryObjects/getByIds", `{"ids":["` + h.ID + `","` + admins + `"],"types":["group"]}`, 200, []string{"aks-admins"}},
		{"POST", "/v1.0/users/" + h.ID + "/getMemberGroups", `{"securityEnabledOnly":true}`, 200, d.world.TransitiveGroups(h.ID)},
		{"POST", "/v1.0/directoryObjects/getByIds", `{`, 400, []string{"BadRequest"}},
		{"DELETE", "/v1.0/users/" + h.ID, "", 403, []string{"Authorization_RequestDenied"}},
		{"GET", "/v1.0/mailboxes", "", 400, []string{"BadRequest"}},
		{"GET", "/v2.0/me", "", 400, []string{"BadRequest"}},
	} {
		status, got := d.ask("test-user", c.method, c.path, c.body)
		if status != c.status || !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, status, got, c.status, c.want)
		}
	}
}

// TestApplicationsNeedGrants, each for its kind.
func TestApplicationsNeedGrants(t *testing.T) {
	for _, c := range []struct {
		grants []string
		want   [4]int // users, groups, servicePrincipals, getByIds of user and group
	}{
		{nil, [4]int{403, 403, 403, 403}},
		{[]string{"User.Read.All"}, [4]int{200, 403, 403, 403}},
		{[]string{"GroupMember.Read.All"}, [4]int{403, 200, 403, 403}},
		{[]string{"Application.Read.All"}, [4]int{403, 403, 200, 403}},
		{[]string{"Directory.Read.All"}, [4]int{200, 200, 200, 200}},
	} {
		d := newDirectory(t, func(w *cloud.World) { w.ServicePrincipals[0].GraphRoles = c.grants })
		var got [4]int
		got[0], _ = d.ask("app", "GET", "/v1.0/users", "")
		got[1], _ = d.ask("app", "GET", "/v1.0/groups/"+admins, "")
		got[2], _ = d.ask("app", "GET", "/v1.0/servicePrincipals", "")
		got[3], _ = d.ask("app", "POST", "/v1.0/directoryObjects/getByIds", `{"ids":["`+d.world.Users[0].ID+`","`+admins+`"]}`)
		if got != c.want {
			t.Errorf("%q: %v, want %v", c.grants, got, c.want)
		}
	}
}

// TestGuests see themselves and what they can name by id.
func TestGuests(t *testing.T) {
	d := newDirectory(t, func(w *cloud.World) { w.Users[1].Guest = true })
	for path, want := range map[string]int{"/v1.0/me": 200, "/v1.0/users": 403, "/v1.0/users/" + d.world.Users[0].ID: 403, "/v1.0/groups/" + admins + "/members": 403} {
		if got, _ := d.ask("test-user", "GET", path, ""); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

// TestTokens: none, for another service, of somebody disabled since.
func TestTokens(t *testing.T) {
	d := newDirectory(t, nil)
	status := func(authorization string) int {
		r := httptest.NewRequest(http.MethodGet, "https://"+Host+"/v1.0/me", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		d.s.Handler().ServeHTTP(w, r)
		return w.Code
	}
	good := "Bearer " + d.token("hshahin", "https://graph.microsoft.com/.default")
	for name, c := range map[string]struct {
		authorization string
		want          int
	}{
		"none": {"", 401}, "basic": {"Basic eDp4", 401}, "garbage": {"Bearer x", 401}, "good": {good, 200},
		"for ARM": {"Bearer " + d.token("hshahin", "https://management.azure.com/.default"), 401},
	} {
		if got := status(c.authorization); got != c.want {
			t.Errorf("%s: %d", name, got)
		}
	}
	if err := d.s.State.Update(func(w *cloud.World) error { w.Users[0].Disabled = true; return nil }); err != nil {
		t.Fatal(err)
	}
	if got := status(good); got != 401 {
		t.Errorf("disabled: %d", got)
	}
}
