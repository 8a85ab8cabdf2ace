package syntax

// statements reads until EOF or, in a function body, until the closing bracket.
func (p *parser) statements(closing string) []Statement {
	var out []Statement
	d := p.nesting[p.i]
	for {
		for p.acceptOp(";") {
		}
		if p.tok().Kind == EOF || p.nesting[p.i] < d {
			return out
		}
		before := p.faults
		if s := p.statement(); s != nil {
			out = append(out, s)
		}
		wanted := "'|', ';' or the end of the query"
		if closing != "" {
			wanted = "'|', ';' or '" + closing + "'"
		}
		p.resume(d, wanted)
		if p.faults > before && len(out) > 0 {
			unfinished(out[len(out)-1])
		}
		if p.isOp("|") { // after a statement that takes no pipe, or whose source failed
			p.leftover(d)
		}
	}
}

// unfinished: a lone name with a fault behind it may have been meant as anything.
func unfinished(s Statement) {
	if q, ok := s.(*QueryStatement); ok {
		if n, ok := q.Expr.(*Name); ok {
			q.Expr = &Bad{n.Span}
		}
	}
}

// leftover reads operators that belong to no source, for the sake of their
// faults; the source's fault was reported, or a let had none.
func (p *parser) leftover(d int) {
	if len(p.errs.List) == 0 {
		p.unexpected("';' or the end of the query")
		p.failed = false
	}
	p.operators(d)
	p.resume(d, "';' or the end of the query")
}

func (p *parser) checkEnd(q *Query) {
	n := len(q.Statements)
	if n > 0 {
		if _, ok := q.Statements[n-1].(*QueryStatement); ok {
			return
		}
	}
	end := p.toks[len(p.toks)-1].Span
	p.errs.Add(end, "end the text with a table name, print or another query", "query has no expression to answer")
}

func (p *parser) statement() Statement {
	start := p.here()
	next := p.ahead(1)
	switch {
	case p.isWord("let") && (next.Kind == Ident || next.is("[")):
		p.advance()
		s := &Let{Name: p.name("a name")}
		p.expectOp("=")
		s.Value = p.letValue()
		s.Span = p.from(start)
		if t := p.tok(); !p.failed && t.Kind == Ident {
			p.fail(t.Span, "a let statement ends with ';'", "expected ';', found %s", t.describe())
		}
		return s
	case p.isWord("set") && next.Kind == Ident:
		p.advance()
		s := &Set{Name: p.name("an option")}
		if p.acceptOp("=") {
			s.Value = p.expr()
		}
		s.Span = p.from(start)
		return s
	case p.isWord("declare") && next.word("query_parameters"):
		p.advance()
		p.advance()
		s := &Declare{Params: p.parameters()}
		s.Span = p.from(start)
		return s
	case p.isWord("declare"), p.isWord("restrict") && next.word("access"), p.isWord("alias") && next.Kind == Ident:
		p.fail(p.tok().Span.To(next.Span), "", "statement '%s %s' is not supported", p.tok().Text, next.Text)
		return nil
	case p.isOp("."):
		p.fail(p.tok().Span, "only queries are answered; they change nothing", "management commands are not supported")
		return nil
	}
	if p.foreignStatement() {
		return nil
	}
	e := p.pipeline()
	return &QueryStatement{p.from(start), e}
}

func (p *parser) letValue() Expr {
	if p.isWord("view") && p.ahead(1).is("(") || p.isOp("(") && p.functionAhead() {
		return p.function()
	}
	return p.pipeline()
}

// functionAhead says whether the parenthesis here is followed by a body.
func (p *parser) functionAhead() bool {
	d := p.nesting[p.i]
	for j := p.i + 1; j < len(p.toks); j++ {
		if p.nesting[j] <= d {
			return p.toks[j].is(")") && p.toks[min(j+1, len(p.toks)-1)].is("{")
		}
	}
	return false
}

func (p *parser) function() Expr {
	start := p.here()
	if !p.enter() {
		return &Bad{start}
	}
	defer p.leave()
	f := &Func{View: p.acceptWord("view")}
	f.Params = p.parameters()
	if p.expectOp("{") && !p.failed {
		f.Body = p.statements("}")
		p.expectOp("}")
	}
	f.Span = p.from(start)
	return f
}

func (p *parser) parameters() []*Parameter {
	if !p.expectOp("(") || p.acceptOp(")") {
		return nil
	}
	out := bracketed(p, ")", p.parameter)
	p.expectOp(")")
	return out
}

func (p *parser) parameter() *Parameter {
	start := p.here()
	x := &Parameter{Name: p.name("a parameter name")}
	p.expectOp(":")
	if p.isOp("(") {
		x.Row = p.rowSchema()
	} else {
		x.Type = p.typeName()
	}
	if p.acceptOp("=") {
		x.Default = p.expr()
	}
	x.Span = p.from(start)
	return x
}

// rowSchema reads (a:long, *).
func (p *parser) rowSchema() *RowSchema {
	start := p.here()
	s := &RowSchema{}
	if p.expectOp("(") && !p.acceptOp(")") {
		p.schemaColumns(s)
		p.expectOp(")")
	}
	s.Span = p.from(start)
	return s
}

func (p *parser) schemaColumns(s *RowSchema) {
	for !p.failed {
		if p.isOp("*") {
			p.advance()
			s.Star = true
			s.StarFirst = len(s.Columns) == 0
		} else {
			s.Columns = append(s.Columns, p.columnDecl())
		}
		if !p.acceptOp(",") {
			return
		}
	}
}

func (p *parser) columnDecl() *ColumnDecl {
	start := p.here()
	c := &ColumnDecl{Name: p.name("a column name")}
	p.expectOp(":")
	c.Type = p.typeName()
	if p.acceptOp("=") {
		c.Default = p.expr()
	}
	c.Span = p.from(start)
	return c
}

func (p *parser) typeName() *TypeName {
	t := p.tok()
	if p.failed || t.Kind != Ident {
		p.unexpected("a type")
		return &TypeName{Span: p.here()}
	}
	p.advance()
	return &TypeName{t.Span, t.Text}
}

// Name reads an identifier or ['bracketed name'].
func (p *parser) name(wanted string) *Name {
	t := p.tok()
	switch {
	case p.failed:
	case t.Kind == Ident:
		p.advance()
		return &Name{t.Span, t.Text, false}
	case p.bracketedName():
		p.advance()
		text := p.advance().Value
		close := p.advance()
		return &Name{t.Span.To(close.Span), text, true}
	default:
		p.unexpected(wanted)
	}
	return &Name{Span: p.here()}
}

func (p *parser) bracketedName() bool {
	return p.isOp("[") && p.ahead(1).Kind == String && p.ahead(2).is("]")
}
