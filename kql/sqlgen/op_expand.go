package sqlgen

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/types"
)

// expand counts the elements of each row, then reads them by position.
func (g *gen) expand(n *ir.Expand) stream {
	in := g.node(n.In)
	first := star(in)
	cols := make([]ir.ID, len(n.Items))
	var counts Seq
	for i, it := range n.Items {
		cols[i] = g.id()
		first.Items = append(first.Items, as(g.expr(it.X), cols[i]))
		if i > 0 {
			counts = append(counts, Text(", "))
		}
		counts = append(counts, g.op("expand_count", types.Long, Column(int(cols[i]))))
	}
	count := SQL(Seq{Text("greatest("), counts, Text(")")})
	if len(n.Items) == 1 {
		count = counts
	}
	if n.Limit != nil {
		count = Seq{Text("least("), count, Text(", "), g.expr(n.Limit), Text(")")}
	}
	index := n.Index
	if index == 0 {
		index = g.id()
	}
	second := &Select{Items: []SQL{Text("*"), as(Seq{Text("unnest(range(0, "), count, Text("))")}, index)}, From: first}
	top := &Select{Items: []SQL{Text("*")}, From: second}
	at := "expand_at"
	if n.Bag {
		at = "expand_pair"
	}
	for i, it := range n.Items {
		top.Items = append(top.Items, as(g.op(at, types.Dynamic, Column(int(cols[i])), Column(int(index))), it.ID))
	}
	out := stream{sel: top}
	if len(in.order) > 0 {
		out.order = append(append(out.order, in.order...), key{col: index})
	}
	return out
}

// op spells an operation over SQL that has no tree.
func (g *gen) op(name string, t types.Type, args ...SQL) SQL {
	return g.d.Call(&ir.Call{Op: name, T: t}, args)
}
