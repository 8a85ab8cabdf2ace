package syntax

// Project is `project a, b = x`.
type Project struct {
	Span
	Cols []*NamedExpr
}

// Extend is `extend b = x`.
type Extend struct {
	Span
	Cols []*NamedExpr
}

// ProjectAway, ProjectKeep: Cols are *Name, *Pattern or *Star.
type ProjectAway struct {
	Span
	Cols []Expr
}

// ProjectKeep keeps the columns that match, in their order.
type ProjectKeep struct {
	Span
	Cols []Expr
}

// ProjectRename is `project-rename new = old, ...`.
type ProjectRename struct {
	Span
	Cols []*NamedExpr
}

// ProjectReorder is `project-reorder a, b* asc`.
type ProjectReorder struct {
	Span
	Cols []*ReorderItem
}

// ReorderItem is one entry; Order is "", "asc", "desc", "granny-asc" or
// "granny-desc".
type ReorderItem struct {
	Span
	Col   Expr
	Order string
}

// Distinct is `distinct a, b` or `distinct *` (a NamedExpr with a *Star).
type Distinct struct {
	Span
	Params Params
	Cols   []*NamedExpr
}

// Serialize is `serialize` or `serialize n = row_number()`.
type Serialize struct {
	Span
	Params Params
	Cols   []*NamedExpr
}

// Print is `print a = 1, 2`.
type Print struct {
	Span
	Cols []*NamedExpr
}

func (*Project) operator()        {}
func (*Extend) operator()         {}
func (*ProjectAway) operator()    {}
func (*ProjectKeep) operator()    {}
func (*ProjectRename) operator()  {}
func (*ProjectReorder) operator() {}
func (*Distinct) operator()       {}
func (*Serialize) operator()      {}
func (*Print) operator()          {}

func (*Project) Keyword() string        { return "project" }
func (*Extend) Keyword() string         { return "extend" }
func (*ProjectAway) Keyword() string    { return "project-away" }
func (*ProjectKeep) Keyword() string    { return "project-keep" }
func (*ProjectRename) Keyword() string  { return "project-rename" }
func (*ProjectReorder) Keyword() string { return "project-reorder" }
func (*Distinct) Keyword() string       { return "distinct" }
func (*Serialize) Keyword() string      { return "serialize" }
func (*Print) Keyword() string          { return "print" }

func (p *parser) project(start Span) Operator {
	cols := p.namedList()
	return &Project{p.from(start), cols}
}

func (p *parser) extend(start Span) Operator {
	cols := p.namedList()
	return &Extend{p.from(start), cols}
}

func (p *parser) projectAway(start Span) Operator {
	cols := p.columnPatterns()
	return &ProjectAway{p.from(start), cols}
}

func (p *parser) projectKeep(start Span) Operator {
	cols := p.columnPatterns()
	return &ProjectKeep{p.from(start), cols}
}

func (p *parser) projectRename(start Span) Operator {
	cols := p.namedList()
	return &ProjectRename{p.from(start), cols}
}

func (p *parser) projectReorder(start Span) Operator {
	cols := list(p, func() *ReorderItem {
		at := p.here()
		it := &ReorderItem{Col: p.columnPattern()}
		if w, n := p.keyword(); p.tok().Kind == Ident && (w == "asc" || w == "desc" || w == "granny-asc" || w == "granny-desc") {
			it.Order = w
			for range n {
				p.advance()
			}
		}
		it.Span = p.from(at)
		return it
	})
	return &ProjectReorder{p.from(start), cols}
}

func (p *parser) distinct(start Span) Operator {
	params := p.opParams()
	cols := p.namedList()
	return &Distinct{p.from(start), params, cols}
}

func (p *parser) serialize(start Span) Operator {
	n := &Serialize{Params: p.opParams()}
	if t := p.tok(); t.Kind == Ident || t.is("[") || t.is("(") {
		n.Cols = p.namedList()
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) printOp(start Span) Operator {
	cols := p.namedList()
	return &Print{p.from(start), cols}
}

func (n *Project) each(visit func(Node))        { all(visit, n.Cols) }
func (n *Extend) each(visit func(Node))         { all(visit, n.Cols) }
func (n *ProjectAway) each(visit func(Node))    { all(visit, n.Cols) }
func (n *ProjectKeep) each(visit func(Node))    { all(visit, n.Cols) }
func (n *ProjectRename) each(visit func(Node))  { all(visit, n.Cols) }
func (n *ProjectReorder) each(visit func(Node)) { all(visit, n.Cols) }
func (n *ReorderItem) each(visit func(Node))    { visit(n.Col) }
func (n *Print) each(visit func(Node))          { all(visit, n.Cols) }

func (n *Distinct) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.Cols)
}

func (n *Serialize) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.Cols)
}

func (n *Project) print(p *printer)        { clause(p, "project ", n.Cols) }
func (n *Extend) print(p *printer)         { clause(p, "extend ", n.Cols) }
func (n *ProjectAway) print(p *printer)    { clause(p, "project-away ", n.Cols) }
func (n *ProjectKeep) print(p *printer)    { clause(p, "project-keep ", n.Cols) }
func (n *ProjectRename) print(p *printer)  { clause(p, "project-rename ", n.Cols) }
func (n *ProjectReorder) print(p *printer) { clause(p, "project-reorder ", n.Cols) }
func (n *Print) print(p *printer)          { clause(p, "print ", n.Cols) }

func (n *ReorderItem) print(p *printer) {
	p.text(n.Col)
	if n.Order != "" {
		p.text(" ", n.Order)
	}
}

func (n *Distinct) print(p *printer) {
	p.text("distinct")
	p.params(n.Params)
	clause(p, " ", n.Cols)
}

func (n *Serialize) print(p *printer) {
	p.text("serialize")
	p.params(n.Params)
	clause(p, " ", n.Cols)
}
