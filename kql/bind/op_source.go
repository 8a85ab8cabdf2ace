package bind

import (
	"strconv"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// print is one row; unnamed columns are print_0, print_1 by position.
func (b *binder) print(e *env, op *syntax.Print) *rel {
	r := &rel{node: &ir.Values{Rows: [][]ir.Expr{{}}}}
	out := &rel{}
	for i, ne := range op.Cols {
		if ne.Tuple {
			b.refuse(ne, "name each column", "a list of names")
			return nil
		}
		x := b.expr(&scope{env: e}, ne.X)
		if isBad(x) {
			continue
		}
		name := ""
		if n := ne.Name(); n != nil {
			name = n.Text
		} else {
			name = unique("print_"+strconv.Itoa(i), takenIn(out.cols))
		}
		if takenIn(out.cols)(name) {
			b.errorf(ne, "", "the column %s is named twice", name)
			return nil
		}
		c := b.define(r, name, x)
		c.name = name
		out.cols = append(out.cols, c)
	}
	if b.errs.Err() != nil {
		return nil
	}
	out.node = r.node
	out.serialized = true
	return out
}

// rangeTable is `range x from a to b step s`.
func (b *binder) rangeTable(e *env, op *syntax.Range) *rel {
	s := &scope{env: e}
	from, to, step := b.expr(s, op.From), b.expr(s, op.To), b.expr(s, op.Step)
	if isBad(from, to, step) {
		return nil
	}
	t := from.Type()
	switch {
	case t == types.DateTime || t == types.TimeSpan:
		if to.Type() != t || step.Type() != types.TimeSpan {
			b.errorf(op, "", "range from %s to %s step %s does not fit together", t, to.Type(), step.Type())
			return nil
		}
	default:
		t = common([]ir.Expr{from, to, step})
		if t == types.Int {
			t = types.Long
		}
		if t != types.Long && t != types.Real {
			b.errorf(op, "", "range counts long, real, datetime or timespan, not %s", t)
			return nil
		}
		from, to, step = b.convert(from, t), b.convert(to, t), b.convert(step, t)
	}
	if c, ok := ir.IsConst(step); ok && (c.V == nil || c.V == int64(0) || c.V == float64(0)) {
		b.errorf(op.Step, "", "the step of range must not be 0")
		return nil
	}
	c := col{name: op.Name.Text, id: b.id(), t: t}
	return &rel{&ir.Sequence{ID: c.id, T: t, From: from, To: to, Step: step}, []col{c}, true}
}

// datatable is a literal table.
func (b *binder) datatable(e *env, x *syntax.Datatable) *rel {
	v := &ir.Values{Ordinal: b.id()}
	r := &rel{node: v}
	for _, d := range x.Columns.Columns {
		t, ok := types.Parse(d.Type.Text)
		if !ok {
			b.unknownType(d.Type)
			return nil
		}
		if takenIn(r.cols)(d.Name.Text) {
			b.errorf(d, "", "the column %s is named twice", d.Name.Text)
			return nil
		}
		c := col{name: d.Name.Text, id: b.id(), t: t}
		r.cols = append(r.cols, c)
		v.Cols = append(v.Cols, ir.ValueCol{ID: c.id, T: t})
	}
	n := len(r.cols)
	if n == 0 || len(x.Values)%n != 0 {
		b.errorf(x, "", "datatable has %d columns but %d values", n, len(x.Values))
		return nil
	}
	s := &scope{env: e}
	for i := 0; i < len(x.Values); i += n {
		row := make([]ir.Expr, n)
		for j := range row {
			row[j] = b.cell(s, x.Values[i+j], r.cols[j].t)
			if isBad(row[j]) {
				return nil
			}
		}
		v.Rows = append(v.Rows, row)
	}
	return r
}

// cell is one value of a datatable. Constants of another type are converted as
// Kusto does there, by the functions to<type>.
func (b *binder) cell(s *scope, x syntax.Expr, t types.Type) ir.Expr {
	v := b.expr(s, x)
	if isBad(v) {
		return v
	}
	ok := false
	ir.Walk(v, func(e ir.Expr) bool {
		switch e.(type) {
		case *ir.Const, *ir.Call:
		default:
			ok = true
		}
		return true
	})
	if ok {
		b.errorf(x, "", "a datatable holds constants only")
		return bad()
	}
	return b.convert(v, t)
}
