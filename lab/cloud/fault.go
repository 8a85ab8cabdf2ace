package cloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Hosts that a Fault can name.
const (
	HostARM        = "arm"
	HostGraph      = "graph"
	HostEntra      = "entra"
	HostKubernetes = "kubernetes"
)

// Fault is what goes wrong with requests that fit it.
type Fault struct {
	Host         string   `json:"host"`
	Method       string   `json:"method,omitempty"`       // empty: any
	Path         string   `json:"path,omitempty"`         // * within a piece, ** any rest; empty: any
	Subscription string   `json:"subscription,omitempty"` // id; empty: any
	Cluster      string   `json:"cluster,omitempty"`      // name, of host kubernetes; empty: any
	Caller       string   `json:"caller,omitempty"`       // object id; empty: anybody
	Status       int      `json:"status,omitempty"`
	Code         string   `json:"code,omitempty"`
	RetryAfter   int      `json:"retryAfter,omitempty"` // seconds
	Delay        Duration `json:"delay,omitempty"`
	Hang         bool     `json:"hang,omitempty"`  // until the client gives up
	Times        int      `json:"times,omitempty"` // how often; 0: always
}

// Duration is a time.Duration that is written as text.
type Duration time.Duration

// UnmarshalJSON reads "200ms".
func (d *Duration) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	v, err := time.ParseDuration(s)
	*d = Duration(v)
	return err
}

// MarshalJSON writes "200ms".
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// hang is how long a request that hangs is held at most.
const hang = time.Minute

// Asked is a request as faults see it.
type Asked struct {
	Host, Method, Path, Cluster, Caller string
}

// fits reports whether a fault concerns a request.
func (f Fault) fits(a Asked) bool {
	path := strings.ToLower(a.Path)
	return strings.EqualFold(f.Host, a.Host) &&
		(f.Method == "" || strings.EqualFold(f.Method, a.Method)) &&
		(f.Subscription == "" || strings.HasPrefix(path+"/", "/subscriptions/"+strings.ToLower(f.Subscription)+"/")) &&
		(f.Cluster == "" || strings.EqualFold(f.Cluster, a.Cluster)) &&
		(f.Caller == "" || strings.EqualFold(f.Caller, a.Caller)) &&
		(f.Path == "" || pathPattern(f.Path).MatchString(path))
}

func pathPattern(pattern string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(strings.ToLower(pattern))
	quoted = strings.ReplaceAll(quoted, `\*\*`, ".*")
	return regexp.MustCompile("^" + strings.ReplaceAll(quoted, `\*`, "[^/]*") + "$")
}

// FaultOf is the first fault of the world that a request meets. A fault that
// comes a number of times is used up by it.
func (s *State) FaultOf(a Asked) (Fault, bool) {
	s.faults.Lock()
	defer s.faults.Unlock()
	for i, f := range s.World().Faults {
		if !f.fits(a) || f.Times > 0 && s.met[i] >= f.Times {
			continue
		}
		s.met[i]++
		return f, true
	}
	return Fault{}, false
}

// Faulty puts the world's faults before a host. cluster names the cluster of a
// request to host kubernetes; caller tells who asks and may be nil.
func (s *State) Faulty(host, cluster string, caller func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := Asked{Host: host, Method: r.Method, Path: r.URL.Path, Cluster: cluster}
		if len(s.World().Faults) > 0 && caller != nil {
			a.Caller = caller(r)
		}
		f, met := s.FaultOf(a)
		if !met {
			next.ServeHTTP(w, r)
			return
		}
		wait := time.Duration(f.Delay)
		if f.Hang {
			wait = hang
		}
		if wait > 0 {
			timer := time.NewTimer(wait)
			defer timer.Stop()
			select {
			case <-r.Context().Done():
				return
			case <-timer.C:
			}
		}
		if f.Status == 0 {
			next.ServeHTTP(w, r)
			return
		}
		f.answer(w, r)
	})
}

// answer writes the refusal in the host's own shape.
func (f Fault) answer(w http.ResponseWriter, r *http.Request) {
	code := f.Code
	if code == "" {
		code = map[int]string{http.StatusForbidden: "AuthorizationFailed", http.StatusTooManyRequests: "TooManyRequests",
			http.StatusInternalServerError: "InternalServerError", http.StatusServiceUnavailable: "ServiceUnavailable", http.StatusConflict: "Conflict"}[f.Status]
		if code == "" {
			code = strings.ReplaceAll(http.StatusText(f.Status), " ", "")
		}
		if f.Host == HostGraph && f.Status == http.StatusForbidden {
			code = "Authorization_RequestDenied"
		}
	}
	message := fmt.Sprintf("LAB: a fault of the world answers %s %s.", r.Method, r.URL.Path)
	var body any = map[string]any{"error": map[string]any{"code": code, "message": message}}
	if f.Host == HostKubernetes {
		body = map[string]any{"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{}, "status": "Failure", "message": message,
			"reason": map[int]string{http.StatusForbidden: "Forbidden", http.StatusTooManyRequests: "TooManyRequests"}[f.Status], "code": f.Status}
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(f.Status)
	// The client is gone if this fails.
	_ = json.NewEncoder(w).Encode(body)
}
