package syntax

// Parse reads a query. The tree is never nil; the error is nil or an *ErrorList.
func Parse(src string) (*Query, error) {
	p := &parser{src: src, errs: &ErrorList{Source: src}}
	q := p.query()
	return q, p.errs.Err()
}

type parser struct {
	src  string
	errs *ErrorList
}

func (p *parser) query() *Query {
	return &Query{Source: p.src}
}
