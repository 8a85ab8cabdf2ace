package syntax

// Join is `join kind=k (right) on keys`. Keys are column names or conditions
// such as $left.a == $right.b.
type Join struct {
	Span
	Params Params
	Right  Expr
	On     []Expr
}

// Lookup is `lookup kind=k (right) on keys`.
type Lookup struct {
	Span
	Params Params
	Right  Expr
	On     []Expr
}

// Union is `union kind=k withsource=c tables`, after a bar or leading. Tables
// are names, *Pattern, *Star or tabular expressions.
type Union struct {
	Span
	Params Params
	Tables []Expr
}

func (*Join) operator()   {}
func (*Lookup) operator() {}
func (*Union) operator()  {}

func (*Join) Keyword() string   { return "join" }
func (*Lookup) Keyword() string { return "lookup" }
func (*Union) Keyword() string  { return "union" }

func (p *parser) join(start Span) Operator {
	n := &Join{Params: p.strictParams("kind")}
	n.Right, n.On = p.joined()
	n.Span = p.from(start)
	return n
}

func (p *parser) lookup(start Span) Operator {
	n := &Lookup{Params: p.strictParams("kind")}
	n.Right, n.On = p.joined()
	n.Span = p.from(start)
	return n
}

func (p *parser) joined() (right Expr, on []Expr) {
	right = p.tableRef()
	if p.acceptWord("on") {
		on = list(p, p.expr)
	}
	return right, on
}

// tableRef reads a table: a name, a pattern, a call or a query in parentheses.
func (p *parser) tableRef() Expr {
	if x, ok := p.pattern(); ok {
		return x
	}
	return p.postfix()
}

func (p *parser) union(start Span) Operator {
	n := &Union{Params: p.strictParams("kind", "withsource", "with_source", "isfuzzy")}
	n.Tables = list(p, p.tableRef)
	n.Span = p.from(start)
	return n
}

func (n *Join) each(visit func(Node)) {
	all(visit, n.Params)
	visit(n.Right)
	all(visit, n.On)
}

func (n *Lookup) each(visit func(Node)) {
	all(visit, n.Params)
	visit(n.Right)
	all(visit, n.On)
}

func (n *Union) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.Tables)
}

func printJoin(p *printer, word string, params Params, right Expr, on []Expr) {
	p.text(word)
	p.params(params)
	p.text(" ")
	p.at(levelPostfix, right)
	clause(p, " on ", on)
}

func (n *Join) print(p *printer)   { printJoin(p, "join", n.Params, n.Right, n.On) }
func (n *Lookup) print(p *printer) { printJoin(p, "lookup", n.Params, n.Right, n.On) }

func (n *Union) print(p *printer) {
	p.text("union")
	p.params(n.Params)
	for i, t := range n.Tables {
		if i > 0 {
			p.text(",")
		}
		p.text(" ")
		p.at(levelPostfix, t)
	}
}
