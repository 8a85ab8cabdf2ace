package arm

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
)

// Host is where Resource Manager is reached.
const Host = "management.azure.com"

// Server answers for management.azure.com.
type Server struct {
	State        *cloud.State
	Key          *entra.Key
	ControlPlane cloud.ControlPlane
	// ClusterID is the managed cluster that ControlPlane is behind. Others in
	// the world have a configuration, but no API server.
	ClusterID string
	Log       *slog.Logger

	mu         sync.Mutex
	operations map[string]*operation
	commands   []*commandRun // oldest first
	running    sync.WaitGroup
}

// A call is one request on its way through the rooms of this package.
type call struct {
	*Server
	w     http.ResponseWriter
	r     *http.Request
	ctx   context.Context
	world *cloud.World
	path  path
	who   caller
	// sub is the subscription that the path is in; home where it is in none.
	sub cloud.Subscription

	correlation string
	// What was asked and why it was allowed, for the Activity Log.
	action   string
	scope    string
	decision cloud.Decision
	recorded bool // the Activity Log has its record already
}

// Handler serves every route.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Server: s, w: w, r: r, ctx: r.Context(), world: s.State.World(), path: parsePath(r.URL.Path)}
		r.Body = http.MaxBytesReader(w, r.Body, 4<<20)
		if c.correlation = r.Header.Get("X-Ms-Correlation-Request-Id"); !cloud.IsGUID(c.correlation) {
			c.correlation = newGUID()
		}
		w.Header().Set("X-Ms-Correlation-Request-Id", c.correlation)
		w.Header().Set("X-Ms-Request-Id", newGUID())
		w.Header().Set("Cache-Control", "no-cache")
		status, body, err := c.answer()
		if err != nil {
			f := asFault(err)
			status, body = f.status, f.body()
			if f.status >= http.StatusInternalServerError {
				s.Log.Warn("resource manager", "method", r.Method, "path", r.URL.Path, "error", err)
			}
		}
		c.recordActivity(status, err)
		writeJSON(w, status, body)
	})
}

// Wait stops run commands and returns when no long-running operation is
// running any more.
func (s *Server) Wait() {
	s.stopCommands()
	s.running.Wait()
}

// Resume brings the cluster to what the world says of it: admin groups handed
// to the add-on manager, and an operation cut off by a crash closed. Call it
// at start and after the world was replaced.
func (s *Server) Resume(ctx context.Context) error {
	c, ok := s.State.World().Cluster(s.ClusterID)
	if !ok {
		return nil
	}
	if err := s.ControlPlane.ReconcileAdminGroups(ctx, adminGroups(c.Settings())); err != nil {
		return err
	}
	if provisioningState(c) == "Succeeded" {
		return nil
	}
	return s.setProvisioning(s.ClusterID, "Succeeded")
}

func adminGroups(set cloud.Settings) []string {
	if set.AADProfile == nil {
		return nil
	}
	return set.AADProfile.AdminGroupObjectIDs
}

