package syntax

// Sort is `sort by keys`, also spelt order.
type Sort struct {
	Span
	Params Params
	Keys   []*SortKey
}

// Top is `top n by key`.
type Top struct {
	Span
	Params Params
	N      Expr
	By     *SortKey
}

// SortKey is one key: Dir is "", "asc" or "desc" (the default is desc); Nulls is
// "", "first" or "last" (the default: first for asc, last for desc).
type SortKey struct {
	Span
	X     *NamedExpr
	Dir   string
	Nulls string
}

// Take is `take n`, also spelt limit.
type Take struct {
	Span
	Params Params
	N      Expr
}

// Sample is `sample n`.
type Sample struct {
	Span
	N Expr
}

// SampleDistinct is `sample-distinct n of x`.
type SampleDistinct struct {
	Span
	N  Expr
	Of *NamedExpr
}

// TopHitters is `top-hitters n of x [by weight]`.
type TopHitters struct {
	Span
	N  Expr
	Of *NamedExpr
	By *NamedExpr
}

// TopNested is `top-nested n of x [with others = e] by agg [asc], ...`.
type TopNested struct {
	Span
	Levels []*TopNestedLevel
}

// TopNestedLevel is one level; N and Others may be nil.
type TopNestedLevel struct {
	Span
	N      Expr
	Of     *NamedExpr
	Others Expr
	By     *NamedExpr
	Dir    string
}

func (*Sort) operator()           {}
func (*Top) operator()            {}
func (*Take) operator()           {}
func (*Sample) operator()         {}
func (*SampleDistinct) operator() {}
func (*TopHitters) operator()     {}
func (*TopNested) operator()      {}

func (*Sort) Keyword() string           { return "sort" }
func (*Top) Keyword() string            { return "top" }
func (*Take) Keyword() string           { return "take" }
func (*Sample) Keyword() string         { return "sample" }
func (*SampleDistinct) Keyword() string { return "sample-distinct" }
func (*TopHitters) Keyword() string     { return "top-hitters" }
func (*TopNested) Keyword() string      { return "top-nested" }

func (p *parser) sort(start Span) Operator {
	n := &Sort{Params: p.opParams()}
	p.expectWord("by")
	n.Keys = list(p, p.sortKey)
	n.Span = p.from(start)
	return n
}

func (p *parser) sortKey() *SortKey {
	start := p.here()
	k := &SortKey{X: p.named(), Dir: p.direction()}
	if p.acceptWord("nulls") {
		if p.isWord("first") || p.isWord("last") {
			k.Nulls = p.advance().Text
		} else {
			p.unexpected("'first' or 'last'")
		}
	}
	k.Span = p.from(start)
	return k
}

func (p *parser) direction() string {
	if p.isWord("asc") || p.isWord("desc") {
		return p.advance().Text
	}
	return ""
}

func (p *parser) top(start Span) Operator {
	n := &Top{Params: p.opParams(), N: p.expr()}
	p.expectWord("by")
	n.By = p.sortKey()
	n.Span = p.from(start)
	return n
}

func (p *parser) take(start Span) Operator {
	n := &Take{Params: p.opParams(), N: p.expr()}
	n.Span = p.from(start)
	return n
}

func (p *parser) sample(start Span) Operator {
	n := p.expr()
	return &Sample{p.from(start), n}
}

func (p *parser) sampleDistinct(start Span) Operator {
	n := &SampleDistinct{N: p.expr()}
	p.expectWord("of")
	n.Of = p.named()
	n.Span = p.from(start)
	return n
}

func (p *parser) topHitters(start Span) Operator {
	n := &TopHitters{N: p.expr()}
	p.expectWord("of")
	n.Of = p.named()
	if p.acceptWord("by") {
		n.By = p.named()
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) topNested(start Span) Operator {
	n := &TopNested{}
	for !p.failed {
		n.Levels = append(n.Levels, p.topNestedLevel())
		if !p.acceptOp(",") {
			break
		}
		if w, width := p.keyword(); w == "top-nested" {
			for range width {
				p.advance()
			}
		} else {
			p.unexpected("'top-nested'")
		}
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) topNestedLevel() *TopNestedLevel {
	start := p.here()
	l := &TopNestedLevel{}
	if !p.isWord("of") {
		l.N = p.expr()
	}
	p.expectWord("of")
	l.Of = p.named()
	if p.acceptWord("with") {
		p.expectWord("others")
		p.expectOp("=")
		l.Others = p.expr()
	}
	p.expectWord("by")
	l.By = p.named()
	l.Dir = p.direction()
	l.Span = p.from(start)
	return l
}

func (n *Sort) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.Keys)
}

func (n *Top) each(visit func(Node)) {
	all(visit, n.Params)
	visit(n.N)
	visit(n.By)
}

func (n *SortKey) each(visit func(Node)) { visit(n.X) }

func (n *Take) each(visit func(Node)) {
	all(visit, n.Params)
	visit(n.N)
}

func (n *Sample) each(visit func(Node)) { visit(n.N) }

func (n *SampleDistinct) each(visit func(Node)) {
	visit(n.N)
	visit(n.Of)
}

func (n *TopHitters) each(visit func(Node)) {
	visit(n.N)
	visit(n.Of)
	opt(visit, n.By)
}

func (n *TopNested) each(visit func(Node)) { all(visit, n.Levels) }

func (n *TopNestedLevel) each(visit func(Node)) {
	opt(visit, n.N)
	visit(n.Of)
	opt(visit, n.Others)
	visit(n.By)
}

func (n *Sort) print(p *printer) {
	p.text("sort")
	p.params(n.Params)
	clause(p, " by ", n.Keys)
}

func (n *SortKey) print(p *printer) {
	p.text(n.X)
	if n.Dir != "" {
		p.text(" ", n.Dir)
	}
	if n.Nulls != "" {
		p.text(" nulls ", n.Nulls)
	}
}

func (n *Top) print(p *printer) {
	p.text("top")
	p.params(n.Params)
	p.text(" ")
	p.at(levelOr, n.N)
	p.text(" by ", n.By)
}

func (n *Take) print(p *printer) {
	p.text("take")
	p.params(n.Params)
	p.text(" ")
	p.at(levelOr, n.N)
}

func (n *Sample) print(p *printer) {
	p.text("sample ")
	p.at(levelOr, n.N)
}

func (n *SampleDistinct) print(p *printer) {
	p.text("sample-distinct ")
	p.at(levelOr, n.N)
	p.text(" of ", n.Of)
}

func (n *TopHitters) print(p *printer) {
	p.text("top-hitters ")
	p.at(levelOr, n.N)
	p.text(" of ", n.Of)
	after(p, " by ", n.By)
}

func (n *TopNested) print(p *printer) { clause(p, "", n.Levels) }

func (n *TopNestedLevel) print(p *printer) {
	p.text("top-nested ")
	if n.N != nil {
		p.at(levelOr, n.N)
		p.text(" ")
	}
	p.text("of ", n.Of)
	if n.Others != nil {
		p.text(" with others = ")
		p.at(levelOr, n.Others)
	}
	p.text(" by ", n.By)
	if n.Dir != "" {
		p.text(" ", n.Dir)
	}
}
