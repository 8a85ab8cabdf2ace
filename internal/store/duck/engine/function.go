package engine

import (
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/postern-dev/postern/kql/runtime"
	"github.com/postern-dev/postern/kql/types"
)

// scalar is a runtime function as DuckDB calls it.
type scalar struct {
	config duckdb.ScalarFuncConfig
	call   func([]any) any
}

func register(conn *sql.Conn, name string, f runtime.Func) error {
	s := &scalar{call: f.Call}
	s.config.SpecialNullHandling = true
	args := f.Args
	if f.Variadic {
		last, err := duckType(args[len(args)-1])
		if err != nil {
			return fmt.Errorf("register function %s: %w", name, err)
		}
		s.config.VariadicTypeInfo = last
		args = args[:len(args)-1]
	}
	for _, t := range args {
		info, err := duckType(t)
		if err != nil {
			return fmt.Errorf("register function %s: %w", name, err)
		}
		s.config.InputTypeInfos = append(s.config.InputTypeInfos, info)
	}
	var err error
	if s.config.ResultTypeInfo, err = duckType(f.Result); err != nil {
		return fmt.Errorf("register function %s: %w", name, err)
	}
	if err := duckdb.RegisterScalarUDF(conn, name, s); err != nil {
		return fmt.Errorf("register function %s: %w", name, err)
	}
	return nil
}

// Config tells DuckDB the signature.
func (s *scalar) Config() duckdb.ScalarFuncConfig { return s.config }

// Executor calls the Go function row by row; it sees nulls.
func (s *scalar) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: func(row []driver.Value) (any, error) {
		args := make([]any, len(row))
		for i, v := range row {
			args[i] = v
		}
		return s.call(args), nil
	}}
}

// duckType is the physical type of a Kusto type: ticks are BIGINT; decimal,
// guid and dynamic are text.
func duckType(t types.Type) (duckdb.TypeInfo, error) {
	switch t {
	case types.Bool:
		return duckdb.NewTypeInfo(duckdb.TYPE_BOOLEAN)
	case types.Int:
		return duckdb.NewTypeInfo(duckdb.TYPE_INTEGER)
	case types.Long, types.DateTime, types.TimeSpan:
		return duckdb.NewTypeInfo(duckdb.TYPE_BIGINT)
	case types.Real:
		return duckdb.NewTypeInfo(duckdb.TYPE_DOUBLE)
	case types.String, types.Decimal, types.Guid, types.Dynamic:
		return duckdb.NewTypeInfo(duckdb.TYPE_VARCHAR)
	}
	return nil, fmt.Errorf("type %s has no physical form", t)
}
