package syntax

import "strings"

// Format writes a node as query text, one operator a line. Parsing the text of a
// valid query's tree gives the same tree but for the spans.
func Format(n Node) string {
	p := &printer{}
	n.print(p)
	return p.b.String()
}

type printer struct{ b strings.Builder }

// text writes its arguments: strings as they are, nodes by themselves.
func (p *printer) text(parts ...any) {
	for _, x := range parts {
		switch x := x.(type) {
		case string:
			p.b.WriteString(x)
		case Node:
			x.print(p)
		}
	}
}

// commas writes a list.
func commas[T Node](p *printer, list []T) { joined(p, list, ", ") }

func joined[T Node](p *printer, list []T, sep string) {
	for i, n := range list {
		if i > 0 {
			p.text(sep)
		}
		n.print(p)
	}
}

// clause writes before and the list unless the list is empty.
func clause[T Node](p *printer, before string, list []T) {
	if len(list) > 0 {
		p.text(before)
		commas(p, list)
	}
}

// after writes a word and an optional expression.
func after[T interface {
	comparable
	Node
}](p *printer, before string, n T) {
	var none T
	if n != none {
		p.text(before, n)
	}
}

// nested writes a tabular or scalar expression in parentheses.
func (p *printer) nested(e Node) { p.text("(", e, ")") }

// at writes e, in parentheses if it binds looser than level.
func (p *printer) at(level int, e Expr) {
	if binding(e) < level {
		p.nested(e)
		return
	}
	e.print(p)
}

func (p *printer) params(list Params) {
	for _, o := range list {
		p.text(" ", o)
	}
}

// with writes ` with (a=1, b=2)`.
func (p *printer) with(list Params) {
	if len(list) > 0 {
		p.text(" with (")
		commas(p, list)
		p.text(")")
	}
}

// Levels of binding, loosest first.
const (
	levelPipeline = iota
	levelOr
	levelAnd
	levelEquality
	levelRelation
	levelSum
	levelProduct
	levelText
	levelUnary
	levelPostfix
)

// binding gives the level at which an expression stands without parentheses.
func binding(e Expr) int {
	switch e := e.(type) {
	case *Pipeline, *Leading, *Func:
		return levelPipeline
	case *Binary:
		return operatorLevel(e.Op)
	case *In, *Between:
		return levelEquality
	case *Unary:
		return levelUnary
	case *Literal:
		if v, ok := e.Value.(int64); ok && v < 0 && e.plainLong() {
			return levelUnary
		}
	}
	return levelPostfix
}

func operatorLevel(op string) int {
	switch op {
	case "or":
		return levelOr
	case "and":
		return levelAnd
	case "==", "!=":
		return levelEquality
	case "<", "<=", ">", ">=":
		return levelRelation
	case "+", "-":
		return levelSum
	case "*", "/", "%":
		return levelProduct
	}
	return levelText
}
