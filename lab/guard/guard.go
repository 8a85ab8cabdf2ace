package guard

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
)

// Paths of the two webhooks on the handler.
const (
	TokenReviewPath  = "/authenticate"
	AccessReviewPath = "/authorize"
)

// Server answers the webhooks of one cluster.
type Server struct {
	State     *cloud.State
	Key       *entra.Key
	ClusterID string    // ARM id of the cluster whose API server asks
	Log       io.Writer // receives the guard log; nil for none

	mu sync.Mutex // one log line at a time
}

// ServeHTTP answers both webhooks.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodPost:
		http.Error(w, "reviews are posted", http.StatusMethodNotAllowed)
	case r.URL.Path == TokenReviewPath:
		review(s.authenticate)(w, r)
	case r.URL.Path == AccessReviewPath:
		review(s.authorize)(w, r)
	default:
		http.NotFound(w, r)
	}
}

// review decodes a webhook's object, lets f fill in its status and sends it
// back. Requests are bounded to 1 MiB.
func review[T any](f func(*T)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var object T
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&object); err != nil {
			http.Error(w, fmt.Sprintf("decode review: %v", err), http.StatusBadRequest)
			return
		}
		f(&object)
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(object); err != nil {
			return // the API server hung up; it asks again
		}
	}
}

// settings are the cluster's, the zero value when the cluster is gone.
func (s *Server) settings() (*cloud.World, cloud.Settings) {
	w := s.State.World()
	c, ok := w.Cluster(s.ClusterID)
	if !ok {
		return w, cloud.Settings{}
	}
	return w, c.Settings()
}

// logf writes a line as klog does: severity, month and day, time, thread, place.
func (s *Server) logf(severity byte, place, format string, args ...any) {
	if s.Log == nil {
		return
	}
	now := s.State.Now().UTC()
	s.mu.Lock()
	defer s.mu.Unlock()
	// The log is a copy for people; a webhook does not fail for it.
	_, _ = fmt.Fprintf(s.Log, "%c%s       1 %s] %s\n", severity, now.Format("0102 15:04:05.000000"), place, fmt.Sprintf(format, args...))
}

// tenant is the issuer's tenant, now the time tokens are judged at.
func (s *Server) verify(w *cloud.World, raw string) (entra.Token, error) {
	return s.Key.Verify(raw, w.Tenant.ID, s.now())
}

func (s *Server) now() time.Time { return s.State.Now() }
