// Package sqlgen turns a relational tree into one SQL statement and its
// parameters.
//
// It owns the SQL tree, its writer and the shape of each operator's SELECT (one
// op_*.go an operator). What a database decides — how an operation is spelt,
// which types there are, what it cannot do — is behind Dialect; kql/sqlgen/duckdb
// is the only one today.
//
// Two rules hold for everything here: a constant of the query becomes a
// parameter, and an identifier is either made here (c1, q2) or a physical name
// from the catalog, quoted.
package sqlgen
