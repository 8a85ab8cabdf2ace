package bind

import (
	"github.com/postern-dev/postern/kql/ir"
)

// shared is a relation that several places of a query read: it is evaluated
// once. hidden are columns that operators need and a query does not see.
type shared struct {
	to     *ir.Share
	rel    *rel
	hidden []col
}

func (b *binder) share(r *rel, hidden ...col) *shared {
	s := &shared{to: &ir.Share{N: len(b.shares) + 1, In: r.node}, rel: r, hidden: hidden}
	b.shares = append(b.shares, s.to)
	return s
}

// reached drops the shared trees that the query does not read: a let-variable
// is bound where it is defined too.
func reached(list []*ir.Share, root ir.Node) []*ir.Share {
	seen := map[*ir.Share]bool{}
	var walk func(n ir.Node)
	walk = func(n ir.Node) {
		if ref, ok := n.(*ir.Ref); ok && !seen[ref.To] {
			seen[ref.To] = true
			walk(ref.To.In)
		}
		for _, in := range ir.Inputs(n) {
			walk(in)
		}
		ir.VisitExprs(n, func(e ir.Expr) {
			for _, sub := range ir.Subtrees(e) {
				walk(sub)
			}
		})
	}
	walk(root)
	var out []*ir.Share
	for _, s := range list {
		if seen[s] {
			out = append(out, s)
		}
	}
	return out
}

// read is the shared relation with columns of its own, and its hidden columns
// in the order they were given.
func (b *binder) read(s *shared) (*rel, []col) {
	ref := &ir.Ref{To: s.to}
	again := map[ir.ID]ir.ID{}
	copied := func(list []col) []col {
		out := make([]col, len(list))
		for i, c := range list {
			id, ok := again[c.id]
			if !ok {
				id = b.id()
				again[c.id] = id
				ref.Cols = append(ref.Cols, ir.RefCol{ID: id, From: c.id, T: c.t})
			}
			out[i] = col{c.name, id, c.t, c.nullable}
		}
		return out
	}
	r := &rel{ref, copied(s.rel.cols), s.rel.serialized}
	return r, copied(s.hidden)
}
