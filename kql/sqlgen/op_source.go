package sqlgen

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

func (g *gen) scan(n *ir.Scan) stream {
	// Raw columns first, under their ids, so that conditions can use them;
	// totals are made above.
	outer := false
	for _, c := range n.Cols {
		outer = outer || c.Total
	}
	inner := g.relation(n)
	var where []SQL
	for _, w := range n.Where {
		where = append(where, g.condition(w))
	}
	sel := inner
	if len(where) > 0 {
		sel = &Select{Items: []SQL{Text("*")}, From: inner, Where: where}
	}
	if !outer {
		return stream{sel: sel}
	}
	top := &Select{From: sel}
	for _, c := range n.Cols {
		if c.Total {
			top.Items = append(top.Items, as(Seq{Text("coalesce("), Column(int(c.ID)), Text(", '')")}, c.ID))
		} else {
			top.Items = append(top.Items, Column(int(c.ID)))
		}
	}
	return stream{sel: top}
}

// relation reads the columns of a scan from its table, or from those branches
// of it that its conditions leave.
func (g *gen) relation(n *ir.Scan) *Select {
	none := ir.ID(0)
	if len(n.Cols) == 0 {
		none = g.id()
	}
	read := func(from string, expr func(physical string) string) *Select {
		s := &Select{From: Text(from)}
		for _, c := range n.Cols {
			s.Items = append(s.Items, as(Text(expr(c.Physical)), c.ID))
		}
		if len(s.Items) == 0 {
			s.Items = []SQL{as(Text("1"), none)}
		}
		return s
	}
	var left []*Select
	for i, b := range n.Table.Branches {
		if excluded(n, b) && (len(left) > 0 || i+1 < len(n.Table.Branches)) {
			continue // the last one stays, so that there is a relation
		}
		left = append(left, read(b.From, func(physical string) string { return "(" + b.Exprs[physical] + ")" }))
	}
	switch len(left) {
	case 0:
		return read(g.d.Ident(n.Table.Relation), g.d.Ident)
	case 1:
		return left[0]
	}
	var all Seq
	for i, s := range left {
		if i > 0 {
			all = append(all, Text(" UNION ALL "))
		}
		all = append(all, s)
	}
	return &Select{Items: []SQL{Text("*")}, From: Seq{Text("("), all, Text(") AS b")}}
}

// excluded reports whether a condition of the scan is false in all of a branch.
func excluded(n *ir.Scan, b schema.Branch) bool {
	for _, w := range n.Where {
		c, ok := w.(*ir.Call)
		if !ok || c.Op != "eq" {
			continue
		}
		col, isCol := c.Args[0].(*ir.Col)
		k, isConst := c.Args[1].(*ir.Const)
		if !isCol || !isConst {
			continue
		}
		for _, sc := range n.Cols {
			if v, known := b.Consts[sc.Physical]; sc.ID == col.ID && known && k.V != v {
				return true
			}
		}
	}
	return false
}

// values is a literal table: VALUES rows of parameters, or one row of nothing.
func (g *gen) values(n *ir.Values) stream {
	if len(n.Cols) == 0 {
		ord := g.id()
		return stream{&Select{Items: []SQL{as(Text("0"), ord)}}, []key{{col: ord}}}
	}
	var items []SQL
	for i, c := range n.Cols {
		items = append(items, as(Seq{Text("CAST(v."), Column(i), Text(" AS " + g.d.Type(c.T) + ")")}, c.ID))
	}
	items = append(items, as(Seq{Text("v."), Text("ord")}, n.Ordinal))
	var rows Seq
	rows = append(rows, Text("(VALUES "))
	for i, r := range n.Rows {
		if i > 0 {
			rows = append(rows, Text(", "))
		}
		rows = append(rows, Text("("))
		for _, x := range r {
			rows = append(rows, g.expr(x), Text(", "))
		}
		rows = append(rows, Text(itoa(i)), Text(")"))
	}
	sel := &Select{Items: items}
	if len(n.Rows) == 0 {
		rows = append(rows, Text("("))
		for range n.Cols {
			rows = append(rows, Text("NULL, "))
		}
		rows = append(rows, Text("0)"))
		sel.Where = []SQL{Text("false")}
	}
	rows = append(rows, Text(") AS v("))
	for i := range n.Cols {
		rows = append(rows, Column(i), Text(", "))
	}
	rows = append(rows, Text("ord)"))
	sel.From = rows
	return stream{sel, []key{{col: n.Ordinal}}}
}

// sequence counts: the number of steps is computed first, so that neither sign
// nor overflow of the bounds matters.
func (g *gen) sequence(n *ir.Sequence) stream {
	from, to, step := g.expr(n.From), g.expr(n.To), g.expr(n.Step)
	i := g.id()
	var count, value SQL
	if n.T == types.Real {
		count = Template("coalesce(greatest(0, TRY_CAST(least(floor(($2 - $1) / $3 + 1e-9), 9e18) AS BIGINT) + 1), 0)", []SQL{from, to, step})
		value = Template("($1 + "+string(Column(int(i)))+" * $2)", []SQL{from, step})
	} else {
		count = Template("CASE WHEN ($3 > 0 AND $2 >= $1) OR ($3 < 0 AND $2 <= $1) THEN CAST(least((CAST($2 AS HUGEINT) - $1) // $3 + 1, 9223372036854775807) AS BIGINT) ELSE 0 END", []SQL{from, to, step})
		value = Template("CAST(CAST("+string(Column(int(i)))+" AS HUGEINT) * $2 + $1 AS BIGINT)", []SQL{from, step})
	}
	var src SQL
	if constant(n.From) && constant(n.To) && constant(n.Step) {
		src = Seq{Text("range(0, "), count, Text(") AS r("), Column(int(i)), Text(")")}
	} else {
		src = &Select{Items: []SQL{as(Seq{Text("unnest(range(0, "), count, Text("))")}, i)}}
	}
	return stream{&Select{Items: []SQL{Column(int(i)), as(value, n.ID)}, From: src}, []key{{col: i}}}
}

// constant reports whether an expression needs no table.
func constant(e ir.Expr) bool {
	ok := true
	ir.Walk(e, func(e ir.Expr) bool {
		switch e.(type) {
		case *ir.Const, *ir.Call:
		default:
			ok = false
		}
		return ok
	})
	return ok
}
