package ir

import (
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// ID identifies a column within one query.
type ID int

// Expr is a scalar expression. The sum is closed.
type Expr interface {
	Type() types.Type
	expr()
}

// Const is a value known at compile time, in the representation of kql/runtime;
// nil is null. It always reaches the engine as a parameter.
type Const struct {
	T types.Type
	V any
}

// Col is a reference to a column. A string column is Nullable where it is a
// physical column that has not been made total.
type Col struct {
	ID       ID
	Name     string
	T        types.Type
	Nullable bool
}

// Call applies an operation of kql/funcs to arguments.
type Call struct {
	Op   string
	T    types.Type
	Args []Expr
}

// Scalar is the one value of a query: toscalar(...). Column names its column.
type Scalar struct {
	Node   Node
	Column ID
	T      types.Type
}

// InTable is `x in (table)`, by the first column of the table.
type InTable struct {
	X      Expr
	Node   Node
	Column ID
	Not    bool
	Fold   bool // case-insensitive
}

// Window is a function of a row's neighbours in the order of its input.
// Restart, if set, begins a new partition wherever it is true.
type Window struct {
	Op      string
	T       types.Type
	Args    []Expr
	Restart Expr
}

func (c *Const) Type() types.Type  { return c.T }
func (c *Col) Type() types.Type    { return c.T }
func (c *Call) Type() types.Type   { return c.T }
func (s *Scalar) Type() types.Type { return s.T }
func (*InTable) Type() types.Type  { return types.Bool }
func (w *Window) Type() types.Type { return w.T }

func (*Const) expr()   {}
func (*Col) expr()     {}
func (*Call) expr()    {}
func (*Scalar) expr()  {}
func (*InTable) expr() {}
func (*Window) expr()  {}

// Map rewrites an expression bottom-up. f sees a node whose arguments have been
// rewritten and returns its replacement; trees inside Scalar and InTable are not
// entered. The input is not changed.
func Map(e Expr, f func(Expr) Expr) Expr {
	switch e := e.(type) {
	case *Call:
		return f(&Call{e.Op, e.T, mapAll(e.Args, f)})
	case *Window:
		w := &Window{Op: e.Op, T: e.T, Args: mapAll(e.Args, f)}
		if e.Restart != nil {
			w.Restart = Map(e.Restart, f)
		}
		return f(w)
	case *InTable:
		return f(&InTable{Map(e.X, f), e.Node, e.Column, e.Not, e.Fold})
	default:
		return f(e)
	}
}

func mapAll(list []Expr, f func(Expr) Expr) []Expr {
	out := make([]Expr, len(list))
	for i, a := range list {
		out[i] = Map(a, f)
	}
	return out
}

// Walk visits e and everything below it, trees inside Scalar and InTable
// excepted, until f returns false.
func Walk(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	switch e := e.(type) {
	case *Call:
		for _, a := range e.Args {
			Walk(a, f)
		}
	case *Window:
		for _, a := range e.Args {
			Walk(a, f)
		}
		if e.Restart != nil {
			Walk(e.Restart, f)
		}
	case *InTable:
		Walk(e.X, f)
	}
}

// Columns adds the ids an expression reads to set.
func Columns(e Expr, set map[ID]bool) {
	Walk(e, func(e Expr) bool {
		if c, ok := e.(*Col); ok {
			set[c.ID] = true
		}
		return true
	})
}

// IsConst reports whether an expression is one constant, and gives it.
func IsConst(e Expr) (*Const, bool) {
	c, ok := e.(*Const)
	return c, ok
}

// Built is the value of a schema.Column that an engine function makes. The
// rewriter resolves it: paths into it become physical columns, what remains
// becomes a call of the function.
type Built struct {
	Column *schema.Column
	Scan   *Scan
	T      types.Type
}

// Type is the column's type.
func (b *Built) Type() types.Type { return b.T }
func (*Built) expr()              {}
