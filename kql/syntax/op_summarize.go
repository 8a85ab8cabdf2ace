package syntax

// Summarize is `summarize aggs by keys`.
type Summarize struct {
	Span
	Params Params
	Aggs   []*NamedExpr
	By     []*NamedExpr
}

// Count is `count`, with `as name` if Name is set.
type Count struct {
	Span
	Params Params
	As     *Name
}

// MakeSeries is `make-series agg default=d on x from a to b step s by keys`.
// Range is the older `in range(a, b, s)`, read into From, To and Step with
// InRange set.
type MakeSeries struct {
	Span
	Params         Params
	Aggs           []*SeriesAgg
	On             *NamedExpr
	From, To, Step Expr
	InRange        bool
	By             []*NamedExpr
}

// SeriesAgg is one aggregate of make-series; Default may be nil.
type SeriesAgg struct {
	Span
	X       *NamedExpr
	Default Expr
}

// Reduce is `reduce by x [with (...)]`.
type Reduce struct {
	Span
	Params Params
	By     *NamedExpr
	With   Params
}

func (*Summarize) node()  {}
func (*Count) node()      {}
func (*MakeSeries) node() {}
func (*SeriesAgg) node()  {}
func (*Reduce) node()     {}

func (*Summarize) operator()  {}
func (*Count) operator()      {}
func (*MakeSeries) operator() {}
func (*Reduce) operator()     {}

func (*Summarize) Keyword() string  { return "summarize" }
func (*Count) Keyword() string      { return "count" }
func (*MakeSeries) Keyword() string { return "make-series" }
func (*Reduce) Keyword() string     { return "reduce" }
