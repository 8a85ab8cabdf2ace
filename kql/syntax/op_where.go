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

func (*Where) node()      {}
func (*Search) node()     {}
func (*Find) node()       {}
func (*FindColumn) node() {}

func (*Where) operator()  {}
func (*Search) operator() {}
func (*Find) operator()   {}

func (*Where) Keyword() string  { return "where" }
func (*Search) Keyword() string { return "search" }
func (*Find) Keyword() string   { return "find" }
