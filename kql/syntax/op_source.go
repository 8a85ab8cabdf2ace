package syntax

// Range is `range x from a to b step s`.
type Range struct {
	Span
	Name           *Name
	From, To, Step Expr
}

// Datatable is `datatable (a:long, b:string) [1, "x", ...]`, an expression.
type Datatable struct {
	Span
	Columns *RowSchema
	Values  []Expr
}

// ExternalData is `externaldata (schema) [uris] with (...)`, an expression.
type ExternalData struct {
	Span
	Columns *RowSchema
	URIs    []Expr
	With    Params
}

func (*Range) node()        {}
func (*Datatable) node()    {}
func (*ExternalData) node() {}

func (*Range) operator() {}

func (*Datatable) expr()    {}
func (*ExternalData) expr() {}

func (*Range) Keyword() string { return "range" }
