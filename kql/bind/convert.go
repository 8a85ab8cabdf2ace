package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// convert brings an expression to a type by the function to<type>; it is for
// conversions known to be possible.
func (b *binder) convert(x ir.Expr, t types.Type) ir.Expr {
	from := x.Type()
	if from == t || from == types.Unknown {
		return x
	}
	if c, ok := ir.IsConst(x); ok {
		if k, ok := convertConst(c, t); ok {
			return k
		}
	}
	if t == types.Dynamic {
		return call("dyn.of."+from.String(), types.Dynamic, x)
	}
	return call("to"+t.String()+"."+from.String(), t, x)
}

func convertConst(c *ir.Const, t types.Type) (*ir.Const, bool) {
	if c.V == nil {
		if t == types.String {
			return &ir.Const{T: t, V: ""}, true
		}
		return &ir.Const{T: t}, true
	}
	switch v := c.V.(type) {
	case int32:
		switch {
		case t == types.Long:
			return &ir.Const{T: t, V: int64(v)}, true
		case t == types.Real:
			return &ir.Const{T: t, V: float64(v)}, true
		}
	case int64:
		switch {
		case c.T == types.Long && t == types.Real:
			return &ir.Const{T: t, V: float64(v)}, true
		case c.T == types.Long && t == types.Int:
			return &ir.Const{T: t, V: int32(v)}, true
		}
	}
	return nil, false
}

// implicit is the price of the conversion Kusto makes without being asked, -1
// if it makes none.
func implicit(from, to types.Type) int {
	switch {
	case from == to:
		return 0
	case from == types.Int && to == types.Long:
		return 1
	case from == types.Long && to == types.Real:
		return 2
	case from == types.Int && to == types.Real:
		return 3
	case (from == types.Int || from == types.Long || from == types.Real) && to == types.Decimal:
		return 4
	case from == types.Decimal && to == types.Real:
		return 5
	case from == types.Dynamic:
		return 6
	case from == types.Long && to == types.Int:
		return 8
	case to == types.Dynamic:
		return 9
	case from == types.Real && to == types.Long:
		return 20
	}
	return -1
}

// want converts to a type or reports that this is not possible.
func (b *binder) want(at syntax.Node, x ir.Expr, t types.Type, what string) ir.Expr {
	if isBad(x) || t == types.Unknown {
		return x
	}
	if implicit(x.Type(), t) < 0 {
		b.errorf(at, "convert it with to"+t.String()+"()", "%s is %s, %s is wanted", what, x.Type(), t)
		return bad()
	}
	return b.convert(x, t)
}

// common is the type that expressions of several types are brought to, Unknown
// if there is none.
func common(list []ir.Expr) types.Type {
	t := types.Unknown
	for _, x := range list {
		if c, ok := ir.IsConst(x); ok && c.V == nil && c.T == types.Dynamic {
			continue // a bare null takes any type
		}
		switch u := x.Type(); {
		case t == types.Unknown || t == u:
			t = u
		case t.Numeric() && u.Numeric():
			t = wider(t, u)
		default:
			if t == types.Dynamic || u == types.Dynamic {
				t = types.Dynamic
				continue
			}
			return types.Unknown
		}
	}
	if t == types.Unknown && len(list) > 0 {
		return types.Dynamic
	}
	return t
}

// wider is the numeric type both fit.
func wider(a, b types.Type) types.Type {
	rank := func(t types.Type) int {
		switch t {
		case types.Int:
			return 0
		case types.Long:
			return 1
		case types.Decimal:
			return 2
		default:
			return 3
		}
	}
	// decimal with real is decimal in Kusto
	if (a == types.Decimal && b == types.Real) || (a == types.Real && b == types.Decimal) {
		return types.Decimal
	}
	if rank(a) >= rank(b) {
		return a
	}
	return b
}
