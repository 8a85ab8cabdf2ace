package entra

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// Server answers for login.microsoftonline.com.
type Server struct {
	State *cloud.State
	Key   *Key
	// VerificationURL is the page a person is told to open for a device code.
	// The lab's is on loopback, because a browser does not use the lab's proxy.
	VerificationURL string
	// Interval is how often a client may poll for a device code; zero is 1 s.
	Interval time.Duration
	// Lifetime of access tokens; zero is one hour.
	Lifetime time.Duration
	Log      *slog.Logger

	mu      sync.Mutex
	devices map[string]*deviceGrant // by device code
	codes   map[string]*codeGrant   // by authorization code
}

// Handler serves every route of the identity provider.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
		if len(path) == 1 && strings.EqualFold(path[0], "devicelogin") {
			s.devicePage(w, r)
			return
		}
		if len(path) < 2 {
			notFound(w, r)
			return
		}
		tenant, ok := s.tenant(path[0])
		if !ok {
			s.writeFault(w, r, badRequest(90002,
				"Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. This is the LAB: it has one tenant, %s.",
				path[0], s.State.World().Tenant.ID))
			return
		}
		s.route(w, r, tenant, strings.ToLower(strings.Join(path[1:], "/")))
	})
}

// SignIn serves only the pages a person opens in a browser: the device code
// page and the authorize endpoint.
func (s *Server) SignIn() http.Handler {
	all := s.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := strings.ToLower(strings.TrimRight(r.URL.Path, "/"))
		if p == "/devicelogin" || strings.HasSuffix(p, "/oauth2/deviceauth") || strings.HasSuffix(p, "/authorize") {
			all.ServeHTTP(w, r)
			return
		}
		notFound(w, r)
	})
}

func (s *Server) route(w http.ResponseWriter, r *http.Request, tenant, path string) {
	switch {
	case path == ".well-known/openid-configuration":
		s.discovery(w, r, tenant, false)
	case path == "v2.0/.well-known/openid-configuration":
		s.discovery(w, r, tenant, true)
	case path == "discovery/instance":
		s.instance(w, r)
	case path == "discovery/keys" || path == "discovery/v2.0/keys":
		writeJSON(w, http.StatusOK, s.Key.keySet())
	case strings.HasPrefix(path, "userrealm/"):
		s.userRealm(w, r)
	case path == "oauth2/token" || path == "oauth2/v2.0/token":
		s.token(w, r, path == "oauth2/v2.0/token")
	case path == "oauth2/devicecode" || path == "oauth2/v2.0/devicecode":
		s.deviceCode(w, r, path == "oauth2/v2.0/devicecode")
	case path == "oauth2/authorize" || path == "oauth2/v2.0/authorize":
		s.authorize(w, r, path == "oauth2/v2.0/authorize")
	case path == "oauth2/deviceauth":
		s.devicePage(w, r)
	default:
		notFound(w, r)
	}
}

// tenant resolves a path's tenant: the two multi-tenant words, the id, the
// domain. It returns the segment to use in answers.
func (s *Server) tenant(segment string) (string, bool) {
	t := s.State.World().Tenant
	switch seg := strings.ToLower(segment); seg {
	case "common", "organizations":
		return seg, true
	case strings.ToLower(t.ID), strings.ToLower(t.Domain):
		return t.ID, true
	}
	return "", false
}

func notFound(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "LAB identity provider: no such page: "+r.URL.Path, http.StatusNotFound)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: marshal response: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone if this fails
}

// newGUID is a random version 4 GUID.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
