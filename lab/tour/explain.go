package tour

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// typedColumns checks that the article's scalar fields are read from typed
// columns. The query as it stands also returns the whole event, which must be
// put together once; without that column, its SQL may not touch JSON at all.
func (w *walk) typedColumns(ctx context.Context, t *transcript) error {
	whole, err := w.sqlOf(ctx, t, "document.kql")
	if err != nil {
		return err
	}
	if bad := first(whole, pathAccess); bad != "" {
		return fmt.Errorf("the SQL reads a field out of JSON: %s", bad)
	}
	scalars := append(append([]byte{}, documentQuery...), " | project-away event"...)
	if err := os.WriteFile(w.hshahin.file("scalars.kql"), scalars, 0o600); err != nil {
		return fmt.Errorf("write query: %w", err)
	}
	sql, err := w.sqlOf(ctx, t, "scalars.kql")
	if err != nil {
		return err
	}
	if bad := first(sql, append(pathAccess, anyJSON...)); bad != "" {
		return fmt.Errorf("the SQL for the scalar columns touches JSON: %s", bad)
	}
	for _, column := range []string{"e.verb", "e.status_code", "e.annotation_decision", "e.user_username", "e.user_groups"} {
		if !strings.Contains(sql, column) {
			return fmt.Errorf("the SQL does not read the column %s", column)
		}
	}
	t.means("verb, code, decision, user and groups are read from typed columns; JSON is put together only for the event column")
	return nil
}

var (
	// pathAccess is how SQL takes a value out of JSON.
	pathAccess = []string{"kql_dyn.get", "kql_dyn.at", "json_extract", "json_value", "->"}
	// anyJSON is how it makes or reads JSON at all.
	anyJSON = []string{"parse_json", "event_json", `"text"`, "::json", "as json"}
)

// first returns the first of words that text holds.
func first(text string, words []string) string {
	text = strings.ToLower(text)
	for _, word := range words {
		if strings.Contains(text, word) {
			return word
		}
	}
	return ""
}

func (w *walk) sqlOf(ctx context.Context, t *transcript, file string) (string, error) {
	p := w.hshahin
	args := []string{"query", "--store", "duckdb:tour.db", "--query-file", file, "--explain=sql"}
	t.command(p.short, shellLine("postern", args))
	r, err := p.product(ctx, args...)
	if err != nil {
		return "", err
	}
	t.output(r.Stdout)
	return r.Stdout, nil
}
