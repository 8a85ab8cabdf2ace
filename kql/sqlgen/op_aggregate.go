package sqlgen

import (
	"github.com/postern-dev/postern/kql/ir"
)

// aggregate groups. Over an ordered input the groups come in the order of their
// first rows, and aggregates that collect see the rows in order.
func (g *gen) aggregate(n *ir.Aggregate) stream {
	in := g.node(n.In)
	if len(in.order) > 1 && collects(n) {
		in = g.numbered(in)
	}
	sel := &Select{From: in.sel}
	for i, k := range n.Keys {
		sel.Items = append(sel.Items, as(g.expr(k.X), k.ID))
		sel.Group = append(sel.Group, Text(itoa(i+1)))
	}
	for i := range n.Aggs {
		a := &n.Aggs[i]
		args := make([]SQL, len(a.Args))
		for j, x := range a.Args {
			args[j] = g.expr(x)
		}
		var cond SQL
		if a.If != nil {
			cond = g.condition(a.If)
		}
		sel.Items = append(sel.Items, as(g.d.Aggregate(a, args, cond, in.orderBy()), a.ID))
	}
	if len(sel.Items) == 0 {
		// Nobody reads an aggregate, but the row it stands in counts.
		sel.Items = []SQL{as(Text("count(*)"), g.id())}
	}
	out := stream{sel: sel}
	if len(in.order) == 1 && !in.order[0].desc && len(n.Keys) > 0 {
		id := g.id()
		sel.Items = append(sel.Items, as(Seq{Text("min("), Column(int(in.order[0].col)), Text(")")}, id))
		out.order = []key{{col: id}}
	}
	return out
}

func collects(n *ir.Aggregate) bool {
	for _, a := range n.Aggs {
		switch a.Op {
		case "make_list", "make_set", "make_bag", "make_list_with_nulls", "take_any", "arg_max", "arg_min":
			return true
		}
	}
	return false
}
