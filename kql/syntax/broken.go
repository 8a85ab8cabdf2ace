package syntax

// Broken is an operator with a fault in it: Op is what could be read, nil if the
// operator itself is not known. It occurs only where Parse reports an error.
type Broken struct {
	Span
	Op Operator
}

func (*Broken) operator() {}

// Keyword is that of the operator meant, if it is known.
func (n *Broken) Keyword() string {
	if n.Op == nil {
		return ""
	}
	return n.Op.Keyword()
}

func (n *Broken) each(visit func(Node)) {
	if n.Op != nil {
		visit(n.Op)
	}
}

func (n *Broken) print(p *printer) {
	if n.Op != nil {
		n.Op.print(p)
	}
}
