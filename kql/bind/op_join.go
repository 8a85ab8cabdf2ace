package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// join binds the joins. The default, innerunique, keeps one left row a key.
func (b *binder) join(e *env, l *rel, op *syntax.Join) *rel {
	kind := op.Params.Word("kind")
	if kind == "" {
		kind = "innerunique"
	}
	right := b.table(e, op.Right)
	if right == nil {
		return nil
	}
	return b.joined(e, l, right, op, kind, op.On, false)
}

// lookup is a join that does not repeat the right side's keys.
func (b *binder) lookup(e *env, l *rel, op *syntax.Lookup) *rel {
	kind := op.Params.Word("kind")
	switch kind {
	case "":
		kind = "leftouter"
	case "leftouter", "inner":
	default:
		b.unknownKind(op, "lookup", kind, []string{"leftouter", "inner"})
		return nil
	}
	right := b.table(e, op.Right)
	if right == nil {
		return nil
	}
	return b.joined(e, l, right, op, kind, op.On, true)
}

func (b *binder) joined(e *env, left, right *rel, at syntax.Node, kind string, on []syntax.Expr, lookup bool) *rel {
	l, r := *left, *right
	if len(on) == 0 {
		b.errorf(at, "join kind=... (table) on column", "the join has no condition")
		return nil
	}
	var list []ir.On
	keys := map[string]bool{}
	for _, x := range on {
		pairs, ok := b.condition(e, &l, &r, x, keys)
		if !ok {
			return nil
		}
		list = append(list, pairs...)
	}
	j := &ir.Join{Left: l.node, Right: r.node, On: list}
	out := &rel{}
	leftCols, rightCols := l.cols, r.cols
	if lookup {
		var rest []col
		for _, c := range r.cols {
			if !keys[c.name] {
				rest = append(rest, c)
			}
		}
		rightCols = rest
	}
	switch kind {
	case "innerunique":
		var by []ir.Expr
		for _, o := range list {
			by = append(by, o.Left)
		}
		j.Kind, j.Left = ir.Inner, &ir.Dedup{In: l.node, Keys: by}
	case "inner":
		j.Kind = ir.Inner
	case "leftouter":
		j.Kind = ir.LeftOuter
		rightCols = b.fill(j, rightCols)
	case "rightouter":
		j.Kind = ir.RightOut
		leftCols = b.fill(j, leftCols)
	case "fullouter":
		j.Kind = ir.FullOuter
		leftCols, rightCols = b.fill(j, leftCols), b.fill(j, rightCols)
	case "leftsemi", "leftanti", "anti", "leftantisemi", "semi":
		j.Kind = ir.LeftSemi
		if kind != "leftsemi" && kind != "semi" {
			j.Kind = ir.LeftAnti
		}
		out.node, out.cols = j, leftCols
		return out
	case "rightsemi", "rightanti", "rightantisemi":
		j.Kind = ir.LeftSemi
		if kind != "rightsemi" {
			j.Kind = ir.LeftAnti
		}
		j.Left, j.Right = r.node, l.node
		for i, o := range j.On {
			j.On[i] = ir.On{Left: o.Right, Right: o.Left}
		}
		out.node, out.cols = j, r.cols
		return out
	default:
		b.unknownKind(at, "join", kind, joinKinds)
		return nil
	}
	out.node = j
	out.cols = append(out.cols, leftCols...)
	for _, c := range rightCols {
		c.name = unique(c.name, takenIn(out.cols))
		out.cols = append(out.cols, c)
	}
	return out
}

var joinKinds = []string{"innerunique", "inner", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti", "rightsemi", "rightanti"}

// unknownKind reports a kind= at its place.
func (b *binder) unknownKind(at syntax.Node, op, kind string, kinds []string) {
	hint := didYouMean(kind, kinds)
	if hint == "" {
		hint = "kinds: " + join(kinds)
	}
	syntax.Walk(at, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.OpParam); ok && p.Name.Text == "kind" {
			if v, ok := p.Value.(*syntax.Name); ok && v.Text == kind {
				at = v
			}
		}
		return true
	})
	b.errorf(at, hint, "unknown kind of %s %s", op, kind)
}

// fill renames the string columns of a side that may be missing.
func (b *binder) fill(j *ir.Join, cols []col) []col {
	out := append([]col(nil), cols...)
	for i, c := range out {
		if c.t == types.String {
			f := ir.Fill{ID: b.id(), From: c.id, T: c.t}
			j.Fill = append(j.Fill, f)
			out[i].id = f.ID
		}
	}
	return out
}

// condition binds one `on` entry: a name both sides have, or equalities of
// $left and $right.
func (b *binder) condition(e *env, l, r *rel, x syntax.Expr, keys map[string]bool) ([]ir.On, bool) {
	switch x := x.(type) {
	case *syntax.Name:
		lc, rc := l.find(x.Text), r.find(x.Text)
		if lc == nil || rc == nil {
			side, cols := "left", l.cols
			if lc != nil {
				side, cols = "right", r.cols
			}
			b.errorf(x, columnHint(x.Text, &rel{cols: cols}), "the %s side of the join has no column %s", side, x.Text)
			return nil, false
		}
		keys[x.Text] = true
		return b.pair(x, lc.ref(), rc.ref())
	case *syntax.Binary:
		if x.Op == "and" {
			p, ok := b.condition(e, l, r, x.X, keys)
			if !ok {
				return nil, false
			}
			q, ok := b.condition(e, l, r, x.Y, keys)
			return append(p, q...), ok
		}
		if x.Op == "==" {
			ls, lok := sideOf(x.X)
			rs, rok := sideOf(x.Y)
			if lok && rok && ls != rs {
				lx, rx := x.X, x.Y
				if ls == "$right" {
					lx, rx = rx, lx
				}
				s := &scope{env: e, left: l, right: r}
				lv, rv := b.expr(s, lx), b.expr(s, rx)
				if isBad(lv, rv) {
					return nil, false
				}
				if c, ok := rv.(*ir.Col); ok {
					keys[c.Name] = true
				}
				return b.pair(x, lv, rv)
			}
		}
	}
	b.errorf(x, "on column, or on $left.a == $right.b", "joins compare columns of both sides for equality")
	return nil, false
}

// sideOf says which side a $left.x or $right.x is of.
func sideOf(x syntax.Expr) (string, bool) {
	p, ok := x.(*syntax.Path)
	if !ok {
		if i, isIndex := x.(*syntax.Index); isIndex {
			if n, ok := i.X.(*syntax.Name); ok {
				return n.Text, n.Text == "$left" || n.Text == "$right"
			}
		}
		return "", false
	}
	n, ok := p.X.(*syntax.Name)
	if !ok {
		return "", false
	}
	return n.Text, n.Text == "$left" || n.Text == "$right"
}

func (b *binder) pair(at syntax.Node, l, r ir.Expr) ([]ir.On, bool) {
	lt, rt := l.Type(), r.Type()
	if lt == types.Dynamic || rt == types.Dynamic {
		b.errorf(at, "convert it, for example with tostring(), before the join", "a dynamic cannot be a join key")
		return nil, false
	}
	if lt == types.Decimal || rt == types.Decimal {
		b.refuse(at, "join on toreal(...) or tostring(...)", "a decimal as a join key")
		return nil, false
	}
	if lt != rt {
		if !lt.Numeric() || !rt.Numeric() {
			b.errorf(at, "convert one side first", "the join keys differ in type: %s and %s", lt, rt)
			return nil, false
		}
		t := wider(lt, rt)
		l, r = b.convert(l, t), b.convert(r, t)
	}
	return []ir.On{{Left: l, Right: r}}, true
}
