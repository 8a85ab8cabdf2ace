package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/kql"
)

// remote asks the process that holds the store.
type remote struct {
	http   *http.Client
	holder Status
}

// Dial connects to the process that holds the store at path. The error is an
// fs.ErrNotExist or ECONNREFUSED where none answers.
func Dial(ctx context.Context, path string) (Reader, error) {
	socket := SocketOf(path)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, socket) }}
	r := &remote{http: &http.Client{Transport: transport}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://store/v1/status", nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", socket, err)
	}
	body, err := r.do(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", socket, err)
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(&r.holder); err != nil {
		return nil, fmt.Errorf("ask %s: %w", socket, err)
	}
	return r, nil
}

func (r *remote) Holder() *Status { return &r.holder }

func (r *remote) Close() error {
	r.http.CloseIdleConnections()
	return nil
}

// QueryError is a query that the holder refused; it was compiled there.
type QueryError struct{ Msg string }

func (e *QueryError) Error() string { return e.Msg }

func (r *remote) do(req *http.Request) (io.ReadCloser, error) {
	res, err := r.http.Do(req)
	if err != nil {
		if cause := context.Cause(req.Context()); cause != nil {
			return nil, cause
		}
		return nil, errors.Unwrap(err) // without the made-up URL
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close()
	var f failure
	if err := json.NewDecoder(io.LimitReader(res.Body, maxQuestion)).Decode(&f); err != nil || f.Error == "" {
		return nil, fmt.Errorf("the process that holds the store answers %s", res.Status)
	}
	if f.Query {
		return nil, &QueryError{f.Error}
	}
	return nil, errors.New(f.Error)
}

func (r *remote) post(ctx context.Context, what string, question any) (io.ReadCloser, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://store/v1/"+what, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return r.do(req)
}

func (r *remote) Plan(ctx context.Context, q Question) (string, error) {
	body, err := r.post(ctx, "plan", q)
	if err != nil {
		return "", err
	}
	defer body.Close()
	var text string
	if err := json.NewDecoder(body).Decode(&text); err != nil {
		return "", fmt.Errorf("read plan: %w", err)
	}
	return text, nil
}

func (r *remote) Coverage(ctx context.Context, from, to int64) ([]store.Coverage, error) {
	body, err := r.post(ctx, "coverage", span{from, to})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var out []store.Coverage
	if err := json.NewDecoder(body).Decode(&out); err != nil {
		return nil, fmt.Errorf("read coverage: %w", err)
	}
	return out, nil
}

func (r *remote) Query(ctx context.Context, q Question) (Rows, error) {
	body, err := r.post(ctx, "query", q)
	if err != nil {
		return nil, err
	}
	rows := &remoteRows{body: body, in: json.NewDecoder(body), holder: r.holder}
	var h head
	if err := rows.in.Decode(&h); err != nil {
		return nil, errors.Join(rows.broken(ctx, err), body.Close())
	}
	if rows.columns, err = h.columns(); err != nil {
		return nil, errors.Join(fmt.Errorf("read result: %w", err), body.Close())
	}
	rows.values = make([]any, len(rows.columns))
	return rows, nil
}

type remoteRows struct {
	body    io.ReadCloser
	in      *json.Decoder
	holder  Status
	columns []kql.Column
	values  []any
	end     *end
	err     error
}

func (r *remoteRows) Columns() []kql.Column { return r.columns }

// broken is the error of a stream that ended without its end.
func (r *remoteRows) broken(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("run query: %w", cause)
	}
	return fmt.Errorf("run query: pid %d (%s), which holds the store, broke off: %w", r.holder.PID, r.holder.What, err)
}

func (r *remoteRows) Next(ctx context.Context) bool {
	if r.err != nil || r.end != nil {
		return false
	}
	var m message
	if err := r.in.Decode(&m); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		r.err = r.broken(ctx, err)
		return false
	}
	if m.End != nil {
		r.end = m.End
		if m.End.Error != "" {
			r.err = errors.New(m.End.Error)
		}
		return false
	}
	if len(m.Row) != len(r.columns) {
		r.err = fmt.Errorf("read result: a row of %d values for %d columns", len(m.Row), len(r.columns))
		return false
	}
	for i, text := range m.Row {
		v, err := value(r.columns[i].Type, text)
		if err != nil {
			r.err = fmt.Errorf("read result: column %s: %w", r.columns[i].Name, err)
			return false
		}
		r.values[i] = v
	}
	return true
}

func (r *remoteRows) Row() []any { return r.values }

func (r *remoteRows) Truncated() bool { return r.end != nil && r.end.Truncated }

func (r *remoteRows) Err() error { return r.err }

func (r *remoteRows) Close() error { return r.body.Close() }
