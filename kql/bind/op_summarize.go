package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
	"strconv"
)

func (b *binder) count(r *rel, op *syntax.Count) *rel {
	name := "Count"
	if op.As != nil {
		name = op.As.Text
	}
	c := col{name: name, id: b.id(), t: types.Long}
	agg := &ir.Aggregate{In: r.node, Aggs: []ir.Agg{{ID: c.id, Op: "count", T: types.Long}}}
	if b.applied != nil {
		b.applied.group(b, agg)
	}
	return &rel{agg, []col{c}, true}
}

func (b *binder) distinct(e *env, r *rel, op *syntax.Distinct) *rel {
	in := *r
	agg := &ir.Aggregate{}
	out := &rel{}
	var list []col
	for _, ne := range op.Cols {
		if _, ok := ne.X.(*syntax.Star); ok {
			list = append(list, in.cols...)
			continue
		}
		x := b.expr(&scope{env: e, rel: &in}, ne.X)
		if isBad(x) {
			return nil
		}
		name, _ := b.resultName(ne, takenIn(list))
		list = append(list, b.columnFor(&in, name, x))
	}
	for _, c := range list {
		if !b.groupable(op, c.ref()) {
			return nil
		}
		k := col{name: c.name, id: b.id(), t: c.t}
		agg.Keys = append(agg.Keys, ir.Def{ID: k.id, X: c.ref()})
		out.cols = append(out.cols, k)
	}
	agg.In = in.node
	if b.applied != nil {
		b.applied.group(b, agg)
	}
	out.node = agg
	return out
}

func (b *binder) groupable(at syntax.Node, x ir.Expr) bool {
	if x.Type() == types.Dynamic {
		b.errorf(at, "convert it, for example with tostring()", "rows cannot be grouped by a dynamic")
		return false
	}
	return !isBad(x)
}

// summarize groups. Expressions around aggregates are computed above the
// grouping.
func (b *binder) summarize(e *env, r *rel, op *syntax.Summarize) *rel {
	in := *r
	out := &rel{}
	agg := &ir.Aggregate{}
	for _, ne := range op.By {
		if !b.noTuple(ne) {
			return nil
		}
		x := b.expr(&scope{env: e, rel: &in}, ne.X)
		if isBad(x) {
			return nil
		}
		if !b.groupable(ne, x) {
			return nil
		}
		name, explicit := b.resultName(ne, takenIn(out.cols))
		if explicit && takenIn(out.cols)(name) {
			b.errorf(ne, "", "the column %s is named twice", name)
			return nil
		}
		k := col{name: name, id: b.id(), t: x.Type()}
		agg.Keys = append(agg.Keys, ir.Def{ID: k.id, X: x})
		out.cols = append(out.cols, k)
	}
	collect := &aggregates{keys: agg.Keys}
	type later struct {
		name string
		x    ir.Expr
	}
	var results []later
	taken := func(n string) bool {
		for _, l := range results {
			if l.name == n {
				return true
			}
		}
		return takenIn(out.cols)(n)
	}
	add := func(name string, x ir.Expr) { results = append(results, later{name, x}) }
	s := &scope{env: e, rel: &in, aggs: collect}
	for _, ne := range op.Aggs {
		if c, ok := ne.X.(*syntax.Call); ok && c.On == nil {
			if handled, ok := b.wide(s, ne, c, taken, add); handled {
				if !ok {
					return nil
				}
				continue
			}
		}
		if !b.noTuple(ne) {
			return nil
		}
		x := b.expr(s, ne.X)
		if isBad(x) {
			return nil
		}
		name, explicit := b.resultName(ne, taken)
		if explicit && taken(name) {
			b.errorf(ne, "", "the column %s is named twice", name)
			return nil
		}
		add(name, x)
	}
	agg.In, agg.Aggs = in.node, collect.list
	if b.applied != nil {
		b.applied.group(b, agg)
	}
	out.node = agg
	visible := ir.Visible(agg)
	for _, l := range results {
		reads := map[ir.ID]bool{}
		ir.Columns(l.x, reads)
		for id := range reads {
			if !visible[id] {
				b.errorf(op, "aggregate the column, or group by it", "the expression of %s reads a column that is neither aggregated nor grouped by", l.name)
				return nil
			}
		}
		out.cols = append(out.cols, b.columnFor(out, l.name, l.x))
	}
	if len(out.cols) == 0 {
		b.errorf(op, "", "summarize without aggregates and keys")
		return nil
	}
	return out
}

// wide binds the aggregates that give several columns.
func (b *binder) wide(s *scope, ne *syntax.NamedExpr, x *syntax.Call, taken func(string) bool, add func(string, ir.Expr)) (handled, ok bool) {
	switch x.Func.Text {
	case "arg_max", "arg_min", "argmax", "argmin":
		return true, b.argBest(s, ne, x, taken, add)
	case "percentile", "percentiles":
		return true, b.percentiles(s, ne, x, taken, add)
	case "take_any", "any", "anyif":
		if x.Func.Text != "anyif" && (len(x.Args) != 1 || isStar(x.Args[0].Value)) {
			return true, b.takeAny(s, ne, x, taken, add)
		}
	}
	return false, false
}

