package syntax

import "strings"

func (p *parser) primary() Expr {
	if p.failed {
		return &Bad{p.here()}
	}
	t := p.tok()
	switch t.Kind {
	case Integer, Real, Duration, TypedText:
		p.advance()
		return p.constant(t)
	case String:
		return p.stringLiteral()
	case Ident:
		return p.word()
	case Op:
		switch {
		case t.Text == "(":
			return p.parenthesized()
		case t.Text == "*":
			p.advance()
			return &Star{t.Span}
		case p.bracketedName():
			return p.name("a name")
		}
	}
	p.unexpected("an expression")
	return &Bad{p.here()}
}

func (p *parser) parenthesized() Expr {
	p.advance()
	search := p.search
	e := p.pipeline()
	p.search = search
	p.expectOp(")")
	return e
}

// word reads what starts with an identifier.
func (p *parser) word() Expr {
	t := p.tok()
	start := p.here()
	call := p.ahead(1).is("(")
	switch t.Text {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		if !call {
			p.advance()
			return &Literal{Span: t.Span, Type: boolType, Value: strings.EqualFold(t.Text, "true")}
		}
	case "dynamic":
		if call {
			return p.dynamicLiteral()
		}
	case "typeof":
		if call {
			return p.typeOf()
		}
	case "datatable":
		if call || p.ahead(1).word("hint") {
			return p.datatable()
		}
	case "externaldata", "external_data":
		if call {
			return p.externalData()
		}
	}
	if l, ok := levels[t.Text]; ok && l > 0 {
		hint := "write ['" + t.Text + "'] if it is a name"
		if call {
			hint = "it stands between its operands: text " + t.Text + " value"
		}
		p.fail(t.Span, hint, "expected an expression, found operator '%s'", t.Text)
		return &Bad{start}
	}
	name := p.name("a name")
	if call {
		args := p.args()
		return &Call{p.from(start), nil, name, args}
	}
	return name
}

func (p *parser) typeOf() Expr {
	start := p.here()
	p.advance()
	x := &TypeOf{}
	if t := p.ahead(1); t.Kind == Ident && p.ahead(2).is(")") {
		p.advance()
		x.Type = p.typeName()
		p.advance()
	} else {
		x.Row = p.rowSchema()
	}
	x.Span = p.from(start)
	return x
}

// columnPattern reads a column or table name, a pattern such as a*_s, or *.
func (p *parser) columnPattern() Expr {
	if x, ok := p.pattern(); ok {
		return x
	}
	return p.name("a column name")
}

// pattern reads adjoining names and stars as one pattern, if there is a star.
func (p *parser) pattern() (Expr, bool) {
	start := p.here()
	n, star := 0, false
	for !p.failed {
		t := p.ahead(n)
		if t.Kind != Ident && t.Kind != Integer && !t.is("*") || n > 0 && !p.ahead(n-1).adjoins(t) {
			break
		}
		star = star || t.is("*")
		n++
	}
	if !star {
		return nil, false
	}
	for range n {
		p.advance()
	}
	at := p.from(start)
	if n == 1 {
		return &Star{at}, true
	}
	return &Pattern{at, p.src[at.Start:at.End]}, true
}

func (p *parser) columnPatterns() []Expr { return list(p, p.columnPattern) }
