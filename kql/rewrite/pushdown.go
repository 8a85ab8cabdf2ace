package rewrite

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/types"
)

// pushdown moves conditions that compare one stored column with a constant
// from the filters directly above a scan into it. There a string column need
// not be made total first: a null does not equal a constant that is not empty.
func pushdown(q *Query) {
	eachNode(q.Root, func(n ir.Node) {
		f, ok := n.(*ir.Filter)
		if !ok {
			return
		}
		scan := scanBelow(f.In)
		if scan == nil {
			return
		}
		var rest ir.Expr
		for _, c := range conjuncts(f.Pred) {
			if x := q.pushable(scan, c); x != nil {
				scan.Where = append(scan.Where, x)
				continue
			}
			if rest == nil {
				rest = c
			} else {
				rest = &ir.Call{Op: "and", T: types.Bool, Args: []ir.Expr{rest, c}}
			}
		}
		if rest == nil {
			rest = &ir.Call{Op: "true", T: types.Bool}
		}
		f.Pred = rest
	})
}

// scanBelow finds the scan under filters and computed columns.
func scanBelow(n ir.Node) *ir.Scan {
	for {
		switch x := n.(type) {
		case *ir.Scan:
			return x
		case *ir.Filter:
			n = x.In
		case *ir.Extend:
			for _, d := range x.Defs {
				if _, ok := d.X.(*ir.Window); ok {
					return nil
				}
			}
			n = x.In
		default:
			return nil
		}
	}
}

func conjuncts(e ir.Expr) []ir.Expr {
	if c, ok := e.(*ir.Call); ok && c.Op == "and" {
		return append(conjuncts(c.Args[0]), conjuncts(c.Args[1])...)
	}
	return []ir.Expr{e}
}

func (q *Query) pushable(scan *ir.Scan, e ir.Expr) ir.Expr {
	c, ok := e.(*ir.Call)
	if !ok || len(c.Args) != 2 {
		return nil
	}
	col, isCol := c.Args[0].(*ir.Col)
	k, isConst := c.Args[1].(*ir.Const)
	if !isCol || !isConst || k.V == nil {
		return nil
	}
	switch c.Op {
	case "eq", "lt", "le", "gt", "ge":
	default:
		return nil
	}
	for _, sc := range scan.Cols {
		if sc.ID != col.ID {
			continue
		}
		if !sc.Total {
			return c
		}
		if s, ok := k.V.(string); !ok || s == "" || c.Op != "eq" {
			return nil
		}
		raw := q.raw(scan, sc.Physical).(*ir.Col)
		if raw.T == types.Unknown {
			raw = &ir.Col{ID: raw.ID, Name: raw.Name, T: types.String, Nullable: true}
		}
		return &ir.Call{Op: "eq", T: types.Bool, Args: []ir.Expr{raw, k}}
	}
	return nil
}
