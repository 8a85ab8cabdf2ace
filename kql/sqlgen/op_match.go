package sqlgen

import (
	"github.com/postern-dev/postern/kql/ir"
)

// matchRows bounds the rows of one key: every row is a step of a recursion that
// looks for the next among all of them.
const matchRows = 50_000

// match is a recursive query: the step for a row sees the state the row before
// left, for all keys at a time.
func (g *gen) match(n *ir.Match) stream {
	in := g.numbered(g.node(n.In))
	num, by := g.id(), g.id()
	keyed := SQL(Text("0"))
	if n.Key != nil {
		keyed = g.expr(n.Key)
	}
	rows, run := Text("r"+itoa(int(num))), Text("m"+itoa(int(num)))
	first := star(in, as(keyed, by))
	over := Seq{Text("row_number() OVER (PARTITION BY "), Column(int(by)), Text(" ORDER BY "), in.orderBy()[0], Text(")")}
	count := Seq{Text("CASE WHEN "), over, Text(" > " + itoa(matchRows) + " THEN error('scan goes through at most " + itoa(matchRows) +
		" rows of one partition: filter before, or partition by more columns') ELSE "), over, Text(" END")}
	source := &Select{Items: []SQL{Text("*"), as(Seq{Text("CAST("), count, Text(" AS BIGINT)")}, num)}, From: first}

	// What a row leaves: its number, its key, the state, and what the layers made.
	start := &Select{Prefix: "DISTINCT ON (", On: []SQL{Column(int(by))}, From: rows, Items: []SQL{as(Text("CAST(0 AS BIGINT)"), num), Column(int(by))}}
	joined := &Select{Items: []SQL{Text("a.*")}, From: Seq{run, Text(" AS b JOIN "), rows, Text(" AS a ON a."), Column(int(num)), Text(" = b."), Column(int(num)),
		Text(" + 1 AND a."), Column(int(by)), Text(" IS NOT DISTINCT FROM b."), Column(int(by))}}
	for _, s := range n.State {
		joined.Items = append(joined.Items, as(Seq{Text("b."), Column(int(s.Next))}, s.ID))
	}
	step := joined
	items := []SQL{Column(int(num)), Column(int(by))}
	for _, layer := range n.Layers {
		next := &Select{Items: []SQL{Text("*")}, From: step}
		for _, d := range layer {
			t := g.d.Type(d.X.Type())
			next.Items = append(next.Items, as(Seq{Text("CAST("), g.expr(d.X), Text(" AS " + t + ")")}, d.ID))
			items = append(items, Column(int(d.ID)))
			init := SQL(Text("NULL"))
			for _, s := range n.State {
				if s.Next == d.ID {
					init = g.expr(s.Init)
				}
			}
			start.Items = append(start.Items, as(Seq{Text("CAST("), init, Text(" AS " + t + ")")}, d.ID))
		}
		step = next
	}
	rec := &Select{Items: items, From: step}

	wanted := Seq{Text("CASE "), Column(int(n.Step))}
	for i, id := range n.Outputs {
		wanted = append(wanted, Text(" WHEN "+itoa(i+1)+" THEN "), Column(int(id)))
	}
	wanted = append(wanted, Text(" END"))
	final := &Select{}
	final.Items = []SQL{Text("a.*"), Seq{Text("b.* EXCLUDE ("), Column(int(num)), Text(", "), Column(int(by)), Text(")")}, Text("o.") + Column(int(n.Step))}
	final.From = Seq{run, Text(" AS b JOIN "), rows, Text(" AS a ON a."), Column(int(num)), Text(" = b."), Column(int(num)),
		Text(" AND a."), Column(int(by)), Text(" IS NOT DISTINCT FROM b."), Column(int(by)),
		Text(" CROSS JOIN (SELECT CAST(unnest(range(1, " + itoa(len(n.Outputs)+1) + ")) AS BIGINT) AS "), Column(int(n.Step)), Text(") AS o")}
	final.Where = []SQL{wanted}
	from := Seq{Text("(WITH RECURSIVE "), rows, Text(" AS MATERIALIZED ("), source, Text("), "), run, Text(" AS ("), start, Text(" UNION ALL "), rec, Text(") "), final, Text(") AS t")}
	return stream{&Select{Items: []SQL{Text("*")}, From: from}, []key{{col: in.order[0].col}, {col: n.Step, desc: true}}}
}
