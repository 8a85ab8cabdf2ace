package sqlgen

import (
	"strconv"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/types"
)

func itoa(n int) string { return strconv.Itoa(n) }

func (g *gen) extend(n *ir.Extend) stream {
	in := g.node(n.In)
	if len(n.Defs) == 0 {
		return in
	}
	for _, d := range n.Defs {
		if _, ok := d.X.(*ir.Window); ok {
			in = g.numbered(in)
			break
		}
	}
	sel := star(in)
	for _, d := range n.Defs {
		x := SQL(nil)
		if w, ok := d.X.(*ir.Window); ok {
			x = g.window(w, in)
		} else {
			x = g.expr(d.X)
		}
		sel.Items = append(sel.Items, as(x, d.ID))
	}
	return stream{sel, in.order}
}

// numbered gives a stream a total order of one column, so that all window
// functions above agree on ties.
func (g *gen) numbered(s stream) stream {
	if len(s.order) == 1 && !s.order[0].desc {
		if s.order[0].nullsLast { // marks a column made here
			return s
		}
	}
	id := g.id()
	over := Seq{Text("row_number() OVER (")}
	if keys := s.orderBy(); len(keys) > 0 {
		over = append(over, Text("ORDER BY "))
		for i, k := range keys {
			if i > 0 {
				over = append(over, Text(", "))
			}
			over = append(over, k)
		}
	}
	over = append(over, Text(")"))
	return stream{star(s, as(over, id)), []key{{col: id, nullsLast: true}}}
}

func (g *gen) window(w *ir.Window, in stream) SQL {
	over := Seq{Text(" OVER (")}
	if w.Restart != nil {
		over = append(over, Text("PARTITION BY "), g.expr(w.Restart), Text(" "))
	}
	over = append(over, Text("ORDER BY "), in.orderBy()[0])
	rows := append(append(Seq{}, over...), Text(" ROWS UNBOUNDED PRECEDING)"))
	over = append(over, Text(")"))
	var args []SQL
	for _, a := range w.Args {
		args = append(args, g.expr(a))
	}
	switch w.Op {
	case "row_number":
		return Seq{Text("(row_number()"), over, Text(" - 1 + "), args[0], Text(")")}
	case "row_cumsum":
		return Seq{Text("CAST(coalesce(sum("), args[0], Text(")"), rows, Text(", 0) AS " + g.d.Type(w.T) + ")")}
	case "row_cummax":
		return Seq{Text("max("), args[0], Text(")"), rows}
	case "prev", "next":
		f := Text("lag(")
		if w.Op == "next" {
			f = "lead("
		}
		x := Seq{f, args[0], Text(", "), args[1], Text(", "), args[2], Text(")"), over}
		if w.T == types.String {
			return Seq{Text("coalesce("), x, Text(", '')")}
		}
		return x
	}
	panic("BUG: window function without SQL: " + w.Op)
}

func (g *gen) sort(n *ir.Sort) stream {
	in := g.node(n.In)
	var keys []key
	var more []SQL
	for _, k := range n.Keys {
		id := ir.ID(0)
		if c, ok := k.X.(*ir.Col); ok {
			id = c.ID
		} else {
			id = g.id()
			more = append(more, as(g.expr(k.X), id))
		}
		keys = append(keys, key{id, k.Desc, k.NullsLast})
	}
	sel := in.sel
	if len(more) > 0 {
		sel = star(in, more...)
	}
	// Ties keep the order they had.
	return stream{sel, append(keys, in.order...)}
}

func (g *gen) dedup(n *ir.Dedup) stream {
	in := g.node(n.In)
	sel := star(in)
	sel.Prefix = "DISTINCT ON ("
	for _, k := range n.Keys {
		sel.On = append(sel.On, g.expr(k))
	}
	sel.Order = in.orderBy()
	return stream{sel, in.order}
}
