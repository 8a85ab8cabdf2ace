package syntax

// Let binds a name: to a scalar, a tabular expression or a *Func.
type Let struct {
	Span
	Name  *Name
	Value Expr
}

// Set is `set option = value` or `set option`; Value may be nil.
type Set struct {
	Span
	Name  *Name
	Value Expr
}

// Declare is `declare query_parameters(name:type = default, ...)`.
type Declare struct {
	Span
	Params []*Parameter
}

// QueryStatement is the expression whose rows (or scalar) are the answer.
type QueryStatement struct {
	Span
	Expr Expr
}

// Func is a function literal: the value of `let f = (x:long) { ... }`. Body
// holds let statements and, last, a QueryStatement.
type Func struct {
	Span
	View   bool
	Params []*Parameter
	Body   []Statement
}

// Parameter is one parameter of a function or query. It is tabular if Row is
// set: `T:(x:long, *)`. Type is the type as written.
type Parameter struct {
	Span
	Name    *Name
	Type    *TypeName
	Row     *RowSchema
	Default Expr
}

// TypeName is a scalar type as written, e.g. long, "" never.
type TypeName struct {
	Span
	Text string
}

// RowSchema is a list of columns; Star says that others may be there too. If
// StarFirst the star was the first entry.
type RowSchema struct {
	Span
	Columns   []*ColumnDecl
	Star      bool
	StarFirst bool
}

// ColumnDecl is `name:type`, in scan's declare with a default.
type ColumnDecl struct {
	Span
	Name    *Name
	Type    *TypeName
	Default Expr
}

func (*Let) node()            {}
func (*Set) node()            {}
func (*Declare) node()        {}
func (*QueryStatement) node() {}
func (*Func) node()           {}
func (*Parameter) node()      {}
func (*TypeName) node()       {}
func (*RowSchema) node()      {}
func (*ColumnDecl) node()     {}

func (*Let) statement()            {}
func (*Set) statement()            {}
func (*Declare) statement()        {}
func (*QueryStatement) statement() {}

func (*Func) expr() {}
