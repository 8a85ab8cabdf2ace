package syntax

// MvExpand is `mv-expand a, b = x to typeof(long) limit n`, also spelt mvexpand.
type MvExpand struct {
	Span
	Params Params
	Items  []*ExpandItem
	Limit  Expr
}

// MvApply is `mv-apply items on (operators)`. Body is a *Pipeline whose Source
// is nil.
type MvApply struct {
	Span
	Params Params
	Items  []*ExpandItem
	Limit  Expr
	Body   *Pipeline
}

// ExpandItem is one array to expand; To may be nil.
type ExpandItem struct {
	Span
	X  *NamedExpr
	To *TypeName
}

func (*MvExpand) node()   {}
func (*MvApply) node()    {}
func (*ExpandItem) node() {}

func (*MvExpand) operator() {}
func (*MvApply) operator()  {}

func (*MvExpand) Keyword() string { return "mv-expand" }
func (*MvApply) Keyword() string  { return "mv-apply" }
