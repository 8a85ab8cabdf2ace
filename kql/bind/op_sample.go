package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// sample takes rows by chance: other ones at every evaluation.
func (b *binder) sample(e *env, r *rel, op *syntax.Sample) *rel {
	n := b.rows(e, op.N)
	if n == nil {
		return nil
	}
	s := &ir.Sort{In: r.node, Keys: []ir.SortKey{{X: call("random", types.Real)}}}
	return &rel{&ir.Limit{In: s, N: n}, r.cols, false}
}

// sampleDistinct takes values of a column, whichever come first.
func (b *binder) sampleDistinct(e *env, r *rel, op *syntax.SampleDistinct) *rel {
	n := b.rows(e, op.N)
	if n == nil {
		return nil
	}
	out := b.distinct(e, r, &syntax.Distinct{Span: op.Span, Cols: []*syntax.NamedExpr{op.Of}})
	if out == nil {
		return nil
	}
	out.node = &ir.Limit{In: out.node, N: n}
	return out
}

// topHitters counts exactly, where Kusto estimates. The rarest of those found
// comes first, as there.
func (b *binder) topHitters(e *env, r *rel, op *syntax.TopHitters) *rel {
	n := b.rows(e, op.N)
	if n == nil {
		return nil
	}
	in := *r
	x := b.expr(&scope{env: e, rel: &in}, op.Of.X)
	if isBad(x) || !b.groupable(op.Of, x) {
		return nil
	}
	name, _ := b.resultName(op.Of, func(string) bool { return false })
	key := col{name: name, id: b.id(), t: x.Type()}
	weight := col{name: "approximate_count_" + name, id: b.id(), t: types.Long}
	agg := ir.Agg{ID: weight.id, Op: "count", T: types.Long}
	if op.By != nil {
		w := b.expr(&scope{env: e, rel: &in}, op.By.X)
		if isBad(w) {
			return nil
		}
		weight.name = "approximate_sum_" + b.nameOf(op.By.X)
		if named := op.By.Name(); named != nil {
			weight.name = "approximate_sum_" + named.Text
		}
		switch w.Type() {
		case types.Int, types.Long:
			w = b.convert(w, types.Long)
		case types.Real:
		default:
			b.errorf(op.By, "", "a weight is a number, this is %s", w.Type())
			return nil
		}
		weight.t = w.Type()
		agg = ir.Agg{ID: weight.id, Op: "sum", T: w.Type(), Args: []ir.Expr{w}}
	}
	out := &rel{cols: []col{key, weight}}
	out.node = &ir.Aggregate{In: in.node, Keys: []ir.Def{{ID: key.id, X: x}}, Aggs: []ir.Agg{agg}}
	// Two sorts: which are the most, then how they stand.
	tie := ir.SortKey{X: key.ref(), Desc: true, NullsLast: true}
	out.node = &ir.Sort{In: out.node, Keys: []ir.SortKey{{X: weight.ref(), Desc: true, NullsLast: true}, tie}}
	out.node = &ir.Limit{In: out.node, N: n}
	out.node = &ir.Sort{In: out.node, Keys: []ir.SortKey{{X: weight.ref()}, tie}}
	return out
}

// invokeOn is `T | invoke f(args)`: f(T, args).
func (b *binder) invokeOn(e *env, head *syntax.Pipeline, op *syntax.Invoke) *rel {
	f := b.userFunc(e, op.Call)
	if f == nil {
		b.errorf(op.Call.Func, didYouMean(op.Call.Func.Text, e.names()), "invoke calls a function defined with let, %s is none", op.Call.Func.Text)
		return nil
	}
	if len(f.f.Params) == 0 || f.f.Params[0].Row == nil {
		b.errorf(op.Call, "let f = (T:(x:long)) { T | ... }", "the first parameter of %s is not a table", op.Call.Func.Text)
		return nil
	}
	c := &syntax.Call{Span: op.Call.Span, Func: op.Call.Func}
	c.Args = append([]*syntax.Arg{{Span: op.Span, Value: head}}, op.Call.Args...)
	if !b.bodyTabular(f) {
		b.errorf(op.Call, "", "%s gives a value, a table is wanted here", op.Call.Func.Text)
		return nil
	}
	return b.invoke(e, f, c)
}

// drawing is a materialize() in the place where it is defined.
type drawing struct {
	call *syntax.Call
	env  *env
}

// materialize evaluates once what would differ at each evaluation. All else is
// bound anew at each use, so that each can read less.
func (b *binder) materialize(e *env, x *syntax.Call) *rel {
	random := false
	syntax.Walk(x, func(n syntax.Node) bool {
		_, ok := n.(*syntax.Sample)
		random = random || ok
		return !random
	})
	if !random {
		return b.table(e, x.Args[0].Value)
	}
	at := drawing{x, e}
	s := b.drawn[at]
	if s == nil {
		r := b.table(e, x.Args[0].Value)
		if r == nil {
			return nil
		}
		s = b.share(r)
		if b.drawn == nil {
			b.drawn = map[drawing]*shared{}
		}
		b.drawn[at] = s
	}
	r, _ := b.read(s)
	return r
}

// lastInvoke is the place of the last invoke, -1 if there is none: what stands
// before is its argument.
func lastInvoke(ops []syntax.Operator) int {
	for i := len(ops) - 1; i >= 0; i-- {
		if _, ok := ops[i].(*syntax.Invoke); ok {
			return i
		}
	}
	return -1
}
