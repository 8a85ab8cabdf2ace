package bind

import (
	"strings"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

func (b *binder) binary(s *scope, x *syntax.Binary) ir.Expr {
	switch x.Op {
	case "and", "or":
		l, r := b.predicate(s, x.X), b.predicate(s, x.Y)
		if isBad(l, r) {
			return bad()
		}
		return call(x.Op, types.Bool, l, r)
	case ":":
		b.errorf(x, "", "column:term is understood in search only")
		return bad()
	}
	if _, ok := x.X.(*syntax.Star); ok && s.rel != nil {
		return b.anyColumn(s, x)
	}
	l, r := b.expr(s, x.X), b.expr(s, x.Y)
	if isBad(l, r) {
		return bad()
	}
	switch x.Op {
	case "+", "-", "*", "/", "%":
		return b.arith(x, x.Op, l, r)
	case "==", "!=", "<", "<=", ">", ">=":
		if (l.Type() == types.Dynamic) != (r.Type() == types.Dynamic) && !isNullConst(l) && !isNullConst(r) {
			other := l.Type()
			if other == types.Dynamic {
				other = r.Type()
			}
			b.adviseBag(x, other)
		}
		return b.compare(x, x.Op, l, r)
	case "=~", "!~":
		if l.Type() == types.Dynamic || r.Type() == types.Dynamic {
			b.note(x, x.Op+" compares texts: a dynamic is taken as tostring() of it; write that to make it plain")
		}
	case "has", "!has", "has_cs", "!has_cs":
		b.adviseTerm(x.Y)
	}
	return b.textual(x, x.Op, l, r)
}

// arith types + - * / %.
func (b *binder) arith(at syntax.Node, op string, l, r ir.Expr) ir.Expr {
	lt, rt := l.Type(), r.Type()
	word := map[string]string{"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod"}[op]
	fail := func(hint string) ir.Expr {
		b.errorf(at, hint, "%s does not apply to %s and %s", op, lt, rt)
		return bad()
	}
	if lt == types.Dynamic || rt == types.Dynamic {
		return fail("convert the dynamic with tolong(), todouble() or totimespan() first")
	}
	dt, ts := types.DateTime, types.TimeSpan
	switch {
	case lt.Numeric() && rt.Numeric():
		t := wider(lt, rt)
		if t == types.Int {
			t = types.Long
		}
		return call(word+"."+t.String(), t, b.convert(l, t), b.convert(r, t))
	case lt == dt && rt == dt && op == "-":
		return call("sub.ticks", ts, l, r)
	case lt == dt && rt == ts && (op == "+" || op == "-"):
		return call(word+".datetime", dt, l, r)
	case lt == ts && rt == dt && op == "+":
		return call("add.datetime", dt, r, l)
	case lt == ts && rt == ts:
		switch op {
		case "+", "-":
			return call(word+".ticks", ts, l, r)
		case "/":
			return call("div.real", types.Real, call("toreal.long", types.Real, l), call("toreal.long", types.Real, r))
		case "%":
			return call("mod.long", ts, l, r)
		}
	case lt == ts && rt.Numeric() && (op == "*" || op == "/"):
		if rt == types.Real || rt == types.Decimal {
			return call(word+".span.real", ts, l, b.convert(r, types.Real))
		}
		return call(word+".long", ts, l, b.convert(r, types.Long))
	case lt.Numeric() && rt == ts && op == "*":
		return b.arith(at, op, r, l)
	}
	if op == "+" && lt == types.String && rt == types.String {
		return fail("strcat(a, b) joins texts")
	}
	return fail("")
}

// compare types == != < <= > >=.
func (b *binder) compare(at syntax.Node, op string, l, r ir.Expr) ir.Expr {
	if isBad(l, r) {
		return bad()
	}
	lt, rt := l.Type(), r.Type()
	if isNullConst(l) && lt == types.Dynamic {
		l, lt = &ir.Const{T: rt}, rt
	}
	if isNullConst(r) && rt == types.Dynamic {
		r, rt = &ir.Const{T: lt}, lt
	}
	equality := op == "==" || op == "!="
	word := map[string]string{"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}[op]
	switch {
	case lt == types.Dynamic && rt == types.Dynamic:
		if equality {
			return call(word+".dyn", types.Bool, l, r)
		}
	case lt == types.Dynamic || rt == types.Dynamic:
		return b.compareDynamic(at, word, l, r)
	case lt.Numeric() && rt.Numeric():
		t := wider(lt, rt)
		if t == types.Decimal {
			word += ".decimal"
		}
		return call(word, types.Bool, b.convert(l, t), b.convert(r, t))
	case lt == rt:
		if lt == types.Guid && !equality {
			break
		}
		return call(word, types.Bool, l, r)
	case lt == types.Bool && (rt == types.Int || rt == types.Long):
		return call(word, types.Bool, call("tolong.bool", types.Long, l), b.convert(r, types.Long))
	case rt == types.Bool && (lt == types.Int || lt == types.Long):
		return call(word, types.Bool, b.convert(l, types.Long), call("tolong.bool", types.Long, r))
	}
	hint := ""
	switch {
	case lt == types.String && rt != types.Dynamic:
		hint = "convert the string with to" + rt.String() + "()"
	case rt == types.String && lt != types.Dynamic:
		hint = "convert the string with to" + lt.String() + "()"
	}
	b.errorf(at, hint, "%s cannot be compared with %s", lt, rt)
	return bad()
}

// compareDynamic compares a dynamic with a value of another type: a dynamic
// string with strings, a number with numbers. A value of another kind is null
// there, and so unequal.
func (b *binder) compareDynamic(at syntax.Node, word string, l, r ir.Expr) ir.Expr {
	side := func(x ir.Expr, other types.Type) ir.Expr {
		if x.Type() != types.Dynamic {
			if x.Type().Numeric() && x.Type() != types.Decimal {
				return b.convert(x, types.Real)
			}
			return x
		}
		switch other {
		case types.String:
			return call("dyn.text", types.String, x)
		case types.Int, types.Long, types.Real:
			return call("dyn.number", types.Real, x)
		case types.Bool:
			return call("dyn.bool", types.Bool, x)
		default:
			return b.convert(x, other)
		}
	}
	if l.Type() == types.String || r.Type() == types.String {
		if word == "eq" || word == "ne" {
			// dyn.text is null where the value is not a string, unlike tostring.
			return call(word+".dyntext", types.Bool, side(l, r.Type()), side(r, l.Type()))
		}
	}
	return call(word, types.Bool, side(l, r.Type()), side(r, l.Type()))
}

func isNullConst(x ir.Expr) bool {
	c, ok := ir.IsConst(x)
	return ok && c.V == nil
}

// text gives an operand of a string operator as a string: dynamics by tostring.
func (b *binder) text(at syntax.Node, x ir.Expr) ir.Expr {
	switch x.Type() {
	case types.String, types.Unknown:
		return x
	case types.Dynamic, types.Guid:
		return b.convert(x, types.String)
	}
	b.errorf(at, "tostring(...) makes it one", "a string is wanted here, this is %s", x.Type())
	return bad()
}

// textual types the string operators.
func (b *binder) textual(x *syntax.Binary, op string, l, r ir.Expr) ir.Expr {
	not := strings.HasPrefix(op, "!")
	base := strings.TrimPrefix(op, "!")
	l, r = b.text(x.X, l), b.text(x.Y, r)
	if isBad(l, r) {
		return bad()
	}
	var v ir.Expr
	switch base {
	case "~":
		return call("ne.fold", types.Bool, l, r)
	case "=~":
		return call("eq.fold", types.Bool, l, r)
	case "matches regex":
		if c, ok := ir.IsConst(r); ok {
			b.checkRegex(x.Y, c)
		}
		v = call("matches_regex", types.Bool, l, r)
	case "has", "has_cs", "hasprefix", "hasprefix_cs", "hassuffix", "hassuffix_cs",
		"contains", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs":
		v = call(base, types.Bool, l, r)
	default:
		b.refuse(x, "write has, contains, startswith, endswith or matches regex", "the operator "+op)
		return bad()
	}
	if not {
		return call("not", types.Bool, v)
	}
	return v
}

// anyColumn is `* has "x"`: true if any column has.
func (b *binder) anyColumn(s *scope, x *syntax.Binary) ir.Expr {
	r := b.expr(s, x.Y)
	if isBad(r) {
		return bad()
	}
	var any ir.Expr
	for _, c := range s.rel.cols {
		l := c.ref()
		if c.t != types.String {
			l = b.convert(l, types.String)
		}
		var one ir.Expr
		switch x.Op {
		case "==", "!=":
			if r.Type() != types.String {
				continue
			}
			one = b.compare(x, x.Op, l, r)
		default:
			one = b.textual(x, x.Op, l, r)
		}
		if isBad(one) {
			return bad()
		}
		switch {
		case any == nil:
			any = one
		case strings.HasPrefix(x.Op, "!"):
			// * !contains "x": no column contains it.
			any = call("and", types.Bool, any, one)
		default:
			any = call("or", types.Bool, any, one)
		}
	}
	if any == nil {
		return &ir.Const{T: types.Bool, V: false}
	}
	return any
}

// in binds in, !in, in~, !in~, has_any and has_all.
func (b *binder) in(s *scope, x *syntax.In) ir.Expr {
	if _, ok := x.X.(*syntax.Star); ok {
		b.refuse(x, "name the columns", "* with "+x.Op)
		return bad()
	}
	l := b.expr(s, x.X)
	if isBad(l) {
		return bad()
	}
	not := strings.HasPrefix(x.Op, "!")
	op := strings.TrimPrefix(x.Op, "!")
	if len(x.List) == 1 && b.tabular(s.env, x.List[0]) {
		return b.inTable(s, x, l, op, not)
	}
	var any ir.Expr
	for _, item := range x.List {
		r := b.expr(s, item)
		if isBad(r) {
			return bad()
		}
		one := b.inItem(x, item, op, l, r)
		if isBad(one) {
			return bad()
		}
		switch {
		case any == nil:
			any = one
		case op == "has_all":
			any = call("and", types.Bool, any, one)
		default:
			any = call("or", types.Bool, any, one)
		}
	}
	if any == nil {
		any = &ir.Const{T: types.Bool, V: false}
	}
	if not {
		return call("not", types.Bool, any)
	}
	return any
}

func (b *binder) inItem(x *syntax.In, item syntax.Expr, op string, l, r ir.Expr) ir.Expr {
	if r.Type() == types.Dynamic {
		// A list in one value: in (dynamic([...])).
		return b.inList(x, item, op, l, r)
	}
	switch op {
	case "in":
		return call("total", types.Bool, b.compare(item, "==", l, r))
	case "in~":
		return b.textual(&syntax.Binary{Span: x.Span, X: x.X, Y: item}, "=~", l, r)
	default: // has_any, has_all
		return b.textual(&syntax.Binary{Span: x.Span, X: x.X, Y: item}, "has", l, r)
	}
}

// inList tests against the elements of an array.
func (b *binder) inList(x *syntax.In, item syntax.Expr, op string, l, r ir.Expr) ir.Expr {
	switch op {
	case "in":
		return call("dyn.contains", types.Bool, r, b.convert(l, types.Dynamic))
	case "in~":
		l = b.text(x.X, l)
		if isBad(l) {
			return bad()
		}
		return call("dyn.contains_fold", types.Bool, r, l)
	default:
		l = b.text(x.X, l)
		if isBad(l) {
			return bad()
		}
		return call(op, types.Bool, l, r)
	}
}

func (b *binder) inTable(s *scope, x *syntax.In, l ir.Expr, op string, not bool) ir.Expr {
	if op != "in" && op != "in~" {
		b.refuse(x, "", op+" with a table")
		return bad()
	}
	r := b.table(s.env, x.List[0])
	if r == nil || len(r.cols) == 0 {
		return bad()
	}
	c := r.cols[0]
	lv, rv := l, c.ref()
	if lv.Type() != rv.Type() {
		switch {
		case lv.Type().Numeric() && rv.Type().Numeric():
			t := wider(lv.Type(), rv.Type())
			lv, rv = b.convert(lv, t), b.convert(rv, t)
		case lv.Type() == types.Dynamic:
			lv = b.convert(lv, rv.Type())
		case rv.Type() == types.Dynamic:
			rv = b.convert(rv, lv.Type())
		default:
			b.errorf(x, "", "%s cannot be looked up in a column of %s", lv.Type(), rv.Type())
			return bad()
		}
	}
	c = b.columnFor(r, "", rv)
	return &ir.InTable{X: lv, Node: r.node, Column: c.id, Not: not, Fold: op == "in~"}
}
