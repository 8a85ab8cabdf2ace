package syntax

// MvExpand is `mv-expand a, b = x to typeof(long) limit n`, also spelt mvexpand.
type MvExpand struct {
	Span
	Params Params
	Items  []*ExpandItem
	Limit  Expr
}

// MvApply is `mv-apply items on (operators)`. Body is a *Pipeline whose Source
// is nil.
type MvApply struct {
	Span
	Params Params
	Items  []*ExpandItem
	Limit  Expr
	Body   *Pipeline
}

// ExpandItem is one array to expand; To may be nil.
type ExpandItem struct {
	Span
	X  *NamedExpr
	To *TypeName
}

func (*MvExpand) operator() {}
func (*MvApply) operator()  {}

func (*MvExpand) Keyword() string { return "mv-expand" }
func (*MvApply) Keyword() string  { return "mv-apply" }

func (p *parser) mvExpand(start Span) Operator {
	n := &MvExpand{Params: p.opParams("bagexpansion", "kind", "with_itemindex")}
	n.Items = list(p, p.expandItem)
	if p.acceptWord("limit") {
		n.Limit = p.expr()
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) mvApply(start Span) Operator {
	n := &MvApply{Params: p.opParams("bagexpansion", "with_itemindex")}
	n.Items = list(p, p.expandItem)
	if p.acceptWord("limit") {
		n.Limit = p.expr()
	}
	p.expectWord("on")
	n.Body = p.chain()
	n.Span = p.from(start)
	return n
}

func (p *parser) expandItem() *ExpandItem {
	start := p.here()
	it := &ExpandItem{X: p.named()}
	if p.acceptWord("to") {
		p.expectWord("typeof")
		p.expectOp("(")
		it.To = p.typeName()
		p.expectOp(")")
	}
	it.Span = p.from(start)
	return it
}

func (n *MvExpand) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.Items)
	opt(visit, n.Limit)
}

func (n *MvApply) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.Items)
	opt(visit, n.Limit)
	visit(n.Body)
}

func (n *ExpandItem) each(visit func(Node)) {
	visit(n.X)
	opt(visit, n.To)
}

func (n *MvExpand) print(p *printer) {
	p.text("mv-expand")
	p.params(n.Params)
	clause(p, " ", n.Items)
	after(p, " limit ", n.Limit)
}

func (n *MvApply) print(p *printer) {
	p.text("mv-apply")
	p.params(n.Params)
	clause(p, " ", n.Items)
	after(p, " limit ", n.Limit)
	p.text(" on ")
	p.nested(n.Body)
}

func (n *ExpandItem) print(p *printer) {
	p.text(n.X)
	if n.To != nil {
		p.text(" to typeof(", n.To, ")")
	}
}
