// Package engine opens DuckDB the way Postern needs it and runs compiled KQL.
//
// It owns the connection's settings, the registration of Go scalar functions
// (those of kql/runtime as kql_<name>, and a store's own), the lock-down (no
// file or network access from SQL, configuration locked) and the reading of
// typed rows under limits. It knows neither KQL nor the store's tables.
//
//	db, err := engine.Open(ctx, engine.Options{})
//	rows, err := db.Query(ctx, program, engine.Limits{})
package engine
