package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/kqltest"
	"github.com/postern-dev/postern/kql/result"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// TestCases compiles and runs every case of kql/kqltest, refusals included.
func TestCases(t *testing.T) {
	db := newEngine(t)
	files, err := kqltest.Files()
	if err != nil {
		t.Fatal(err)
	}
	run := func(query string) ([]result.Column, [][]any, error) { return rowsOf(t, db, query) }
	for _, f := range files {
		t.Run(f.Name, func(t *testing.T) {
			for i, c := range f.Cases {
				got := kqltest.Answer(c, run)
				if *update {
					f.Cases[i].Want = got
				} else if got != c.Want {
					t.Errorf("%s:\n%sgot:\n%swant:\n%s", c.Name, c.Query, got, c.Want)
				}
			}
		})
		if *update {
			path := filepath.Join("..", "..", "..", "..", "kql", "kqltest", "testdata", f.Name)
			if err := os.WriteFile(path, []byte(kqltest.Format(f)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// oneTable is there for the suggestion a misspelt table name gets.
func oneTable() *schema.Catalog {
	return &schema.Catalog{Tables: []*schema.Table{{Name: "AzureDiagnostics", Relation: "none", Columns: []schema.Column{{Name: "log_s", Type: types.String, Physical: "log_s"}}}}}
}

// rowsOf answers a query; an error is a refusal, since what compiles must run.
func rowsOf(t *testing.T, db *engine.DB, query string) ([]result.Column, [][]any, error) {
	p, err := kql.Compile(oneTable(), query, kql.Options{Now: now, Look: db.Look(t.Context())})
	if err != nil {
		return nil, nil, err
	}
	rows, err := db.Query(t.Context(), p, engine.Limits{})
	if err != nil {
		t.Fatalf("compiled query fails: %v\n%s\n%s", err, query, p.SQL)
	}
	defer rows.Close()
	var out [][]any
	for rows.Next(t.Context()) {
		out = append(out, append([]any(nil), rows.Row()...))
	}
	if rows.Err() != nil {
		t.Fatalf("compiled query fails: %v\n%s\n%s", rows.Err(), query, p.SQL)
	}
	return rows.Columns, out, nil
}
