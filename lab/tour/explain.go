package tour

import (
	"context"
	"fmt"
	"strings"
)

// typedColumns checks that the article's scalar fields are read from typed
// columns: the SQL takes no JSON apart for them.
func (w *walk) typedColumns(ctx context.Context, t *transcript) error {
	p := w.hshahin
	t.command(p.short, shellLine("postern", query("--explain=sql")))
	r, err := p.product(ctx, query("--explain=sql")...)
	if err != nil {
		return err
	}
	t.output(r.Stdout)
	if bad := jsonInSQL(r.Stdout); bad != "" {
		return fmt.Errorf("the SQL takes JSON apart: %s", bad)
	}
	t.means("verb, code, decision and user come from typed columns, not from JSON text")
	return nil
}

// jsonInSQL names a way of reading JSON that the SQL uses, "" for none.
func jsonInSQL(sql string) string {
	sql = strings.ToLower(sql)
	for _, way := range []string{"json_extract", "->>", "json_value", "from_json", "parse_json"} {
		if strings.Contains(sql, way) {
			return way
		}
	}
	return ""
}
