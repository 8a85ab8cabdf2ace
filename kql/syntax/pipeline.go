package syntax

// Pipeline is `source | op | op`. Source is nil for the operator chains that
// mv-apply, partition, fork and facet contain. A source without operators
// stands for itself: the parser makes no Pipeline around it.
type Pipeline struct {
	Span
	Source Expr
	Ops    []Operator
}

// Leading is an operator that starts a pipeline: print, range, union, search,
// find, evaluate.
type Leading struct {
	Span
	Op Operator
}

// OpParam is `name = value` directly after an operator's keyword, such as
// kind=leftouter or hint.strategy=shuffle, or an entry of a with (...) list.
// More holds the further values of a list, as in ycolumns=a, b.
type OpParam struct {
	Span
	Name  *Name
	Value Expr
	More  []Expr
}

// Params is a list of operator parameters.
type Params []*OpParam

// Get finds a parameter's value by name, nil if it was not given.
func (p Params) Get(name string) Expr {
	for _, o := range p {
		if o.Name.Text == name {
			return o.Value
		}
	}
	return nil
}

// Word is the parameter's value as a bare word or string, "" if it was not given
// or is something else.
func (p Params) Word(name string) string {
	switch v := p.Get(name).(type) {
	case *Name:
		return v.Text
	case *Literal:
		s, _ := v.Value.(string)
		return s
	}
	return ""
}

func (*Pipeline) expr() {}
func (*Leading) expr()  {}

func (n *Pipeline) each(visit func(Node)) {
	opt(visit, n.Source)
	all(visit, n.Ops)
}

func (n *Leading) each(visit func(Node)) { visit(n.Op) }

func (n *OpParam) each(visit func(Node)) {
	visit(n.Name)
	visit(n.Value)
	all(visit, n.More)
}

func (n *Pipeline) print(p *printer) {
	if n.Source != nil {
		if b := binding(n.Source); b == levelPipeline {
			if _, ok := n.Source.(*Leading); ok {
				p.text(n.Source)
			} else {
				p.nested(n.Source)
			}
		} else {
			p.text(n.Source)
		}
		if len(n.Ops) > 0 {
			p.text("\n| ")
		}
	}
	joined(p, n.Ops, "\n| ")
}

func (n *Leading) print(p *printer) { p.text(n.Op) }

func (n *OpParam) print(p *printer) {
	p.text(n.Name, "=")
	p.at(levelPostfix, n.Value)
	for _, m := range n.More {
		p.text(", ")
		p.at(levelPostfix, m)
	}
}
