// Package duckdb is how operations of KQL are spelt for DuckDB 1.5.
//
// It owns the templates (scalar.go, aggregate.go), the handling of nulls in
// comparisons, and the list of operations that are Go functions of kql/runtime,
// registered by the engine as kql_<name>. An operation that is in neither does
// not exist, and the binder refuses what needs it.
package duckdb
