package syntax

// Partition is `partition by c (operators)`, or `{ query }` with Braced set.
type Partition struct {
	Span
	Params Params
	By     Expr
	Braced bool
	Body   Expr
}

// Fork is `fork name=(operators) (operators)`.
type Fork struct {
	Span
	Branches []*ForkBranch
}

// ForkBranch is one branch; Name may be nil, Body has no source.
type ForkBranch struct {
	Span
	Name *Name
	Body *Pipeline
}

// Facet is `facet by a, b [with (operators)]`; With may be nil.
type Facet struct {
	Span
	By   []Expr
	With *Pipeline
}

// Scan is `scan [with_match_id=m] [partition by k] [order by k] [declare (...)] with (steps)`.
type Scan struct {
	Span
	Params      Params
	PartitionBy []Expr
	OrderBy     []*SortKey
	Declare     *RowSchema
	Steps       []*ScanStep
}

// ScanStep is `step name [optional] [output=all|last|none] : cond => a = x, ...;`.
type ScanStep struct {
	Span
	Name     *Name
	Optional bool
	Output   string
	Cond     Expr
	Assign   []*NamedExpr
}

func (*Partition) node()  {}
func (*Fork) node()       {}
func (*ForkBranch) node() {}
func (*Facet) node()      {}
func (*Scan) node()       {}
func (*ScanStep) node()   {}

func (*Partition) operator() {}
func (*Fork) operator()      {}
func (*Facet) operator()     {}
func (*Scan) operator()      {}

func (*Partition) Keyword() string { return "partition" }
func (*Fork) Keyword() string      { return "fork" }
func (*Facet) Keyword() string     { return "facet" }
func (*Scan) Keyword() string      { return "scan" }
