package syntax

// ParseOp is `parse x with pattern`, or parse-where with Where set.
type ParseOp struct {
	Span
	Where   bool
	Params  Params
	X       Expr
	Pattern []*ParsePart
}

// ParsePart is one piece of a pattern; exactly one of Star, Text and Column is
// set.
type ParsePart struct {
	Span
	Star   bool
	Text   Expr
	Column *ColumnDecl
}

// ParseKV is `parse-kv x as (a:string, b:long) with (...)`.
type ParseKV struct {
	Span
	X       Expr
	Columns *RowSchema
	With    Params
}

func (*ParseOp) node()   {}
func (*ParsePart) node() {}
func (*ParseKV) node()   {}

func (*ParseOp) operator() {}
func (*ParseKV) operator() {}

// Keyword is parse or parse-where.
func (p *ParseOp) Keyword() string {
	if p.Where {
		return "parse-where"
	}
	return "parse"
}
func (*ParseKV) Keyword() string { return "parse-kv" }
