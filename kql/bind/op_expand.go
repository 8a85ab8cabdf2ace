package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// mvExpand gives one row an element. An empty array drops the row, null keeps
// one; several columns advance together.
func (b *binder) mvExpand(e *env, r *rel, op *syntax.MvExpand) *rel {
	in := &rel{r.node, append([]col(nil), r.cols...), r.serialized}
	x := &ir.Expand{}
	var out []col
	switch kind := op.Params.Word("kind") + op.Params.Word("bagexpansion"); kind {
	case "", "bag":
	case "array":
		x.Bag = true
	default:
		b.errorf(op, "kinds: bag, array", "unknown kind of mv-expand %s", kind)
		return nil
	}
	out = append(out, in.cols...)
	if name := op.Params.Word("with_itemindex"); name != "" {
		x.Index = b.id()
		out = append(out, col{name: name, id: x.Index, t: types.Long})
	}
	type cast struct {
		at int
		t  types.Type
	}
	var casts []cast
	for _, item := range op.Items {
		v := b.expr(&scope{env: e, rel: in}, item.X.X)
		if isBad(v) {
			return nil
		}
		if v.Type() != types.Dynamic {
			b.errorf(item, "arrays and bags are dynamic; parse_json(...) makes one of a string", "mv-expand does not take %s", v.Type())
			return nil
		}
		t := types.Dynamic
		if item.To != nil {
			var ok bool
			if t, ok = types.Parse(item.To.Text); !ok {
				b.unknownType(item.To)
				return nil
			}
		}
		name, _ := b.resultName(item.X, takenIn(out))
		if item.X.Name() == nil {
			// `mv-expand a` replaces a.
			if own := b.nameOf(item.X.X); own != "" {
				name = own
				if _, plain := item.X.X.(*syntax.Name); !plain {
					name = unique(own, takenIn(out))
				}
			}
		}
		c := col{name: name, id: b.id(), t: types.Dynamic}
		x.Items = append(x.Items, ir.ExpandItem{ID: c.id, X: v})
		at := -1
		for i := range out {
			if out[i].name == name {
				out[i], at = c, i
			}
		}
		if at < 0 {
			at = len(out)
			out = append(out, c)
		}
		if t != types.Dynamic {
			casts = append(casts, cast{at, t})
		}
	}
	if op.Limit != nil {
		n := b.rows(e, op.Limit)
		if n == nil {
			return nil
		}
		x.Limit = n
	}
	x.In = in.node
	res := &rel{x, out, r.serialized}
	for _, c := range casts {
		old := res.cols[c.at]
		res.cols[c.at] = b.define(res, old.name, b.convert(old.ref(), c.t))
	}
	return res
}
