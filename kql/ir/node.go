package ir

import (
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// Node is one relational operator. The sum is closed.
type Node interface{ node() }

// Scan reads a table. Cols are the physical columns read, each with its id;
// rewriting adds to them.
// Where holds the conditions that moved into it.
type Scan struct {
	Table *schema.Table
	Cols  []ScanCol
	Where []Expr
}

// ScanCol is one physical column of a scan. Total says that a string null is
// made the empty string.
type ScanCol struct {
	ID       ID
	Physical string
	T        types.Type
	Total    bool
}

// Values is a literal table; it carries its row number as the column Ordinal.
type Values struct {
	Cols    []ValueCol
	Rows    [][]Expr
	Ordinal ID
}

// ValueCol is one column of a literal table.
type ValueCol struct {
	ID ID
	T  types.Type
}

// Sequence is `range`: ID counts from From to To by Step.
type Sequence struct {
	ID             ID
	T              types.Type
	From, To, Step Expr
}

// Def defines a column as an expression.
type Def struct {
	ID ID
	X  Expr
}

// Extend adds columns.
type Extend struct {
	In   Node
	Defs []Def
}

// Filter keeps the rows for which Pred is true.
type Filter struct {
	In   Node
	Pred Expr
}

// SortKey orders by a column.
type SortKey struct {
	X         Expr
	Desc      bool
	NullsLast bool
}

// Sort establishes an order, which operators above that neither regroup nor
// join keep.
type Sort struct {
	In   Node
	Keys []SortKey
}

// Limit keeps the first N rows in the order of its input.
type Limit struct {
	In Node
	N  Expr
}

// Agg is one aggregate: an operation of kql/funcs over Args.
type Agg struct {
	ID   ID
	Op   string
	T    types.Type
	Args []Expr
	If   Expr // rows it is not true for do not count; may be nil
}

// Aggregate groups by Keys; only keys and aggregates are visible above it. No
// Aggs and some Keys is `distinct`. Without keys there is exactly one row.
type Aggregate struct {
	In   Node
	Keys []Def
	Aggs []Agg
}

// JoinKind is the closed set of joins that reach SQL.
type JoinKind string

// The joins. innerunique is an Inner join of a left side made unique by Dedup.
const (
	Inner     JoinKind = "inner"
	LeftOuter JoinKind = "leftouter"
	RightOut  JoinKind = "rightouter"
	FullOuter JoinKind = "fullouter"
	LeftSemi  JoinKind = "leftsemi"
	LeftAnti  JoinKind = "leftanti"
	Cross     JoinKind = "cross"
)

// On is one equality of a join; null equals null.
type On struct{ Left, Right Expr }

// Join combines two inputs. Strings of a side that may be missing are made
// total by Fill: above the join the right value has the new id.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	On          []On
	Fill        []Fill
}

// Fill renames a column of an outer join's optional side; a missing string
// becomes empty.
type Fill struct {
	ID   ID
	From ID
	T    types.Type
}

// Dedup keeps one row, the first, for each combination of Keys.
type Dedup struct {
	In   Node
	Keys []Expr
}

// Union stacks inputs. Cols has one entry a result column, Sources one entry an
// input: the expression over that input's columns.
type Union struct {
	Cols   []ValueCol
	Inputs []UnionInput
}

// UnionInput is one branch of a union.
type UnionInput struct {
	In Node
	X  []Expr
}

// Expand is mv-expand: each of Items is an array or bag in JSON text; for each
// position one row. Index, if not 0, is the position's column. Limit bounds the
// rows of one input row.
type Expand struct {
	In    Node
	Items []ExpandItem
	Index ID
	Limit Expr
	Bag   bool // bags expand to [key, value] arrays
}

// ExpandItem is one expanded value: ID holds the element, dynamic.
type ExpandItem struct {
	ID ID
	X  Expr
}

// Ref reads a shared tree. Cols lists the columns read, each under an id of its
// own: two references to one tree do not meet in a join.
type Ref struct {
	To   *Share
	Cols []RefCol
}

// RefCol is one column of a Ref: From is its id within the shared tree.
type RefCol struct {
	ID, From ID
	T        types.Type
}

// Share is a tree that is evaluated once, however often it is read.
type Share struct {
	N  int // its number within the query, from 1
	In Node
}

// Match goes through the rows of In in their order, for each Key by itself, and
// carries State from row to row. Layers are computed for every row, each over
// the layer before; a row leaves once for every output that is true, with the
// output's number, from 1, in Step. Columns of In and layers stay visible.
type Match struct {
	In      Node
	Key     Expr // may be nil
	State   []MatchState
	Layers  [][]Def
	Outputs []ID
	Step    ID
}

// MatchState is one value carried: ID is what a row sees, Init what the first
// row sees, Next what the following row sees.
type MatchState struct {
	ID, Next ID
	T        types.Type
	Init     Expr
}

// Output is the root: names, in order, over expressions. Shares are the trees
// its Refs read, a tree after those it reads itself.
type Output struct {
	Shares []*Share
	In     Node
	Cols   []OutCol
}

// OutCol is one result column.
type OutCol struct {
	Name string
	X    Expr
}

func (*Scan) node()      {}
func (*Values) node()    {}
func (*Sequence) node()  {}
func (*Extend) node()    {}
func (*Filter) node()    {}
func (*Sort) node()      {}
func (*Limit) node()     {}
func (*Aggregate) node() {}
func (*Join) node()      {}
func (*Dedup) node()     {}
func (*Union) node()     {}
func (*Expand) node()    {}
func (*Ref) node()       {}
func (*Match) node()     {}
func (*Output) node()    {}
