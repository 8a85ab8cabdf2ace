package rewrite

import (
	"strings"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/types"
)

// carry puts the making of built columns where they are read. A definition that
// is one, or parses one, is not computed at its operator: every reader gets the
// expression itself, over the columns it is made of, which stay reachable.
func carry(q *Query) {
	withDefs(q.Root, func(n ir.Node, d defs) {
		ir.MapExprs(n, func(e ir.Expr) ir.Expr { return inline(e, d) })
	})
	parsed := map[string]string{} // what makes a value → what makes it and parses it
	eachNode(q.Root, func(n ir.Node) {
		ir.MapExprs(n, func(e ir.Expr) ir.Expr {
			return ir.Map(e, func(e ir.Expr) ir.Expr {
				switch e := e.(type) {
				case *ir.Built:
					if b := e.Column.Built; b.Parsed != "" {
						parsed["engine:"+b.Func] = "engine:" + b.Parsed
					}
					return q.build(e)
				case *ir.Call:
					if x := parsedAtOnce(e, parsed); x != nil {
						return x
					}
				}
				return e
			})
		})
	})
}

// parsedAtOnce is parse_json of a value just made, by the function that does
// both; nil where there is none.
func parsedAtOnce(c *ir.Call, parsed map[string]string) ir.Expr {
	if c.Op != "parse_json" || len(c.Args) != 1 {
		return nil
	}
	total, ok := c.Args[0].(*ir.Call)
	if !ok || total.Op != "total.string" {
		return nil
	}
	made, ok := total.Args[0].(*ir.Call)
	if !ok || parsed[made.Op] == "" {
		return nil
	}
	return &ir.Call{Op: parsed[made.Op], T: types.Dynamic, Args: made.Args}
}

func inline(e ir.Expr, d defs) ir.Expr {
	return ir.Map(e, func(e ir.Expr) ir.Expr {
		c, ok := e.(*ir.Col)
		if !ok {
			return e
		}
		if def, ok := d[c.ID]; ok && expensive(def) {
			return def
		}
		return e
	})
}

// expensive reports whether a definition is a built column, as it is or parsed,
// or a typed column made a dynamic, which most readers undo (see fold).
// Definitions are visited bottom-up, so references have been replaced already.
func expensive(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.Built:
		return true
	case *ir.Call:
		if strings.HasPrefix(e.Op, "dyn.of.") {
			_, column := e.Args[0].(*ir.Col)
			return column
		}
		return e.Op == "parse_json" && expensive(e.Args[0])
	}
	return false
}

// build is the call that makes a built column.
func (q *Query) build(b *ir.Built) ir.Expr {
	call := &ir.Call{Op: "engine:" + b.Column.Built.Func, T: b.T}
	for _, physical := range b.Column.Built.Args {
		call.Args = append(call.Args, q.raw(b.Scan, physical))
	}
	if b.T == types.String {
		return &ir.Call{Op: "total.string", T: types.String, Args: []ir.Expr{call}}
	}
	return call
}

// raw reads a physical column as it is, of whatever engine type.
func (q *Query) raw(scan *ir.Scan, physical string) ir.Expr {
	for _, c := range scan.Cols {
		if c.Physical == physical && !c.Total {
			return &ir.Col{ID: c.ID, Name: physical, T: c.T, Nullable: true}
		}
	}
	id := q.id()
	scan.Cols = append(scan.Cols, ir.ScanCol{ID: id, Physical: physical, T: types.Unknown})
	return &ir.Col{ID: id, Name: physical, T: types.Unknown, Nullable: true}
}
