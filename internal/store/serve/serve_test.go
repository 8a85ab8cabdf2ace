package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/types"
)

// table answers every question with its rows, after which it fails if it has an
// error.
type table struct {
	cols  []kql.Column
	rows  [][]any
	err   error
	asked []Question
	wait  chan struct{} // answers go on when it is closed
}

func (a *table) Query(_ context.Context, q Question) (Rows, error) {
	a.asked = append(a.asked, q)
	if q.KQL == "broken" {
		_, err := kql.Parse("AKSAudit | wher x")
		return nil, err
	}
	return &tableRows{table: a, at: -1}, nil
}

func (a *table) Plan(_ context.Context, q Question) (string, error) { return "PLAN of " + q.KQL, nil }
func (a *table) Coverage(_ context.Context, from, to int64) ([]store.Coverage, error) {
	if from > to {
		return nil, errors.New("the end is before the beginning")
	}
	return []store.Coverage{{Cluster: "c", Category: "kube-audit", From: from, To: to, Rows: 3, Cut: 1}}, nil
}
func (a *table) Holder() *Status { return nil }
func (a *table) Close() error    { return nil }

type tableRows struct {
	*table
	at int
}

func (r *tableRows) Columns() []kql.Column { return r.cols }
func (r *tableRows) Next(ctx context.Context) bool {
	r.at++
	if r.at == 1 && r.wait != nil {
		select {
		case <-r.wait:
		case <-ctx.Done():
		}
	}
	return r.at < len(r.rows)
}
func (r *tableRows) Row() []any      { return r.rows[r.at] }
func (r *tableRows) Truncated() bool { return len(r.rows) > 1 }
func (r *tableRows) Err() error      { return r.err }
func (r *tableRows) Close() error    { return nil }

func everyType() *table {
	a := &table{}
	for _, t := range []types.Type{types.Bool, types.Int, types.Long, types.Real, types.Decimal, types.String, types.DateTime, types.TimeSpan, types.Guid, types.Dynamic} {
		a.cols = append(a.cols, kql.Column{Name: "c_" + t.String(), Type: t})
	}
	a.rows = [][]any{
		{true, int32(math.MinInt32), int64(math.MaxInt64), 0.1, "1.10", "a \"b\"\n\x00 \u2028<é", int64(638_999_999_999_999_999), int64(math.MinInt64), "74be27de-1e4e-49d9-b579-fe0b331d3642", `{"a":1.10}`},
		make([]any, 10),
		{false, int32(0), int64(0), math.Inf(-1), "0", "", int64(0), int64(0), "", "null"},
	}
	return a
}

