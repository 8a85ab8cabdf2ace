package syntax

import "github.com/postern-dev/postern/kql/types"

// Name is an identifier: a column, table, variable, or the name being given.
// `$left` and `$right` are names too. Bracketed says that it was written
// ['...'] (or ["..."]), which is how keywords become names.
type Name struct {
	Span
	Text      string
	Bracketed bool
}

// Pattern is a name with wildcards where a list of columns or tables is
// wanted: `pod_*` in project-away, `AKS*` in union.
type Pattern struct {
	Span
	Text string
}

// Star is `*`: all columns, all tables, or any text in a parse pattern.
type Star struct{ Span }

// Literal is a constant. Value is nil for a typed null such as long(null), else
//
//	bool                       Bool
//	int64                      Int, Long, DateTime and TimeSpan (ticks)
//	float64                    Real
//	string                     String, Guid (lower case), Decimal (text), Dynamic (compact JSON text)
//
// dynamic(null) has a nil Value. Hidden marks an h"..." string, whose text must
// not be logged.
type Literal struct {
	Span
	Type   types.Type
	Value  any
	Hidden bool
}

// Unary is `-x` or `+x`.
type Unary struct {
	Span
	Op string
	X  Expr
}

// Binary is `x op y`. Op is one of: + - * / % == != < <= > >= =~ !~ and or,
// the string operators (has, !has, contains_cs, startswith, "matches regex" …)
// and ":" (search's column:term). `<>` is read as `!=`.
type Binary struct {
	Span
	Op     string
	OpSpan Span
	X, Y   Expr
}

// In is `x op (list)`; Op is one of in, !in, in~, !in~, has_any, has_all. The
// list may be a single tabular expression.
type In struct {
	Span
	Op     string
	OpSpan Span
	X      Expr
	List   []Expr
}

// Between is `x between (lo .. hi)`, Not for !between.
type Between struct {
	Span
	Not    bool
	X      Expr
	Lo, Hi Expr
}

// Call is `f(args)`; On is set for `x.f(args)`, such as database("d").f(1).
type Call struct {
	Span
	On   Expr
	Func *Name
	Args []*Arg
}

// Arg is one argument; Name is set for `f(name = value)`.
type Arg struct {
	Span
	Name  *Name
	Value Expr
}

// Path is `x.name`.
type Path struct {
	Span
	X    Expr
	Name *Name
}

// Index is `x[index]`, also written `x.[index]`.
type Index struct {
	Span
	X     Expr
	Index Expr
}

// TypeOf is `typeof(long)` or, where a plugin wants a schema, `typeof(*, a:long)`.
type TypeOf struct {
	Span
	Type *TypeName
	Row  *RowSchema
}

// NamedExpr is one entry of project, extend, summarize and the like: `expr`,
// `name = expr`, or `(a, b) = expr` with Tuple set.
type NamedExpr struct {
	Span
	Names []*Name
	Tuple bool
	X     Expr
}

// Name is the single given name, nil if there is none or a tuple.
func (n *NamedExpr) Name() *Name {
	if n.Tuple || len(n.Names) != 1 {
		return nil
	}
	return n.Names[0]
}

// Bad stands where the text could not be read as an expression; an error was
// reported there.
type Bad struct{ Span }

func (*Name) expr()    {}
func (*Pattern) expr() {}
func (*Star) expr()    {}
func (*Literal) expr() {}
func (*Unary) expr()   {}
func (*Binary) expr()  {}
func (*In) expr()      {}
func (*Between) expr() {}
func (*Call) expr()    {}
func (*Path) expr()    {}
func (*Index) expr()   {}
func (*TypeOf) expr()  {}
func (*Bad) expr()     {}

func (*Name) each(func(Node))    {}
func (*Pattern) each(func(Node)) {}
func (*Star) each(func(Node))    {}
func (*Bad) each(func(Node))     {}

func (n *Unary) each(visit func(Node)) { visit(n.X) }

func (n *Binary) each(visit func(Node)) {
	visit(n.X)
	visit(n.Y)
}

func (n *In) each(visit func(Node)) {
	visit(n.X)
	all(visit, n.List)
}

func (n *Between) each(visit func(Node)) {
	visit(n.X)
	visit(n.Lo)
	visit(n.Hi)
}

func (n *Call) each(visit func(Node)) {
	opt(visit, n.On)
	visit(n.Func)
	all(visit, n.Args)
}

func (n *Arg) each(visit func(Node)) {
	opt(visit, n.Name)
	visit(n.Value)
}

func (n *Path) each(visit func(Node)) {
	visit(n.X)
	visit(n.Name)
}

func (n *Index) each(visit func(Node)) {
	visit(n.X)
	visit(n.Index)
}

func (n *TypeOf) each(visit func(Node)) {
	opt(visit, n.Type)
	opt(visit, n.Row)
}

func (n *NamedExpr) each(visit func(Node)) {
	all(visit, n.Names)
	visit(n.X)
}
