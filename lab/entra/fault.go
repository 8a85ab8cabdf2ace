package entra

import (
	"fmt"
	"net/http"
	"time"
)

// A fault is an OAuth error with Entra's number.
type fault struct {
	status int
	oauth  string // invalid_grant …
	code   int    // AADSTS…
	text   string
}

func (f *fault) Error() string { return fmt.Sprintf("AADSTS%d: %s", f.code, f.text) }

func badGrant(code int, format string, args ...any) *fault {
	return &fault{status: http.StatusBadRequest, oauth: "invalid_grant", code: code, text: fmt.Sprintf(format, args...)}
}

func badRequest(code int, format string, args ...any) *fault {
	return &fault{status: http.StatusBadRequest, oauth: "invalid_request", code: code, text: fmt.Sprintf(format, args...)}
}

func badClient(code int, format string, args ...any) *fault {
	return &fault{status: http.StatusUnauthorized, oauth: "invalid_client", code: code, text: fmt.Sprintf(format, args...)}
}

func (s *Server) writeFault(w http.ResponseWriter, r *http.Request, f *fault) {
	now := s.State.Now().UTC()
	trace, correlation := newGUID(), r.Header.Get("Client-Request-Id")
	if correlation == "" {
		correlation = newGUID()
	}
	stamp := now.Format("2006-01-02 15:04:05Z")
	w.Header().Set("X-Ms-Request-Id", trace)
	writeJSON(w, f.status, map[string]any{
		"error": f.oauth,
		"error_description": fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s",
			f.Error(), trace, correlation, stamp),
		"error_codes":    []int{f.code},
		"timestamp":      stamp,
		"trace_id":       trace,
		"correlation_id": correlation,
		"error_uri":      fmt.Sprintf("https://%s/error?code=%d", Host, f.code),
	})
}

// unixSeconds is a NumericDate.
func unixSeconds(t time.Time) int64 { return t.Unix() }
