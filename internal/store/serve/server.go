package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/postern-dev/postern/kql/syntax"
)

// Server answers other processes.
type Server struct {
	socket   string
	listener net.Listener
	http     *http.Server
	done     chan struct{}
}

// maxQuestion bounds what a question may take; the longest real queries have a
// few hundred lines.
const maxQuestion = 4 << 20

// Listen answers questions about the store at path through its socket until
// Close. The caller holds the store: a socket left by a process that was killed
// is replaced.
func Listen(path string, r Reader, status func() Status) (*Server, error) {
	socket := SocketOf(path)
	l, err := listen(socket)
	if err != nil {
		return nil, fmt.Errorf("serve store %s: %w", path, err)
	}
	s := &Server{socket: socket, listener: l, done: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/query", func(w http.ResponseWriter, req *http.Request) { answer(w, req, r) })
	mux.HandleFunc("POST /v1/plan", func(w http.ResponseWriter, req *http.Request) { plan(w, req, r) })
	mux.HandleFunc("POST /v1/coverage", func(w http.ResponseWriter, req *http.Request) { coverage(w, req, r) })
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, req *http.Request) {
		now := status()
		now.PID = os.Getpid()
		reply(w, http.StatusOK, now)
	})
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with the listener
	}()
	return s, nil
}

// Close takes the socket away and waits a little for questions under way.
func (s *Server) Close() error {
	err := os.Remove(s.socket)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if shut := s.http.Shutdown(ctx); shut != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.done
	if err != nil {
		return fmt.Errorf("close %s: %w", s.socket, err)
	}
	return nil
}

// failure is the body of an answer that is none.
type failure struct {
	Error string `json:"error"`
	Query bool   `json:"query,omitempty"` // the query is at fault
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the other side may be gone
}

func fail(w http.ResponseWriter, err error) {
	var list *syntax.ErrorList
	if errors.As(err, &list) {
		reply(w, http.StatusBadRequest, failure{err.Error(), true})
		return
	}
	reply(w, http.StatusInternalServerError, failure{Error: err.Error()})
}

// question reads what is asked into q; false where it has answered already.
func question(w http.ResponseWriter, req *http.Request, q any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, req.Body, maxQuestion))
	d.DisallowUnknownFields()
	if err := d.Decode(q); err != nil {
		reply(w, http.StatusBadRequest, failure{Error: "read question: " + err.Error()})
		return false
	}
	return true
}

func coverage(w http.ResponseWriter, req *http.Request, r Reader) {
	var s span
	if !question(w, req, &s) {
		return
	}
	list, err := r.Coverage(req.Context(), s.From, s.To)
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, http.StatusOK, list)
}

func plan(w http.ResponseWriter, req *http.Request, r Reader) {
	var q Question
	if !question(w, req, &q) {
		return
	}
	text, err := r.Plan(req.Context(), q)
	if err != nil {
		fail(w, err)
		return
	}
	reply(w, http.StatusOK, text)
}

// answer streams the rows as they come.
func answer(w http.ResponseWriter, req *http.Request, r Reader) {
	var q Question
	if !question(w, req, &q) {
		return
	}
	rows, err := r.Query(req.Context(), q)
	if err != nil {
		fail(w, err)
		return
	}
	defer rows.Close()
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	if out.Encode(headOf(rows.Columns())) != nil {
		return
	}
	_ = http.NewResponseController(w).Flush() // rows may take their time
	var e end
	var line []byte
	for rows.Next(req.Context()) {
		if line, err = appendRow(line[:0], rows.Row()); err != nil {
			break
		}
		if _, gone := w.Write(line); gone != nil {
			return
		}
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		e.Error = err.Error()
	}
	e.Truncated = rows.Truncated()
	_ = out.Encode(message{End: &e})
}
