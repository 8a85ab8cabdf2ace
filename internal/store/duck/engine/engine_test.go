package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/runtime"
	"github.com/postern-dev/postern/kql/types"
)

func open(t *testing.T, o Options) *DB {
	t.Helper()
	db, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func all(t *testing.T, db *DB, p *kql.Program, lim Limits) ([][]any, *Rows) {
	t.Helper()
	rows, err := db.Query(t.Context(), p, lim)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out [][]any
	for rows.Next(t.Context()) {
		out = append(out, append([]any(nil), rows.Row()...))
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return out, rows
}

func TestTypesRoundTrip(t *testing.T) {
	db := open(t, Options{})
	cols := []kql.Column{{Name: "b", Type: types.Bool}, {Name: "i", Type: types.Int}, {Name: "l", Type: types.Long}, {Name: "r", Type: types.Real}, {Name: "s", Type: types.String}, {Name: "n", Type: types.Dynamic}}
	p := &kql.Program{SQL: "SELECT $1::BOOLEAN, $2::INTEGER, $3::BIGINT, $4::DOUBLE, $5::VARCHAR, $6::VARCHAR", Params: []any{true, int32(7), int64(1) << 60, 0.5, "a'b\x00é", nil}, Columns: cols}
	got, _ := all(t, db, p, Limits{})
	if want := [][]any{{true, int32(7), int64(1) << 60, 0.5, "a'b\x00é", nil}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

func TestLimitTruncates(t *testing.T) {
	db := open(t, Options{})
	p := &kql.Program{SQL: "SELECT range FROM range(10)", Columns: []kql.Column{{Name: "x", Type: types.Long}}}
	for _, c := range []struct {
		limit, rows int
		truncated   bool
	}{{0, 10, false}, {3, 3, true}, {10, 10, false}, {11, 10, false}} {
		got, rows := all(t, db, p, Limits{Rows: c.limit})
		if len(got) != c.rows || rows.Truncated() != c.truncated {
			t.Errorf("limit %d: %d rows, truncated %v", c.limit, len(got), rows.Truncated())
		}
	}
}

// TestFunctionsSeeNulls: a registered function is called on every connection,
// gets nulls, and may be variadic.
func TestFunctionsSeeNulls(t *testing.T) {
	count := runtime.Func{Name: "test_count", Args: []types.Type{types.Long, types.String}, Variadic: true, Result: types.String, Call: func(a []any) any {
		return fmt.Sprintf("%d:%v", len(a), a)
	}}
	db := open(t, Options{Functions: []runtime.Func{count}})
	p := &kql.Program{SQL: "SELECT test_count(NULL, 'a', NULL), test_count(1)", Columns: []kql.Column{{Name: "a", Type: types.String}, {Name: "b", Type: types.String}}}
	for range 3 {
		conn, err := db.SQL().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() // kept, so that each query below gets a new connection
		got, _ := all(t, db, p, Limits{})
		if want := [][]any{{"3:[<nil> a <nil>]", "1:[1]"}}; !reflect.DeepEqual(got, want) {
			t.Fatalf("got %#v, want %#v", got, want)
		}
	}
}

// TestLockedDown: no statement can reach files, load extensions or undo that.
func TestLockedDown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.duckdb")
	for _, p := range []string{"", path} {
		db := open(t, Options{Path: p})
		for _, s := range []string{
			"SELECT * FROM read_csv('/etc/passwd')",
			"SELECT * FROM '/etc/passwd'",
			"COPY (SELECT 1) TO '/tmp/postern-escape.csv'",
			"ATTACH '/tmp/postern-escape.duckdb'",
			"INSTALL httpfs",
			"LOAD httpfs",
			"SET enable_external_access = true",
			"SET lock_configuration = false",
			"SELECT getenv('HOME')",
		} {
			if _, err := db.SQL().ExecContext(t.Context(), s); err == nil {
				t.Errorf("%q (%s): allowed", s, place(p))
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	db := open(t, Options{})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("timeout of 50ms reached"))
	defer cancel()
	p := &kql.Program{SQL: "SELECT count(*) FROM range(100000000000) a", Columns: []kql.Column{{Name: "n", Type: types.Long}}}
	rows, err := db.Query(ctx, p, Limits{})
	if err == nil {
		for rows.Next(ctx) {
		}
		err = rows.Err()
		rows.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "timeout of 50ms reached") {
		t.Fatalf("error %v, want the cause of the cancellation", err)
	}
}

func TestOpenSaysWhat(t *testing.T) {
	_, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "none", "x.duckdb")})
	if err == nil || !strings.Contains(err.Error(), "x.duckdb") {
		t.Fatalf("error %v, want one that names the file", err)
	}
	if _, err := Open(t.Context(), Options{Settings: map[string]string{"no_such_setting": "1"}}); err == nil {
		t.Fatal("an unknown setting was accepted")
	}
}