func isStar(x syntax.Expr) bool {
	_, ok := x.(*syntax.Star)
	return ok
}

// argBest is arg_max and arg_min: the extreme value and, of the same row, others.
func (b *binder) argBest(s *scope, ne *syntax.NamedExpr, x *syntax.Call, taken func(string) bool, add func(string, ir.Expr)) bool {
	if len(x.Args) < 1 {
		b.errorf(x, "", "%s takes at least 1 argument", x.Func.Text)
		return false
	}
	op := "arg_max"
	if x.Func.Text == "arg_min" || x.Func.Text == "argmin" {
		op = "arg_min"
	}
	inner := *s
	inner.inAgg = true
	by := b.expr(&inner, x.Args[0].Value)
	if isBad(by) {
		return false
	}
	if by.Type() == types.Dynamic {
		b.errorf(x.Args[0], "convert it, for example with tostring()", "%s does not order by a dynamic", op)
		return false
	}
	names := ne.Names
	put := func(i int, own string, v ir.Expr) {
		name := own
		switch {
		case i < len(names):
			name = names[i].Text
		case name == "":
			name = "Column" + strconv.Itoa(i+1)
		}
		// Aliases name the extreme first, the others keep their names.
		add(unique(name, taken), s.add(b, ir.Agg{Op: op, T: v.Type(), Args: []ir.Expr{by, v}}))
	}
	first := b.nameOf(x.Args[0].Value)
	if first == "" {
		first = op + "_"
	}
	put(0, first, by)
	i := 1
	for _, a := range x.Args[1:] {
		if isStar(a.Value) {
			for _, c := range s.rel.cols {
				if c.name == b.nameOf(x.Args[0].Value) || b.isKey(s, c) {
					continue
				}
				put(i, c.name, c.ref())
				i++
			}
			continue
		}
		v := b.expr(&inner, a.Value)
		if isBad(v) {
			return false
		}
		put(i, b.nameOf(a.Value), v)
		i++
	}
	return true
}

// isKey reports whether a column is one the summarize groups by; * leaves it out.
func (b *binder) isKey(s *scope, c col) bool {
	for _, k := range s.aggs.keys {
		if r, ok := k.X.(*ir.Col); ok && r.ID == c.id {
			return true
		}
	}
	return false
}

func (b *binder) percentiles(s *scope, ne *syntax.NamedExpr, x *syntax.Call, taken func(string) bool, add func(string, ir.Expr)) bool {
	if len(x.Args) < 2 {
		b.errorf(x, x.Func.Text+"(column, 95)", "%s takes at least 2 arguments, got %d", x.Func.Text, len(x.Args))
		return false
	}
	if x.Func.Text == "percentile" && len(x.Args) > 2 {
		b.errorf(x, "percentiles(...) takes several", "percentile takes 2 arguments, got %d", len(x.Args))
		return false
	}
	inner := *s
	inner.inAgg = true
	v := b.expr(&inner, x.Args[0].Value)
	if isBad(v) {
		return false
	}
	own := b.nameOf(x.Args[0].Value)
	for i, a := range x.Args[1:] {
		p := b.expr(&inner, a.Value)
		if isBad(p) {
			return false
		}
		col := b.percentile(s, x, v, p)
		if isBad(col) {
			return false
		}
		name := "percentile_" + own + "_" + numberText(p)
		if i < len(ne.Names) {
			name = ne.Names[i].Text
		}
		add(unique(name, taken), col)
	}
	return true
}

func numberText(x ir.Expr) string {
	c, _ := ir.IsConst(x)
	switch v := c.V.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func (b *binder) takeAny(s *scope, ne *syntax.NamedExpr, x *syntax.Call, taken func(string) bool, add func(string, ir.Expr)) bool {
	inner := *s
	inner.inAgg = true
	prefix := ""
	if x.Func.Text == "any" {
		prefix = "any_"
		b.note(x.Func, "any() is obsolete, take_any() is its successor")
	}
	i := 0
	put := func(name string, v ir.Expr) {
		if i < len(ne.Names) {
			name = ne.Names[i].Text
		}
		i++
		add(unique(name, taken), s.add(b, ir.Agg{Op: "take_any", T: v.Type(), Args: []ir.Expr{v}}))
	}
	for _, a := range x.Args {
		if isStar(a.Value) {
			for _, c := range s.rel.cols {
				if !b.isKey(s, c) {
					put(prefix+c.name, c.ref())
				}
			}
			continue
		}
		v := b.expr(&inner, a.Value)
		if isBad(v) {
			return false
		}
		put(prefix+b.nameOf(a.Value), v)
	}
	return true
}
