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
type OpParam struct {
	Span
	Name  *Name
	Value Expr
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

func (*Pipeline) node() {}
func (*Leading) node()  {}
func (*OpParam) node()  {}
func (*Pipeline) expr() {}
func (*Leading) expr()  {}
