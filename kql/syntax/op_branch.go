package syntax

// Partition is `partition by c (operators)`, or `{ query }` with Braced set.
type Partition struct {
	Span
	Params Params
	By     Expr
	Braced bool
	Body   Expr
}

// Fork is `fork name=(operators) (operators)`.
type Fork struct {
	Span
	Branches []*ForkBranch
}

// ForkBranch is one branch; Name may be nil, Body has no source.
type ForkBranch struct {
	Span
	Name *Name
	Body *Pipeline
}

// Facet is `facet by a, b [with (operators)]`; With may be nil.
type Facet struct {
	Span
	By   []Expr
	With *Pipeline
}

// Scan is `scan [with_match_id=m] [partition by k] [order by k] [declare (...)] with (steps)`.
type Scan struct {
	Span
	Params      Params
	PartitionBy []Expr
	OrderBy     []*SortKey
	Declare     *RowSchema
	Steps       []*ScanStep
}

// ScanStep is `step name [optional] [output=all|last|none] : cond => a = x, ...;`.
type ScanStep struct {
	Span
	Name     *Name
	Optional bool
	Output   string
	Cond     Expr
	Assign   []*NamedExpr
}

func (*Partition) operator() {}
func (*Fork) operator()      {}
func (*Facet) operator()     {}
func (*Scan) operator()      {}

func (*Partition) Keyword() string { return "partition" }
func (*Fork) Keyword() string      { return "fork" }
func (*Facet) Keyword() string     { return "facet" }
func (*Scan) Keyword() string      { return "scan" }

func (p *parser) partition(start Span) Operator {
	n := &Partition{Params: p.opParams()}
	p.expectWord("by")
	n.By = p.paramValue()
	if p.acceptOp("{") {
		n.Braced = true
		n.Body = p.pipeline()
		p.expectOp("}")
	} else {
		n.Body = p.chain()
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) fork(start Span) Operator {
	n := &Fork{}
	for len(n.Branches) == 0 || p.isOp("(") || !p.failed && p.tok().Kind == Ident && p.ahead(1).is("=") {
		if p.failed {
			break
		}
		n.Branches = append(n.Branches, p.forkBranch())
		p.acceptOp(",")
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) forkBranch() *ForkBranch {
	start := p.here()
	b := &ForkBranch{}
	if !p.isOp("(") {
		b.Name = p.name("a name or '('")
		p.expectOp("=")
	}
	b.Body = p.chain()
	b.Span = p.from(start)
	return b
}

func (p *parser) facet(start Span) Operator {
	p.expectWord("by")
	n := &Facet{By: list(p, p.postfix)}
	if p.acceptWord("with") {
		n.With = p.chain()
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) scan(start Span) Operator {
	n := &Scan{Params: p.opParams("with_match_id")}
	if p.acceptWord("partition") {
		p.expectWord("by")
		n.PartitionBy = list(p, p.expr)
	}
	if p.acceptWord("order") {
		p.expectWord("by")
		n.OrderBy = list(p, p.sortKey)
	}
	if p.acceptWord("declare") {
		n.Declare = p.rowSchema()
	}
	p.expectWord("with")
	p.expectOp("(")
	for !p.failed && !p.isOp(")") {
		n.Steps = append(n.Steps, p.scanStep())
	}
	p.expectOp(")")
	n.Span = p.from(start)
	return n
}

func (p *parser) scanStep() *ScanStep {
	start := p.here()
	p.expectWord("step")
	s := &ScanStep{Name: p.name("a step name")}
	s.Optional = p.acceptWord("optional")
	if p.acceptWord("output") {
		p.expectOp("=")
		s.Output = p.name("all, last or none").Text
	}
	p.expectOp(":")
	s.Cond = p.expr()
	if p.acceptOp("=>") {
		s.Assign = p.namedList()
	}
	p.expectOp(";")
	s.Span = p.from(start)
	return s
}

func (n *Partition) each(visit func(Node)) {
	all(visit, n.Params)
	visit(n.By)
	visit(n.Body)
}

func (n *Fork) each(visit func(Node)) { all(visit, n.Branches) }

func (n *ForkBranch) each(visit func(Node)) {
	opt(visit, n.Name)
	visit(n.Body)
}

func (n *Facet) each(visit func(Node)) {
	all(visit, n.By)
	opt(visit, n.With)
}

func (n *Scan) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.PartitionBy)
	all(visit, n.OrderBy)
	opt(visit, n.Declare)
	all(visit, n.Steps)
}

func (n *ScanStep) each(visit func(Node)) {
	visit(n.Name)
	visit(n.Cond)
	all(visit, n.Assign)
}

func (n *Partition) print(p *printer) {
	p.text("partition")
	p.params(n.Params)
	p.text(" by ")
	p.at(levelPostfix, n.By)
	if n.Braced {
		p.text(" { ", n.Body, " }")
		return
	}
	p.text(" ")
	p.nested(n.Body)
}

func (n *Fork) print(p *printer) {
	p.text("fork ")
	joined(p, n.Branches, " ")
}

func (n *ForkBranch) print(p *printer) {
	if n.Name != nil {
		p.text(n.Name, "=")
	}
	p.nested(n.Body)
}

func (n *Facet) print(p *printer) {
	clause(p, "facet by ", n.By)
	if n.With != nil {
		p.text(" with ")
		p.nested(n.With)
	}
}

func (n *Scan) print(p *printer) {
	p.text("scan")
	p.params(n.Params)
	clause(p, " partition by ", n.PartitionBy)
	clause(p, " order by ", n.OrderBy)
	after(p, " declare ", n.Declare)
	p.text(" with (")
	for _, s := range n.Steps {
		p.text(s, "; ")
	}
	p.text(")")
}

func (n *ScanStep) print(p *printer) {
	p.text("step ", n.Name)
	if n.Optional {
		p.text(" optional")
	}
	if n.Output != "" {
		p.text(" output=", n.Output)
	}
	p.text(": ")
	p.at(levelOr, n.Cond)
	clause(p, " => ", n.Assign)
}
