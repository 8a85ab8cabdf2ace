package syntax

// ParseOp is `parse x with pattern`, or parse-where with Where set.
type ParseOp struct {
	Span
	Where   bool
	Params  Params
	X       Expr
	Pattern []*ParsePart
}

// ParsePart is one piece of a pattern; exactly one of Star, Text and Column is
// set.
type ParsePart struct {
	Span
	Star   bool
	Text   Expr
	Column *ColumnDecl
}

// ParseKV is `parse-kv x as (a:string, b:long) with (...)`.
type ParseKV struct {
	Span
	X       Expr
	Columns *RowSchema
	With    Params
}

func (*ParseOp) operator() {}
func (*ParseKV) operator() {}

// Keyword is parse or parse-where.
func (p *ParseOp) Keyword() string {
	if p.Where {
		return "parse-where"
	}
	return "parse"
}
func (*ParseKV) Keyword() string { return "parse-kv" }

func (p *parser) parse(start Span) Operator      { return p.parseText(start, false) }
func (p *parser) parseWhere(start Span) Operator { return p.parseText(start, true) }

func (p *parser) parseText(start Span, where bool) Operator {
	n := &ParseOp{Where: where, Params: p.opParams("kind", "flags")}
	n.X = p.expr()
	p.expectWord("with")
	for !p.failed && (len(n.Pattern) == 0 || !p.patternEnd()) {
		n.Pattern = append(n.Pattern, p.parsePart())
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) patternEnd() bool {
	t := p.tok()
	return t.Kind != String && t.Kind != Ident && !t.is("*") && !t.is("[")
}

func (p *parser) parsePart() *ParsePart {
	start := p.here()
	part := &ParsePart{}
	t := p.tok()
	switch {
	case p.acceptOp("*"):
		part.Star = true
	case t.Kind == String:
		part.Text = p.stringLiteral()
	default:
		c := &ColumnDecl{Name: p.name("a string, * or a column")}
		if p.acceptOp(":") {
			c.Type = p.typeName()
		}
		c.Span = p.from(start)
		part.Column = c
	}
	part.Span = p.from(start)
	return part
}

func (p *parser) parseKV(start Span) Operator {
	n := &ParseKV{X: p.expr()}
	p.expectWord("as")
	n.Columns = p.rowSchema()
	n.With = p.withParams()
	n.Span = p.from(start)
	return n
}

func (n *ParseOp) each(visit func(Node)) {
	all(visit, n.Params)
	visit(n.X)
	all(visit, n.Pattern)
}

func (n *ParsePart) each(visit func(Node)) {
	opt(visit, n.Text)
	opt(visit, n.Column)
}

func (n *ParseKV) each(visit func(Node)) {
	visit(n.X)
	visit(n.Columns)
	all(visit, n.With)
}

func (n *ParseOp) print(p *printer) {
	p.text(n.Keyword())
	p.params(n.Params)
	p.text(" ")
	p.at(levelOr, n.X)
	p.text(" with ")
	joined(p, n.Pattern, " ")
}

func (n *ParsePart) print(p *printer) {
	switch {
	case n.Star:
		p.text("*")
	case n.Text != nil:
		p.text(n.Text)
	default:
		p.text(n.Column)
	}
}

func (n *ParseKV) print(p *printer) {
	p.text("parse-kv ")
	p.at(levelOr, n.X)
	p.text(" as ", n.Columns)
	p.with(n.With)
}
