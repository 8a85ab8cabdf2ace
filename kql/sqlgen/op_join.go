package sqlgen

import (
	"github.com/postern-dev/postern/kql/ir"
)

func (g *gen) join(n *ir.Join) stream {
	l, r := g.node(n.Left), g.node(n.Right)
	word := map[ir.JoinKind]string{
		ir.Inner: " INNER JOIN ", ir.LeftOuter: " LEFT JOIN ", ir.RightOut: " RIGHT JOIN ",
		ir.FullOuter: " FULL JOIN ", ir.LeftSemi: " SEMI JOIN ", ir.LeftAnti: " ANTI JOIN ", ir.Cross: " CROSS JOIN ",
	}[n.Kind]
	from := &join{left: l.sel, right: r.sel, word: Text(word)}
	for _, o := range n.On {
		from.on = append(from.on, Seq{Text("("), g.expr(o.Left), Text(" IS NOT DISTINCT FROM "), g.expr(o.Right), Text(")")})
	}
	sel := &Select{Items: []SQL{Text("*")}, From: from}
	for _, f := range n.Fill {
		sel.Items = append(sel.Items, as(Seq{Text("coalesce("), Column(int(f.From)), Text(", '')")}, f.ID))
	}
	out := stream{sel: sel}
	switch n.Kind {
	case ir.LeftSemi, ir.LeftAnti:
		out.order = l.order
	case ir.Inner, ir.LeftOuter:
		out.order = append(append([]key(nil), l.order...), r.order...)
	}
	return out
}