// answer authenticates and routes.
func (c *call) answer() (int, any, error) {
	if err := c.authenticate(); err != nil {
		return 0, nil, err
	}
	if c.r.URL.Query().Get("api-version") == "" {
		return 0, nil, refuse(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	}
	if c.sub = c.world.Subscription; len(c.path) > 1 && strings.EqualFold(c.path[0], "subscriptions") {
		var ok bool
		if c.sub, ok = c.world.SubscriptionBy(c.path[1]); !ok {
			return 0, nil, refuse(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", c.path[1])
		}
	}
	for _, room := range []struct {
		namespace string
		serve     func(string, path) (int, any, error)
	}{
		{"Microsoft.Authorization", c.authorization}, {"Microsoft.Insights", c.insights},
		{configurationType, c.kubernetesConfiguration}, {"Microsoft.ContainerService", c.containerService},
		{"Microsoft.ManagedIdentity", c.identities}, {"Microsoft.ResourceGraph", c.resourceGraph},
	} {
		if scope, rest, ok := c.path.extension(room.namespace); ok {
			return room.serve(scope, rest)
		}
	}
	return c.subscriptions()
}

// allow checks that the caller may perform an action at a scope.
func (c *call) allow(action, scope string) error {
	c.action, c.scope = action, scope
	c.decision = c.world.Decide(c.who.ObjectID, action, scope)
	if c.decision.Allowed {
		return nil
	}
	if d, ok := c.denial(action, scope); ok {
		return refuse(http.StatusForbidden, "DenyAssignmentAuthorizationFailed",
			"The client '%s' with object id '%s' has permission to perform action '%s' on scope '%s'; however, the access is denied because of the deny assignment with name '%s' and Id '%s' at scope '%s'.",
			c.who.name, c.who.ObjectID, action, scope, d.Name, dashless(d.ID), d.Scope)
	}
	return refuse(http.StatusForbidden, "AuthorizationFailed",
		"The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.",
		c.who.name, c.who.ObjectID, action, scope)
}

// denial is the deny assignment that takes what roles give, if one does.
func (c *call) denial(action, scope string) (cloud.DenyAssignment, bool) {
	without := *c.world
	without.DenyAssignments = nil
	if !without.Decide(c.who.ObjectID, action, scope).Allowed {
		return cloud.DenyAssignment{}, false
	}
	for _, d := range c.world.DenyAssignments {
		without.DenyAssignments = []cloud.DenyAssignment{d}
		if !without.Decide(c.who.ObjectID, action, scope).Allowed {
			return d, true
		}
	}
	return cloud.DenyAssignment{}, false
}

// may asks without consequence.
func (c *call) may(action, scope string) bool {
	return c.world.Decide(c.who.ObjectID, action, scope).Allowed
}

// listed answers with what of a list the caller may read. A list in which
// nothing may be read is refused, unless the right is there and nothing else.
func (c *call) listed(items []any, action, scope string) (int, any, error) {
	if len(items) == 0 {
		if err := c.allow(action, scope); err != nil {
			return 0, nil, err
		}
	}
	return c.page(items)
}

func (c *call) noRoute() error {
	if len(c.path) > 0 {
		return refuse(http.StatusNotFound, "InvalidResourceType", "The LAB has no resource at '%s %s'.", c.r.Method, c.path)
	}
	return refuse(http.StatusNotFound, "NotFound", "The LAB has nothing at '/'.")
}

func (c *call) methodNotAllowed() error {
	return refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "The LAB does not do %s on '%s'.", c.r.Method, c.path)
}

// recordActivity writes the Activity Log record of anything but a read.
func (c *call) recordActivity(status int, err error) {
	if c.recorded || c.action == "" || strings.HasSuffix(strings.ToLower(c.action), "/read") {
		return
	}
	a := c.activity()
	a.HTTPStatus = status
	switch {
	case err != nil:
		a.Status, a.Message = "Failed", err.Error()
	default:
		a.Status = "Succeeded"
	}
	if err := c.State.RecordActivity(a); err != nil {
		c.Log.Error("record activity", "error", err)
	}
}

func (c *call) activity() cloud.Activity {
	ip, _, err := net.SplitHostPort(c.r.RemoteAddr)
	if err != nil {
		ip = c.r.RemoteAddr
	}
	a := cloud.Activity{
		Time: c.State.Now().UTC(), ID: newGUID(), CorrelationID: c.correlation, OperationID: newGUID(),
		Operation: c.action, ResourceID: c.scope, CallerID: c.who.ObjectID, Caller: c.who.name,
		AppID: c.who.AppID, IP: ip, Method: c.r.Method, URI: "https://" + Host + c.r.URL.RequestURI(),
	}
	if c.decision.Allowed {
		a.Role, a.Assignment, a.Scope = c.decision.Role.RoleName, c.decision.Assignment.ID, c.decision.Assignment.Scope
	}
	return a
}

// stamp is a time as Resource Manager writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }
