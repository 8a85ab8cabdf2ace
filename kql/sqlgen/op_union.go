package sqlgen

import (
	"github.com/postern-dev/postern/kql/ir"
)

// union stacks its inputs; rows come input by input.
func (g *gen) union(n *ir.Union) stream {
	branch, row := g.id(), g.id()
	var all Seq
	ordered := false
	for i, b := range n.Inputs {
		in := g.node(b.In)
		sel := &Select{From: in.sel}
		for j, x := range b.X {
			c := n.Cols[j]
			sel.Items = append(sel.Items, as(Seq{Text("CAST("), g.expr(x), Text(" AS " + g.d.Type(c.T) + ")")}, c.ID))
		}
		sel.Items = append(sel.Items, as(Text(itoa(i)), branch))
		// An input that counts its rows keeps its order within the union.
		ord := SQL(Text("0"))
		ordered = ordered || len(in.order) > 0
		if len(in.order) == 1 && !in.order[0].desc {
			ord = Seq{Text("TRY_CAST("), Column(int(in.order[0].col)), Text(" AS BIGINT)")}
		}
		sel.Items = append(sel.Items, as(ord, row))
		if i > 0 {
			all = append(all, Text(" UNION ALL "))
		}
		all = append(all, sel)
	}
	var order []key
	if ordered {
		order = []key{{col: branch}, {col: row}}
	}
	from := Seq{Text("("), all, Text(") AS u")}
	return stream{&Select{Items: []SQL{Text("*")}, From: from}, order}
}
