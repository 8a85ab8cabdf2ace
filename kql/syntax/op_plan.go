package syntax

// As is `as name`.
type As struct {
	Span
	Params Params
	Name   *Name
}

// Consume is `consume`.
type Consume struct {
	Span
	Params Params
}

// GetSchema is `getschema`.
type GetSchema struct{ Span }

// Render is `render kind with (...)`, which the engine does not act on.
type Render struct {
	Span
	Kind *Name
	With Params
}

// Evaluate is `evaluate plugin(args) : (schema)`, after a bar or leading.
type Evaluate struct {
	Span
	Params Params
	Call   *Call
	Schema *RowSchema
}

// Invoke is `invoke f(args)`.
type Invoke struct {
	Span
	Call *Call
}

func (*As) operator()        {}
func (*Consume) operator()   {}
func (*GetSchema) operator() {}
func (*Render) operator()    {}
func (*Evaluate) operator()  {}
func (*Invoke) operator()    {}

func (*As) Keyword() string        { return "as" }
func (*Consume) Keyword() string   { return "consume" }
func (*GetSchema) Keyword() string { return "getschema" }
func (*Render) Keyword() string    { return "render" }
func (*Evaluate) Keyword() string  { return "evaluate" }
func (*Invoke) Keyword() string    { return "invoke" }

func (p *parser) as(start Span) Operator {
	n := &As{Params: p.opParams()}
	n.Name = p.name("a name")
	n.Span = p.from(start)
	return n
}

func (p *parser) consume(start Span) Operator {
	params := p.opParams("decodeblocks")
	return &Consume{p.from(start), params}
}

func (p *parser) getSchema(start Span) Operator { return &GetSchema{p.from(start)} }

func (p *parser) render(start Span) Operator {
	n := &Render{Kind: p.name("a kind of chart")}
	n.With = p.withParams()
	if n.With == nil && p.tok().Kind == Ident && p.ahead(1).is("=") {
		for !p.failed && p.tok().Kind == Ident && p.ahead(1).is("=") {
			n.With = append(n.With, p.opParam())
			p.acceptOp(",")
		}
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) evaluate(start Span) Operator {
	n := &Evaluate{Params: p.opParams()}
	n.Call = p.call("a plugin")
	if p.acceptOp(":") {
		n.Schema = p.rowSchema()
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) invoke(start Span) Operator {
	n := &Invoke{Call: p.call("a function")}
	n.Span = p.from(start)
	return n
}

func (p *parser) call(wanted string) *Call {
	start := p.here()
	c := &Call{Func: p.name(wanted), Args: p.args()}
	c.Span = p.from(start)
	return c
}

func (n *As) each(visit func(Node)) {
	all(visit, n.Params)
	visit(n.Name)
}

func (n *Consume) each(visit func(Node)) { all(visit, n.Params) }
func (n *GetSchema) each(func(Node))     {}

func (n *Render) each(visit func(Node)) {
	visit(n.Kind)
	all(visit, n.With)
}

func (n *Evaluate) each(visit func(Node)) {
	all(visit, n.Params)
	visit(n.Call)
	opt(visit, n.Schema)
}

func (n *Invoke) each(visit func(Node)) { visit(n.Call) }

func (n *As) print(p *printer) {
	p.text("as")
	p.params(n.Params)
	p.text(" ", n.Name)
}

func (n *Consume) print(p *printer) {
	p.text("consume")
	p.params(n.Params)
}

func (n *GetSchema) print(p *printer) { p.text("getschema") }

func (n *Render) print(p *printer) {
	p.text("render ", n.Kind)
	p.with(n.With)
}

func (n *Evaluate) print(p *printer) {
	p.text("evaluate")
	p.params(n.Params)
	p.text(" ", n.Call)
	after(p, " : ", n.Schema)
}

func (n *Invoke) print(p *printer) { p.text("invoke ", n.Call) }
