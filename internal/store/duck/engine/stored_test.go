package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/result"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/sqlgen/duckdb"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// A query over literal tables must answer the same when their rows lie in
// tables of the engine, where strings may be NULL for empty, nothing is known at
// compile time, and conditions move into scans; and the same again without the
// rewrite passes.

// errLiteral says that a query has no literal table that could be stored.
var errLiteral = errors.New("no literal table to store")

// stored puts the rows of a query's literal tables into tables of the engine.
// It gives the query that reads those in the order of the literals, the one that
// reads them plainly, so that operators stand next to the scan, their catalog,
// and what drops them.
func stored(ctx context.Context, db *engine.DB, text string) (sorted, plain string, cat *schema.Catalog, drop func(), err error) {
	q, err := syntax.Parse(text)
	if err != nil {
		return "", "", nil, nil, err
	}
	var tables []*syntax.Datatable
	syntax.Walk(q, func(n syntax.Node) bool {
		d, ok := n.(*syntax.Datatable)
		if ok && constants(d) {
			tables = append(tables, d)
		}
		return !ok
	})
	if len(tables) == 0 {
		return "", "", nil, nil, errLiteral
	}
	cat = &schema.Catalog{}
	drop = func() {
		for _, t := range cat.Tables {
			_, _ = db.SQL().ExecContext(context.Background(), `DROP TABLE IF EXISTS "`+t.Relation+`"`)
		}
	}
	at := 0
	for i, d := range tables {
		name := "Stored" + strconv.Itoa(i)
		t, err := store(ctx, db, name, text[d.Start:d.End], d)
		if err != nil {
			drop()
			return "", "", nil, nil, err
		}
		cat.Tables = append(cat.Tables, t)
		sorted += text[at:d.Start] + "(" + name + " | sort by ['stored order'] asc | project-away ['stored order'])"
		plain += text[at:d.Start] + "(" + name + " | project-away ['stored order'])"
		at = d.End
	}
	return sorted + text[at:], plain + text[at:], cat, drop, nil
}

func constants(d *syntax.Datatable) bool {
	fine := true
	for _, v := range d.Values {
		syntax.Walk(v, func(n syntax.Node) bool {
			if _, ok := n.(*syntax.Name); ok {
				fine = false
			}
			return true
		})
	}
	for _, c := range d.Columns.Columns {
		t, ok := types.Parse(c.Type.Text)
		fine = fine && ok && t != types.Decimal // which leaves a query as real
	}
	return fine
}

