package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// specials are functions whose meaning is not that of a value of values.
var specials = []string{"now", "ago", "toscalar", "case", "bag_pack", "pack", "pack_array", "pack_dictionary", "pack_all",
	"column_ifexists", "columnifexists", "ingestion_time", "strcat_delim", "typeof", "range", "array_sort_asc", "array_sort_desc", "gettype", "extract_json", "extractjson"}

func specialNames() []string { return specials }

func (b *binder) special(name string) func(*scope, *syntax.Call) ir.Expr {
	switch name {
	case "now":
		return b.now
	case "ago":
		return b.ago
	case "toscalar":
		return b.toscalar
	case "case":
		return b.caseOf
	case "bag_pack", "pack", "pack_dictionary":
		return b.bagPack
	case "pack_array":
		return b.packArray
	case "pack_all":
		return b.packAll
	case "column_ifexists", "columnifexists":
		return b.columnIfExists
	case "strcat_delim":
		return b.strcatDelim
	case "range":
		return b.rangeOf
	case "gettype":
		return b.getType
	case "extract_json", "extractjson":
		return b.extractJSON
	case "array_sort_asc", "array_sort_desc":
		return b.arraySort
	case "unicode_codepoints_to_string":
		return b.codepoints
	}
	return nil
}

func (b *binder) has(x *syntax.Call, op string) bool {
	if b.opts.Has == nil || b.opts.Has(op) {
		return true
	}
	b.refuse(x.Func, "", "the function "+x.Func.Text)
	return false
}

func (b *binder) now(s *scope, x *syntax.Call) ir.Expr {
	args, ok := b.args(s, x)
	if !ok {
		return bad()
	}
	now := &ir.Const{T: types.DateTime, V: b.opts.Now}
	switch {
	case len(args) == 0:
		return now
	case len(args) == 1 && args[0].Type() == types.TimeSpan:
		return b.arith(x, "+", now, args[0])
	}
	b.errorf(x, "", "now takes nothing or one timespan")
	return bad()
}

func (b *binder) ago(s *scope, x *syntax.Call) ir.Expr {
	args, ok := b.args(s, x)
	if !ok {
		return bad()
	}
	if len(args) != 1 || args[0].Type() != types.TimeSpan {
		b.errorf(x, "for example ago(7d)", "ago takes one timespan")
		return bad()
	}
	if c, ok := ir.IsConst(args[0]); ok && c.V != nil {
		return &ir.Const{T: types.DateTime, V: b.opts.Now - c.V.(int64)}
	}
	return b.arith(x, "-", &ir.Const{T: types.DateTime, V: b.opts.Now}, args[0])
}

func (b *binder) toscalar(s *scope, x *syntax.Call) ir.Expr {
	if len(x.Args) != 1 {
		b.errorf(x, "", "toscalar takes 1 argument, got %d", len(x.Args))
		return bad()
	}
	arg := x.Args[0].Value
	if !b.tabular(s.env, arg) {
		return b.expr(s, arg)
	}
	r := b.table(s.env, arg)
	if r == nil || len(r.cols) == 0 {
		return bad()
	}
	c := r.cols[0]
	return &ir.Scalar{Node: &ir.Limit{In: r.node, N: &ir.Const{T: types.Long, V: int64(1)}}, Column: c.id, T: c.t}
}

func (b *binder) caseOf(s *scope, x *syntax.Call) ir.Expr {
	if len(x.Args) < 3 || len(x.Args)%2 == 0 {
		b.errorf(x, "case(condition, value, ..., otherwise)", "case takes pairs and a last value")
		return bad()
	}
	var conds, values []ir.Expr
	for i, a := range x.Args {
		if i%2 == 0 && i < len(x.Args)-1 {
			conds = append(conds, b.predicate(s, a.Value))
		} else {
			values = append(values, b.expr(s, a.Value))
		}
	}
	if isBad(conds...) || isBad(values...) {
		return bad()
	}
	t := common(values)
	if t == types.Unknown {
		b.errorf(x, "convert them to one type", "the values of case differ in type")
		return bad()
	}
	var args []ir.Expr
	for i, v := range values {
		if i < len(conds) {
			args = append(args, conds[i])
		}
		args = append(args, b.convert(v, t))
	}
	return call("case", t, args...)
}

func (b *binder) bagPack(s *scope, x *syntax.Call) ir.Expr {
	args, ok := b.args(s, x)
	if !ok || !b.has(x, "bag_pack") {
		return bad()
	}
	if len(args)%2 != 0 {
		b.errorf(x, x.Func.Text+"(key, value, ...)", "%s takes pairs", x.Func.Text)
		return bad()
	}
	for i := range args {
		if i%2 == 0 {
			if args[i].Type() != types.String && args[i].Type() != types.Dynamic {
				b.errorf(x.Args[i], "", "a key is a string, this is %s", args[i].Type())
				return bad()
			}
			args[i] = b.convert(args[i], types.String)
		} else {
			args[i] = b.convert(args[i], types.Dynamic)
		}
	}
	return call("bag_pack", types.Dynamic, args...)
}

func (b *binder) packArray(s *scope, x *syntax.Call) ir.Expr {
	if len(x.Args) == 1 {
		if _, ok := x.Args[0].Value.(*syntax.Star); ok {
			var args []ir.Expr
			for _, c := range s.rel.cols {
				args = append(args, b.convert(c.ref(), types.Dynamic))
			}
			return call("pack_array", types.Dynamic, args...)
		}
	}
	args, ok := b.args(s, x)
	if !ok || !b.has(x, "pack_array") {
		return bad()
	}
	for i := range args {
		args[i] = b.convert(args[i], types.Dynamic)
	}
	return call("pack_array", types.Dynamic, args...)
}

