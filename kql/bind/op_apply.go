package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// applied is the record that a body of mv-apply works for: operators of the
// body that look at several rows look at those of one record only.
type applied struct {
	row   ir.ID // numbers the records
	outer []col // the record's own columns
}

// mvApply expands each record and runs the body over its elements. The result
// is the record's columns and those the body made.
func (b *binder) mvApply(e *env, r *rel, op *syntax.MvApply) *rel {
	in := &rel{r.node, append([]col(nil), r.cols...), r.serialized}
	a := &applied{outer: in.cols}
	a.row = b.below(in, &ir.Window{Op: "row_number", T: types.Long, Args: []ir.Expr{long(1)}}).(*ir.Col).ID
	expanded := b.mvExpand(e, in, &syntax.MvExpand{Span: op.Span, Params: op.Params, Items: op.Items, Limit: op.Limit})
	if expanded == nil {
		return nil
	}
	// An expanded column hides the record's column of the same name.
	a.outer = nil
	for _, c := range in.cols {
		if k := expanded.find(c.name); k != nil && k.id == c.id {
			a.outer = append(a.outer, c)
		}
	}
	if op.Body == nil {
		b.errorf(op, "mv-apply x = array on (operators)", "mv-apply without a body")
		return nil
	}
	before := b.applied
	b.applied = a
	body := expanded
	for _, o := range op.Body.Ops {
		if body = b.applyOperator(e, body, o); body == nil {
			break
		}
	}
	b.applied = before
	if body == nil {
		return nil
	}
	out := &rel{node: body.node}
	own := map[ir.ID]bool{}
	for _, c := range a.outer {
		own[c.id] = true
	}
	var made []col
	for _, c := range body.cols {
		if !own[c.id] {
			made = append(made, c)
		}
	}
	for _, c := range a.outer {
		if !takenIn(made)(c.name) {
			out.cols = append(out.cols, c)
		}
	}
	out.cols = append(out.cols, made...)
	return out
}

// applyOperator binds an operator of the body: those that work row by row as
// everywhere, the others for each record.
func (b *binder) applyOperator(e *env, r *rel, op syntax.Operator) *rel {
	switch op := op.(type) {
	case *syntax.Where, *syntax.Extend, *syntax.Project, *syntax.ProjectAway, *syntax.ProjectKeep, *syntax.ProjectRename, *syntax.Summarize:
		return b.operator(e, r, op)
	case *syntax.Take:
		n := b.rows(e, op.N)
		if n == nil {
			return nil
		}
		return b.firstOfEach(r, n)
	case *syntax.Sort:
		out := b.sort(e, r, op.Keys)
		if out == nil {
			return nil
		}
		s := out.node.(*ir.Sort)
		s.Keys = append([]ir.SortKey{{X: b.recordNumber()}}, s.Keys...)
		return out
	case *syntax.Top:
		n := b.rows(e, op.N)
		if n == nil {
			return nil
		}
		out := b.sort(e, r, []*syntax.SortKey{op.By})
		if out == nil {
			return nil
		}
		return b.firstOfEach(out, n)
	}
	b.refuse(op, "", "the operator "+op.Keyword()+" within mv-apply")
	return nil
}

func (b *binder) recordNumber() ir.Expr {
	return &ir.Col{ID: b.applied.row, Name: "record", T: types.Long}
}

// firstOfEach keeps the first n rows of every record.
func (b *binder) firstOfEach(r *rel, n ir.Expr) *rel {
	out := *r
	i := b.below(&out, &ir.Window{Op: "row_number", T: types.Long, Args: []ir.Expr{long(1)}, Restart: b.recordNumber()})
	out.node = &ir.Filter{In: out.node, Pred: call("le", types.Bool, i, n)}
	return &out
}

// group adds to a summarize of the body what keeps the records apart: the
// record's number as a key, and the record's columns.
func (a *applied) group(b *binder, agg *ir.Aggregate) {
	row := b.id()
	agg.Keys = append(agg.Keys, ir.Def{ID: row, X: &ir.Col{ID: a.row, Name: "record", T: types.Long}})
	a.row = row
	for i, c := range a.outer {
		id := b.id()
		agg.Aggs = append(agg.Aggs, ir.Agg{ID: id, Op: "take_any", T: c.t, Args: []ir.Expr{c.ref()}})
		a.outer[i].id, a.outer[i].nullable = id, false
	}
}
