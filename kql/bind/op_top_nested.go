package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// nested is one level of a top-nested, bound. Its columns belong to the rows:
// value and agg of the group a row is in at this level, and group, which numbers
// these groups and is null for a row whose value is not among the best.
type nested struct {
	syntax            *syntax.TopNestedLevel
	value, agg, group col
	others            ir.Expr
}

// topNested keeps the best groups of each level within their parent. Rows that
// are among the best at no level or only the first few make up the records of
// `with others`: one record for each group whose remaining rows it counts, with
// a value at each level that has others and nothing at those without.
func (b *binder) topNested(e *env, r *rel, op *syntax.TopNested) *rel {
	in := *r
	root := b.define(&in, "group", call("same", types.Long, long(0)))
	levels := make([]*nested, len(op.Levels))
	var names []string
	taken := func(n string) bool {
		for _, old := range names {
			if old == n {
				return true
			}
		}
		return false
	}
	for i, l := range op.Levels {
		if !b.noTuple(l.Of) || !b.noTuple(l.By) {
			return nil
		}
		x := b.expr(&scope{env: e, rel: &in}, l.Of.X)
		if isBad(x) || !b.groupable(l.Of, x) {
			return nil
		}
		n := &nested{syntax: l}
		name, explicit := b.resultName(l.Of, taken)
		aggName := unique("aggregated_"+name, taken)
		if by := l.By.Name(); by != nil {
			aggName = by.Text
		}
		if explicit && taken(name) || aggName == name || taken(aggName) {
			b.errorf(l, "", "two columns of top-nested have one name: %s, %s", name, aggName)
			return nil
		}
		n.value = b.define(&in, name, x)
		n.agg.name = aggName
		names = append(names, name, aggName)
		if l.Others != nil {
			others := b.expr(&scope{env: e}, l.Others)
			n.others = b.want(l.Others, others, x.Type(), "the value of others")
			if isBad(n.others) {
				return nil
			}
		}
		levels[i] = n
	}
	t := &topNester{b: b, e: e, levels: levels}
	t.rows = b.share(&rel{in.node, in.cols, r.serialized}, t.columns(0, root)...)
	for k := range levels {
		if !t.level(k) {
			return nil
		}
	}
	return t.result()
}

// topNester holds the rows, which each level extends.
type topNester struct {
	b      *binder
	e      *env
	levels []*nested
	rows   *shared // hidden: the group above, then value, agg, group of the levels done, values of the others
	best   *shared // the groups of the last level, with the same hidden columns
}

// columns lists the hidden columns of the rows when k levels are done.
func (t *topNester) columns(k int, parent col) []col {
	out := []col{parent}
	for i, n := range t.levels {
		out = append(out, n.value)
		if i < k {
			out = append(out, n.agg, n.group)
		}
	}
	return out
}

// split finds the columns of `columns` again.
func (t *topNester) split(k int, hidden []col) (parent col, list []nested) {
	parent, hidden = hidden[0], hidden[1:]
	for i := range t.levels {
		n := nested{value: hidden[0]}
		hidden = hidden[1:]
		if i < k {
			n.agg, n.group = hidden[0], hidden[1]
			hidden = hidden[2:]
			parent = n.group
		}
		list = append(list, n)
	}
	return parent, list
}

// level ranks the groups of level k within their parent, keeps the best, and
// tells every row which of them it is in.
func (t *topNester) level(k int) bool {
	b, l := t.b, t.levels[k]
	in, hidden := b.read(t.rows)
	parent, cols := t.split(k, hidden)
	in.node = &ir.Filter{In: in.node, Pred: call("isnotnull", types.Bool, parent.ref())}
	collect := &aggregates{}
	x := b.expr(&scope{env: t.e, rel: in, aggs: collect}, l.syntax.By.X)
	if isBad(x) {
		return false
	}
	if x.Type() == types.Dynamic || x.Type() == types.Decimal {
		b.errorf(l.syntax.By, "an aggregate that can be ordered, such as count() or sum(...)", "top-nested does not order by %s", x.Type())
		return false
	}
	group := &ir.Aggregate{In: in.node, Aggs: collect.list}
	put := func(c col) col {
		c.id = b.id()
		return c
	}
	up, value := put(parent), put(cols[k].value)
	group.Keys = []ir.Def{{ID: up.id, X: parent.ref()}, {ID: value.id, X: cols[k].value.ref()}}
	carried := make([]nested, k)
	for i := range carried {
		carried[i] = nested{value: put(cols[i].value), agg: put(cols[i].agg), group: put(cols[i].group)}
		for _, pair := range [][2]col{{carried[i].value, cols[i].value}, {carried[i].agg, cols[i].agg}, {carried[i].group, cols[i].group}} {
			group.Aggs = append(group.Aggs, ir.Agg{ID: pair[0].id, Op: "take_any", T: pair[0].t, Args: []ir.Expr{pair[1].ref()}})
		}
	}
	if !b.aggregated(l.syntax.By, group, x) {
		return false
	}
	best := &rel{node: group}
	agg := b.define(best, l.agg.name, x)
	best.node = &ir.Sort{In: best.node, Keys: []ir.SortKey{
		{X: up.ref()}, {X: agg.ref(), Desc: l.syntax.Dir != "asc", NullsLast: l.syntax.Dir != "asc"}, {X: value.ref(), Desc: true, NullsLast: true},
	}}
	if l.syntax.N != nil {
		n := b.rows(t.e, l.syntax.N)
		if n == nil {
			return false
		}
		rank := b.below(best, &ir.Window{Op: "row_number", T: types.Long, Args: []ir.Expr{long(1)}, Restart: up.ref()})
		best.node = &ir.Filter{In: best.node, Pred: call("le", types.Bool, rank, n)}
	}
	number := b.below(best, &ir.Window{Op: "row_number", T: types.Long, Args: []ir.Expr{long(1)}}).(*ir.Col)
	found := nested{value: value, agg: agg, group: col{name: "group", id: number.ID, t: types.Long}}
	hiddenBest := []col{up}
	for _, n := range append(carried, found) {
		hiddenBest = append(hiddenBest, n.value, n.agg, n.group)
	}
	t.best = b.share(best, hiddenBest...)
	if k == len(t.levels)-1 && !t.othersFrom(0) {
		return true
	}
	t.extend(k)
	return true
}

