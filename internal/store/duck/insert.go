package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/duckdb/duckdb-go/v2"
)

// rowsFunc is the table function that hands a batch's events to DuckDB. Through
// INSERT … SELECT they are filled in and compressed on all cores, which an
// appender does on one.
const rowsFunc = "postern_batch_rows"

// pending are the rows of one INSERT. It is a table function's source.
type pending struct {
	columns []duckdb.ColumnInfo
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

// insertEvents writes rows of event or event_cut.
func (s *Store) insertEvents(ctx context.Context, conn *sql.Conn, table string, items []*item, now int64) error {
	if len(items) == 0 {
		return nil
	}
	p := &pending{items: items, row: func(values []driver.Value, it *item) []driver.Value { return s.eventRow(values, it, now) }}
	for _, c := range eventColumns() {
		info, err := duckdb.NewTypeInfo(duckType(c.sql))
		if err != nil {
			return err
		}
		p.columns = append(p.columns, duckdb.ColumnInfo{Name: c.name, T: info})
	}
	s.pending = p
	defer func() { s.pending = nil }()
	_, err := conn.ExecContext(ctx, "INSERT INTO "+table+" SELECT * FROM "+rowsFunc+"()")
	return err
}

func duckType(sql string) duckdb.Type {
	name, _, _ := strings.Cut(sql, " ")
	switch name {
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
		for c, v := range *values {
			if err := chunk.SetValue(c, int(i-start), v); err != nil {
				return err
			}
		}
	}
	return chunk.SetSize(int(end - start))
}
