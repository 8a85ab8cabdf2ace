package sqlgen

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/types"
)

// Dialect is what a database decides.
type Dialect interface {
	// Has reports whether an operation exists.
	Has(op string) bool
	// Call spells an operation. args are the typed arguments, sql their SQL.
	Call(c *ir.Call, sql []SQL) SQL
	// Condition spells a call in a place where null counts as false.
	Condition(c *ir.Call, sql []SQL) (SQL, bool)
	// Aggregate spells an aggregate; order, if any, is the order of the rows.
	Aggregate(a *ir.Agg, args []SQL, cond SQL, order []SQL) SQL
	// Param spells placeholder n, with the type it has.
	Param(n int, t types.Type) string
	// Type is the name of a type's physical form.
	Type(t types.Type) string
	// Ident quotes a physical name of the catalog.
	Ident(name string) string
}
