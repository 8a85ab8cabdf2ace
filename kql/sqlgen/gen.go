package sqlgen

import (
	"github.com/postern-dev/postern/kql/ir"
)

// Generate gives the statement of a tree and its parameters.
func Generate(root *ir.Output, next ir.ID, d Dialect) (text string, params []any, err error) {
	g := &gen{d: d, next: next, shared: map[*ir.Share]stream{}}
	return Write(g.output(root), d)
}

type gen struct {
	d      Dialect
	next   ir.ID
	shared map[*ir.Share]stream
}

func (g *gen) id() ir.ID {
	g.next++
	return g.next - 1
}

// stream is the SQL of a node: a select of all its columns under their ids, and
// the order its rows have, as keys over those columns. The select itself need
// not be ordered: whoever depends on the order states it.
type stream struct {
	sel   *Select
	order []key
}

type key struct {
	col       ir.ID
	desc      bool
	nullsLast bool
}

func (s stream) orderBy() []SQL {
	var out []SQL
	for _, k := range s.order {
		dir, nulls := " ASC", " NULLS FIRST"
		if k.desc {
			dir = " DESC"
		}
		if k.nullsLast {
			nulls = " NULLS LAST"
		}
		out = append(out, Seq{Column(int(k.col)), Text(dir + nulls)})
	}
	return out
}

// star is a select of everything from s, to which clauses are added.
func star(s stream, more ...SQL) *Select {
	return &Select{Items: append([]SQL{Text("*")}, more...), From: s.sel}
}

func asTable(s *Select) SQL { return Seq{Text("("), s, Text(") AS t")} }

func as(x SQL, id ir.ID) SQL { return Seq{x, Text(" AS "), Column(int(id))} }

func (g *gen) node(n ir.Node) stream {
	switch n := n.(type) {
	case *ir.Scan:
		return g.scan(n)
	case *ir.Values:
		return g.values(n)
	case *ir.Sequence:
		return g.sequence(n)
	case *ir.Extend:
		return g.extend(n)
	case *ir.Filter:
		in := g.node(n.In)
		// A filter above a select without clauses of its own joins it.
		if c, ok := n.Pred.(*ir.Call); ok && c.Op == "true" {
			return in
		}
		sel := star(in)
		sel.Where = []SQL{g.condition(n.Pred)}
		return stream{sel, in.order}
	case *ir.Sort:
		return g.sort(n)
	case *ir.Limit:
		in := g.node(n.In)
		sel := star(in)
		sel.Order, sel.Limit = in.orderBy(), g.expr(n.N)
		return stream{sel, in.order}
	case *ir.Aggregate:
		return g.aggregate(n)
	case *ir.Dedup:
		return g.dedup(n)
	case *ir.Join:
		return g.join(n)
	case *ir.Union:
		return g.union(n)
	case *ir.Expand:
		return g.expand(n)
	case *ir.Match:
		return g.match(n)
	case *ir.Ref:
		return g.ref(n)
	}
	panic("BUG: operator without SQL")
}

// output names nothing: the program knows the names, SQL only positions.
func (g *gen) output(n *ir.Output) SQL {
	with := g.shares(n.Shares)
	in := g.node(n.In)
	sel := &Select{From: in.sel, Order: in.orderBy()}
	for i, c := range n.Cols {
		sel.Items = append(sel.Items, as(g.expr(c.X), g.next+ir.ID(i)))
	}
	if len(sel.Items) == 0 {
		sel.Items = []SQL{Text("1")}
	}
	return append(with, sel)
}
