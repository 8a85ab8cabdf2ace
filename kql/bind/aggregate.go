package bind

import (
	"github.com/postern-dev/postern/kql/funcs"
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// aggregate binds one aggregate call within summarize: the aggregate goes to
// the scope's list, the expression is a reference to its column.
func (b *binder) aggregate(s *scope, a *funcs.Aggregate, x *syntax.Call) ir.Expr {
	name := x.Func.Text
	if s.aggs == nil {
		b.errorf(x.Func, "aggregates belong into summarize", "%s is not allowed here", name)
		return bad()
	}
	if s.inAgg {
		b.errorf(x.Func, "summarize twice", "an aggregate within an aggregate")
		return bad()
	}
	if a.Obsolete != "" {
		b.note(x.Func, name+"() is obsolete, "+a.Obsolete+"() is its successor")
	}
	if name == "count" && len(x.Args) == 1 && isStar(x.Args[0].Value) {
		b.errorf(x, "count() counts the rows", "count takes no *")
		return bad()
	}
	inner := *s
	inner.inAgg, inner.aggs = true, s.aggs
	args, ok := b.args(&inner, x)
	if !ok {
		return bad()
	}
	if len(a.Overloads) == 0 {
		if name == "percentile" && len(args) == 2 {
			return b.percentile(s, x, args[0], args[1])
		}
		b.errorf(x, "", "%s stands alone in summarize, not within an expression", name)
		return bad()
	}
	o, args, ok := b.resolve(x, name, a.Overloads, args)
	if !ok {
		return bad()
	}
	if len(args) > 0 && args[0].Type() == types.Dynamic && ordersOrAdds(o.Op) {
		b.errorf(x, "convert it, for example with tostring()", "%s does not take a dynamic", name)
		return bad()
	}
	if len(args) > 0 && args[0].Type() == types.Decimal && ordersOrAdds(o.Op) {
		b.refuse(x, "convert it with toreal()", name+" of a decimal")
		return bad()
	}
	agg := ir.Agg{Op: o.Op, T: resultType(o, args), Args: args}
	if a.Conditional {
		agg.If, agg.Args = args[len(args)-1], args[:len(args)-1]
	}
	if o.Op == "countif" {
		agg = ir.Agg{Op: "count", T: types.Long, If: args[0]}
	}
	if o.Op == "count" && len(args) > 0 {
		agg.Args = nil
	}
	return s.add(b, agg)
}

// ordersOrAdds: what a dynamic or a decimal text cannot do in SQL.
func ordersOrAdds(op string) bool {
	switch op {
	case "min", "max", "sum", "avg":
		return true
	}
	return false
}

func (s *scope) add(b *binder, a ir.Agg) ir.Expr {
	a.ID = b.id()
	s.aggs.list = append(s.aggs.list, a)
	return &ir.Col{ID: a.ID, Name: a.Op, T: a.T}
}

// percentile is by nearest rank: the value at rank ceil(p/100*n).
func (b *binder) percentile(s *scope, x *syntax.Call, v, p ir.Expr) ir.Expr {
	c, ok := ir.IsConst(p)
	if ok {
		c, ok = convertConst(c, types.Real)
		if c == nil {
			c, ok = ir.IsConst(p)
		}
	}
	f, isReal := float64(0), false
	if ok {
		f, isReal = c.V.(float64)
	}
	if !isReal || f < 0 || f > 100 {
		b.errorf(x, "", "a percentile is a constant from 0 to 100")
		return bad()
	}
	switch v.Type() {
	case types.Int, types.Long, types.Real, types.DateTime, types.TimeSpan:
	default:
		b.errorf(x, "", "percentile does not take %s", v.Type())
		return bad()
	}
	return s.add(b, ir.Agg{Op: "percentile", T: v.Type(), Args: []ir.Expr{v, &ir.Const{T: types.Real, V: f / 100}}})
}

// window binds a function of neighbouring rows: it becomes a column below the
// operator that uses it.
func (b *binder) window(s *scope, w *funcs.Window, x *syntax.Call) ir.Expr {
	name := x.Func.Text
	if s.rel == nil || s.aggs != nil || s.left != nil {
		b.errorf(x.Func, "", "%s is not allowed here", name)
		return bad()
	}
	if !s.rel.serialized {
		b.errorf(x.Func, "add `| serialize` or `| sort by ...` before", "%s needs rows in a defined order", name)
		return bad()
	}
	args, ok := b.args(s, x)
	if !ok {
		return bad()
	}
	if name == "prev" || name == "next" {
		return b.neighbour(s, x, args)
	}
	if b.applied != nil && name != "row_number" && name != "row_cumsum" {
		b.refuse(x.Func, "", name+" within "+b.applied.name())
		return bad()
	}
	o, args, ok := b.resolve(x, name, w.Overloads, args)
	if !ok {
		return bad()
	}
	if b.opts.Has != nil && !b.opts.Has("window."+name) {
		b.refuse(x.Func, "", "the function "+name)
		return bad()
	}
	restart := args[len(args)-1]
	win := &ir.Window{Op: name, T: resultType(o, args), Args: args[:len(args)-1]}
	if b.applied != nil {
		win.Restart = b.recordNumber()
	}
	if c, ok := ir.IsConst(restart); !ok || c.V == true {
		if b.applied != nil {
			b.refuse(x, "", "a restart within "+b.applied.name())
			return bad()
		}
		// The number of restarts so far is the partition.
		one, zero := &ir.Const{T: types.Long, V: int64(1)}, &ir.Const{T: types.Long, V: int64(0)}
		run := &ir.Window{Op: "row_cumsum", T: types.Long, Args: []ir.Expr{call("iff", types.Long, restart, one, zero)}}
		win.Restart = b.below(s.rel, run)
	}
	if name == "row_rank_dense" || name == "row_rank_min" {
		return b.rank(s, win, restart)
	}
	return b.below(s.rel, win)
}

// below defines a column under the operator being bound.
func (b *binder) below(r *rel, x ir.Expr) ir.Expr {
	c := col{name: "window", id: b.id(), t: x.Type()}
	r.node = &ir.Extend{In: r.node, Defs: []ir.Def{{ID: c.id, X: x}}}
	return c.ref()
}

func (b *binder) neighbour(s *scope, x *syntax.Call, args []ir.Expr) ir.Expr {
	if len(args) < 1 || len(args) > 3 {
		b.errorf(x, "", "%s takes 1 to 3 arguments, got %d", x.Func.Text, len(args))
		return bad()
	}
	offset := int64(1)
	if len(args) > 1 {
		c, ok := ir.IsConst(args[1])
		n, isLong := int64(0), false
		if ok {
			n, isLong = c.V.(int64)
		}
		if !isLong || n < 0 {
			b.errorf(x.Args[1], "", "the offset must be a constant of at least 0")
			return bad()
		}
		offset = n
	}
	t := args[0].Type()
	var def ir.Expr = &ir.Const{T: t}
	if t == types.String {
		def = &ir.Const{T: t, V: ""}
	}
	if len(args) > 2 {
		def = b.want(x.Args[2], args[2], t, "the default")
		if isBad(def) {
			return bad()
		}
	}
	w := &ir.Window{Op: x.Func.Text, T: t, Args: []ir.Expr{args[0], &ir.Const{T: types.Long, V: offset}, def}}
	if b.applied != nil {
		w.Restart = b.recordNumber()
	}
	return b.below(s.rel, w)
}

// rank counts the runs of equal values so far, or the row at which the present
// run began.
func (b *binder) rank(s *scope, win *ir.Window, restart ir.Expr) ir.Expr {
	x := win.Args[0]
	one, zero := long(1), long(0)
	row := b.below(s.rel, &ir.Window{Op: "row_number", T: types.Long, Args: []ir.Expr{one}, Restart: win.Restart})
	before := b.below(s.rel, &ir.Window{Op: "prev", T: x.Type(), Args: []ir.Expr{x, one, null(x.Type())}})
	begins := call("or", types.Bool, call("le", types.Bool, row, one), call("distinct", types.Bool, x, before))
	if c, ok := ir.IsConst(restart); !ok || c.V == true {
		begins = call("or", types.Bool, restart, begins)
	}
	if win.Op == "row_rank_dense" {
		return b.below(s.rel, &ir.Window{Op: "row_cumsum", T: types.Long, Args: []ir.Expr{call("iff", types.Long, begins, one, zero)}, Restart: win.Restart})
	}
	return b.below(s.rel, &ir.Window{Op: "row_cummax", T: types.Long, Args: []ir.Expr{call("iff", types.Long, begins, row, zero)}, Restart: win.Restart})
}
