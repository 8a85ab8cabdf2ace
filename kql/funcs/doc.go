// Package funcs is the one table of the functions a query may call: names,
// overloads, result types, how a call names its column, and the operation that
// computes it. It is data: the binder reads it to type a call, and the dialect
// maps each operation to SQL. An operation without SQL is a function of
// kql/runtime of the same name; if that does not exist either, the binder
// refuses the call at compile time.
//
// To add a scalar function: add its entry to the family's list below (or a new
// file, listed in Scalars), and either a template in kql/sqlgen/duckdb or a
// function in kql/runtime whose name is the entry's Op.
package funcs
