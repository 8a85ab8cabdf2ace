package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// makeSeries groups by the bins of an axis, then puts the bins of each series
// into arrays, absent ones by their default. It is two groupings: by series and
// bin; then by series, over a list of bags, each with its [bin, value …],
// that the arrays are read from.
func (b *binder) makeSeries(e *env, r *rel, op *syntax.MakeSeries) *rel {
	if op.InRange {
		b.refuse(op, "from A to B step S, where B is left out", "make-series in range(...), whose end is counted in,")
		return nil
	}
	in := *r
	s := &scope{env: e, rel: &in}
	ax, ok := b.seriesAxis(s, op)
	if !ok {
		return nil
	}
	nonempty := false
	if kind := op.Params.Get("kind"); kind != nil {
		if nonempty = op.Params.Word("kind") == "nonempty"; !nonempty {
			b.errorf(kind, "kinds: nonempty", "unknown kind of make-series")
			return nil
		}
		if ax.from == nil || ax.to == nil {
			b.refuse(kind, "give from and to", "make-series kind=nonempty without both ends")
			return nil
		}
	}
	first, keys, ok := b.seriesKeys(s, op)
	if !ok {
		return nil
	}
	collect := &aggregates{keys: first.Keys}
	type made struct {
		name     string
		x        ir.Expr
		fallback ir.Expr
	}
	var list []made
	taken := func(name string) bool {
		for _, m := range list {
			if m.name == name {
				return true
			}
		}
		return takenIn(keys)(name) || name == ax.name
	}
	inner := &scope{env: e, rel: &in, aggs: collect}
	for _, a := range op.Aggs {
		if !b.noTuple(a.X) {
			return nil
		}
		x := b.expr(inner, a.X.X)
		if isBad(x) {
			return nil
		}
		fallback, ok := b.seriesDefault(&scope{env: e}, a, x.Type())
		if !ok {
			return nil
		}
		name, explicit := b.resultName(a.X, taken)
		if explicit && taken(name) {
			b.errorf(a, "", "the column %s is named twice", name)
			return nil
		}
		list = append(list, made{name, x, fallback})
	}
	if !b.hasOp(op, "make_series."+ax.word()) {
		return nil
	}
	bin := b.id()
	first.Keys = append(first.Keys, ir.Def{ID: bin, X: ax.bin})
	first.In, first.Aggs = &ir.Filter{In: in.node, Pred: ax.within}, collect.list
	visible := ir.Visible(first)
	bins := &rel{node: first}
	row := []ir.Expr{b.convert(b.convert(&ir.Col{ID: bin, Name: "bin", T: ax.t}, ax.number()), types.Dynamic)}
	for _, m := range list {
		reads := map[ir.ID]bool{}
		ir.Columns(m.x, reads)
		for id := range reads {
			if !visible[id] {
				b.errorf(op, "aggregate the column, or name it after by", "the expression of %s reads a column that is neither aggregated nor grouped by", m.name)
				return nil
			}
		}
		row = append(row, b.convert(b.columnFor(bins, "", m.x).ref(), types.Dynamic))
	}
	// In a bag, since a list takes the elements of an array one by one.
	packed := b.define(bins, "", call("bag_pack", types.Dynamic, str("bin"), call("pack_array", types.Dynamic, row...)))
	all, rows := b.id(), b.id()
	second := &ir.Aggregate{In: bins.node, Aggs: []ir.Agg{
		{ID: all, Op: "make_list", T: types.Dynamic, Args: []ir.Expr{packed.ref()}}, {ID: rows, Op: "count", T: types.Long},
	}}
	out := &rel{node: second}
	for _, k := range keys {
		c := col{name: k.name, id: b.id(), t: k.t}
		second.Keys = append(second.Keys, ir.Def{ID: c.id, X: k.ref()})
		out.cols = append(out.cols, c)
	}
	if len(keys) == 0 && !nonempty {
		out.node = &ir.Filter{In: second, Pred: call("gt", types.Bool, &ir.Col{ID: rows, Name: "rows", T: types.Long}, long(0))}
	}
	whole := &ir.Col{ID: all, Name: "bins", T: types.Dynamic}
	end := func(x ir.Expr) ir.Expr {
		if x == nil {
			return &ir.Const{T: ax.number()}
		}
		return b.convert(x, ax.number())
	}
	for i, m := range list {
		v := call("make_series."+ax.word(), types.Dynamic, whole, long(int64(i+1)), end(ax.from), end(ax.to), end(ax.step), m.fallback)
		out.cols = append(out.cols, b.define(out, m.name, v))
	}
	out.cols = append(out.cols, b.define(out, ax.name, call("series_axis."+ax.t.String(), types.Dynamic, whole, end(ax.from), end(ax.to), end(ax.step))))
	return out
}

// axis is what a series runs along: the bins of t that begin at from, or at
// multiples of step, up to but without to. Ends that are not given are nil: the
// first and the last bin of each series.
type axis struct {
	name           string
	t              types.Type
	from, to, step ir.Expr
	bin, within    ir.Expr
}

// number is the type the axis is counted in.
func (a axis) number() types.Type {
	if a.t == types.Real {
		return types.Real
	}
	return types.Long
}

func (a axis) word() string { return a.number().String() }

