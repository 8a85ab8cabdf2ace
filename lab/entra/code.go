package entra

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// codeGrant is an authorization code in flight.
type codeGrant struct {
	client, redirect  string
	challenge, method string
	userID, nonce     string
	scope, resource   string
	expires           time.Time
	redeemed          bool
}

// authorize shows the sign-in form (GET) and takes it (POST).
func (s *Server) authorize(w http.ResponseWriter, r *http.Request, v2 bool) {
	q := r.URL.Query()
	c, ok := clientFor(s.State.World(), q.Get("client_id"))
	if !ok {
		s.signInFailed(w, http.StatusBadRequest, badRequest(700016, "Application with identifier '%s' was not found in the directory.", q.Get("client_id")))
		return
	}
	// Only once the redirect address is known to be the client's own may
	// anything be sent there.
	if !redirectAllowed(q.Get("redirect_uri")) {
		s.signInFailed(w, http.StatusBadRequest, badRequest(50011, "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. The LAB accepts loopback addresses only.", q.Get("redirect_uri"), c.id))
		return
	}
	if f := checkAuthorize(q, c); f != nil {
		s.redirectBack(w, r, url.Values{"error": {f.oauth}, "error_description": {f.Error()}})
		return
	}
	if r.Method != http.MethodPost {
		render(w, http.StatusOK, authorizePage{Action: r.URL.RequestURI(), Client: clientName(s.State.World(), c.id),
			Login: q.Get("login_hint"), Tenant: s.State.World().Tenant.DisplayName})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	u, err := s.signIn(r.PostFormValue("login"), r.PostFormValue("password"))
	if err != nil {
		render(w, http.StatusUnauthorized, authorizePage{Action: r.URL.RequestURI(), Client: clientName(s.State.World(), c.id),
			Login: r.PostFormValue("login"), Tenant: s.State.World().Tenant.DisplayName, Error: err.Error()})
		return
	}
	code := rand.Text() + rand.Text()
	s.keepCode(code, &codeGrant{
		client: c.id, redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"),
		method: q.Get("code_challenge_method"), userID: u.ID, nonce: q.Get("nonce"),
		scope: q.Get("scope"), resource: q.Get("resource"),
		expires: s.State.Now().Add(10 * time.Minute),
	})
	s.redirectBack(w, r, url.Values{"code": {code}, "session_state": {newGUID()}})
}

func checkAuthorize(q url.Values, c client) *fault {
	switch {
	case q.Get("response_type") != "code":
		return &fault{http.StatusBadRequest, "unsupported_response_type", 700051, "response_type '" + q.Get("response_type") + "' is not enabled for the application."}
	case q.Get("code_challenge") == "" && c.public:
		return badRequest(9002325, "Proof Key for Code Exchange is required for cross-origin authorization code redemption.")
	case q.Get("code_challenge") != "" && q.Get("code_challenge_method") != "S256":
		return badRequest(501491, "Invalid size of Code_Challenge parameter, or a code_challenge_method other than S256.")
	}
	return nil
}

// redirectAllowed accepts what public clients register: loopback, any port.
func redirectAllowed(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Fragment != "" || u.Scheme != "http" {
		return false
	}
	switch u.Hostname() {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}

func (s *Server) keepCode(code string, g *codeGrant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codes == nil {
		s.codes = map[string]*codeGrant{}
	}
	for k, old := range s.codes {
		if s.State.Now().After(old.expires) {
			delete(s.codes, k)
		}
	}
	s.codes[code] = g
}

// codeGrant redeems an authorization code.
func (s *Server) codeGrant(r *http.Request, a ask) (map[string]any, error) {
	u, g, err := s.redeemCode(r.PostForm.Get("code"), r.PostForm.Get("redirect_uri"), r.PostForm.Get("code_verifier"), a.client.id)
	if err != nil {
		return nil, err
	}
	if a, err = s.resume(a, g.scope, g.resource); err != nil {
		return nil, err
	}
	a.nonce = g.nonce
	return s.forUser(u, a)
}

func (s *Server) redeemCode(code, redirect, verifier, clientID string) (cloud.User, codeGrant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.codes[code]
	switch {
	case !ok:
		return cloud.User{}, codeGrant{}, badGrant(9002313, "Invalid request. Request is malformed or invalid.")
	case g.redeemed:
		return cloud.User{}, codeGrant{}, badGrant(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.")
	case s.State.Now().After(g.expires):
		return cloud.User{}, codeGrant{}, badGrant(70008, "The provided authorization code or refresh token has expired due to inactivity.")
	case g.client != clientID:
		return cloud.User{}, codeGrant{}, badGrant(700005, "Provided Authorization Code is intended to use against other tenant or client, thus rejected.")
	case g.redirect != redirect:
		return cloud.User{}, codeGrant{}, badGrant(500112, "The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code.", redirect, g.redirect)
	case g.challenge != "" && !same(challengeOf(verifier), g.challenge):
		g.redeemed = true
		return cloud.User{}, codeGrant{}, badGrant(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
	}
	g.redeemed = true
	u, ok := s.State.World().User(g.userID)
	if !ok {
		return cloud.User{}, codeGrant{}, badGrant(50034, "The user account %s does not exist in the directory.", g.userID)
	}
	return u, *g, s.usable(u)
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return b64.EncodeToString(sum[:])
}

// signInFailed tells a person in the browser what is wrong.
func (s *Server) signInFailed(w http.ResponseWriter, status int, err error) {
	var f *fault
	if errors.As(err, &f) {
		render(w, status, messagePage{Title: "Sign-in failed", Text: f.Error(), Tenant: s.State.World().Tenant.DisplayName})
		return
	}
	render(w, http.StatusInternalServerError, messagePage{Title: "Sign-in failed", Text: err.Error()})
}
