package bind

import (
	"strings"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// After a fault binding goes on, so that a query hears of all its faults at once.
// What cannot be known any more has the type Unknown, which fits everywhere and
// is never reported; a relation some of whose columns are not known has the
// column anything, so that any name is found in it.

// anything is no name a query can write.
const anything = "\x00"

// unknown is a relation of which only some columns are known.
func (b *binder) unknown(known []col) *rel {
	r := &rel{node: &ir.Values{Ordinal: b.id()}, cols: append([]col(nil), known...), serialized: true}
	for _, c := range known {
		if c.name == anything {
			return r
		}
	}
	r.cols = append(r.cols, col{name: anything, t: types.Unknown})
	return r
}

// follows says whether a message is only the consequence of a fault that is
// reported already: it speaks of something unknown, or of a piece of text that
// has a fault of syntax within.
func (b *binder) follows(n syntax.Node, args []any) bool {
	if b.errs.Err() != nil || b.checking > 0 {
		for _, a := range args {
			if t, ok := a.(types.Type); ok && t == types.Unknown {
				return true
			}
		}
	}
	at := n.At()
	for _, f := range b.faults {
		if at.Start <= f.Start && f.Start < at.End || at.Start == at.End {
			return true
		}
		// What stands right before the fault is likely not what was meant.
		if at.End <= f.Start && f.Start-at.End <= 2 && strings.TrimSpace(b.errs.Source[at.End:f.Start]) == "" && !strings.HasSuffix(f.Msg, "found ')'") && !strings.HasSuffix(f.Msg, "not closed") {
			return true
		}
	}
	return false
}

// check binds definitions that the query does not use, for their faults.
func (b *binder) check(list []syntax.Statement, e *env) {
	for _, s := range list {
		let, ok := s.(*syntax.Let)
		if !ok || b.used[let.Value] {
			continue
		}
		v := e.lookup(let.Name.Text)
		b.checking++
		work := b.work
		switch v := v.(type) {
		case *letTable:
			if v.x == let.Value {
				b.table(v.env, v.x)
			}
		case *letFunc:
			if v.f == let.Value {
				b.checkFunc(v)
			}
		}
		b.work = min(work, b.work)
		b.checking--
	}
}

// checkFunc binds a function nobody calls: of its parameters nothing is known.
func (b *binder) checkFunc(f *letFunc) {
	local := f.env.snapshot()
	for _, p := range f.f.Params {
		if p.Row != nil {
			local.set(p.Name.Text, &boundTable{func() *rel { return b.unknown(nil) }})
		} else {
			local.set(p.Name.Text, &boundValue{bad()})
		}
	}
	if b.bodyTabular(f) {
		b.statements(f.f.Body, local)
		return
	}
	for _, s := range f.f.Body {
		switch s := s.(type) {
		case *syntax.Let:
			b.let(local, s)
		case *syntax.QueryStatement:
			b.expr(&scope{env: local}, s.Expr)
		}
	}
}

// use remembers that a definition is read, and so looked at.
func (b *binder) use(x syntax.Expr) {
	if b.used == nil {
		b.used = map[syntax.Expr]bool{}
	}
	b.used[x] = true
}

// inspect looks at the parts of an operator that cannot be bound as a whole, for
// the sake of their faults (those reported already are reported once), and gives
// the columns it would have had, as far as one can tell.
func (b *binder) inspect(e *env, in *rel, op syntax.Operator) *rel {
	r := *in
	s := &scope{env: e, rel: &r}
	out := append([]col(nil), in.cols...)
	switch op := op.(type) {
	case *syntax.Broken:
		if op.Op == nil {
			return b.unknown(in.cols)
		}
		return b.unknown(b.inspect(e, in, op.Op).cols)
	case *syntax.Where:
		b.predicate(s, op.Pred)
	case *syntax.Take:
		b.expr(&scope{env: e}, op.N)
	case *syntax.Sort:
		for _, k := range op.Keys {
			b.expr(s, k.X.X)
		}
	case *syntax.Top:
		b.expr(&scope{env: e}, op.N)
		b.expr(s, op.By.X.X)
	case *syntax.Extend:
		for _, c := range b.inspectNamed(s, op.Cols) {
			out = replaced(out, c)
		}
	case *syntax.Serialize:
		for _, c := range b.inspectNamed(s, op.Cols) {
			out = replaced(out, c)
		}
	case *syntax.Project:
		out = b.inspectNamed(s, op.Cols)
	case *syntax.Distinct:
		out = b.inspectNamed(s, op.Cols)
	case *syntax.Summarize:
		out = b.inspectNamed(s, op.By)
		s.aggs = &aggregates{}
		out = append(out, b.inspectNamed(s, op.Aggs)...)
	case *syntax.ProjectAway:
		out = b.inspectColumns(in, op.Cols, false)
	case *syntax.ProjectKeep:
		out = b.inspectColumns(in, op.Cols, true)
	case *syntax.ProjectRename:
		for _, ne := range op.Cols {
			b.expr(s, ne.X)
			if n := ne.Name(); n != nil {
				out = replaced(out, col{name: n.Text, t: types.Unknown})
			}
		}
	case *syntax.ProjectReorder:
		for _, item := range op.Cols {
			b.matcher(in, item.Col)
		}
	case *syntax.Join:
		return b.inspectJoin(e, in, op.Right, op.On)
	case *syntax.Lookup:
		return b.inspectJoin(e, in, op.Right, op.On)
	case *syntax.Union:
		for _, t := range op.Tables {
			if _, star := t.(*syntax.Star); star {
				continue
			}
			if _, pattern := t.(*syntax.Pattern); !pattern {
				b.table(e, t)
			}
		}
		return b.unknown(out)
	case *syntax.MvExpand:
		for _, item := range op.Items {
			b.expr(s, item.X.X)
		}
		return b.unknown(out)
	case *syntax.ParseOp:
		b.expr(s, op.X)
		for _, p := range op.Pattern {
			if p.Column != nil {
				out = replaced(out, col{name: p.Column.Name.Text, t: types.Unknown})
			}
		}
	default:
		return b.unknown(out)
	}
	return &rel{node: r.node, cols: out, serialized: true}
}

// inspectNamed binds named expressions; one that cannot be bound leaves a column
// of unknown type.
func (b *binder) inspectNamed(s *scope, list []*syntax.NamedExpr) []col {
	var out []col
	for _, ne := range list {
		if isStar(ne.X) {
			out = append(out, s.rel.cols...)
			continue
		}
		t := types.Unknown
		several := false
		if c, ok := ne.X.(*syntax.Call); ok && s.aggs != nil && c.On == nil {
			sink := func(name string, x ir.Expr) { out = append(out, col{name: name, id: b.id(), t: x.Type()}) }
			several, _ = b.wide(s, ne, c, takenIn(out), sink)
		}
		if several {
			out = append(out, col{name: anything, t: types.Unknown})
			continue
		}
		t = b.expr(s, ne.X).Type()
		if len(ne.Names) > 1 {
			for _, n := range ne.Names {
				out = append(out, col{name: n.Text, t: types.Unknown})
			}
			continue
		}
		name, _ := b.resultName(ne, takenIn(out))
		out = append(out, col{name: name, id: b.id(), t: t})
	}
	return out
}

func (b *binder) inspectColumns(in *rel, list []syntax.Expr, keep bool) []col {
	var match []func(string) bool
	for _, x := range list {
		if m := b.matcher(in, x); m != nil {
			match = append(match, m)
		}
	}
	var out []col
	for _, c := range in.cols {
		matched := false
		for _, m := range match {
			matched = matched || m(c.name)
		}
		if matched == keep || c.name == anything {
			out = append(out, c)
		}
	}
	if keep {
		return b.unknown(out).cols
	}
	return out
}

// inspectJoin looks at the right side and at the conditions.
func (b *binder) inspectJoin(e *env, in *rel, right syntax.Expr, on []syntax.Expr) *rel {
	r := b.table(e, right)
	if r == nil {
		r = b.unknown(nil)
	}
	for _, x := range on {
		left, other := *in, *r
		b.condition(e, &left, &other, x, map[string]bool{})
	}
	out := append([]col(nil), in.cols...)
	for _, c := range r.cols {
		if c.name != anything {
			c.name = unique(c.name, takenIn(out))
		}
		out = append(out, c)
	}
	return &rel{node: in.node, cols: out}
}
