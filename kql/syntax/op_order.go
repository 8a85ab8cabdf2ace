package syntax

// Sort is `sort by keys`, also spelt order.
type Sort struct {
	Span
	Params Params
	Keys   []*SortKey
}

// Top is `top n by key`.
type Top struct {
	Span
	Params Params
	N      Expr
	By     *SortKey
}

// SortKey is one key: Dir is "", "asc" or "desc" (the default is desc); Nulls is
// "", "first" or "last" (the default: first for asc, last for desc).
type SortKey struct {
	Span
	X     *NamedExpr
	Dir   string
	Nulls string
}

// Take is `take n`, also spelt limit.
type Take struct {
	Span
	Params Params
	N      Expr
}

// Sample is `sample n`.
type Sample struct {
	Span
	N Expr
}

// SampleDistinct is `sample-distinct n of x`.
type SampleDistinct struct {
	Span
	N  Expr
	Of *NamedExpr
}

// TopHitters is `top-hitters n of x [by weight]`.
type TopHitters struct {
	Span
	N  Expr
	Of *NamedExpr
	By *NamedExpr
}

// TopNested is `top-nested n of x [with others = e] by agg [asc], ...`.
type TopNested struct {
	Span
	Levels []*TopNestedLevel
}

// TopNestedLevel is one level; N and Others may be nil.
type TopNestedLevel struct {
	Span
	N      Expr
	Of     *NamedExpr
	Others Expr
	By     *NamedExpr
	Dir    string
}

func (*Sort) node()           {}
func (*Top) node()            {}
func (*SortKey) node()        {}
func (*Take) node()           {}
func (*Sample) node()         {}
func (*SampleDistinct) node() {}
func (*TopHitters) node()     {}
func (*TopNested) node()      {}
func (*TopNestedLevel) node() {}

func (*Sort) operator()           {}
func (*Top) operator()            {}
func (*Take) operator()           {}
func (*Sample) operator()         {}
func (*SampleDistinct) operator() {}
func (*TopHitters) operator()     {}
func (*TopNested) operator()      {}

func (*Sort) Keyword() string           { return "sort" }
func (*Top) Keyword() string            { return "top" }
func (*Take) Keyword() string           { return "take" }
func (*Sample) Keyword() string         { return "sample" }
func (*SampleDistinct) Keyword() string { return "sample-distinct" }
func (*TopHitters) Keyword() string     { return "top-hitters" }
func (*TopNested) Keyword() string      { return "top-nested" }
