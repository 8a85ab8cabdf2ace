package syntax

import "strings"

// pipeline reads `source | op | op`, or a scalar expression where the grammar
// takes either.
func (p *parser) pipeline() Expr {
	if p.failed || !p.enter() {
		return &Bad{p.here()}
	}
	defer p.leave()
	start := p.here()
	d := p.nesting[p.i]
	source := p.source()
	if p.failed && p.canResume(d) {
		p.resume(d, "")
	}
	if !p.isOp("|") {
		return source
	}
	ops := p.operators(d)
	return &Pipeline{p.from(start), source, ops}
}

// canResume says whether a bar follows at depth d, so that after a fault in the
// source the operators can still be checked.
func (p *parser) canResume(d int) bool {
	for j := p.i; j < len(p.toks) && p.nesting[j] >= d; j++ {
		if p.nesting[j] == d && p.toks[j].is("|") {
			return true
		}
		if p.nesting[j] == d && p.toks[j].is(";") {
			return false
		}
	}
	return false
}

// operators reads `| op | op`.
func (p *parser) operators(d int) []Operator {
	var ops []Operator
	for p.acceptOp("|") {
		if op := p.operator(d); op != nil {
			ops = append(ops, op)
		}
	}
	return ops
}

// chain reads the `op | op` inside the parentheses of mv-apply, partition, fork
// and facet.
func (p *parser) chain() *Pipeline {
	start := p.here()
	if !p.expectOp("(") || !p.enter() {
		return &Pipeline{Span: start}
	}
	defer p.leave()
	d := p.nesting[p.i]
	inner := p.here()
	c := &Pipeline{}
	if op := p.operator(d); op != nil {
		c.Ops = append(c.Ops, op)
	}
	c.Ops = append(c.Ops, p.operators(d)...)
	c.Span = p.from(inner)
	p.expectOp(")")
	return c
}

func (p *parser) source() Expr {
	start := p.here()
	if p.leading() {
		before := p.faults
		op := p.operatorText(p.tok().Text)
		if p.faults > before {
			op = &Broken{p.from(start), op}
		}
		return &Leading{p.from(start), op}
	}
	return p.expr()
}

// leading says whether an operator that can start a pipeline stands here.
func (p *parser) leading() bool {
	if p.failed || p.tok().Kind != Ident {
		return false
	}
	next := p.ahead(1)
	switch p.tok().Text {
	case "range":
		return next.Kind == Ident && p.ahead(2).word("from") || next.is("[") && p.ahead(4).word("from")
	case "print":
		return next.Kind != EOF && !next.is("|") && !next.is(",") && !next.is(")") && !next.is("=") && !next.is(".") && !next.is(";")
	case "evaluate":
		return next.Kind == Ident
	case "union":
		return next.Kind == Ident || next.is("(") || next.is("*") || next.is("[")
	case "search", "find":
		return next.Kind == Ident && (levels[next.Text] == 0 || next.word("in") && p.ahead(2).is("(")) || next.is("(") || next.is("*") || next.Kind == String
	}
	return false
}

// keyword reads an operator name, mv-expand and the like included, without
// consuming it; width is its number of tokens.
func (p *parser) keyword() (string, int) {
	word, width := p.tok().Text, 1
	for p.ahead(width).is("-") && p.ahead(width-1).adjoins(p.ahead(width)) &&
		p.ahead(width+1).Kind == Ident && p.ahead(width).adjoins(p.ahead(width+1)) {
		word += "-" + p.ahead(width+1).Text
		width += 2
	}
	return word, width
}

// operator reads one operator after a bar and resumes behind it.
func (p *parser) operator(d int) Operator {
	t, start, before := p.tok(), p.here(), p.faults
	if t.Kind != Ident {
		p.unexpected("an operator")
		p.resume(d, "")
		return nil
	}
	word, width := p.keyword()
	if _, ok := p.reader(word); !ok {
		at := t.Span.To(p.ahead(width - 1).Span)
		p.unknownOperator(at, word)
		p.resume(d, "")
		return &Broken{p.from(start), nil}
	}
	op := p.operatorText(word)
	p.resume(d, "'|', ',' or the end of operator '"+word+"'")
	if p.faults > before {
		return &Broken{p.from(start), op}
	}
	return op
}

func (p *parser) unknownOperator(at Span, word string) {
	for _, k := range refused {
		if word == k {
			p.fail(at, "", "operator '%s' is not supported", word)
			return
		}
	}
	p.fail(at, operatorHint(word), "unknown operator '%s'", word)
}

// refused are operators of the language that have no node here.
var refused = []string{"make-graph", "graph-match", "graph-shortest-paths", "graph-to-table", "graph-mark-components",
	"graph-where-nodes", "graph-where-edges", "macro-expand", "execute-and-cache", "assert-schema", "partition-by", "__partitionby"}

// operatorText reads the operator whose keyword is at hand.
func (p *parser) operatorText(word string) Operator {
	start := p.here()
	read, _ := p.reader(word)
	p.current = word
	for range 1 + 2*strings.Count(word, "-") {
		p.advance()
	}
	return read(start)
}

