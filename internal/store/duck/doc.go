// Package duck keeps audit events in DuckDB: typed columns, duplicates merged,
// every byte given back.
//
// It owns the store file, its tables and their version, the transaction in which
// rows, dead letters and cursors commit together, the recognition of the same
// event by two routes, and the views and the schema.Catalog through which KQL
// sees all of it. How DuckDB is opened and compiled queries are run belongs to
// package engine; decoding belongs to audit.
//
//	s, err := duck.Open(ctx, duck.Options{Path: path, Now: time.Now})
//	counts, err := s.Append(ctx, store.Batch{Records: records, Cursors: cursors})
//	rows, err := s.Engine().Query(ctx, program, engine.Limits{}) // compiled against s.Catalog()
//
// Columns of one kind are listed once (field.go); the tables, the appender, the
// functions that rebuild JSON and the views all follow that list.
package duck
