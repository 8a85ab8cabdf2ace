package bind

import (
	"fmt"

	"github.com/postern-dev/postern/kql/funcs"
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// call binds a function call in scalar position.
func (b *binder) call(s *scope, x *syntax.Call) ir.Expr {
	if x.On != nil {
		b.refuse(x, "query the tables of this store by their names", "a function of another cluster or database")
		return bad()
	}
	name := x.Func.Text
	if f := b.userFunc(s.env, x); f != nil {
		return b.userScalar(s, f, x)
	}
	if special := b.special(name); special != nil {
		return special(s, x)
	}
	if a := b.fns.Aggregate(name); a != nil {
		return b.aggregate(s, a, x)
	}
	if w := b.fns.Window(name); w != nil {
		return b.window(s, w, x)
	}
	f := b.fns.Scalar(name)
	if f == nil {
		b.errorf(x.Func, b.functionHint(name), "unknown or unsupported function %s", name)
		return bad()
	}
	if f.Obsolete != "" {
		b.note(x.Func, name+"() is obsolete, "+f.Obsolete+"() is its successor")
	}
	args, ok := b.args(s, x)
	if !ok {
		return bad()
	}
	o, args, ok := b.resolve(x, name, f.Overloads, args)
	if !ok {
		return bad()
	}
	t := resultType(o, args)
	op := f.Op(o)
	if b.opts.Has != nil && !b.opts.Has(op) {
		b.refuse(x.Func, "", "the function "+name)
		return bad()
	}
	b.checkPatterns(x, op, args)
	if op == "same" {
		return args[0]
	}
	return call(op, t, args...)
}

// checkPatterns compiles constant regular expressions in advance.
func (b *binder) checkPatterns(x *syntax.Call, op string, args []ir.Expr) {
	at := map[string]int{"extract": 0, "extract_all": 0, "replace_regex": 1, "replace_old": 0, "trim": 0, "trim_start": 0, "trim_end": 0}
	i, ok := at[op]
	if !ok || i >= len(args) || i >= len(x.Args) {
		return
	}
	if c, ok := ir.IsConst(args[i]); ok {
		b.checkRegex(x.Args[i].Value, c)
	}
}

func (b *binder) args(s *scope, x *syntax.Call) ([]ir.Expr, bool) {
	out := make([]ir.Expr, len(x.Args))
	ok := true
	for i, a := range x.Args {
		if a.Name != nil {
			b.errorf(a, "", "%s takes no named arguments", x.Func.Text)
			return nil, false
		}
		out[i] = b.expr(s, a.Value)
		ok = ok && !isBad(out[i])
	}
	return out, ok
}

func resultType(o *funcs.Overload, args []ir.Expr) types.Type {
	switch o.Infer {
	case funcs.First:
		return args[0].Type()
	case funcs.Common:
		return args[len(args)-1].Type()
	}
	return o.Result
}

// resolve picks the overload whose conversions cost least, and makes them.
func (b *binder) resolve(x *syntax.Call, name string, list []funcs.Overload, args []ir.Expr) (*funcs.Overload, []ir.Expr, bool) {
	var best *funcs.Overload
	cost, counts := 1<<30, false
	for i := range list {
		o := &list[i]
		if !fits(o, len(args)) {
			continue
		}
		counts = true
		if c := price(o, args); c >= 0 && c < cost {
			best, cost = o, c
		}
	}
	if best == nil {
		if !counts {
			b.errorf(x, "", "%s takes %s, got %d", name, arity(list), len(args))
			return nil, nil, false
		}
		got := ""
		for i, a := range args {
			if i > 0 {
				got += ", "
			}
			got += a.Type().String()
		}
		b.errorf(x, "convert the arguments first", "%s does not take (%s)", name, got)
		return nil, nil, false
	}
	out := make([]ir.Expr, 0, len(args)+len(best.Defaults))
	for i, a := range args {
		out = append(out, b.bring(a, best, wantedAt(best, i)))
	}
	if missing := len(best.Args) - len(args); missing > 0 && !(best.Variadic && missing == 1) {
		for i := len(args); i < len(best.Args); i++ {
			t := best.Args[i]
			if t >= funcs.Any {
				t = args[0].Type()
			}
			out = append(out, &ir.Const{T: t, V: best.Defaults[i-len(best.Args)+len(best.Defaults)]})
		}
	}
	if best.Infer == funcs.Common {
		var ok bool
		if out, ok = b.commonArgs(x, name, best, out); !ok {
			return nil, nil, false
		}
	}
	return best, out, true
}

// commonArgs brings the arguments declared "any" to one type.
func (b *binder) commonArgs(x *syntax.Call, name string, o *funcs.Overload, args []ir.Expr) ([]ir.Expr, bool) {
	from := 0
	for from < len(o.Args) && o.Args[from] < funcs.Any {
		from++
	}
	t := common(args[from:])
	if t == types.Unknown {
		b.errorf(x, "convert them to one type", "the arguments of %s differ in type", name)
		return nil, false
	}
	for i := from; i < len(args); i++ {
		args[i] = b.convert(args[i], t)
	}
	return args, true
}

func (b *binder) bring(a ir.Expr, o *funcs.Overload, t types.Type) ir.Expr {
	if t >= funcs.Any {
		return a
	}
	return b.convert(a, t)
}

func wantedAt(o *funcs.Overload, i int) types.Type {
	if i >= len(o.Args) {
		return o.Args[len(o.Args)-1]
	}
	return o.Args[i]
}

func fits(o *funcs.Overload, n int) bool {
	if o.Variadic {
		return n >= len(o.Args)
	}
	return n <= len(o.Args) && n >= len(o.Args)-len(o.Defaults)
}

func price(o *funcs.Overload, args []ir.Expr) int {
	sum := 0
	for i, a := range args {
		t := wantedAt(o, i)
		switch {
		case t == funcs.Any:
			sum += 3
		case t == funcs.Number:
			if !a.Type().Numeric() {
				return -1
			}
			sum++
		case o.Text && t == types.String && a.Type() != types.String:
			sum += 4
		default:
			c := implicit(a.Type(), t)
			if c < 0 || c >= 20 {
				if c < 0 || len(o.Args) < 1 {
					return -1
				}
			}
			sum += c
		}
	}
	return sum
}

func arity(list []funcs.Overload) string {
	lo, hi, more := 1<<30, 0, false
	for i := range list {
		o := &list[i]
		lo = min(lo, len(o.Args)-len(o.Defaults))
		hi = max(hi, len(o.Args))
		more = more || o.Variadic
	}
	switch {
	case more:
		return fmt.Sprintf("at least %d arguments", lo)
	case lo == hi && lo == 1:
		return "1 argument"
	case lo == hi:
		return fmt.Sprintf("%d arguments", lo)
	}
	return fmt.Sprintf("%d to %d arguments", lo, hi)
}

// userScalar inlines a let-function that gives a value.
func (b *binder) userScalar(s *scope, f *letFunc, x *syntax.Call) ir.Expr {
	if b.bodyTabular(f) {
		b.errorf(x, "toscalar("+x.Func.Text+"(...)) takes its first value", "%s gives a table, a value is wanted here", x.Func.Text)
		return bad()
	}
	local, ok := b.arguments(s, f, x)
	if !ok {
		return bad()
	}
	for _, st := range f.f.Body {
		switch st := st.(type) {
		case *syntax.Let:
			b.let(local, st)
		case *syntax.QueryStatement:
			return b.expr(&scope{env: local}, st.Expr)
		}
	}
	b.errorf(x, "", "the function %s has no value", x.Func.Text)
	return bad()
}
