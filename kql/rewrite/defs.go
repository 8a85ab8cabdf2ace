package rewrite

import (
	"maps"

	"github.com/postern-dev/postern/kql/ir"
)

// defs maps a column to the expression that defines it, as far as that
// expression may be evaluated where the column is read.
type defs map[ir.ID]ir.Expr

// withDefs visits every node bottom-up together with the definitions its
// expressions can see: those below it, up to operators that regroup rows, and
// not those of an outer join's optional side.
func withDefs(n ir.Node, f func(ir.Node, defs)) defs {
	inputs := ir.Inputs(n)
	seen := make([]defs, len(inputs))
	all := defs{}
	for i, in := range inputs {
		seen[i] = withDefs(in, f)
		maps.Copy(all, seen[i])
	}
	ir.VisitExprs(n, func(e ir.Expr) {
		for _, sub := range ir.Subtrees(e) {
			withDefs(sub, f)
		}
	})
	f(n, all)
	switch n := n.(type) {
	case *ir.Extend:
		for _, d := range n.Defs {
			all[d.ID] = d.X
		}
		return all
	case *ir.Join:
		switch n.Kind {
		case ir.Inner, ir.Cross:
			return all
		case ir.LeftOuter, ir.LeftSemi, ir.LeftAnti:
			return seen[0]
		case ir.RightOut:
			return seen[1]
		}
		return defs{}
	case *ir.Aggregate, *ir.Union, *ir.Ref:
		return defs{}
	}
	return all
}
