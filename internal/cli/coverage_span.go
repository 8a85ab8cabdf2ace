package cli

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/internal/store/duck"
	"github.com/postern-dev/postern/internal/store/serve"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/scalar"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// tickSpan is a range of times in ticks, both ends included; from 0 and to
// math.MaxInt64 stand for no bound.
type tickSpan struct{ from, to int64 }

// String is in UTC, to the second; an end on the day of the beginning is a time
// alone.
func (s tickSpan) String() string {
	from, to := audit.Ticks(s.from).Time().UTC(), audit.Ticks(s.to).Time().UTC()
	switch {
	case s.from == 0:
		return "until " + to.Format(time.RFC3339)
	case s.to == math.MaxInt64:
		return "since " + from.Format(time.RFC3339)
	case from.Unix() == to.Unix():
		return from.Format(time.RFC3339)
	case from.Format(time.DateOnly) == to.Format(time.DateOnly):
		return from.Format(time.RFC3339) + " to " + to.Format("15:04:05Z")
	}
	return from.Format(time.RFC3339) + " to " + to.Format(time.RFC3339)
}

// kql is the condition on a time, after its column.
func (s tickSpan) kql() string {
	at := func(t int64) string { return "datetime(" + scalar.FormatDateTime(t) + ")" }
	switch {
	case s.from == 0:
		return "<= " + at(s.to)
	case s.to == math.MaxInt64:
		return ">= " + at(s.from)
	}
	return "between (" + at(s.from) + " .. " + at(s.to) + ")"
}

// timeBound is a bound of TimeGenerated: an operator and what stands at its
// right.
type timeBound struct {
	op    string
	value syntax.Expr
}

// askedSpan is the range of TimeGenerated a query asks for, where that is easy
// to tell: one table, bounded by the conditions right behind it. Whatever else
// there is has no range here, never a wrong one.
func askedSpan(ctx context.Context, r serve.Reader, q serve.Question, tables []string) (tickSpan, bool) {
	none := tickSpan{}
	tree, err := kql.Parse(q.KQL)
	if err != nil || len(tables) != 1 || mentions(tree, tables[0]) != 1 || mentions(tree, "TimeGenerated") == 0 {
		return none, false
	}
	var lets []string
	for _, s := range tree.Statements[:len(tree.Statements)-1] {
		if let, ok := s.(*syntax.Let); ok && let.Name.Text == "TimeGenerated" {
			return none, false
		}
		lets = append(lets, syntax.Format(s)+";\n")
	}
	bounds := timeBounds(tree, tables[0])
	if len(bounds) == 0 {
		return none, false
	}
	var values []string
	for _, b := range bounds {
		values = append(values, "("+syntax.Format(b.value)+")")
	}
	// The bounds are evaluated as the query itself would.
	q.KQL = strings.Join(lets, "") + "print " + strings.Join(values, ", ")
	if p, err := kql.Compile(duck.Catalog(), q.KQL, kql.Options{Now: q.Now}); err != nil || len(p.Tables) > 0 {
		return none, false
	}
	rows, err := r.Query(ctx, q)
	if err != nil {
		return none, false
	}
	defer rows.Close()
	if !rows.Next(ctx) || len(rows.Columns()) != len(bounds) {
		return none, false
	}
	return within(bounds, rows)
}

// within intersects bounds whose values are a row.
func within(bounds []timeBound, rows serve.Rows) (tickSpan, bool) {
	s := tickSpan{0, math.MaxInt64}
	for i, b := range bounds {
		v, ok := rows.Row()[i].(int64)
		if kind := rows.Columns()[i].Type; b.op == "+" && kind == types.TimeSpan && ok {
			// between (start .. length)
			start, isTime := rows.Row()[i-1].(int64)
			v, ok = start+v, isTime
		} else if kind != types.DateTime {
			return tickSpan{}, false
		}
		if !ok {
			return tickSpan{}, false
		}
		switch b.op {
		case ">":
			s.from = max(s.from, v+1)
		case ">=":
			s.from = max(s.from, v)
		case "<":
			s.to = min(s.to, v-1)
		case "<=", "+":
			s.to = min(s.to, v)
		case "==":
			s.from, s.to = max(s.from, v), min(s.to, v)
		}
	}
	return s, s != tickSpan{0, math.MaxInt64}
}

// mentions counts how often a query names something, as a name or in a string.
func mentions(tree *syntax.Query, text string) int {
	n := 0
	syntax.Walk(tree, func(node syntax.Node) bool {
		switch node := node.(type) {
		case *syntax.Name:
			if node.Text == text {
				n++
			}
		case *syntax.Literal:
			if node.Value == any(text) {
				n++
			}
		}
		return true
	})
	return n
}

// timeBounds are the bounds of TimeGenerated in the where operators directly
// behind the table.
func timeBounds(tree *syntax.Query, table string) []timeBound {
	last, ok := tree.Statements[len(tree.Statements)-1].(*syntax.QueryStatement)
	if !ok {
		return nil
	}
	pipe, ok := last.Expr.(*syntax.Pipeline)
	if !ok || !isName(pipe.Source, table) {
		return nil
	}
	var out []timeBound
	for _, op := range pipe.Ops {
		where, ok := op.(*syntax.Where)
		if !ok {
			break
		}
		out = appendBounds(out, where.Pred)
	}
	return out
}

func appendBounds(out []timeBound, pred syntax.Expr) []timeBound {
	switch e := pred.(type) {
	case *syntax.Binary:
		turned := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}
		switch {
		case e.Op == "and":
			return appendBounds(appendBounds(out, e.X), e.Y)
		case turned[e.Op] == "":
		case isName(e.X, "TimeGenerated"):
			return append(out, timeBound{e.Op, e.Y})
		case isName(e.Y, "TimeGenerated"):
			return append(out, timeBound{turned[e.Op], e.X})
		}
	case *syntax.Between:
		if !e.Not && isName(e.X, "TimeGenerated") {
			return append(out, timeBound{">=", e.Lo}, timeBound{"+", e.Hi})
		}
	}
	return out
}

func isName(e syntax.Expr, text string) bool {
	n, ok := e.(*syntax.Name)
	return ok && n.Text == text
}
