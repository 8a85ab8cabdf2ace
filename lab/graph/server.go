package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
)

// Host is where Graph is reached.
const Host = "graph.microsoft.com"

// Server answers for graph.microsoft.com.
type Server struct {
	State *cloud.State
	Key   *entra.Key
}

type fault struct {
	status        int
	code, message string
}

func (f *fault) Error() string { return f.code + ": " + f.message }

func refuse(status int, code, format string, args ...any) *fault {
	return &fault{status, code, fmt.Sprintf(format, args...)}
}

// call is one authenticated request.
type call struct {
	world *cloud.World
	r     *http.Request
	who   entra.Token
	guest bool
}

// Handler serves /v1.0 and /beta alike.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		status, body := http.StatusOK, any(nil)
		c, err := s.authenticate(r)
		if err == nil {
			body, err = c.answer()
		}
		if err != nil {
			var f *fault
			if !errors.As(err, &f) {
				f = refuse(http.StatusInternalServerError, "InternalServerError", "LAB: %v", err)
			}
			status = f.status
			body = map[string]any{"error": map[string]any{"code": f.code, "message": f.message,
				"innerError": map[string]string{"date": s.State.Now().UTC().Format("2006-01-02T15:04:05")}}}
		}
		text, err := json.Marshal(body)
		if err != nil {
			panic("BUG: marshal response: " + err.Error())
		}
		w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write(text) // the client is gone if this fails
	})
}

func (s *Server) authenticate(r *http.Request) (*call, error) {
	c := &call{world: s.State.World(), r: r}
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil, refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty.")
	}
	var err error
	c.who, err = s.Key.Verify(strings.TrimSpace(raw), c.world.Tenant.ID, s.State.Now())
	switch {
	case errors.Is(err, entra.ErrExpired):
		return nil, refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
	case err != nil:
		return nil, refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure: %v.", err)
	}
	if aud := strings.TrimRight(c.who.Audience, "/"); aud != "https://"+Host && aud != entra.GraphApp {
		return nil, refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
	}
	if c.who.App {
		if p, ok := c.world.ServicePrincipal(c.who.ObjectID); !ok || p.Disabled {
			return nil, refuse(http.StatusUnauthorized, "Authorization_IdentityNotFound", "The identity of the calling application could not be established.")
		}
		return c, nil
	}
	u, ok := c.world.User(c.who.ObjectID)
	if !ok || u.Disabled {
		return nil, refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "The user is not in the directory or disabled.")
	}
	c.guest = u.Guest
	return c, nil
}

// may checks what the caller can read; kinds are user, group, application.
func (c *call) may(kind string) error {
	grants := map[string][]string{
		"user":        {"Directory.Read.All", "User.Read.All"},
		"group":       {"Directory.Read.All", "Group.Read.All", "GroupMember.Read.All"},
		"application": {"Directory.Read.All", "Application.Read.All"},
		"owner":       {"Directory.Read.All", "Group.Read.All"},
		"role":        {"Directory.Read.All", "RoleManagement.Read.Directory", "RoleManagement.Read.All"},
		// RoleManagement.Read.All is documented to suffice and does not for
		// applications (github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/1980).
		"eligible": {"RoleEligibilitySchedule.Read.Directory", "RoleManagement.Read.Directory"},
		"pim":      {"PrivilegedEligibilitySchedule.Read.AzureADGroup", "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup"},
	}[kind]
	if !c.who.App && !c.guest {
		if kind != "pim" && kind != "eligible" || c.holdsRole("Global Reader", "Security Reader", "Privileged Role Administrator", "Global Administrator") {
			return nil
		}
	}
	for _, role := range c.who.Roles {
		if slices.Contains(grants, role) {
			return nil
		}
	}
	if kind == "eligible" || kind == "pim" {
		return notGranted(grants)
	}
	return refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

// notGranted is how what stands behind PIM refuses: its own error as the text
// of Graph's (github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/17).
func notGranted(grants []string) error {
	inner, err := json.Marshal(struct {
		Code        string   `json:"errorCode"`
		Message     string   `json:"message"`
		Annotations []string `json:"instanceAnnotations"`
	}{"PermissionScopeNotGranted", "Authorization failed due to missing permission scope " + strings.Join(grants, ",") + ".", []string{}})
	if err != nil {
		panic("BUG: marshal refusal: " + err.Error())
	}
	return refuse(http.StatusForbidden, "UnknownError", "%s", inner)
}

// answer routes.
func (c *call) answer() (any, error) {
	p := strings.Split(strings.Trim(c.r.URL.Path, "/"), "/")
	if len(p) < 2 || (p[0] != "v1.0" && p[0] != "beta") {
		return nil, refuse(http.StatusBadRequest, "BadRequest", "Invalid version: '%s'.", p[0])
	}
	p = p[1:]
	if c.r.Method == http.MethodPost {
		return c.post(p)
	}
	if c.r.Method != http.MethodGet {
		return nil, refuse(http.StatusForbidden, "Authorization_RequestDenied", "The LAB's directory is read-only; load another world to change it.")
	}
	switch kind := strings.ToLower(p[0]); {
	case kind == "applications":
		return c.applications(p[1:])
	case kind == "rolemanagement" || kind == "identitygovernance":
		return c.governance(strings.ToLower(strings.Join(p, "/")))
	case strings.HasPrefix(kind, "serviceprincipals(appid="):
		return c.byAppID(p)
	case strings.EqualFold(strings.Join(p[1:min(2, len(p))], ""), graphID):
		return c.graphItself(p[2:])
	case kind == "me":
		return c.me(p[1:])
	case len(p) == 1:
		return c.list(kind)
	case len(p) == 2:
		return c.object(kind, p[1])
	case len(p) == 3:
		return c.relation(kind, p[1], p[2])
	}
	return nil, c.unknown()
}

func (c *call) unknown() error {
	return refuse(http.StatusBadRequest, "BadRequest", "The LAB has no directory resource at '%s'.", c.r.URL.Path)
}
