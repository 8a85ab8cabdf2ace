package rewrite

import (
	"math"
	"strings"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/types"
)

// fold simplifies expressions bottom-up.
func fold(q *Query) {
	eachNode(q.Root, func(n ir.Node) {
		ir.MapExprs(n, func(e ir.Expr) ir.Expr { return ir.Map(e, q.simplify) })
	})
}

func (q *Query) simplify(e ir.Expr) ir.Expr {
	c, ok := e.(*ir.Call)
	if !ok {
		return e
	}
	if x := unwrap(c); x != nil {
		return x
	}
	if x := integral(c); x != nil {
		return x
	}
	if k := q.constant(c); k != nil {
		return k
	}
	return e
}

// wrapped gives what a dynamic was made of: the argument of dyn.of.<type>.
func wrapped(e ir.Expr) (ir.Expr, types.Type, bool) {
	c, ok := e.(*ir.Call)
	if !ok || !strings.HasPrefix(c.Op, "dyn.of.") {
		return nil, types.Unknown, false
	}
	return c.Args[0], c.Args[0].Type(), true
}

// unwrap removes conversions to dynamic that the consumer undoes: they come
// from paths that turned out to be typed columns.
func unwrap(c *ir.Call) ir.Expr {
	if len(c.Args) == 0 {
		return nil
	}
	x, t, ok := wrapped(c.Args[0])
	mk := func(op string, t types.Type, args ...ir.Expr) ir.Expr {
		return &ir.Call{Op: op, T: t, Args: args}
	}
	switch c.Op {
	case "eq.dyntext", "ne.dyntext":
		l, r := c.Args[0], c.Args[1]
		if nullableText(l) || nullableText(r) {
			return mk(c.Op[:2], types.Bool, l, r)
		}
		return nil
	}
	if !ok {
		return nil
	}
	switch c.Op {
	case "tostring.dynamic":
		if t == types.String {
			return mk("total.string", types.String, x)
		}
		if t == types.Int || t == types.Long {
			return mk("tostring."+t.String(), types.String, x)
		}
	case "dyn.text":
		if t == types.String {
			return x
		}
		if t != types.Unknown {
			return &ir.Const{T: types.String}
		}
	case "dyn.number":
		switch t {
		case types.Real:
			return x
		case types.Int, types.Long:
			return mk("toreal."+t.String(), types.Real, x)
		case types.String, types.Bool, types.DateTime, types.TimeSpan, types.Guid:
			return &ir.Const{T: types.Real}
		}
	case "dyn.bool":
		if t == types.Bool {
			return x
		}
	case "isnull", "isnotnull":
		return mk(c.Op, types.Bool, x)
	case "isempty.dynamic", "isnotempty.dynamic":
		word := strings.TrimSuffix(c.Op, ".dynamic")
		if t == types.String {
			return mk(word, types.Bool, mk("total.string", types.String, x))
		}
		return mk(strings.Replace(word, "empty", "null", 1), types.Bool, x)
	case "toint.dynamic", "tolong.dynamic", "toreal.dynamic", "tobool.dynamic", "todatetime.dynamic":
		to := strings.TrimSuffix(c.Op, ".dynamic")
		switch {
		case to == "to"+t.String():
			return x
		case t == types.String:
			return mk(to+".string", c.T, mk("total.string", types.String, x))
		case (t == types.Int || t == types.Long) && to != "todatetime":
			return mk(to+"."+t.String(), c.T, x)
		}
	}
	return nil
}

// nullableText: an operand of a text comparison that is a column, not a JSON
// value, so that plain equality says the same.
func nullableText(e ir.Expr) bool {
	_, ok := e.(*ir.Col)
	return ok && e.Type() == types.String
}

// constant evaluates a call whose arguments are constants.
func (q *Query) constant(c *ir.Call) ir.Expr {
	if q.Call == nil || len(c.Args) == 0 {
		return nil
	}
	args := make([]any, len(c.Args))
	for i, a := range c.Args {
		k, ok := ir.IsConst(a)
		if !ok {
			return nil
		}
		args[i] = k.V
	}
	v, ok := q.Call(c.Op, args)
	if !ok {
		return nil
	}
	if v == nil && c.T == types.String {
		v = ""
	}
	return &ir.Const{T: c.T, V: v}
}

// integral compares an integer column with a whole real as integers: a dynamic
// compares as real, but the column behind it may be one of integers.
func integral(c *ir.Call) ir.Expr {
	switch c.Op {
	case "eq", "ne", "lt", "le", "gt", "ge":
	default:
		return nil
	}
	l, ok := c.Args[0].(*ir.Call)
	k, isConst := ir.IsConst(c.Args[1])
	if !ok || !isConst || (l.Op != "toreal.long" && l.Op != "toreal.int") {
		return nil
	}
	f, ok := k.V.(float64)
	const exact = 1 << 53 // below, every integer is a real of its own
	if !ok || f != math.Trunc(f) || math.Abs(f) >= exact {
		return nil
	}
	x := l.Args[0]
	if x.Type() == types.Int {
		x = &ir.Call{Op: "tolong.int", T: types.Long, Args: []ir.Expr{x}}
	}
	return &ir.Call{Op: c.Op, T: types.Bool, Args: []ir.Expr{x, &ir.Const{T: types.Long, V: int64(f)}}}
}
