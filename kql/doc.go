// Package kql compiles the Kusto Query Language to SQL.
//
// It is the façade over the compiler's stages: text → kql/syntax → kql/bind →
// kql/ir → kql/rewrite → kql/sqlgen. It owns Program, the choice of dialect and
// the printing of every stage; it runs nothing.
//
//	p, err := kql.Compile(catalog, "print x = 1", kql.Options{Now: now})
//
// Errors are *syntax.ErrorList: line, column, caret and hint.
package kql