func (b *binder) seriesAxis(s *scope, op *syntax.MakeSeries) (axis, bool) {
	if !b.noTuple(op.On) {
		return axis{}, false
	}
	x := b.expr(s, op.On.X)
	outside := &scope{env: s.env}
	bound := func(e syntax.Expr) ir.Expr {
		if e == nil {
			return nil
		}
		return b.expr(outside, e)
	}
	a := axis{from: bound(op.From), to: bound(op.To), step: bound(op.Step)}
	for _, v := range []ir.Expr{x, a.from, a.to, a.step} {
		if v != nil && isBad(v) {
			return a, false
		}
	}
	if a.step == nil {
		b.errorf(op, "make-series count() on TimeGenerated from ago(1d) to now() step 1h", "make-series without a step")
		return a, false
	}
	if a.from == nil && a.to != nil {
		b.refuse(op.To, "give from as well", "make-series with to but without from")
		return a, false
	}
	a.t = x.Type()
	step := a.t
	switch a.t {
	case types.DateTime, types.TimeSpan:
		step = types.TimeSpan
	case types.Int, types.Long, types.Real:
		all := []ir.Expr{x}
		for _, v := range []ir.Expr{a.from, a.to, a.step} {
			if v != nil {
				all = append(all, v)
			}
		}
		if a.t = common(all); a.t == types.Int {
			a.t = types.Long
		}
		step = a.t
	}
	if a.t != types.DateTime && a.t != types.TimeSpan && a.t != types.Long && a.t != types.Real {
		b.errorf(op.On, "a datetime, timespan or number", "a series cannot run along %s", x.Type())
		return a, false
	}
	fits := func(v *ir.Expr, at syntax.Node, t types.Type) bool {
		if *v != nil && (*v).Type() != t && !(*v).Type().Numeric() {
			b.errorf(at, "", "the axis is %s: %s is wanted here, not %s", a.t, t, (*v).Type())
			return false
		}
		if *v != nil {
			if (t == types.DateTime || t == types.TimeSpan) && (*v).Type() != t {
				b.errorf(at, "", "the axis is %s: %s is wanted here, not %s", a.t, t, (*v).Type())
				return false
			}
			*v = b.convert(*v, t)
		}
		return true
	}
	if !fits(&a.from, op.From, a.t) || !fits(&a.to, op.To, a.t) || !fits(&a.step, op.Step, step) {
		return a, false
	}
	if c, ok := ir.IsConst(a.step); ok && (c.V == nil || !positive(c.V)) {
		b.errorf(op.Step, "", "the step of make-series must be above 0")
		return a, false
	}
	if n, ok := bins(a); ok && n > maxSeries {
		b.errorf(op, "widen the step or narrow the range", "a series has at most %d values, these are %.0f", maxSeries, n)
		return a, false
	}
	x = b.convert(x, a.t)
	kind := "long"
	if a.t == types.Real {
		kind = "real"
	}
	a.within = call("isnotnull", types.Bool, x)
	if a.from != nil {
		a.bin = call("bin_at."+kind, a.t, x, a.step, a.from)
		a.within = call("ge", types.Bool, x, a.from)
	} else {
		a.bin = call("bin."+kind, a.t, x, a.step)
	}
	if a.to != nil {
		a.within = call("and", types.Bool, a.within, call("lt", types.Bool, x, a.to))
	}
	taken := func(string) bool { return false }
	a.name, _ = b.resultName(op.On, taken)
	return a, true
}

// maxSeries is how many values a series may have, as in Kusto.
const maxSeries = 1 << 20

func positive(v any) bool {
	switch v := v.(type) {
	case int64:
		return v > 0
	case float64:
		return v > 0
	}
	return false
}

// bins is the number of bins where it is known.
func bins(a axis) (float64, bool) {
	number := func(x ir.Expr) (float64, bool) {
		if x == nil {
			return 0, false
		}
		c, ok := ir.IsConst(x)
		if !ok {
			return 0, false
		}
		switch v := c.V.(type) {
		case int64:
			return float64(v), true
		case float64:
			return v, true
		}
		return 0, false
	}
	from, ok1 := number(a.from)
	to, ok2 := number(a.to)
	step, ok3 := number(a.step)
	return (to - from) / step, ok1 && ok2 && ok3
}

// seriesKeys binds what tells the series apart.
func (b *binder) seriesKeys(s *scope, op *syntax.MakeSeries) (*ir.Aggregate, []col, bool) {
	agg := &ir.Aggregate{}
	var keys []col
	for _, ne := range op.By {
		if !b.noTuple(ne) {
			return nil, nil, false
		}
		x := b.expr(s, ne.X)
		if isBad(x) || !b.groupable(ne, x) {
			return nil, nil, false
		}
		name, explicit := b.resultName(ne, takenIn(keys))
		if explicit && takenIn(keys)(name) {
			b.errorf(ne, "", "the column %s is named twice", name)
			return nil, nil, false
		}
		k := col{name: name, id: b.id(), t: x.Type()}
		agg.Keys = append(agg.Keys, ir.Def{ID: k.id, X: x})
		keys = append(keys, k)
	}
	return agg, keys, true
}

// seriesDefault is the value of an absent bin as a dynamic: 0 where a number has
// no default.
func (b *binder) seriesDefault(s *scope, a *syntax.SeriesAgg, t types.Type) (ir.Expr, bool) {
	if a.Default == nil {
		switch t {
		case types.Int, types.Long:
			return b.convert(b.convert(long(0), t), types.Dynamic), true
		case types.Real:
			return b.convert(&ir.Const{T: types.Real, V: 0.0}, types.Dynamic), true
		}
		return &ir.Const{T: types.Dynamic}, true
	}
	v := b.expr(s, a.Default)
	if isBad(v) {
		return nil, false
	}
	switch {
	case v.Type() == t, v.Type().Numeric() && t.Numeric():
		v = b.convert(v, t)
	case t == types.Dynamic, t == types.String:
		v = b.convert(v, t)
	default:
		if c, ok := ir.IsConst(v); !ok || c.V != nil {
			b.errorf(a.Default, "", "the values are %s, their default is %s", t, v.Type())
			return nil, false
		}
	}
	return b.convert(v, types.Dynamic), true
}
