package syntax

// Node is anything in the tree. The sum is closed: see Expr, Operator and
// Statement for its three families; the other nodes are parts of those.
type Node interface {
	At() Span
	each(func(Node))
	print(*printer)
}

// Expr is an expression. Tabular expressions are expressions too: *Pipeline,
// *Datatable, *ExternalData, *Leading, and names or calls that denote tables.
type Expr interface {
	Node
	expr()
}

// Operator is one tabular operator, what stands after a bar.
type Operator interface {
	Node
	operator()
	// Keyword is the operator's name as the language spells it, e.g. "mv-expand".
	Keyword() string
}

// Statement is one of *Let, *Set, *Declare and *QueryStatement.
type Statement interface {
	Node
	statement()
}

// Query is a whole text: statements separated by semicolons. In a valid query
// the last statement is the *QueryStatement.
type Query struct {
	Span
	Source     string
	Statements []Statement
}