func store(ctx context.Context, db *engine.DB, name, literal string, d *syntax.Datatable) (*schema.Table, error) {
	cols, rows, _, err := run(ctx, db, nil, literal)
	if err != nil {
		return nil, err
	}
	t := &schema.Table{Name: name, Relation: "stored " + strconv.Itoa(os.Getpid()) + " " + name}
	var defs, marks []string
	dialect := duckdb.New()
	for i, c := range d.Columns.Columns {
		typ, _ := types.Parse(c.Type.Text)
		physical := "v" + strconv.Itoa(i)
		t.Columns = append(t.Columns, schema.Column{Name: cols[i].Name, Type: typ, Physical: physical})
		defs = append(defs, physical+" "+dialect.Type(typ))
		marks = append(marks, "?")
	}
	t.Columns = append(t.Columns, schema.Column{Name: "stored order", Type: types.Long, Physical: "ord"})
	if _, err := db.SQL().ExecContext(ctx, `CREATE TABLE "`+t.Relation+`" (`+strings.Join(append(defs, "ord BIGINT"), ", ")+`)`); err != nil {
		return nil, err
	}
	for n, r := range rows {
		for i, v := range r {
			if v == "" && t.Columns[i].Type == types.String {
				r[i] = nil // an empty string may be stored as NULL
			}
		}
		if _, err := db.SQL().ExecContext(ctx, `INSERT INTO "`+t.Relation+`" VALUES (`+strings.Join(append(marks, "?"), ", ")+`)`, append(append([]any{}, r...), int64(n))...); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// sameAnswer compares a query's answer with those of its other forms, "" if
// they agree.
func sameAnswer(ctx context.Context, db *engine.DB, cat *schema.Catalog, text string) (string, error) {
	cols, want, compiled, err := run(ctx, db, cat, text)
	if !compiled || err != nil {
		return "", err
	}
	differs := func(what string, gotCols []result.Column, got [][]any) string {
		if g, w := canonical(gotCols, got), canonical(cols, want); g != w {
			return fmt.Sprintf("%s\n%s\ngot:\n%s\nwant:\n%s", what, text, g, w)
		}
		return ""
	}
	plain, rows, err := runWithout(ctx, db, cat, text)
	if err != nil {
		return "", fmt.Errorf("without passes: %w", err)
	}
	if d := differs("differs without rewriting", plain, rows); d != "" {
		return d, nil
	}
	sorted, unsorted, stored, drop, err := stored(ctx, db, text)
	if err != nil {
		if errors.Is(err, errLiteral) || ctx.Err() != nil {
			return "", nil
		}
		return "", fmt.Errorf("store rows: %w", err)
	}
	defer drop()
	both := &schema.Catalog{Tables: stored.Tables}
	if cat != nil {
		both.Tables = append(both.Tables[:len(both.Tables):len(both.Tables)], cat.Tables...)
	}
	forms := []string{sorted}
	if !ordering.MatchString(text) {
		forms = append(forms, unsorted)
	}
	for _, form := range forms {
		scols, srows, _, err := run(ctx, db, both, form)
		if err != nil {
			return "", fmt.Errorf("over stored rows: %w\n%s", err, form)
		}
		if d := differs("differs over stored rows: "+form, scols, srows); d != "" {
			return d, nil
		}
	}
	return "", nil
}

// runWithout runs a query as it was bound, where no table has built columns.
func runWithout(ctx context.Context, db *engine.DB, cat *schema.Catalog, text string) ([]result.Column, [][]any, error) {
	without := []string{"shred", "fold", "pushdown", "prune", "carry"}
	p, err := kql.Compile(cat, text, kql.Options{Now: now, Look: db.Look(ctx)})
	if err != nil {
		return nil, nil, err
	}
	if len(p.Tables) > 0 {
		without = without[1:4]
	}
	if p, err = kql.Compile(cat, text, kql.Options{Now: now, Without: without, Look: db.Look(ctx)}); err != nil {
		return nil, nil, err
	}
	rows, err := db.Query(ctx, p, engine.Limits{Rows: 10_000})
	if err != nil {
		return nil, nil, fmt.Errorf("%w\n%s", err, p.SQL)
	}
	defer rows.Close()
	var out [][]any
	for rows.Next(ctx) {
		out = append(out, append([]any(nil), rows.Row()...))
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("%w\n%s", err, p.SQL)
	}
	return p.Columns, out, nil
}

// canonical writes an answer so that equal ones have equal texts: rows sorted,
// reals to ten digits, since sums depend on the order.
func canonical(cols []result.Column, rows [][]any) string {
	var lines []string
	for _, r := range rows {
		var cells []string
		for i, v := range r {
			if f, ok := v.(float64); ok && !math.IsNaN(f) && !math.IsInf(f, 0) {
				if f == 0 {
					f = 0
				}
				cells = append(cells, strconv.FormatFloat(f, 'e', 10, 64))
				continue
			}
			if v == nil {
				cells = append(cells, "null")
				continue
			}
			cells = append(cells, fmt.Sprintf("%q", result.Text(cols[i].Type, v)))
		}
		lines = append(lines, strings.Join(cells, " | ")+"\n")
	}
	sort.Strings(lines)
	head := ""
	for _, c := range cols {
		head += c.Name + ":" + c.Type.String() + " "
	}
	return head + "\n" + strings.Join(lines, "")
}

// TestOtherForms: literal tables or stored ones, rewritten or not, a query has
// one answer.
func TestOtherForms(t *testing.T) {
	list := queries(t)
	if dir := os.Getenv("POSTERN_KQL_CORPUS"); dir != "" {
		list = append(list, corpus(t, dir)...)
	}
	db := newEngine(t)
	compared := 0
	for _, q := range list {
		if undetermined(q) {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if _, err := kql.Compile(nil, q, kql.Options{Now: now}); err == nil {
			compared++
			if d, err := sameAnswer(ctx, db, nil, q); err != nil {
				t.Errorf("%s\n%v", q, err)
			} else if d != "" {
				t.Error(d)
			}
		}
		cancel()
	}
	t.Logf("%d of %d queries compared", compared, len(list))
	if compared < 100 {
		t.Error("too few queries compared")
	}
}

// ordering finds what makes an answer depend on the order of stored rows.
var ordering = regexp.MustCompile(`(?i)\b(take|limit|top|serialize|row_\w+|prev|next|scan|innerunique|any|anyif|take_any\w*|arg_\w+|make_list\w*|makelist|make_bag|partition|mv-apply|top-\w+|reduce)\b|\|\s*join\s*(\(|hint|\w+\s+on)`)

// undetermined reports whether a query's answer is left open by the language.
func undetermined(q string) bool {
	for _, w := range []string{"rand(", "new_guid(", "sample", "cursor_", "getschema"} {
		if strings.Contains(q, w) {
			return true
		}
	}
	return false
}
