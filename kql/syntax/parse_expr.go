package syntax

import "strings"

// expr reads a scalar expression.
func (p *parser) expr() Expr {
	if p.failed || !p.enter() {
		return &Bad{p.here()}
	}
	defer p.leave()
	return p.binary(levelOr)
}

// binary reads a chain of operators of one level, left to right; the levels are
// those of the printer.
func (p *parser) binary(level int) Expr {
	if level == levelUnary {
		return p.unary()
	}
	x := p.binary(level + 1)
	for n := 0; !p.failed; n++ {
		op, width := p.operatorAt(level)
		if op == "" {
			break
		}
		if n == maxChain {
			p.fail(p.tok().Span, "", "expression is too long")
			break
		}
		x = p.operation(x, op, width, level)
	}
	return x
}

// operatorAt gives the operator of a level at the current token, and how many
// tokens it takes.
func (p *parser) operatorAt(level int) (string, int) {
	t := p.tok()
	if t.Kind != Op && t.Kind != Ident {
		return "", 0
	}
	op, width := t.Text, 1
	switch {
	case op == "<>":
		op = "!="
	case op == "matches" && p.ahead(1).word("regex"):
		op, width = "matches regex", 2
	case op == ":" && !p.search:
		return "", 0
	}
	if l, ok := levels[op]; ok && l == level {
		return op, width
	}
	if level == levelEquality && t.Kind == Op && strings.HasPrefix(op, "!") && levels[op] == 0 {
		p.fail(t.Span, didYouMean(nearest(op, negations)), "unknown operator '%s'", op)
	}
	return "", 0
}

func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return "did you mean '" + word + "'?"
}

// negations are the operators that start with an exclamation mark.
var negations = []string{"!has", "!has_cs", "!hasprefix", "!hasprefix_cs", "!hassuffix", "!hassuffix_cs", "!contains", "!contains_cs",
	"!startswith", "!startswith_cs", "!endswith", "!endswith_cs", "!in", "!in~", "!between"}

// levels of every operator. It is a table, written nowhere else.
var levels = map[string]int{
	"or": levelOr, "and": levelAnd,
	"==": levelEquality, "!=": levelEquality,
	"in": levelEquality, "!in": levelEquality, "in~": levelEquality, "!in~": levelEquality,
	"has_any": levelEquality, "has_all": levelEquality,
	"between": levelEquality, "!between": levelEquality,
	"<": levelRelation, "<=": levelRelation, ">": levelRelation, ">=": levelRelation,
	"+": levelSum, "-": levelSum,
	"*": levelProduct, "/": levelProduct, "%": levelProduct,
	"=~": levelText, "!~": levelText, ":": levelText, "matches regex": levelText,
	"has": levelText, "!has": levelText, "has_cs": levelText, "!has_cs": levelText,
	"hasprefix": levelText, "!hasprefix": levelText, "hasprefix_cs": levelText, "!hasprefix_cs": levelText,
	"hassuffix": levelText, "!hassuffix": levelText, "hassuffix_cs": levelText, "!hassuffix_cs": levelText,
	"contains": levelText, "!contains": levelText, "contains_cs": levelText, "!contains_cs": levelText,
	"startswith": levelText, "!startswith": levelText, "startswith_cs": levelText, "!startswith_cs": levelText,
	"endswith": levelText, "!endswith": levelText, "endswith_cs": levelText, "!endswith_cs": levelText,
	"like": levelText, "notlike": levelText, "likecs": levelText, "notlikecs": levelText,
	"containscs": levelText, "notcontains": levelText, "notcontainscs": levelText,
}

func (p *parser) operation(x Expr, op string, width, level int) Expr {
	opSpan := p.tok().Span.To(p.ahead(width - 1).Span)
	for range width {
		p.advance()
	}
	span := func() Span { return p.from(Span{x.At().Start, x.At().Start}) }
	switch op {
	case "in", "!in", "in~", "!in~", "has_any", "has_all":
		items := p.inList()
		return &In{span(), op, opSpan, x, items}
	case "between", "!between":
		p.expectOp("(")
		lo := p.expr()
		if both, ok := lo.(*Binary); ok && both.Op == "and" && p.isOp(")") {
			p.fail(both.OpSpan, "write between (a .. b)", "expected '..', found 'and'")
			return &Bad{span()}
		}
		p.expectOp("..")
		hi := p.expr()
		p.expectOp(")")
		return &Between{span(), op == "!between", x, lo, hi}
	}
	y := p.binary(level + 1)
	return &Binary{span(), op, opSpan, x, y}
}