// reader finds what reads an operator's text after its keyword.
func (p *parser) reader(word string) (func(start Span) Operator, bool) {
	switch word {
	case "where", "filter":
		return p.where, true
	case "search":
		return p.searchOp, true
	case "find":
		return p.find, true
	case "project":
		return p.project, true
	case "extend":
		return p.extend, true
	case "project-away":
		return p.projectAway, true
	case "project-keep":
		return p.projectKeep, true
	case "project-rename":
		return p.projectRename, true
	case "project-reorder":
		return p.projectReorder, true
	case "distinct":
		return p.distinct, true
	case "serialize":
		return p.serialize, true
	case "print":
		return p.printOp, true
	case "sort", "order":
		return p.sort, true
	case "top":
		return p.top, true
	case "take", "limit":
		return p.take, true
	case "sample":
		return p.sample, true
	case "sample-distinct":
		return p.sampleDistinct, true
	case "top-hitters":
		return p.topHitters, true
	case "top-nested":
		return p.topNested, true
	}
	return p.reader2(word)
}

func (p *parser) reader2(word string) (func(start Span) Operator, bool) {
	switch word {
	case "summarize":
		return p.summarize, true
	case "count":
		return p.count, true
	case "make-series":
		return p.makeSeries, true
	case "reduce":
		return p.reduce, true
	case "join":
		return p.join, true
	case "lookup":
		return p.lookup, true
	case "union":
		return p.union, true
	case "mv-expand", "mvexpand":
		return p.mvExpand, true
	case "mv-apply", "mvapply":
		return p.mvApply, true
	case "parse":
		return p.parse, true
	case "parse-where":
		return p.parseWhere, true
	case "parse-kv":
		return p.parseKV, true
	case "range":
		return p.rangeOp, true
	case "as":
		return p.as, true
	case "consume":
		return p.consume, true
	case "getschema":
		return p.getSchema, true
	case "render":
		return p.render, true
	case "evaluate":
		return p.evaluate, true
	case "invoke":
		return p.invoke, true
	case "partition":
		return p.partition, true
	case "fork":
		return p.fork, true
	case "facet":
		return p.facet, true
	case "scan":
		return p.scan, true
	}
	return nil, false
}

var operatorNames = []string{"where", "search", "find", "project", "extend", "project-away", "project-keep", "project-rename",
	"project-reorder", "distinct", "serialize", "print", "sort", "order", "top", "take", "limit", "sample", "sample-distinct",
	"top-hitters", "top-nested", "summarize", "count", "make-series", "reduce", "join", "lookup", "union", "mv-expand", "mv-apply",
	"parse", "parse-where", "parse-kv", "range", "as", "consume", "getschema", "render", "evaluate", "invoke", "partition", "fork", "facet", "scan"}

// opParams reads the name=value pairs after an operator's keyword: hint.* and the names
// given.
func (p *parser) opParams(names ...string) Params {
	var out Params
	for !p.failed && p.tok().Kind == Ident {
		hint := p.tok().Text == "hint" && p.ahead(1).is(".")
		known := hint
		for _, n := range names {
			known = known || p.tok().Text == n && p.ahead(1).is("=")
		}
		if !known {
			break
		}
		out = append(out, p.opParam())
	}
	return out
}

// strictParams are the parameters of an operator whose text cannot start with an
// assignment: a name it does not know is reported.
func (p *parser) strictParams(names ...string) Params {
	var out Params
	for {
		out = append(out, p.opParams(names...)...)
		t := p.tok()
		if p.failed || t.Kind != Ident || !p.ahead(1).is("=") {
			return out
		}
		hint := didYouMean(nearest(t.Text, names))
		if hint == "" {
			hint = "parameters: " + strings.Join(names, ", ")
		}
		p.fail(t.Span, hint, "unknown parameter '%s' of %s", t.Text, p.current)
		p.failed = false
		p.opParam()
	}
}

func (p *parser) opParam() *OpParam {
	start := p.here()
	o := &OpParam{Name: p.name("a parameter")}
	for p.acceptOp(".") {
		n := p.name("a parameter")
		o.Name = &Name{o.Name.Span.To(n.Span), o.Name.Text + "." + n.Text, false}
	}
	p.expectOp("=")
	o.Value = p.paramValue()
	o.Span = p.from(start)
	return o
}

// paramValue reads a word, a path or a constant. It is no call: in
// `kind=inner (T)` the parenthesis is the operator's.
func (p *parser) paramValue() Expr {
	start := p.here()
	t := p.tok()
	switch {
	case t.word("true") || t.word("false"):
		p.advance()
		return &Literal{Span: t.Span, Type: boolType, Value: t.Text == "true"}
	case t.Kind != Ident || t.word("dynamic"):
		return p.unary()
	}
	var x Expr = p.name("a value")
	for p.acceptOp(".") {
		name := p.name("a property name")
		x = &Path{p.from(start), x, name}
	}
	return x
}

// withParams reads `with (a=1, b=2)` if it is there; the parentheses may be
// missing, as older render and reduce texts have it.
func (p *parser) withParams() Params {
	if !p.acceptWord("with") {
		return nil
	}
	if !p.acceptOp("(") {
		return p.paramList()
	}
	if p.acceptOp(")") {
		return nil
	}
	out := p.paramList()
	p.expectOp(")")
	return out
}

// paramList reads a=1, b=x,y, c=2: a value goes on as a list until the next name.
func (p *parser) paramList() Params {
	var out Params
	for !p.failed {
		o := p.opParam()
		for p.isOp(",") && !p.ahead(2).is("=") && !p.ahead(2).is(".") {
			p.advance()
			o.More = append(o.More, p.paramValue())
		}
		o.Span = p.from(o.Span)
		out = append(out, o)
		if !p.acceptOp(",") {
			break
		}
	}
	return out
}
