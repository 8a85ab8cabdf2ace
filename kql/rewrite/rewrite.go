package rewrite

import (
	"github.com/postern-dev/postern/kql/ir"
)

// Query is a tree under rewriting.
type Query struct {
	Root *ir.Output
	Next ir.ID // the first free column id
	// Call evaluates an operation on constants if it is known; nil: never.
	Call func(op string, args []any) (value any, ok bool)
}

func (q *Query) id() ir.ID {
	q.Next++
	return q.Next - 1
}

// Pass is one rewriting.
type Pass struct {
	Name  string
	Apply func(*Query)
}

// Passes lists them in order.
func Passes() []Pass {
	return []Pass{{"shred", shred}, {"carry", carry}, {"fold", fold}, {"pushdown", pushdown}, {"prune", prune}}
}

// Run applies every pass.
func Run(q *Query) {
	for _, p := range Passes() {
		p.Apply(q)
	}
}

// eachNode visits every node of a tree, inputs first, subqueries of expressions
// included.
func eachNode(n ir.Node, f func(ir.Node)) {
	for _, in := range ir.Inputs(n) {
		eachNode(in, f)
	}
	ir.VisitExprs(n, func(e ir.Expr) {
		for _, sub := range ir.Subtrees(e) {
			eachNode(sub, f)
		}
	})
	f(n)
}
