package kql

import "github.com/postern-dev/postern/kql/result"

// Program is a compiled query: what an engine runs.
type Program struct {
	SQL     string   // one statement, placeholders $1, $2, …
	Params  []any    // bool, int32, int64, float64, string or nil, in order
	Columns []Column // the result's columns; SQL returns exactly these, in this order
	Tables  []string // the tables it reads, each once; empty for print, datatable, range
	Notes   []string // remarks for the author: obsolete names, options without effect
}

// Column is one column of a result. Values arrive in the representation of
// kql/runtime: datetime and timespan as ticks, dynamic as JSON text.
type Column = result.Column