func serving(t *testing.T, path string, r Reader) Reader {
	t.Helper()
	s, err := Listen(path, r, func() Status { return Status{What: "test"} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func collect(t *testing.T, r Reader, q Question) ([][]any, Rows) {
	t.Helper()
	rows, err := r.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out [][]any
	for rows.Next(t.Context()) {
		out = append(out, append([]any(nil), rows.Row()...))
	}
	return out, rows
}

func TestEveryValueCrosses(t *testing.T) {
	a := everyType()
	c := serving(t, filepath.Join(t.TempDir(), "s.duckdb"), a)
	got, rows := collect(t, c, Question{KQL: "x", Now: 42, MaxRows: 7})
	if !reflect.DeepEqual(got, a.rows) || !reflect.DeepEqual(rows.Columns(), a.cols) || !rows.Truncated() || rows.Err() != nil {
		t.Errorf("got %#v %v, truncated %v, %v", got, rows.Columns(), rows.Truncated(), rows.Err())
	}
	if len(a.asked) != 1 || a.asked[0] != (Question{KQL: "x", Now: 42, MaxRows: 7}) {
		t.Errorf("asked %+v", a.asked)
	}
	a.rows = [][]any{append(append([]any{}, a.rows[0][:3]...), math.NaN(), "", "", int64(0), int64(0), "", "")}
	got, _ = collect(t, c, Question{})
	if f, ok := got[0][3].(float64); !ok || !math.IsNaN(f) {
		t.Errorf("NaN became %v", got[0][3])
	}
	if plan, err := c.Plan(t.Context(), Question{KQL: "y"}); err != nil || plan != "PLAN of y" {
		t.Errorf("plan %q, %v", plan, err)
	}
	if got, err := c.Coverage(t.Context(), 1, math.MaxInt64); err != nil || len(got) != 1 || got[0] != (store.Coverage{Cluster: "c", Category: "kube-audit", From: 1, To: math.MaxInt64, Rows: 3, Cut: 1}) {
		t.Errorf("coverage %+v, %v", got, err)
	}
	if _, err := c.Coverage(t.Context(), 2, 1); err == nil || err.Error() != "the end is before the beginning" {
		t.Errorf("coverage with a fault: %v", err)
	}
	if h := c.Holder(); h == nil || h.PID != os.Getpid() || h.What != "test" {
		t.Errorf("holder %+v", h)
	}
}

func TestErrorsCross(t *testing.T) {
	a := everyType()
	a.err = errors.New("out of memory")
	c := serving(t, filepath.Join(t.TempDir(), "s.duckdb"), a)
	got, rows := collect(t, c, Question{})
	if len(got) != 3 || rows.Err() == nil || rows.Err().Error() != "out of memory" {
		t.Errorf("%d rows, then %v", len(got), rows.Err())
	}
	var refused *QueryError
	if _, err := c.Query(t.Context(), Question{KQL: "broken"}); !errors.As(err, &refused) || !strings.Contains(err.Error(), "wher") {
		t.Errorf("a query with a fault: %v", err)
	}
}

// TestBrokenOff: an answer whose server ends is an error, not a short result.
func TestBrokenOff(t *testing.T) {
	a := everyType()
	a.wait = make(chan struct{})
	path := filepath.Join(t.TempDir(), "s.duckdb")
	s, err := Listen(path, a, func() Status { return Status{} })
	if err != nil {
		t.Fatal(err)
	}
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	// The head is here, the second row never comes.
	rows, err := c.Query(t.Context(), Question{})
	if err != nil {
		t.Fatal(err)
	}
	s.http.Close()
	for rows.Next(t.Context()) {
	}
	err = rows.Err()
	if err == nil {
		t.Error("an answer that was broken off looks whole")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestPlaces(t *testing.T) {
	long := t.TempDir()
	for range 4 {
		long = filepath.Join(long, strings.Repeat("d", 60))
	}
	if err := os.MkdirAll(long, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "s.duckdb"), filepath.Join(long, "s.duckdb"), filepath.Join(long, strings.Repeat("n", 200))} {
		t.Run(fmt.Sprint(len(path)), func(t *testing.T) {
			if err := os.WriteFile(SocketOf(path), nil, 0o644); err != nil { // left behind by a killed process
				t.Fatal(err)
			}
			c := serving(t, path, everyType())
			if got, _ := collect(t, c, Question{}); len(got) != 3 {
				t.Errorf("%d rows", len(got))
			}
			info, err := os.Stat(SocketOf(path))
			if err != nil || info.Mode().Perm() != 0o600 || info.Mode().Type() != fs.ModeSocket {
				t.Errorf("socket %v, %v", info.Mode(), err)
			}
		})
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(entries) != 0 {
			t.Errorf("left behind: %v %v", entries, err)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	if _, err := Dial(t.Context(), filepath.Join(t.TempDir(), "s.duckdb")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("dial: %v", err)
	}
	if _, err := Open(t.Context(), "duckdb:"+filepath.Join(t.TempDir(), "none"), Options{}); !errors.Is(err, ErrNoStore) {
		t.Errorf("open: %v", err)
	}
	if _, err := Open(t.Context(), "kusto://x", Options{}); !errors.Is(err, ErrScheme) {
		t.Errorf("open: %v", err)
	}
}
