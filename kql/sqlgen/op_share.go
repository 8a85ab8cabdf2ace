package sqlgen

import (
	"github.com/postern-dev/postern/kql/ir"
)

// shares writes the trees that are read several times as materialized tables
// before the statement. One that has an order carries it as a number.
func (g *gen) shares(list []*ir.Share) Seq {
	var out Seq
	for i, s := range list {
		if i == 0 {
			out = append(out, Text("WITH "))
		} else {
			out = append(out, Text(", "))
		}
		in := g.node(s.In)
		if len(in.order) > 0 {
			in = g.numbered(in)
		}
		g.shared[s] = in
		out = append(out, shareName(s), Text(" AS MATERIALIZED ("), in.sel, Text(")"))
	}
	if len(out) > 0 {
		out = append(out, Text(" "))
	}
	return out
}

func shareName(s *ir.Share) Text { return Text("s" + itoa(s.N)) }

// ref reads a shared tree under ids of its own.
func (g *gen) ref(n *ir.Ref) stream {
	sel := &Select{From: shareName(n.To)}
	for _, c := range n.Cols {
		sel.Items = append(sel.Items, as(Column(int(c.From)), c.ID))
	}
	out := stream{sel: sel}
	if order := g.shared[n.To].order; len(order) > 0 {
		id := g.id()
		sel.Items = append(sel.Items, as(Column(int(order[0].col)), id))
		out.order = []key{{col: id, nullsLast: true}}
	}
	if len(sel.Items) == 0 {
		sel.Items = []SQL{as(Text("1"), g.id())}
	}
	return out
}
