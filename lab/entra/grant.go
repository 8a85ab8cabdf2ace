package entra

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

const deviceGrantType = "urn:ietf:params:oauth:grant-type:device_code"

// token is the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request, v2 bool) {
	if r.Method != http.MethodPost {
		s.writeFault(w, r, badRequest(900561, "The endpoint only accepts POST requests. Received a %s request.", r.Method))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		s.writeFault(w, r, badRequest(900144, "The request body could not be read: %v", err))
		return
	}
	out, err := s.grant(r, v2)
	if f := new(fault); errors.As(err, &f) {
		s.writeFault(w, r, f)
		return
	}
	if err != nil {
		s.Log.Error("issue token", "error", err)
		http.Error(w, "LAB identity provider: internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Pragma", "no-cache")
	writeJSON(w, http.StatusOK, out)
}

func (s *Server) grant(r *http.Request, v2 bool) (map[string]any, error) {
	grantType := r.PostForm.Get("grant_type")
	if grantType == "" {
		return nil, badRequest(900144, "The request body must contain the following parameter: 'grant_type'.")
	}
	a, err := s.ask(r, v2)
	if err != nil {
		return nil, err
	}
	if err := s.authenticateClient(r, a.client); err != nil {
		return nil, err
	}
	switch grantType {
	case "password":
		return s.passwordGrant(r, a)
	case "device_code", deviceGrantType:
		return s.deviceGrant(r, a)
	case "authorization_code":
		return s.codeGrant(r, a)
	case "refresh_token":
		return s.refreshGrant(r, a)
	case "client_credentials":
		return s.clientGrant(a)
	}
	return nil, &fault{http.StatusBadRequest, "unsupported_grant_type", 70003,
		"The app requested an unsupported grant type '" + grantType + "'."}
}

// ask reads client, resource and scopes.
func (s *Server) ask(r *http.Request, v2 bool) (ask, error) {
	world := s.State.World()
	id := r.PostForm.Get("client_id")
	if user, _, ok := r.BasicAuth(); ok && id == "" {
		id = user
	}
	if id == "" {
		return ask{}, badRequest(900144, "The request body must contain the following parameter: 'client_id'.")
	}
	c, ok := clientFor(world, id)
	if !ok {
		return ask{}, &fault{http.StatusBadRequest, "unauthorized_client", 700016,
			"Application with identifier '" + id + "' was not found in the directory '" + world.Tenant.DisplayName +
				"'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."}
	}
	a := ask{client: c, v2: v2, nonce: r.PostForm.Get("nonce")}
	if err := s.aim(&a, r.PostForm.Get("scope"), r.PostForm.Get("resource")); err != nil {
		return ask{}, err
	}
	return a, nil
}

// aim sets what an ask is for: a scope on the v2 endpoint, a resource on v1.
func (s *Server) aim(a *ask, scope, resource string) error {
	world := s.State.World()
	name, openID, several := splitScopes(scope)
	if several {
		return badRequest(28000, "Provided value for the input parameter scope is not valid because it contains more than one resource.")
	}
	if !a.v2 {
		if name = resource; name == "" {
			name = "https://graph.microsoft.com"
		}
	}
	got, ok := resourceFor(world, name)
	if !ok {
		return &fault{http.StatusBadRequest, "invalid_resource", 500011,
			"The resource principal named " + name + " was not found in the tenant named " + world.Tenant.DisplayName +
				". This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."}
	}
	a.scope, a.wanted, a.openID, a.resource = scope, resource, openID, got
	return nil
}

// resume aims an ask that names nothing itself at what was asked for when the
// sign-in began: clients need not repeat the scope.
func (s *Server) resume(a ask, scope, resource string) (ask, error) {
	if a.scope != "" || a.wanted != "" {
		return a, nil
	}
	if err := s.aim(&a, scope, resource); err != nil {
		return ask{}, err
	}
	return a, nil
}

// authenticateClient checks the secret of confidential clients.
func (s *Server) authenticateClient(r *http.Request, c client) error {
	if !c.confidential {
		return nil
	}
	secret := r.PostForm.Get("client_secret")
	if _, pass, ok := r.BasicAuth(); ok && secret == "" {
		secret = pass
	}
	switch {
	case r.PostForm.Get("client_assertion") != "":
		return badClient(700213, "No matching federated identity record found for presented assertion. The LAB's applications have secrets only.")
	case secret == "":
		return badClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	case c.service.Secret == "" || !same(secret, c.service.Secret):
		return badClient(7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", c.id)
	case c.service.Disabled:
		return badClient(7000112, "Application '%s'(%s) is disabled.", c.id, c.service.DisplayName)
	}
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (s *Server) passwordGrant(r *http.Request, a ask) (map[string]any, error) {
	u, err := s.signIn(r.PostForm.Get("username"), r.PostForm.Get("password"))
	if err != nil {
		return nil, err
	}
	return s.forUser(u, a)
}

// signIn checks a person's name and password.
func (s *Server) signIn(login, password string) (cloud.User, error) {
	world := s.State.World()
	u, ok := world.User(strings.TrimSpace(login))
	switch {
	case login == "":
		return cloud.User{}, badRequest(900144, "The request body must contain the following parameter: 'username'.")
	case !ok || !strings.EqualFold(u.UPN, strings.TrimSpace(login)):
		return cloud.User{}, badGrant(50034, "The user account %s does not exist in the %s directory. To sign into this application, the account must be added to the directory.", login, world.Tenant.DisplayName)
	case !same(password, u.Password):
		return cloud.User{}, badGrant(50126, "Error validating credentials due to invalid username or password.")
	}
	return u, s.usable(u)
}

func (s *Server) usable(u cloud.User) error {
	if u.Disabled {
		return badGrant(50057, "The user account is disabled.")
	}
	return nil
}

func (s *Server) refreshGrant(r *http.Request, a ask) (map[string]any, error) {
	var in session
	if err := s.Key.unseal(r.PostForm.Get("refresh_token"), &in); err != nil {
		return nil, badGrant(9002313, "Invalid request. Request is malformed or invalid.")
	}
	u, ok := s.State.World().User(in.UserID)
	switch {
	case in.Client != a.client.id:
		return nil, badGrant(70000, "Provided grant is invalid or malformed: the refresh token was issued to another client.")
	case !ok:
		return nil, badGrant(50034, "The user account %s does not exist in the directory.", in.UserID)
	case !same(string(in.Proof), string(proofOf(u))):
		return nil, badGrant(50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.")
	case s.State.Now().Unix()-in.Issued > 90*24*3600:
		return nil, badGrant(700082, "The refresh token has expired due to inactivity.")
	}
	if err := s.usable(u); err != nil {
		return nil, err
	}
	a, err := s.resume(a, in.Scope, in.Resource)
	if err != nil {
		return nil, err
	}
	return s.forUser(u, a)
}

func (s *Server) clientGrant(a ask) (map[string]any, error) {
	if !a.client.confidential {
		return nil, badClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
	}
	if a.v2 && !slices.ContainsFunc(strings.Fields(a.scope), func(s string) bool { return strings.HasSuffix(s, "/.default") }) {
		return nil, badRequest(1002012, "The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", a.scope)
	}
	return s.forApp(a.client.service, a)
}
