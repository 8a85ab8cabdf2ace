package rewrite

import (
	"github.com/postern-dev/postern/kql/ir"
)

// prune drops definitions, scanned columns, aggregates and union columns that
// nothing above reads.
func prune(q *Query) {
	p := &pruner{shared: map[*ir.Share]map[ir.ID]bool{}}
	p.keep(q.Root, nil)
	// A shared tree stands after those it reads: backwards, all its readers
	// have been seen.
	for i := len(q.Root.Shares) - 1; i >= 0; i-- {
		s := q.Root.Shares[i]
		need := p.shared[s]
		if need == nil {
			need = map[ir.ID]bool{}
		}
		p.keep(s.In, need)
	}
}

// pruner knows which columns of the shared trees are read.
type pruner struct{ shared map[*ir.Share]map[ir.ID]bool }

func (p *pruner) ref(n *ir.Ref, need map[ir.ID]bool) {
	var left []ir.RefCol
	for _, c := range n.Cols {
		if need[c.ID] {
			left = append(left, c)
		}
	}
	n.Cols = left
	if p.shared[n.To] == nil {
		p.shared[n.To] = map[ir.ID]bool{}
	}
	for _, c := range left {
		p.shared[n.To][c.From] = true
	}
}

// keep prunes below n, given what is read above it. The set is changed.
func (p *pruner) keep(n ir.Node, need map[ir.ID]bool) {
	reads := func(e ir.Expr) {
		ir.Columns(e, need)
		for _, sub := range ir.Subtrees(e) {
			p.keepSub(e, sub)
		}
	}
	switch n := n.(type) {
	case *ir.Output:
		need = map[ir.ID]bool{}
		ir.VisitExprs(n, reads)
		p.keep(n.In, need)
		return
	case *ir.Ref:
		p.ref(n, need)
		return
	case *ir.Extend:
		var left []ir.Def
		for _, d := range n.Defs {
			if need[d.ID] {
				left = append(left, d)
			}
		}
		n.Defs = left
	case *ir.Scan:
		for _, w := range n.Where {
			ir.Columns(w, need)
		}
		var left []ir.ScanCol
		for _, c := range n.Cols {
			if need[c.ID] {
				left = append(left, c)
			}
		}
		n.Cols = left
		return
	case *ir.Aggregate:
		var left []ir.Agg
		for _, a := range n.Aggs {
			if need[a.ID] {
				left = append(left, a)
			}
		}
		if len(left) > 0 || len(n.Keys) > 0 {
			n.Aggs = left
		} else if len(n.Aggs) > 0 {
			n.Aggs = n.Aggs[:1]
		}
		need = map[ir.ID]bool{}
	case *ir.Union:
		p.union(n, need)
		return
	case *ir.Join:
		var left []ir.Fill
		for _, f := range n.Fill {
			if need[f.ID] {
				need[f.From] = true
				left = append(left, f)
			}
		}
		n.Fill = left
		ir.VisitExprs(n, reads)
		l, r := clone(need), clone(need)
		p.keep(n.Left, l)
		p.keep(n.Right, r)
		return
	}
	ir.VisitExprs(n, reads)
	for _, in := range ir.Inputs(n) {
		p.keep(in, need)
	}
}

func (p *pruner) keepSub(e ir.Expr, sub ir.Node) {
	need := map[ir.ID]bool{}
	ir.Walk(e, func(e ir.Expr) bool {
		switch e := e.(type) {
		case *ir.Scalar:
			if e.Node == sub {
				need[e.Column] = true
			}
		case *ir.InTable:
			if e.Node == sub {
				need[e.Column] = true
			}
		}
		return true
	})
	p.keep(sub, need)
}

func (p *pruner) union(n *ir.Union, need map[ir.ID]bool) {
	var cols []ir.ValueCol
	var at []int
	for i, c := range n.Cols {
		if need[c.ID] {
			cols = append(cols, c)
			at = append(at, i)
		}
	}
	if len(cols) == 0 && len(n.Cols) > 0 {
		cols, at = n.Cols[:1], []int{0}
	}
	n.Cols = cols
	for i := range n.Inputs {
		in := &n.Inputs[i]
		var xs []ir.Expr
		below := map[ir.ID]bool{}
		for _, j := range at {
			xs = append(xs, in.X[j])
			ir.Columns(in.X[j], below)
			for _, sub := range ir.Subtrees(in.X[j]) {
				p.keepSub(in.X[j], sub)
			}
		}
		in.X = xs
		p.keep(in.In, below)
	}
}

func clone(m map[ir.ID]bool) map[ir.ID]bool {
	c := make(map[ir.ID]bool, len(m))
	for k := range m {
		c[k] = true
	}
	return c
}
