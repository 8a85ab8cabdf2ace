package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/postern-dev/postern/kql"
)

// Limits bound one query. Time is bounded by the context, memory at Open.
type Limits struct {
	Rows int // rows returned before the result is truncated, 0 for no limit
}

// Rows streams a result. Values are those of kql/runtime, one per column.
type Rows struct {
	Columns []kql.Column

	rows      *sql.Rows
	values    []any
	scan      []any
	left      int // rows still allowed, -1 for no limit
	truncated bool
	err       error
}

// Query runs a compiled query. The caller closes the rows.
func (d *DB) Query(ctx context.Context, p *kql.Program, lim Limits) (*Rows, error) {
	rows, err := d.db.QueryContext(ctx, p.SQL, p.Params...)
	if err != nil {
		return nil, queryError(ctx, err)
	}
	r := &Rows{Columns: p.Columns, rows: rows, left: -1, values: make([]any, len(p.Columns)), scan: make([]any, len(p.Columns))}
	if lim.Rows > 0 {
		r.left = lim.Rows
	}
	for i := range r.scan {
		r.scan[i] = &r.values[i]
	}
	if got, err := rows.Columns(); err != nil || len(got) != len(p.Columns) {
		return nil, errors.Join(fmt.Errorf("run query: BUG: engine returned %d columns, the program says %d", len(got), len(p.Columns)), err, rows.Close())
	}
	return r, nil
}

func queryError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("run query: %w", cause)
	}
	return fmt.Errorf("run query: %w", err)
}

// Next moves to the next row. It is false at the end, at the limit and after an
// error; Truncated and Err tell which.
func (r *Rows) Next(ctx context.Context) bool {
	if r.err != nil || !r.rows.Next() {
		if err := r.rows.Err(); err != nil && r.err == nil {
			r.err = queryError(ctx, err)
		}
		return false
	}
	if r.left == 0 {
		r.truncated = true
		return false
	}
	if r.left > 0 {
		r.left--
	}
	if err := r.rows.Scan(r.scan...); err != nil {
		r.err = queryError(ctx, err)
		return false
	}
	return true
}

// Row is the current row; it is overwritten by Next.
func (r *Rows) Row() []any { return r.values }

// Truncated reports whether the limit cut the result.
func (r *Rows) Truncated() bool { return r.truncated }

// Err is the error that ended the rows, if any.
func (r *Rows) Err() error { return r.err }

// Close ends the query.
func (r *Rows) Close() error { return r.rows.Close() }

// Plan gives the engine's own plan of a compiled query, as text.
func (d *DB) Plan(ctx context.Context, p *kql.Program) (string, error) {
	var key, plan string
	if err := d.db.QueryRowContext(ctx, "EXPLAIN "+p.SQL, p.Params...).Scan(&key, &plan); err != nil {
		return "", fmt.Errorf("explain query: %w", err)
	}
	return plan, nil
}

// Explain gives the engine's plan of a program.
func (d *DB) Explain(ctx context.Context, p *kql.Program) (string, error) {
	rows, err := d.db.QueryContext(ctx, "EXPLAIN "+p.SQL, p.Params...)
	if err != nil {
		return "", queryError(ctx, err)
	}
	defer rows.Close()
	text := ""
	for rows.Next() {
		var name, plan string
		if err := rows.Scan(&name, &plan); err != nil {
			return "", fmt.Errorf("read plan: %w", err)
		}
		text += plan
	}
	return text, rows.Err()
}

// maxLooked bounds what a compiler may look at.
const maxLooked = 20_000

// Look runs the compiler's own queries: see kql.Options.Look.
func (d *DB) Look(ctx context.Context) func(*kql.Program) ([][]any, error) {
	return func(p *kql.Program) ([][]any, error) {
		rows, err := d.Query(ctx, p, Limits{Rows: maxLooked})
		if err != nil {
			return nil, err
		}
		var out [][]any
		for rows.Next(ctx) {
			out = append(out, append([]any(nil), rows.Row()...))
		}
		if rows.Truncated() {
			err = fmt.Errorf("more than %d values", maxLooked)
		}
		return out, errors.Join(err, rows.Err(), rows.Close())
	}
}