func (b *binder) packAll(s *scope, x *syntax.Call) ir.Expr {
	if s.rel == nil {
		b.errorf(x, "", "pack_all needs the columns of a table")
		return bad()
	}
	if len(x.Args) > 0 {
		l, ok := x.Args[0].Value.(*syntax.Literal)
		v, isBool := false, false
		if ok {
			v, isBool = l.Value.(bool)
		}
		if !isBool || v {
			b.refuse(x, "", "pack_all(true)")
			return bad()
		}
	}
	if !b.has(x, "bag_pack") {
		return bad()
	}
	var args []ir.Expr
	for _, c := range s.rel.cols {
		args = append(args, &ir.Const{T: types.String, V: c.name}, b.convert(c.ref(), types.Dynamic))
	}
	return call("bag_pack", types.Dynamic, args...)
}

func (b *binder) columnIfExists(s *scope, x *syntax.Call) ir.Expr {
	if len(x.Args) != 2 {
		b.errorf(x, `column_ifexists("name", default)`, "column_ifexists takes 2 arguments, got %d", len(x.Args))
		return bad()
	}
	c, ok := ir.IsConst(b.expr(s, x.Args[0].Value))
	name, isString := "", false
	if ok {
		name, isString = c.V.(string)
	}
	if !isString {
		b.errorf(x.Args[0], "", "the column's name must be a constant string")
		return bad()
	}
	if s.rel != nil {
		if c := s.rel.find(name); c != nil {
			return c.ref()
		}
	}
	return b.expr(s, x.Args[1].Value)
}

// strcatDelim is strcat with the delimiter between.
func (b *binder) strcatDelim(s *scope, x *syntax.Call) ir.Expr {
	args, ok := b.args(s, x)
	if !ok {
		return bad()
	}
	if len(args) < 2 {
		b.errorf(x, "", "strcat_delim takes at least 2 arguments")
		return bad()
	}
	out := []ir.Expr{b.convert(args[1], types.String)}
	for _, a := range args[2:] {
		out = append(out, b.convert(args[0], types.String), b.convert(a, types.String))
	}
	return call("strcat", types.String, out...)
}

func (b *binder) rangeOf(s *scope, x *syntax.Call) ir.Expr {
	args, ok := b.args(s, x)
	if !ok {
		return bad()
	}
	if len(args) == 2 {
		args = append(args, &ir.Const{T: types.Long, V: int64(1)})
		if args[0].Type() == types.DateTime || args[0].Type() == types.TimeSpan {
			args[2] = &ir.Const{T: types.TimeSpan, V: int64(36_000_000_000)}
		}
	}
	if len(args) != 3 {
		b.errorf(x, "range(from, to, step)", "range takes 2 or 3 arguments")
		return bad()
	}
	kind := ""
	switch t := args[0].Type(); {
	case t == types.DateTime || t == types.TimeSpan:
		kind = "range." + t.String()
		if args[1].Type() != t || args[2].Type() != types.TimeSpan {
			b.errorf(x, "", "the bounds and step of range differ in type")
			return bad()
		}
	default:
		want := types.Long
		for _, a := range args {
			if a.Type() == types.Real {
				want = types.Real
			}
		}
		for i := range args {
			args[i] = b.want(x.Args[min(i, len(x.Args)-1)], args[i], want, "an argument of range")
		}
		if isBad(args...) {
			return bad()
		}
		kind = "range." + want.String()
	}
	if !b.has(x, kind) {
		return bad()
	}
	return call(kind, types.Dynamic, args...)
}

// getType is known at compile time for all but dynamics.
func (b *binder) getType(s *scope, x *syntax.Call) ir.Expr {
	args, ok := b.args(s, x)
	if !ok {
		return bad()
	}
	if len(args) != 1 {
		b.errorf(x, "", "gettype takes 1 argument, got %d", len(args))
		return bad()
	}
	if args[0].Type() != types.Dynamic {
		return str(args[0].Type().String())
	}
	if !b.has(x, "gettype.dynamic") {
		return bad()
	}
	return call("gettype.dynamic", types.String, args[0])
}

// arraySort sorts one array; with several it would give several columns.
func (b *binder) arraySort(s *scope, x *syntax.Call) ir.Expr {
	args, ok := b.args(s, x)
	if !ok {
		return bad()
	}
	if len(args) != 1 {
		b.refuse(x, "sort one array at a time", x.Func.Text+" of several arrays")
		return bad()
	}
	if args[0].Type() != types.Dynamic {
		b.errorf(x, "", "%s takes a dynamic array", x.Func.Text)
		return bad()
	}
	if !b.has(x, x.Func.Text) {
		return bad()
	}
	return call(x.Func.Text, types.Dynamic, args[0])
}

func (b *binder) codepoints(s *scope, x *syntax.Call) ir.Expr {
	args, ok := b.args(s, x)
	if !ok || !b.has(x, x.Func.Text) {
		return bad()
	}
	if len(args) == 0 {
		b.errorf(x, "", "%s takes at least 1 argument, got 0", x.Func.Text)
		return bad()
	}
	for i := range args {
		args[i] = b.convert(args[i], types.Dynamic)
	}
	return call(x.Func.Text, types.String, args...)
}
