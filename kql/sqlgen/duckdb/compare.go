package duckdb

import (
	"strings"

	"github.com/postern-dev/postern/kql/funcs"
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/sqlgen"
	"github.com/postern-dev/postern/kql/types"
)

// notNull reports whether an expression is certain to have a value.
func (d *Dialect) notNull(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.Const:
		return e.V != nil
	case *ir.Col:
		return e.T == types.String && !e.Nullable
	case *ir.Scalar, *ir.Window:
		return e.Type() == types.String
	case *ir.InTable:
		return true
	case *ir.Call:
		switch d.nulls[e.Op] {
		case funcs.Never:
			return true
		case funcs.Strict:
			return d.allNotNull(e.Args)
		}
		switch e.Op {
		case "dyn.text":
			return false
		case "eq", "ne":
			return d.notNull(e.Args[0]) || d.notNull(e.Args[1])
		}
		return e.T == types.String
	}
	return false
}

func (d *Dialect) allNotNull(list []ir.Expr) bool {
	for _, e := range list {
		if !d.notNull(e) {
			return false
		}
	}
	return true
}

// nullRules are those of the table of functions and of the operators.
func nullRules() map[string]funcs.Null {
	rules := map[string]funcs.Null{}
	for _, family := range funcs.Scalars() {
		for i := range family {
			for j := range family[i].Overloads {
				o := &family[i].Overloads[j]
				rules[family[i].Op(o)] = o.Null
			}
		}
	}
	for _, op := range []string{"total", "true", "eq.fold", "ne.fold", "matches_regex", "isempty.dynamic", "isnotempty.dynamic", "eq.dyntext", "ne.dyntext",
		"has", "has_cs", "hasprefix", "hasprefix_cs", "hassuffix", "hassuffix_cs", "contains", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs"} {
		rules[op] = funcs.Never
	}
	for _, op := range []string{"lt", "le", "gt", "ge", "and", "or", "not", "neg.long", "neg.real", "add.long", "sub.long", "mul.long",
		"add.real", "sub.real", "mul.real", "add.ticks", "sub.ticks", "tolong.int", "toreal.int", "toreal.long", "tolong.bool"} {
		rules[op] = funcs.Strict
	}
	return rules
}

// compare spells == and != total and the orderings three-valued: a null equals
// no value, differs from every value, and two nulls compare to null. NaN equals
// nothing and is neither less nor greater. In a condition (where null counts as
// false) the plain operators mostly do.
func (d *Dialect) compare(c *ir.Call, a []sqlgen.SQL, condition bool) sqlgen.SQL {
	sign := map[string]string{"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}[c.Op]
	l, r := c.Args[0], c.Args[1]
	plain := "($1 " + sign + " $2)"
	if l.Type() == types.Real {
		plain = realCompare(c.Op, sign, l, r)
	}
	t := plain
	ln, rn := d.notNull(l), d.notNull(r)
	switch {
	case c.Op != "eq" && c.Op != "ne", ln && rn:
	case c.Op == "eq" && condition:
	case c.Op == "ne" && condition:
		t = "coalesce(" + plain + ", ($1 IS NULL) <> ($2 IS NULL))"
		if l.Type() != types.Real {
			t = "($1 IS DISTINCT FROM $2)"
		}
	case c.Op == "eq" && (ln || rn):
		t = "coalesce(" + plain + ", false)"
	case c.Op == "ne" && (ln || rn):
		t = "coalesce(" + plain + ", true)"
	case c.Op == "eq":
		t = "CASE WHEN $1 IS NULL AND $2 IS NULL THEN NULL ELSE coalesce(" + plain + ", false) END"
	default:
		t = "CASE WHEN $1 IS NULL AND $2 IS NULL THEN NULL ELSE coalesce(" + plain + ", true) END"
	}
	return sqlgen.Template(t, a)
}

// realCompare guards against NaN, which DuckDB holds equal to itself and
// greater than everything.
func realCompare(op, sign string, l, r ir.Expr) string {
	finite := func(e ir.Expr) bool {
		k, ok := e.(*ir.Const)
		if !ok {
			return false
		}
		f, ok := k.V.(float64)
		return ok && f == f
	}
	plain := "($1 " + sign + " $2)"
	var guards []string
	if !finite(l) {
		guards = append(guards, "isnan($1)")
	}
	if !finite(r) {
		guards = append(guards, "isnan($2)")
	}
	switch {
	case len(guards) == 0:
		return plain
	case op == "ne":
		return "(" + plain + " OR " + strings.Join(guards, " OR ") + ")"
	case op == "eq" && len(guards) == 1:
		return plain
	case op == "eq":
		return "(" + plain + " AND NOT isnan($1))"
	case (op == "lt" || op == "le") && finite(r), (op == "gt" || op == "ge") && finite(l):
		return plain
	}
	for i, g := range guards {
		guards[i] = "NOT " + g
	}
	return "(" + plain + " AND " + strings.Join(guards, " AND ") + ")"
}

func caseWhen(c *ir.Call, a []sqlgen.SQL) sqlgen.SQL {
	out := sqlgen.Seq{text("CASE")}
	for i := 0; i+1 < len(a); i += 2 {
		out = append(out, text(" WHEN "), a[i], text(" THEN "), a[i+1])
	}
	return append(out, text(" ELSE "), a[len(a)-1], text(" END"))
}

func strcat(a []sqlgen.SQL) sqlgen.SQL {
	out := sqlgen.Seq{text("(")}
	for i, x := range a {
		if i > 0 {
			out = append(out, text(" || "))
		}
		out = append(out, x)
	}
	return append(out, text(")"))
}

// coalesce of strings takes the first that is not empty.
func coalesce(c *ir.Call, a []sqlgen.SQL) sqlgen.SQL {
	if c.T != types.String {
		return function("coalesce", a)
	}
	out := sqlgen.Seq{text("coalesce(")}
	for _, x := range a {
		out = append(out, text("nullif("), x, text(", ''), "))
	}
	return append(out, text("'')"))
}

// extreme is max_of and min_of: nulls are passed over, NaN wins.
func extreme(c *ir.Call, a []sqlgen.SQL) sqlgen.SQL {
	name := "greatest"
	if c.Op == "min_of" {
		name = "least"
	}
	if c.T != types.Real {
		return function(name, a)
	}
	out := sqlgen.Seq{text("CASE WHEN ")}
	for i, x := range a {
		if i > 0 {
			out = append(out, text(" OR "))
		}
		out = append(out, text("coalesce(isnan("), x, text("), false)"))
	}
	return append(out, text(" THEN CAST('NaN' AS DOUBLE) ELSE "), function(name, a), text(" END"))
}
