// Package ir is the typed relational tree between the binder and the SQL
// generator.
//
// Columns are numbers, not names: every column of a query has an id of its own,
// and an operator adds columns to those below it, so that a column stays
// reachable until an operator that regroups rows (Aggregate, Union) hides it.
// Names belong to the binder's scopes and to the root (Output).
//
// The package owns the nodes, their free columns, rewriting helpers and the
// printed form. It knows no functions beyond their operation names (kql/funcs)
// and no SQL.
package ir
