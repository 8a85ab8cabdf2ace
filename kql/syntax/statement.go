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

// ColumnDecl is `name:type`, in scan's declare with a default; in parse patterns
// the type may be missing.
type ColumnDecl struct {
	Span
	Name    *Name
	Type    *TypeName
	Default Expr
}

func (*Let) statement()            {}
func (*Set) statement()            {}
func (*Declare) statement()        {}
func (*QueryStatement) statement() {}

func (*Func) expr() {}

func (n *Query) each(visit func(Node)) { all(visit, n.Statements) }

func (n *Let) each(visit func(Node)) {
	visit(n.Name)
	visit(n.Value)
}

func (n *Set) each(visit func(Node)) {
	visit(n.Name)
	opt(visit, n.Value)
}

func (n *Declare) each(visit func(Node))        { all(visit, n.Params) }
func (n *QueryStatement) each(visit func(Node)) { visit(n.Expr) }

func (n *Func) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.Body)
}

func (n *Parameter) each(visit func(Node)) {
	visit(n.Name)
	opt(visit, n.Type)
	opt(visit, n.Row)
	opt(visit, n.Default)
}

func (*TypeName) each(func(Node))          {}
func (n *RowSchema) each(visit func(Node)) { all(visit, n.Columns) }

func (n *ColumnDecl) each(visit func(Node)) {
	visit(n.Name)
	opt(visit, n.Type)
	opt(visit, n.Default)
}

func (n *Query) print(p *printer) { joined(p, n.Statements, ";\n") }

func (n *Let) print(p *printer) { p.text("let ", n.Name, " = ", n.Value) }

func (n *Set) print(p *printer) {
	p.text("set ", n.Name)
	if n.Value != nil {
		p.text(" = ")
		p.at(levelOr, n.Value)
	}
}

func (n *Declare) print(p *printer) {
	p.text("declare query_parameters(")
	commas(p, n.Params)
	p.text(")")
}

func (n *QueryStatement) print(p *printer) { p.text(n.Expr) }

func (n *Func) print(p *printer) {
	if n.View {
		p.text("view ")
	}
	p.text("(")
	commas(p, n.Params)
	p.text(") { ")
	joined(p, n.Body, "; ")
	p.text(" }")
}

func (n *Parameter) print(p *printer) {
	p.text(n.Name, ":")
	if n.Row != nil {
		p.text(n.Row)
	} else {
		p.text(n.Type)
	}
	if n.Default != nil {
		p.text("=")
		p.at(levelOr, n.Default)
	}
}

func (n *TypeName) print(p *printer) { p.text(n.Text) }

func (n *RowSchema) print(p *printer) {
	p.text("(")
	if n.Star && n.StarFirst {
		p.text("*")
		if len(n.Columns) > 0 {
			p.text(", ")
		}
	}
	commas(p, n.Columns)
	if n.Star && !n.StarFirst {
		p.text(", *")
	}
	p.text(")")
}

func (n *ColumnDecl) print(p *printer) {
	p.text(n.Name)
	after(p, ":", n.Type)
	if n.Default != nil {
		p.text("=")
		p.at(levelOr, n.Default)
	}
}
