package bind

import (
	"strconv"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// rel is a bound tabular expression: the tree and the columns a query sees.
type rel struct {
	node       ir.Node
	cols       []col
	serialized bool // the order of rows means something: row_number() is allowed
}

// col is one visible column.
type col struct {
	name     string
	id       ir.ID
	t        types.Type
	nullable bool // a string that may be SQL NULL
}

func (c col) ref() ir.Expr { return &ir.Col{ID: c.id, Name: c.name, T: c.t, Nullable: c.nullable} }

func (r *rel) find(name string) *col {
	for i := range r.cols {
		if r.cols[i].name == name {
			return &r.cols[i]
		}
	}
	for i := range r.cols {
		if r.cols[i].name == anything {
			return &col{name: name, t: types.Unknown}
		}
	}
	return nil
}

// extend adds a column definition on top of r and returns its column.
func (b *binder) define(r *rel, name string, x ir.Expr) col {
	c := col{name: name, id: b.id(), t: x.Type()}
	if e, ok := r.node.(*ir.Extend); ok && !readsAny(x, e.Defs) && !isWindow(x) && !anyWindow(e.Defs) {
		e.Defs = append(e.Defs, ir.Def{ID: c.id, X: x})
		return c
	}
	r.node = &ir.Extend{In: r.node, Defs: []ir.Def{{ID: c.id, X: x}}}
	return c
}

func isWindow(x ir.Expr) bool {
	_, ok := x.(*ir.Window)
	return ok
}

func anyWindow(defs []ir.Def) bool {
	for _, d := range defs {
		if isWindow(d.X) {
			return true
		}
	}
	return false
}

func readsAny(x ir.Expr, defs []ir.Def) bool {
	set := map[ir.ID]bool{}
	ir.Columns(x, set)
	for _, d := range defs {
		if set[d.ID] {
			return true
		}
	}
	return false
}

// columnFor gives an expression a column: the one it refers to, or a new one.
func (b *binder) columnFor(r *rel, name string, x ir.Expr) col {
	if c, ok := x.(*ir.Col); ok {
		return col{name, c.ID, c.T, c.Nullable}
	}
	return b.define(r, name, x)
}

// scope is what an expression may refer to.
type scope struct {
	env         *env
	rel         *rel
	left, right *rel // within join conditions
	aggs        *aggregates
	inAgg       bool
	step        func(x *syntax.Path) (ir.Expr, bool) // within the steps of scan
}

// aggregates collects the aggregates of a summarize.
type aggregates struct {
	list []ir.Agg
	keys []ir.Def
}

// unique makes name differ from those taken, as Kusto does: with the first
// number that is free.
func unique(name string, taken func(string) bool) string {
	if !taken(name) {
		return name
	}
	for i := 1; ; i++ {
		if n := name + strconv.Itoa(i); !taken(n) {
			return n
		}
	}
}

func takenIn(cols []col) func(string) bool {
	return func(name string) bool {
		for _, c := range cols {
			if c.name == name {
				return true
			}
		}
		return false
	}
}

func (b *binder) tooLarge(n syntax.Node) bool {
	b.work++
	if b.work > budget {
		b.errorf(n, "let-variables are unfolded at every use; shorten the chain", "the query is too large")
		return true
	}
	return false
}
