package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

func (b *binder) where(e *env, r *rel, op *syntax.Where) *rel {
	out := *r
	p := b.predicate(&scope{env: e, rel: &out}, op.Pred)
	if isBad(p) {
		return nil
	}
	out.node = &ir.Filter{In: out.node, Pred: p}
	return &out
}

func (b *binder) take(e *env, r *rel, op *syntax.Take) *rel {
	n := b.rows(e, op.N)
	if n == nil {
		return nil
	}
	return &rel{&ir.Limit{In: r.node, N: n}, r.cols, r.serialized}
}

// rows binds a number of rows: a constant, or a value known before the query runs.
func (b *binder) rows(e *env, x syntax.Expr) ir.Expr {
	n := b.expr(&scope{env: e}, x)
	if isBad(n) {
		return nil
	}
	if n.Type() != types.Int && n.Type() != types.Long {
		b.errorf(x, "", "a number of rows is an integer, this is %s", n.Type())
		return nil
	}
	if c, ok := ir.IsConst(b.convert(n, types.Long)); ok {
		if v, isLong := c.V.(int64); !isLong || v < 0 {
			b.errorf(x, "", "a number of rows is not negative")
			return nil
		}
	}
	return b.convert(n, types.Long)
}

func (b *binder) sort(e *env, r *rel, keys []*syntax.SortKey) *rel {
	out := *r
	s := &ir.Sort{}
	for _, k := range keys {
		x := b.expr(&scope{env: e, rel: &out}, k.X.X)
		if isBad(x) {
			return nil
		}
		if x.Type() == types.Decimal {
			b.refuse(k, "sort by toreal(...)", "sorting by a decimal")
			return nil
		}
		if x.Type() == types.Dynamic {
			b.errorf(k, "convert it, for example with tostring()", "a dynamic cannot be sorted")
			return nil
		}
		desc := k.Dir != "asc"
		last := desc
		if k.Nulls != "" {
			last = k.Nulls == "last"
		}
		s.Keys = append(s.Keys, ir.SortKey{X: x, Desc: desc, NullsLast: last})
	}
	s.In = out.node
	return &rel{s, out.cols, true}
}

func (b *binder) top(e *env, r *rel, op *syntax.Top) *rel {
	n := b.rows(e, op.N)
	if n == nil {
		return nil
	}
	out := b.sort(e, r, []*syntax.SortKey{op.By})
	if out == nil {
		return nil
	}
	out.node = &ir.Limit{In: out.node, N: n}
	return out
}
