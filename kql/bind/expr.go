package bind

import (
	"math"
	"sort"
	"strings"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// bad stands for an expression that was reported; its type silences what
// follows from it.
func bad() ir.Expr { return &ir.Const{T: types.Unknown} }

func isBad(list ...ir.Expr) bool {
	for _, x := range list {
		if x.Type() == types.Unknown {
			return true
		}
	}
	return false
}

func call(op string, t types.Type, args ...ir.Expr) ir.Expr {
	return &ir.Call{Op: op, T: t, Args: args}
}

// expr binds a scalar expression.
func (b *binder) expr(s *scope, x syntax.Expr) ir.Expr {
	if b.tooLarge(x) {
		return bad()
	}
	b.depth++
	defer func() { b.depth-- }()
	if b.depth > 4*maxDepth {
		b.errorf(x, "", "the expression is nested too deeply")
		return bad()
	}
	switch x := x.(type) {
	case *syntax.Literal:
		return b.literal(x)
	case *syntax.Name:
		return b.name(s, x)
	case *syntax.Unary:
		return b.unary(s, x)
	case *syntax.Binary:
		return b.binary(s, x)
	case *syntax.In:
		return b.in(s, x)
	case *syntax.Between:
		return b.between(s, x)
	case *syntax.Call:
		return b.call(s, x)
	case *syntax.Path:
		if side, ok := b.side(s, x); ok {
			return side
		}
		if s.step != nil {
			if v, ok := s.step(x); ok {
				return v
			}
		}
		return b.field(x, b.expr(s, x.X), &ir.Const{T: types.String, V: x.Name.Text})
	case *syntax.Index:
		return b.index(s, x)
	case *syntax.Bad:
		return bad()
	case *syntax.TypeOf:
		b.errorf(x, "", "typeof() is only understood where a type is wanted")
		return bad()
	case *syntax.Star:
		b.errorf(x, "", "* is not understood here")
		return bad()
	}
	if b.tabular(s.env, x) {
		b.errorf(x, "wrap it in toscalar(...)", "a value is wanted here, this is a table")
	} else {
		b.errorf(x, "", "this is not an expression")
	}
	return bad()
}

func (b *binder) literal(x *syntax.Literal) ir.Expr {
	v := x.Value
	if x.Type == types.Int {
		if n, ok := v.(int64); ok {
			if n < math.MinInt32 || n > math.MaxInt32 {
				b.errorf(x, "use long()", "the number does not fit int")
				return bad()
			}
			v = int32(n)
		}
	}
	if x.Type == types.String && v == nil {
		v = ""
	}
	return &ir.Const{T: x.Type, V: v}
}

// name resolves a column, then a let-variable.
func (b *binder) name(s *scope, x *syntax.Name) ir.Expr {
	if s.rel != nil {
		if c := s.rel.find(x.Text); c != nil {
			return c.ref()
		}
	}
	switch v := s.env.lookup(x.Text).(type) {
	case *boundValue:
		if v.x != nil {
			return v.x
		}
	case *letValue:
		return b.expr(&scope{env: v.env}, v.x)
	case *letTable, *boundTable:
		b.errorf(x, "toscalar("+x.Text+") takes its first value", "%s is a table, a value is wanted here", x.Text)
		return bad()
	case *letFunc:
		b.errorf(x, "call it: "+x.Text+"(...)", "%s is a function", x.Text)
		return bad()
	}
	switch strings.ToLower(x.Text) {
	case "":
		return bad() // a fault of syntax
	case "null", "nil", "none":
		b.errorf(x, "isnull(x) and isnotnull(x) ask for a missing value, isempty(x) and isnotempty(x) for an empty text", "%s is not a value", x.Text)
		return bad()
	}
	var names []string
	if s.rel != nil {
		for _, c := range s.rel.cols {
			names = append(names, c.name)
		}
	}
	known := append(append([]string(nil), names...), s.env.names()...)
	hint := didYouMean(x.Text, known)
	if hint == "" {
		hint = columnHint(x.Text, s.rel)
	}
	b.errorf(x, hint, "unknown column %s", x.Text)
	return bad()
}

// columnHint names the column of r that was meant, or those there are.
func columnHint(name string, r *rel) string {
	if r == nil {
		return ""
	}
	var names []string
	for _, c := range r.cols {
		if c.name != anything {
			names = append(names, c.name)
		}
	}
	if hint := didYouMean(name, names); hint != "" || len(names) == 0 {
		return hint
	}
	sort.Strings(names)
	if len(names) > 12 {
		names = append(names[:12], "...")
	}
	return "columns here: " + join(names)
}

// side resolves $left.c and $right.c within join conditions.
func (b *binder) side(s *scope, x *syntax.Path) (ir.Expr, bool) {
	n, ok := x.X.(*syntax.Name)
	if !ok || n.Bracketed {
		return nil, false
	}
	var r *rel
	switch n.Text {
	case "$left":
		r = s.left
	case "$right":
		r = s.right
	}
	if r == nil {
		return nil, false
	}
	if c := r.find(x.Name.Text); c != nil {
		return c.ref(), true
	}
	b.errorf(x.Name, columnHint(x.Name.Text, r), "%s has no column %s", n.Text, x.Name.Text)
	return bad(), true
}

func (b *binder) field(at syntax.Node, x, key ir.Expr) ir.Expr {
	if isBad(x) {
		return bad()
	}
	if x.Type() != types.Dynamic {
		b.errorf(at, "parse_json(...) makes a dynamic of a string", "a %s has no fields", x.Type())
		return bad()
	}
	return call("dyn.get", types.Dynamic, x, key)
}

func (b *binder) index(s *scope, x *syntax.Index) ir.Expr {
	if n, ok := x.X.(*syntax.Name); ok && (n.Text == "$left" || n.Text == "$right") && (s.left != nil || s.right != nil) {
		if l, ok := x.Index.(*syntax.Literal); ok && l.Type == types.String {
			if e, ok := b.side(s, &syntax.Path{Span: x.Span, X: x.X, Name: &syntax.Name{Span: l.Span, Text: l.Value.(string)}}); ok {
				return e
			}
		}
	}
	base, i := b.expr(s, x.X), b.expr(s, x.Index)
	if isBad(base, i) {
		return bad()
	}
	if base.Type() != types.Dynamic {
		b.errorf(x, "parse_json(...) makes a dynamic of a string", "a %s has no elements", base.Type())
		return bad()
	}
	switch i.Type() {
	case types.String:
		return call("dyn.get", types.Dynamic, base, i)
	case types.Int, types.Long:
		return call("dyn.at", types.Dynamic, base, b.convert(i, types.Long))
	case types.Dynamic:
		return call("dyn.index", types.Dynamic, base, i)
	}
	b.errorf(x.Index, "", "an index is a string or an integer, not %s", i.Type())
	return bad()
}

func (b *binder) unary(s *scope, x *syntax.Unary) ir.Expr {
	v := b.expr(s, x.X)
	if isBad(v) {
		return bad()
	}
	if x.Op == "+" {
		return v
	}
	if c, ok := ir.IsConst(v); ok && c.V != nil {
		switch n := c.V.(type) {
		case int32:
			if c.T == types.Int {
				return &ir.Const{T: types.Long, V: -int64(n)}
			}
		case int64:
			if c.T != types.DateTime {
				return &ir.Const{T: c.T, V: -n}
			}
		case float64:
			return &ir.Const{T: c.T, V: -n}
		}
	}
	switch v.Type() {
	case types.Int, types.Long:
		return call("neg.long", types.Long, b.convert(v, types.Long))
	case types.TimeSpan:
		return call("neg.long", types.TimeSpan, v)
	case types.Real:
		return call("neg.real", types.Real, v)
	case types.Decimal:
		return call("neg.decimal", types.Decimal, v)
	}
	b.errorf(x, "", "- does not apply to %s", v.Type())
	return bad()
}

func (b *binder) between(s *scope, x *syntax.Between) ir.Expr {
	v, lo, hi := b.expr(s, x.X), b.expr(s, x.Lo), b.expr(s, x.Hi)
	if isBad(v, lo, hi) {
		return bad()
	}
	// between (t .. 1d) means from t for one day.
	if v.Type() == types.DateTime && hi.Type() == types.TimeSpan {
		hi = b.arith(x, "+", lo, hi)
	}
	both := call("and", types.Bool, b.compare(x, ">=", v, lo), b.compare(x, "<=", v, hi))
	if isBad(both.(*ir.Call).Args...) {
		return bad()
	}
	if x.Not {
		return call("not", types.Bool, both)
	}
	return both
}

// predicate binds a condition.
func (b *binder) predicate(s *scope, x syntax.Expr) ir.Expr {
	v := b.expr(s, x)
	switch v.Type() {
	case types.Bool, types.Unknown:
		return v
	case types.Dynamic:
		return b.convert(v, types.Bool)
	case types.Int, types.Long:
		return call("tobool."+v.Type().String(), types.Bool, v)
	}
	hint := ""
	if v.Type() == types.String {
		hint = "compare it, or ask isnotempty(...)"
	}
	b.errorf(x, hint, "a condition is bool, this is %s", v.Type())
	return bad()
}
