package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/types"
)

func str(s string) ir.Expr { return &ir.Const{T: types.String, V: s} }
func long(n int64) ir.Expr { return &ir.Const{T: types.Long, V: n} }

func stringOrLong(column string) types.Type {
	if column == "ColumnOrdinal" {
		return types.Long
	}
	return types.String
}

// systemType is the .NET name that getschema prints.
func systemType(t types.Type) string {
	switch t {
	case types.Bool:
		return "System.SByte"
	case types.Int:
		return "System.Int32"
	case types.Long:
		return "System.Int64"
	case types.Real:
		return "System.Double"
	case types.Decimal:
		return "System.Data.SqlTypes.SqlDecimal"
	case types.DateTime:
		return "System.DateTime"
	case types.TimeSpan:
		return "System.TimeSpan"
	case types.Guid:
		return "System.Guid"
	case types.Dynamic:
		return "System.Object"
	}
	return "System.String"
}
