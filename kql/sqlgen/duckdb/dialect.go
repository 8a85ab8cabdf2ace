package duckdb

import (
	"strconv"
	"strings"

	"github.com/postern-dev/postern/kql/funcs"
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/runtime"
	"github.com/postern-dev/postern/kql/sqlgen"
	"github.com/postern-dev/postern/kql/types"
)

// Dialect implements sqlgen.Dialect.
type Dialect struct {
	templates map[string]string
	functions map[string]runtime.Func
	nulls     map[string]funcs.Null
}

// New is DuckDB with the functions of kql/runtime.
func New() *Dialect {
	d := &Dialect{templates: templates(), functions: map[string]runtime.Func{}, nulls: nullRules()}
	for _, f := range runtime.All() {
		d.functions[norm(f.Name)] = f
	}
	return d
}

// Function finds the Go function that computes an operation.
func (d *Dialect) Function(op string) (runtime.Func, bool) {
	if _, ok := d.templates[op]; ok {
		return runtime.Func{}, false
	}
	f, ok := d.functions[norm(op)]
	return f, ok
}

// Has reports whether an operation exists.
func (d *Dialect) Has(op string) bool {
	if _, ok := d.templates[op]; ok {
		return true
	}
	switch op {
	case "eq", "ne", "lt", "le", "gt", "ge", "case", "iff", "and", "or", "not", "strcat", "same", "coalesce", "max_of", "min_of", "has_any", "has_all":
		return op != "has_any" && op != "has_all" || d.runtimeHas(op)
	case "window.row_number", "window.prev", "window.next", "window.row_cumsum", "window.row_rank_dense", "window.row_rank_min":
		return true
	}
	return d.runtimeHas(op)
}

func (d *Dialect) runtimeHas(op string) bool {
	_, ok := d.functions[norm(op)]
	return ok
}

// Missing is the panic of a call the dialect cannot spell; the façade turns it
// into a refusal.
type Missing struct{ Op string }

// Call spells an operation.
func (d *Dialect) Call(c *ir.Call, args []sqlgen.SQL) sqlgen.SQL {
	switch c.Op {
	case "eq", "ne", "lt", "le", "gt", "ge":
		return d.compare(c, args, false)
	case "and", "or":
		return sqlgen.Seq{text("("), args[0], text(" " + strings.ToUpper(c.Op) + " "), args[1], text(")")}
	case "case":
		return caseWhen(c, args)
	case "strcat":
		return strcat(args)
	case "coalesce":
		return coalesce(c, args)
	case "max_of", "min_of":
		return extreme(c, args)
	}
	if name, ok := strings.CutPrefix(c.Op, "engine:"); ok {
		return function(name, args)
	}
	if t, ok := d.templates[c.Op]; ok {
		return sqlgen.Template(t, args)
	}
	f, ok := d.functions[norm(c.Op)]
	if !ok {
		panic(Missing{c.Op})
	}
	if f.Result == types.String && c.Op != "dyn.text" {
		return sqlgen.Seq{text("coalesce("), function(d.Ident("kql_"+f.Name), args), text(", '')")}
	}
	return function(d.Ident("kql_"+f.Name), args)
}

// Condition spells a call where null counts as false: there comparisons need
// not be made total, which lets the engine use its statistics.
func (d *Dialect) Condition(c *ir.Call, args []sqlgen.SQL) (sqlgen.SQL, bool) {
	switch c.Op {
	case "eq", "ne", "lt", "le", "gt", "ge":
		return d.compare(c, args, true), true
	case "total":
		if inner, ok := c.Args[0].(*ir.Call); ok && inner.Op == "eq" {
			return args[0], true
		}
	}
	return nil, false
}

func function(name string, args []sqlgen.SQL) sqlgen.SQL {
	return sqlgen.Template(name+"($*)", args)
}

// norm: an operation may be spelt with dots or underscores.
func norm(op string) string { return strings.ReplaceAll(op, ".", "_") }

func text(s string) sqlgen.Text { return sqlgen.Text(s) }

// Param casts the placeholder, so that its type does not depend on the value.
func (d *Dialect) Param(n int, t types.Type) string {
	return "CAST($" + strconv.Itoa(n) + " AS " + d.Type(t) + ")"
}

// Type is the physical form of a type.
func (d *Dialect) Type(t types.Type) string {
	switch t {
	case types.Bool:
		return "BOOLEAN"
	case types.Int:
		return "INTEGER"
	case types.Long, types.DateTime, types.TimeSpan:
		return "BIGINT"
	case types.Real:
		return "DOUBLE"
	}
	return "VARCHAR"
}

// Ident quotes a physical name.
func (d *Dialect) Ident(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
