package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/duckdb/duckdb-go/v2"
)

// rowsFunc is the table function that hands a batch's events to DuckDB. Through
// INSERT … SELECT they are filled in and compressed on all cores, which an
// appender does on one.
const rowsFunc = "postern_batch_rows"

// pending are the rows of one INSERT. It is a table function's source.
type pending struct {
	columns []duckdb.ColumnInfo
	at      []int // where in a row they are
	items   []*item
	next    atomic.Int64
	row     func(values []driver.Value, it *item) []driver.Value
}

// registerRows makes the table function; its rows are those of s.pending at the
// time a statement is bound.
func (s *Store) registerRows(ctx context.Context) error {
	conn, err := s.db.SQL().Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	f := duckdb.ParallelChunkTableFunction{BindArguments: func(map[string]any, ...any) (duckdb.ParallelChunkTableSource, error) {
		if s.pending == nil {
			return nil, fmt.Errorf("%s is for the store's own use", rowsFunc)
		}
		return s.pending, nil
	}}
	return duckdb.RegisterTableUDF(conn, rowsFunc, f)
}

// insertEvents writes rows of event or event_cut. A column that has one value in
// all of them is written as that value in the statement, and left out where it
// is NULL: with the events of one source that is most columns.
func (s *Store) insertEvents(ctx context.Context, conn *sql.Conn, table string, items []*item, now int64) error {
	if len(items) == 0 {
		return nil
	}
	row := func(values []driver.Value, it *item) []driver.Value { return s.eventRow(values, it, now) }
	p := &pending{items: items, row: row}
	var into, from []string
	var args []any
	constant := constants(items, row)
	for i, c := range eventColumns() {
		switch v := constant[i]; {
		case !v.same:
			info, err := duckdb.NewTypeInfo(duckType(c.sql))
			if err != nil {
				return err
			}
			p.columns = append(p.columns, duckdb.ColumnInfo{Name: c.name, T: info})
			p.at = append(p.at, i)
			into, from = append(into, c.name), append(from, c.name)
		case v.value != nil:
			into, from = append(into, c.name), append(from, "CAST(? AS "+typeName(c.sql)+")")
			args = append(args, v.value)
		}
	}
	s.pending = p
	defer func() { s.pending = nil }()
	_, err := conn.ExecContext(ctx, "INSERT INTO "+table+" ("+strings.Join(into, ", ")+") SELECT "+strings.Join(from, ", ")+" FROM "+rowsFunc+"()", args...)
	return err
}

// constant is what a column has in a batch's rows, where that is the same in all
// of them.
type constant struct {
	same  bool
	value driver.Value
}

// constants compares the rows column by column. The row's id, its first column,
// always differs: it is what the table function gives even when there is one row.
func constants(items []*item, row func([]driver.Value, *item) []driver.Value) []constant {
	var out []constant
	for _, v := range row(nil, items[0]) {
		out = append(out, constant{simple(v), v})
	}
	out[0].same = false
	workers := max(1, min(runtime.GOMAXPROCS(0), len(items)/1024))
	size := (len(items) + workers - 1) / workers
	differs := make([][]bool, workers)
	var wg sync.WaitGroup
	for w := range workers {
		differs[w] = make([]bool, len(out))
		part := items[min(w*size, len(items)):min((w+1)*size, len(items))]
		wg.Go(func() {
			var values []driver.Value
			for _, it := range part {
				values = row(values[:0], it)
				for c, v := range values {
					if out[c].same && !differs[w][c] && v != out[c].value {
						differs[w][c] = true
					}
				}
			}
		})
	}
	wg.Wait()
	for c := range out {
		for w := range differs {
			out[c].same = out[c].same && !differs[w][c]
		}
	}
	return out
}

// simple reports whether a value can be compared and be a statement's parameter
// without any change. database/sql refuses large unsigned numbers; texts with a
// NUL or beyond UTF-8 go one way only, that of the table function.
func simple(v driver.Value) bool {
	switch v := v.(type) {
	case nil, bool, int32, int64:
		return true
	case string:
		return len(v) <= longest && strings.IndexByte(v, 0) < 0 && utf8.ValidString(v)
	}
	return false
}

// longest is how long a text may be to be written as a parameter; one that is
// longer is hardly that of all events.
const longest = 1024

func typeName(sql string) string {
	name, _, _ := strings.Cut(sql, " ")
	return name
}

func duckType(sql string) duckdb.Type {
	switch typeName(sql) {
	case "BIGINT":
		return duckdb.TYPE_BIGINT
	case "UBIGINT":
		return duckdb.TYPE_UBIGINT
	case "INTEGER":
		return duckdb.TYPE_INTEGER
	case "BOOLEAN":
		return duckdb.TYPE_BOOLEAN
	case "UUID":
		return duckdb.TYPE_UUID
	case "BLOB":
		return duckdb.TYPE_BLOB
	case "VARCHAR":
		return duckdb.TYPE_VARCHAR
	}
	panic("BUG: no DuckDB type for " + sql)
}

// ColumnInfos describes the rows to DuckDB.
func (p *pending) ColumnInfos() []duckdb.ColumnInfo { return p.columns }

// Cardinality is the number of rows.
func (p *pending) Cardinality() *duckdb.CardinalityInfo {
	return &duckdb.CardinalityInfo{Cardinality: uint(len(p.items)), Exact: true}
}

// Init lets all threads fill chunks.
func (p *pending) Init() duckdb.ParallelTableSourceInfo { return duckdb.ParallelTableSourceInfo{} }

// NewLocalState gives a thread its scratch row.
func (p *pending) NewLocalState() any {
	values := make([]driver.Value, 0, len(p.columns))
	return &values
}

// FillChunk fills in the next rows that no other thread has taken.
func (p *pending) FillChunk(local any, chunk duckdb.DataChunk) error {
	values := local.(*[]driver.Value)
	size := int64(duckdb.GetDataChunkCapacity())
	start := p.next.Add(size) - size
	end := min(start+size, int64(len(p.items)))
	if start >= end {
		return chunk.SetSize(0)
	}
	for i := start; i < end; i++ {
		*values = p.row((*values)[:0], p.items[i])
		for c, at := range p.at {
			if err := chunk.SetValue(c, int(i-start), (*values)[at]); err != nil {
				return err
			}
		}
	}
	return chunk.SetSize(int(end - start))
}
