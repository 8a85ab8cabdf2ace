package syntax

// Summarize is `summarize aggs by keys`.
type Summarize struct {
	Span
	Params Params
	Aggs   []*NamedExpr
	By     []*NamedExpr
}

// Count is `count`, with `as name` if Name is set.
type Count struct {
	Span
	Params Params
	As     *Name
}

// MakeSeries is `make-series agg default=d on x from a to b step s by keys`.
// Range is the older `in range(a, b, s)`, read into From, To and Step with
// InRange set.
type MakeSeries struct {
	Span
	Params         Params
	Aggs           []*SeriesAgg
	On             *NamedExpr
	From, To, Step Expr
	InRange        bool
	By             []*NamedExpr
}

// SeriesAgg is one aggregate of make-series; Default may be nil.
type SeriesAgg struct {
	Span
	X       *NamedExpr
	Default Expr
}

// Reduce is `reduce by x [with (...)]`.
type Reduce struct {
	Span
	Params Params
	By     *NamedExpr
	With   Params
}

func (*Summarize) operator()  {}
func (*Count) operator()      {}
func (*MakeSeries) operator() {}
func (*Reduce) operator()     {}

func (*Summarize) Keyword() string  { return "summarize" }
func (*Count) Keyword() string      { return "count" }
func (*MakeSeries) Keyword() string { return "make-series" }
func (*Reduce) Keyword() string     { return "reduce" }

func (p *parser) summarize(start Span) Operator {
	n := &Summarize{Params: p.opParams()}
	if !p.isWord("by") {
		n.Aggs = p.namedList()
	}
	n.By = p.byClause()
	n.Span = p.from(start)
	return n
}

func (p *parser) byClause() []*NamedExpr {
	if !p.acceptWord("by") {
		return nil
	}
	return p.namedList()
}

func (p *parser) count(start Span) Operator {
	n := &Count{Params: p.opParams()}
	if p.acceptWord("as") {
		n.As = p.name("a column name")
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) makeSeries(start Span) Operator {
	n := &MakeSeries{Params: p.opParams("kind")}
	n.Aggs = list(p, p.seriesAgg)
	p.expectWord("on")
	n.On = p.axis()
	if p.acceptWord("in") {
		n.InRange = true
		p.expectWord("range")
		p.expectOp("(")
		n.From = p.expr()
		p.expectOp(",")
		n.To = p.expr()
		p.expectOp(",")
		n.Step = p.expr()
		p.expectOp(")")
	} else {
		if p.acceptWord("from") {
			n.From = p.expr()
		}
		if p.acceptWord("to") {
			n.To = p.expr()
		}
		p.expectWord("step")
		n.Step = p.expr()
	}
	n.By = p.byClause()
	n.Span = p.from(start)
	return n
}

// axis reads the expression after on; an `in` behind it is not its operator.
func (p *parser) axis() *NamedExpr {
	start := p.here()
	n := &NamedExpr{}
	if p.tok().Kind == Ident && p.ahead(1).is("=") {
		n.Names = []*Name{p.name("a name")}
		p.expectOp("=")
	}
	n.X = p.binary(levelSum)
	n.Span = p.from(start)
	return n
}

func (p *parser) seriesAgg() *SeriesAgg {
	start := p.here()
	a := &SeriesAgg{X: p.named()}
	if p.acceptWord("default") {
		p.expectOp("=")
		a.Default = p.expr()
	}
	a.Span = p.from(start)
	return a
}

func (p *parser) reduce(start Span) Operator {
	n := &Reduce{Params: p.opParams("kind")}
	p.expectWord("by")
	n.By = p.named()
	n.With = p.withParams()
	n.Span = p.from(start)
	return n
}

func (n *Summarize) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.Aggs)
	all(visit, n.By)
}

func (n *Count) each(visit func(Node)) {
	all(visit, n.Params)
	opt(visit, n.As)
}

func (n *MakeSeries) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.Aggs)
	visit(n.On)
	opt(visit, n.From)
	opt(visit, n.To)
	opt(visit, n.Step)
	all(visit, n.By)
}

func (n *SeriesAgg) each(visit func(Node)) {
	visit(n.X)
	opt(visit, n.Default)
}

func (n *Reduce) each(visit func(Node)) {
	all(visit, n.Params)
	visit(n.By)
	all(visit, n.With)
}

func (n *Summarize) print(p *printer) {
	p.text("summarize")
	p.params(n.Params)
	clause(p, " ", n.Aggs)
	clause(p, " by ", n.By)
}

func (n *Count) print(p *printer) {
	p.text("count")
	p.params(n.Params)
	after(p, " as ", n.As)
}

func (n *MakeSeries) print(p *printer) {
	p.text("make-series")
	p.params(n.Params)
	clause(p, " ", n.Aggs)
	p.text(" on ", n.On)
	if n.InRange {
		p.text(" in range(", n.From, ", ", n.To, ", ", n.Step, ")")
	} else {
		after(p, " from ", n.From)
		after(p, " to ", n.To)
		after(p, " step ", n.Step)
	}
	clause(p, " by ", n.By)
}

func (n *SeriesAgg) print(p *printer) {
	p.text(n.X)
	after(p, " default=", n.Default)
}

func (n *Reduce) print(p *printer) {
	p.text("reduce")
	p.params(n.Params)
	p.text(" by ", n.By)
	p.with(n.With)
}
