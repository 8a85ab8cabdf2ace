package syntax

// Join is `join kind=k (right) on keys`. Keys are column names or conditions
// such as $left.a == $right.b.
type Join struct {
	Span
	Params Params
	Right  Expr
	On     []Expr
}

// Lookup is `lookup kind=k (right) on keys`.
type Lookup struct {
	Span
	Params Params
	Right  Expr
	On     []Expr
}

// Union is `union kind=k withsource=c tables`, after a bar or leading. Tables
// are names, *Pattern, *Star or tabular expressions.
type Union struct {
	Span
	Params Params
	Tables []Expr
}

func (*Join) node()   {}
func (*Lookup) node() {}
func (*Union) node()  {}

func (*Join) operator()   {}
func (*Lookup) operator() {}
func (*Union) operator()  {}

func (*Join) Keyword() string   { return "join" }
func (*Lookup) Keyword() string { return "lookup" }
func (*Union) Keyword() string  { return "union" }