func (p *parser) inList() []Expr {
	if !p.expectOp("(") || p.acceptOp(")") {
		return nil
	}
	search := p.search
	p.search = false
	out := bracketed(p, ")", p.pipeline)
	p.search = search
	p.expectOp(")")
	return out
}

func (p *parser) unary() Expr {
	start := p.here()
	if t := p.tok(); !p.failed && t.Kind == Op && t.Text[0] == '!' && len(t.Text) > 2 && isIdentStart(t.Text[1:]) {
		inner := t.Text[1:]
		if p.ahead(1).is("(") {
			inner += "(...)"
		}
		p.fail(t.Span, "write not("+inner+")", "expected an expression, found '%s'", t.Text)
	}
	if !p.isOp("-") && !p.isOp("+") {
		return p.postfix()
	}
	op := p.advance().Text
	if t := p.tok(); op == "-" && t.Kind == Integer && t.Text == "9223372036854775808" {
		p.advance()
		return &Literal{Span: p.from(start), Type: longType, Value: int64(-1 << 63)}
	}
	if !p.enter() {
		return &Bad{start}
	}
	defer p.leave()
	x := p.unary()
	return &Unary{p.from(start), op, x}
}

func (p *parser) postfix() Expr {
	start := p.here()
	x := p.primary()
	for n := 0; !p.failed && followable(x); n++ {
		if n == maxChain {
			p.fail(p.tok().Span, "", "expression is too long")
			break
		}
		switch {
		case p.isOp(".") && p.ahead(1).is("["):
			p.advance()
			x = p.index(start, x)
		case p.isOp("."):
			p.advance()
			x = p.member(start, x)
		case p.isOp("["):
			x = p.index(start, x)
		default:
			return x
		}
	}
	return x
}

// followable says whether . and [ go on with x: not after plain constants, where
// a bracket starts something else.
func followable(x Expr) bool {
	switch x := x.(type) {
	case *Literal:
		return x.Type == dynamicType
	case *Star, *Datatable, *ExternalData:
		return false
	}
	return true
}

func (p *parser) index(start Span, x Expr) Expr {
	p.expectOp("[")
	i := p.expr()
	p.expectOp("]")
	return &Index{p.from(start), x, i}
}

func (p *parser) member(start Span, x Expr) Expr {
	name := p.name("a property name")
	if !p.failed && !name.Bracketed && p.isOp("(") {
		args := p.args()
		return &Call{p.from(start), x, name, args}
	}
	return &Path{p.from(start), x, name}
}

func (p *parser) args() []*Arg {
	if !p.expectOp("(") || p.acceptOp(")") {
		return nil
	}
	search := p.search
	p.search = false
	out := bracketed(p, ")", p.arg)
	p.search = search
	p.expectOp(")")
	return out
}

func (p *parser) arg() *Arg {
	start := p.here()
	a := &Arg{}
	if p.tok().Kind == Ident && p.ahead(1).is("=") {
		a.Name = p.name("a name")
		p.advance()
	}
	a.Value = p.pipeline()
	a.Span = p.from(start)
	return a
}

// named reads one entry of project and the like.
func (p *parser) named() *NamedExpr {
	start := p.here()
	n := &NamedExpr{}
	switch {
	case p.tok().Kind == Ident && p.ahead(1).is("="):
		n.Names = []*Name{p.name("a name")}
		p.expectOp("=")
	case p.bracketedName() && p.ahead(3).is("="):
		n.Names = []*Name{p.name("a name")}
		p.advance()
	case p.isOp("(") && p.tupleAhead():
		p.advance()
		n.Tuple = true
		n.Names = list(p, func() *Name { return p.name("a name") })
		p.expectOp(")")
		p.expectOp("=")
	}
	n.X = p.expr()
	n.Span = p.from(start)
	return n
}

// tupleAhead says whether (a, b) = follows.
func (p *parser) tupleAhead() bool {
	d := p.nesting[p.i]
	for j := p.i + 1; j < len(p.toks); j++ {
		t := p.toks[j]
		if p.nesting[j] <= d {
			return t.is(")") && p.toks[min(j+1, len(p.toks)-1)].is("=")
		}
		if t.Kind != Ident && t.Kind != String && !t.is(",") && !t.is("[") && !t.is("]") {
			return false
		}
	}
	return false
}

func (p *parser) namedList() []*NamedExpr { return list(p, p.named) }
