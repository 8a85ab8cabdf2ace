package syntax

// Where is `where pred`, also spelt filter.
type Where struct {
	Span
	Params Params
	Pred   Expr
}

// Search is `search [kind=...] [in (tables)] pred`, after a bar or leading.
type Search struct {
	Span
	Params Params
	In     []Expr
	Pred   Expr
}

// Find is `find [withsource=c] [in (tables)] where pred [project ...]`. Project
// is nil if absent; ProjectSmart says `project-smart`; Pack that `pack(*)` was
// listed.
type Find struct {
	Span
	Params       Params
	In           []Expr
	Pred         Expr
	Project      []*FindColumn
	ProjectAway  []Expr
	ProjectSmart bool
	Pack         bool
}

// FindColumn is one column of find's project list, `name` or `name:type`.
type FindColumn struct {
	Span
	Name *Name
	Type *TypeName
}

func (*Where) operator()  {}
func (*Search) operator() {}
func (*Find) operator()   {}

func (*Where) Keyword() string  { return "where" }
func (*Search) Keyword() string { return "search" }
func (*Find) Keyword() string   { return "find" }

func (p *parser) where(start Span) Operator {
	n := &Where{Params: p.opParams()}
	n.Pred = p.expr()
	n.Span = p.from(start)
	return n
}

func (p *parser) searchOp(start Span) Operator {
	n := &Search{Params: p.opParams("kind")}
	n.In = p.inTables()
	p.search = true
	n.Pred = p.expr()
	p.search = false
	n.Span = p.from(start)
	return n
}

// inTables reads `in (T1, T*)` if it is there.
func (p *parser) inTables() []Expr {
	if !p.acceptWord("in") || !p.expectOp("(") {
		return nil
	}
	out := list(p, p.tableRef)
	p.expectOp(")")
	return out
}

func (p *parser) find(start Span) Operator {
	n := &Find{Params: p.opParams("withsource", "with_source")}
	n.In = p.inTables()
	p.acceptWord("where")
	p.search = true
	n.Pred = p.expr()
	p.search = false
	word, width := p.keyword()
	switch {
	case p.failed:
	case word == "project-smart":
		n.ProjectSmart = true
		for range width {
			p.advance()
		}
	case word == "project-away":
		for range width {
			p.advance()
		}
		n.ProjectAway = p.columnPatterns()
	case p.acceptWord("project"):
		p.findColumns(n)
	}
	n.Span = p.from(start)
	return n
}

func (p *parser) findColumns(n *Find) {
	for !p.failed {
		at := p.here()
		if p.isWord("pack") && p.ahead(1).is("(") && p.ahead(2).is("*") && p.ahead(3).is(")") {
			for range 4 {
				p.advance()
			}
			n.Pack = true
		} else {
			c := &FindColumn{Name: p.name("a column name")}
			if p.acceptOp(":") {
				c.Type = p.typeName()
			}
			c.Span = p.from(at)
			n.Project = append(n.Project, c)
		}
		if !p.acceptOp(",") {
			return
		}
	}
}

func (n *Where) each(visit func(Node)) {
	all(visit, n.Params)
	visit(n.Pred)
}

func (n *Search) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.In)
	visit(n.Pred)
}

func (n *Find) each(visit func(Node)) {
	all(visit, n.Params)
	all(visit, n.In)
	visit(n.Pred)
	all(visit, n.Project)
	all(visit, n.ProjectAway)
}

func (n *FindColumn) each(visit func(Node)) {
	visit(n.Name)
	opt(visit, n.Type)
}

func (n *Where) print(p *printer) {
	p.text("where")
	p.params(n.Params)
	p.text(" ")
	p.at(levelOr, n.Pred)
}

func (n *Search) print(p *printer) {
	p.text("search")
	p.params(n.Params)
	printIn(p, n.In)
	p.text(" ")
	p.at(levelOr, n.Pred)
}

func printIn(p *printer, tables []Expr) {
	if len(tables) > 0 {
		p.text(" in (")
		commas(p, tables)
		p.text(")")
	}
}

func (n *Find) print(p *printer) {
	p.text("find")
	p.params(n.Params)
	printIn(p, n.In)
	p.text(" where ")
	p.at(levelOr, n.Pred)
	clause(p, " project-away ", n.ProjectAway)
	if n.ProjectSmart {
		p.text(" project-smart")
	}
	clause(p, " project ", n.Project)
	if n.Pack {
		if len(n.Project) == 0 {
			p.text(" project pack(*)")
		} else {
			p.text(", pack(*)")
		}
	}
}

func (n *FindColumn) print(p *printer) {
	p.text(n.Name)
	after(p, ":", n.Type)
}
