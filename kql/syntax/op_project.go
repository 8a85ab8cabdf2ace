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

func (*Project) node()        {}
func (*Extend) node()         {}
func (*ProjectAway) node()    {}
func (*ProjectKeep) node()    {}
func (*ProjectRename) node()  {}
func (*ProjectReorder) node() {}
func (*ReorderItem) node()    {}
func (*Distinct) node()       {}
func (*Serialize) node()      {}
func (*Print) node()          {}

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
