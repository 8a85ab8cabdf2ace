// Package bind gives names and types to a syntax tree: it resolves columns,
// tables, let-variables and functions, inserts the conversions Kusto makes
// implicitly, names result columns, and returns the relational tree of kql/ir.
//
// Whatever it does not understand it refuses with a position and a hint; it
// never guesses a meaning. It knows no SQL: which operations the engine has is
// told to it by Options.Has.
package bind
