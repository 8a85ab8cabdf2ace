package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// applied is what a body of mv-apply or partition works for: a record, or the
// rows of one key. Operators of the body that look at several rows look at those
// of one record or key only.
type applied struct {
	row     col   // tells the records apart
	outer   []col // the record's own columns
	grouped bool  // partition
	lossy   bool  // an operator before may have left nothing
}

// mvApply expands each record and runs the body over its elements. The result
// is the record's columns and those the body made.
func (b *binder) mvApply(e *env, r *rel, op *syntax.MvApply) *rel {
	in := &rel{r.node, append([]col(nil), r.cols...), r.serialized}
	a := &applied{outer: in.cols}
	a.row.id = b.below(in, &ir.Window{Op: "row_number", T: types.Long, Args: []ir.Expr{long(1)}}).(*ir.Col).ID
	a.row.name, a.row.t = "record", types.Long
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
		switch op := op.(type) {
		case *syntax.Where:
			b.applied.lossy = true
		case *syntax.Summarize:
			if len(op.By) == 0 && !b.oneRowEach(op) {
				return nil
			}
		}
		return b.operator(e, r, op)
	case *syntax.ProjectReorder, *syntax.Serialize, *syntax.Distinct:
		return b.operator(e, r, op)
	case *syntax.MvExpand, *syntax.ParseOp:
		b.applied.lossy = true
		return b.operator(e, r, op)
	case *syntax.Scan:
		b.applied.lossy = true
		return b.operator(e, r, op)
	case *syntax.Count:
		if !b.oneRowEach(op) {
			return nil
		}
		return b.operator(e, r, op)
	case *syntax.Sample:
		n := b.rows(e, op.N)
		if n == nil {
			return nil
		}
		b.applied.cut(n)
		out := *r
		out.node = &ir.Sort{In: out.node, Keys: []ir.SortKey{{X: b.recordNumber()}, {X: call("random", types.Real)}}}
		return b.firstOfEach(&out, n)
	case *syntax.Take:
		n := b.rows(e, op.N)
		if n == nil {
			return nil
		}
		b.applied.cut(n)
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
		b.applied.cut(n)
		out := b.sort(e, r, []*syntax.SortKey{op.By})
		if out == nil {
			return nil
		}
		return b.firstOfEach(out, n)
	}
	b.refuse(op, "", "the operator "+op.Keyword()+" within "+b.applied.name())
	return nil
}

func (a *applied) name() string {
	if a.grouped {
		return "partition"
	}
	return "mv-apply"
}

// cut notes that n rows of each are kept: of some rows one is left unless n is 0.
func (a *applied) cut(n ir.Expr) {
	c, ok := ir.IsConst(n)
	if ok {
		if v, isLong := c.V.(int64); isLong && v > 0 {
			return
		}
	}
	a.lossy = true
}

// oneRowEach reports whether the rows of every key are still there: of no rows
// summarize makes one row, which grouping by the key does not give.
func (b *binder) oneRowEach(at syntax.Node) bool {
	if b.applied.grouped && b.applied.lossy {
		b.refuse(at, "group by the key with summarize ... by instead of partition", "counting the rows of a key where operators before may have left none")
		return false
	}
	return true
}

func (b *binder) recordNumber() ir.Expr { return b.applied.row.ref() }

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
	agg.Keys = append(agg.Keys, ir.Def{ID: row, X: a.row.ref()})
	a.row.id, a.row.nullable = row, false
	for i, c := range a.outer {
		id := b.id()
		agg.Aggs = append(agg.Aggs, ir.Agg{ID: id, Op: "take_any", T: c.t, Args: []ir.Expr{c.ref()}})
		a.outer[i].id, a.outer[i].nullable = id, false
	}
}
