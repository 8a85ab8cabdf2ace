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

func (*Range) operator() {}

func (*Datatable) expr()    {}
func (*ExternalData) expr() {}

func (*Range) Keyword() string { return "range" }

func (p *parser) rangeOp(start Span) Operator {
	n := &Range{Name: p.name("a column name")}
	p.expectWord("from")
	n.From = p.expr()
	p.expectWord("to")
	n.To = p.expr()
	p.expectWord("step")
	n.Step = p.expr()
	n.Span = p.from(start)
	return n
}

func (p *parser) datatable() Expr {
	start := p.here()
	p.advance()
	p.opParams()
	n := &Datatable{Columns: p.rowSchema()}
	n.Values = p.values()
	n.Span = p.from(start)
	return n
}

// values reads [a, b, ...]; a comma after the last value is accepted.
func (p *parser) values() []Expr {
	var out []Expr
	if !p.expectOp("[") {
		return nil
	}
	for !p.failed && !p.isOp("]") {
		out = append(out, p.expr())
		if !p.acceptOp(",") {
			break
		}
	}
	p.expectOp("]")
	return out
}

func (p *parser) externalData() Expr {
	start := p.here()
	p.advance()
	n := &ExternalData{Columns: p.rowSchema()}
	n.URIs = p.values()
	n.With = p.withParams()
	n.Span = p.from(start)
	return n
}

func (n *Range) each(visit func(Node)) {
	visit(n.Name)
	visit(n.From)
	visit(n.To)
	visit(n.Step)
}

func (n *Datatable) each(visit func(Node)) {
	visit(n.Columns)
	all(visit, n.Values)
}

func (n *ExternalData) each(visit func(Node)) {
	visit(n.Columns)
	all(visit, n.URIs)
	all(visit, n.With)
}

func (n *Range) print(p *printer) {
	p.text("range ", n.Name)
	after(p, " from ", n.From)
	after(p, " to ", n.To)
	after(p, " step ", n.Step)
}

func (n *Datatable) print(p *printer) {
	p.text("datatable", n.Columns, " [")
	commas(p, n.Values)
	p.text("]")
}

func (n *ExternalData) print(p *printer) {
	p.text("externaldata", n.Columns, " [")
	commas(p, n.URIs)
	p.text("]")
	p.with(n.With)
}
