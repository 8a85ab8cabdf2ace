package sqlgen

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/types"
)

func (g *gen) expr(e ir.Expr) SQL {
	switch e := e.(type) {
	case *ir.Const:
		return &Param{e.T, e.V}
	case *ir.Col:
		return Column(int(e.ID))
	case *ir.Call:
		return g.d.Call(e, g.exprs(e))
	case *ir.Scalar:
		s := g.node(e.Node)
		v := Seq{Text("(SELECT "), Column(int(e.Column)), Text(" FROM "), asTable(s.sel), Text(")")}
		if e.T == types.String {
			return Seq{Text("coalesce("), v, Text(", '')")}
		}
		return v
	case *ir.InTable:
		return g.inTable(e)
	}
	panic("BUG: expression without SQL: " + ir.Text(e))
}

// exprs spells the arguments of and, or and not as conditions where the call is
// one, and as values elsewhere.
func (g *gen) exprs(c *ir.Call) []SQL {
	out := make([]SQL, len(c.Args))
	for i, a := range c.Args {
		out[i] = g.expr(a)
	}
	return out
}

// condition spells an expression where null counts as false.
func (g *gen) condition(e ir.Expr) SQL {
	c, ok := e.(*ir.Call)
	if !ok {
		return g.expr(e)
	}
	if c.Op == "and" || c.Op == "or" {
		word := Text(" AND ")
		if c.Op == "or" {
			word = " OR "
		}
		return Seq{Text("("), g.condition(c.Args[0]), word, g.condition(c.Args[1]), Text(")")}
	}
	args := g.exprs(c)
	if s, ok := g.d.Condition(c, args); ok {
		return s
	}
	return g.d.Call(c, args)
}

// inTable is total: a null is in the table if the table has one.
func (g *gen) inTable(e *ir.InTable) SQL {
	s := g.node(e.Node)
	x, col := g.expr(e.X), SQL(Column(int(e.Column)))
	if e.Fold {
		x, col = Seq{Text("lower("), x, Text(")")}, Seq{Text("lower("), col, Text(")")}
	}
	in := Seq{Text("coalesce("), x, Text(" IN (SELECT "), col, Text(" FROM "), asTable(s.sel), Text(" WHERE "), col, Text(" IS NOT NULL), false)")}
	if e.Not {
		return Seq{Text("(NOT "), in, Text(")")}
	}
	return in
}