// extend joins the groups found at level k to the rows.
func (t *topNester) extend(k int) {
	b := t.b
	left, hidden := b.read(t.rows)
	parent, cols := t.split(k, hidden)
	right, found := b.read(t.best)
	last := len(found) - 3
	join := &ir.Join{Kind: ir.LeftOuter, Left: left.node, Right: right.node, On: []ir.On{
		{Left: parent.ref(), Right: found[0].ref()}, {Left: cols[k].value.ref(), Right: found[last].ref()},
	}}
	agg, group := found[last+1], found[last+2]
	if agg.t == types.String {
		id := b.id()
		join.Fill = append(join.Fill, ir.Fill{ID: id, From: agg.id, T: agg.t})
		agg.id = id
	}
	t.levels[k].agg, t.levels[k].group = agg, group
	for i := range t.levels {
		t.levels[i].value = cols[i].value
		if i < k {
			t.levels[i].agg, t.levels[i].group = cols[i].agg, cols[i].group
		}
	}
	t.rows = b.share(&rel{join, left.cols, false}, t.columns(k+1, hidden[0])...)
}

// othersFrom reports whether a level from k on has others.
func (t *topNester) othersFrom(k int) bool {
	for _, n := range t.levels[k:] {
		if n.others != nil {
			return true
		}
	}
	return false
}

// result stacks the best groups and the records of others.
func (t *topNester) result() *rel {
	b := t.b
	u, out := &ir.Union{}, &rel{}
	best, found := b.read(t.best)
	first := ir.UnionInput{In: best.node}
	for i := range t.levels {
		n := nested{value: found[1+3*i], agg: found[2+3*i]}
		for _, c := range []col{n.value, n.agg} {
			made := col{name: c.name, id: b.id(), t: c.t}
			out.cols = append(out.cols, made)
			u.Cols = append(u.Cols, ir.ValueCol{ID: made.id, T: made.t})
			first.X = append(first.X, c.ref())
		}
	}
	u.Inputs = append(u.Inputs, first)
	for k := range t.levels {
		if t.levels[k].syntax.N == nil || !t.othersFrom(k) {
			continue
		}
		in, ok := t.rest(k)
		if !ok {
			return nil
		}
		u.Inputs = append(u.Inputs, in)
	}
	out.node = u
	return out
}

// rest makes the records of the rows that are among the best above level k but
// not there.
func (t *topNester) rest(k int) (ir.UnionInput, bool) {
	b := t.b
	in, hidden := b.read(t.rows)
	_, cols := t.split(len(t.levels), hidden)
	parent := hidden[0]
	if k > 0 {
		parent = cols[k-1].group
	}
	in.node = &ir.Filter{In: in.node, Pred: call("and", types.Bool,
		call("isnotnull", types.Bool, parent.ref()), call("isnull", types.Bool, cols[k].group.ref()))}
	group := &ir.Aggregate{In: in.node, Keys: []ir.Def{{ID: b.id(), X: parent.ref()}}}
	collect := &aggregates{}
	var xs []ir.Expr
	for i, l := range t.levels {
		switch {
		case i < k:
			for _, c := range []col{cols[i].value, cols[i].agg} {
				id := b.id()
				group.Aggs = append(group.Aggs, ir.Agg{ID: id, Op: "take_any", T: c.t, Args: []ir.Expr{c.ref()}})
				xs = append(xs, &ir.Col{ID: id, Name: c.name, T: c.t})
			}
		case l.others == nil:
			xs = append(xs, null(cols[i].value.t), null(cols[i].agg.t))
		default:
			x := b.expr(&scope{env: t.e, rel: in, aggs: collect}, l.syntax.By.X)
			if isBad(x) {
				return ir.UnionInput{}, false
			}
			xs = append(xs, l.others, x)
		}
	}
	group.In = in.node
	group.Aggs = append(group.Aggs, collect.list...)
	return ir.UnionInput{In: group, X: xs}, true
}

// aggregated reports expressions around aggregates that read a column itself.
func (b *binder) aggregated(at syntax.Node, group *ir.Aggregate, x ir.Expr) bool {
	visible, reads := ir.Visible(group), map[ir.ID]bool{}
	ir.Columns(x, reads)
	for id := range reads {
		if !visible[id] {
			b.errorf(at, "aggregate the column", "the expression reads a column that is not aggregated")
			return false
		}
	}
	return true
}
