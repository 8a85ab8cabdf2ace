package engine_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/kqltest"
	"github.com/postern-dev/postern/kql/result"
	"github.com/postern-dev/postern/kql/runtime"
	"github.com/postern-dev/postern/kql/schema"
)

var update = flag.Bool("update", false, "record the answers anew")

// now is 2026-11-20T10:00:00Z.
const now = 639_307_656_000_000_000

func newEngine(t testing.TB, functions ...runtime.Func) *engine.DB {
	t.Helper()
	db, err := engine.Open(t.Context(), engine.Options{Functions: functions, Memory: 1 << 30, Threads: 2})
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

// run compiles and runs a query.
func run(ctx context.Context, db *engine.DB, cat *schema.Catalog, query string) (cols []result.Column, out [][]any, compiled bool, err error) {
	p, err := kql.Compile(cat, query, kql.Options{Now: now, Look: db.Look(ctx)})
	if err != nil {
		return nil, nil, false, err
	}
	rows, err := db.Query(ctx, p, engine.Limits{Rows: 10_000})
	if err != nil {
		return nil, nil, true, fmt.Errorf("%w\n%s", err, p.SQL)
	}
	defer rows.Close()
	for rows.Next(ctx) {
		out = append(out, append([]any(nil), rows.Row()...))
	}
	if err := rows.Err(); err != nil {
		return nil, nil, true, fmt.Errorf("%w\n%s", err, p.SQL)
	}
	return p.Columns, out, true, nil
}

// answer is what a query gives, as text.
func answer(ctx context.Context, db *engine.DB, cat *schema.Catalog, query string) (text string, compiled bool, err error) {
	cols, rows, compiled, err := run(ctx, db, cat, query)
	if err != nil {
		return "", compiled, err
	}
	text = kqltest.Answer(kqltest.Case{Query: query}, func(string) ([]result.Column, [][]any, error) { return cols, rows, nil })
	return text, true, nil
}

func files(t testing.TB) []kqltest.File {
	t.Helper()
	list, err := kqltest.Files()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// queries lists what the fuzz test starts from and what must never be refused
// by the engine once it compiled: the cases here, and collections of published
// queries where POSTERN_KQL_CORPUS names a directory with them.
func queries(t testing.TB) []string {
	t.Helper()
	var list []string
	for _, f := range files(t) {
		for _, c := range f.Cases {
			list = append(list, c.Query)
		}
	}
	return list
}

// TestNothingCompiledIsRefused: a query that compiles runs.
func TestNothingCompiledIsRefused(t *testing.T) {
	list := queries(t)
	if dir := os.Getenv("POSTERN_KQL_CORPUS"); dir == "" {
		t.Log("POSTERN_KQL_CORPUS is not set: only the project's own queries were run")
	} else {
		list = append(list, corpus(t, dir)...)
	}
	db := newEngine(t, buildEvent())
	prepareEvents(t, db)
	compiled := 0
	for _, q := range list {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, ok, err := answer(ctx, db, eventCatalog(true), q)
		cancel()
		if ok {
			compiled++
			if err != nil {
				t.Errorf("%s\n%v", q, err)
			}
		}
	}
	t.Logf("%d of %d queries compiled, all of these ran", compiled, len(list))
	if compiled == 0 {
		t.Error("nothing compiled")
	}
}

func corpus(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no *.jsonl in %s: %v", dir, err)
	}
	var list []string
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(b), "\n") {
			var c struct{ Query string }
			if json.Unmarshal([]byte(line), &c) == nil && c.Query != "" {
				list = append(list, c.Query)
			}
		}
	}
	return list
}

// FuzzCompile: no text makes the compiler panic, what compiles the engine runs,
// whatever the data, and the answer does not depend on the form (see
// sameAnswer).
func FuzzCompile(f *testing.F) {
	for _, q := range queries(f) {
		f.Add(q)
	}
	for _, q := range eventQueries() {
		f.Add(q)
	}
	db, err := engine.Open(context.Background(), engine.Options{Functions: []runtime.Func{buildEvent()}, Memory: 512 << 20, Threads: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	prepareEvents(f, db)
	cat := eventCatalog(true)
	f.Fuzz(func(t *testing.T, q string) {
		if len(q) > 2000 {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		fine := func(err error) bool {
			return err == nil || ctx.Err() != nil || strings.Contains(err.Error(), "Out of Memory")
		}
		_, compiled, err := answer(ctx, db, cat, q)
		switch {
		case !compiled:
		case !fine(err):
			t.Errorf("%s\n%v", q, err)
		case err == nil && !undetermined(q):
			d, err := sameAnswer(ctx, db, cat, q)
			if !fine(err) {
				t.Errorf("%s\n%v", q, err)
			}
			if d != "" && ctx.Err() == nil {
				t.Error(d)
			}
		}
	})
}
