package syntax

import (
	"strings"
	"unicode/utf8"
)

// Limits that keep hostile text from exhausting the stack or the memory.
const (
	maxSource = 2 << 20
	maxDepth  = 150
	maxChain  = 20000
)

// Parse reads a query. The tree is never nil; the error is nil or an
// *ErrorList, which can hold several faults: after one the parser goes on at the
// next operator or statement.
func Parse(src string) (*Query, error) {
	errs := &ErrorList{Source: src}
	q := &Query{Span: Span{0, len(src)}, Source: src}
	if len(src) > maxSource {
		errs.Add(Span{}, "", "query of %d bytes is longer than the limit of %d", len(src), maxSource)
		return q, errs.Err()
	}
	if at := invalidUTF8(src); at >= 0 {
		errs.Add(Span{at, at + 1}, "save the query as UTF-8", "byte 0x%02x is not valid UTF-8", src[at])
		return q, errs.Err()
	}
	p := &parser{src: src, errs: errs, toks: Lex(src, errs)}
	for _, e := range errs.List {
		if e.Msg == unterminatedString {
			p.strings = append(p.strings, e.Start)
		}
	}
	p.nest()
	q.Statements = p.statements("")
	if len(errs.List) == 0 {
		p.checkEnd(q)
	}
	return q, errs.Err()
}

// invalidUTF8 finds the first byte that is no character, -1 if there is none.
func invalidUTF8(s string) int {
	for i, r := range s {
		if r != utf8.RuneError {
			continue
		}
		if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
			return i
		}
	}
	return -1
}

type parser struct {
	src     string
	toks    []Token
	nesting []int        // per token: how many brackets are open around it
	closing map[int]bool // the brackets that close one
	open    []bool       // per token: a bracket that nothing closes
	i       int
	depth   int
	failed  bool   // a fault was reported and the parser has not yet resumed
	faults  int    // how often it failed
	lost    bool   // within a bracket that nothing closes: its end is not known
	current string // the operator being read
	search  bool   // inside search, where column:term is an expression
	errs    *ErrorList
	strings []int // where strings start that are not closed
}

// nest computes how deep in brackets each token stands; a bracket has the depth
// of what is around it. A closing bracket that nothing opened changes nothing,
// and so does one that nothing closes: what follows it is still read in parts.
func (p *parser) nest() {
	p.nesting = make([]int, len(p.toks))
	p.open = make([]bool, len(p.toks))
	closes := map[int]bool{}
	p.closing = closes
	var stack []int
	for i, t := range p.toks {
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			stack = append(stack, i)
			p.open[i] = true
		case t.is(")") || t.is("]") || t.is("}"):
			for j := len(stack) - 1; j >= 0; j-- {
				if p.toks[stack[j]].Text == opener(t.Text) {
					p.open[stack[j]] = false
					closes[i] = true
					stack = stack[:j]
					break
				}
			}
		}
	}
	d := 0
	for i, t := range p.toks {
		if closes[i] {
			d--
		}
		p.nesting[i] = d
		if !p.open[i] && (t.is("(") || t.is("[") || t.is("{")) {
			d++
		}
	}
}

func opener(closing string) string {
	switch closing {
	case ")":
		return "("
	case "]":
		return "["
	}
	return "{"
}

func (p *parser) tok() Token { return p.toks[p.i] }

func (p *parser) ahead(n int) Token {
	return p.toks[min(p.i+n, len(p.toks)-1)]
}

func (p *parser) advance() Token {
	t := p.toks[p.i]
	if p.open[p.i] && !p.failed {
		p.fail(t.Span, "", "'%s' is not closed", t.Text)
		p.lost = true
	}
	if p.i < len(p.toks)-1 {
		p.i++
	}
	return t
}

// here is the empty span at the current token, where a node starts.
func (p *parser) here() Span {
	return Span{p.tok().Start, p.tok().Start}
}

// from is the span from start to the end of the last token read.
func (p *parser) from(start Span) Span {
	if p.i == 0 {
		return start
	}
	return Span{start.Start, max(start.Start, p.toks[p.i-1].End)}
}

func (p *parser) fail(at Span, hint, format string, args ...any) {
	if p.failed {
		return
	}
	p.failed = true
	p.faults++
	if !p.unterminated(at.Start) {
		p.errs.Add(at, hint, format, args...)
	}
}

// unterminated says whether a string on the line of a place lacks its closing
// quote. All else that is odd about such a line follows from it.
func (p *parser) unterminated(at int) bool {
	for _, s := range p.strings {
		if lineStart(p.src, s) == lineStart(p.src, at) {
			return true
		}
	}
	return false
}

// unexpected reports the current token.
func (p *parser) unexpected(wanted string) {
	t := p.tok()
	if t.Kind == Invalid {
		p.failed = true // reported by the lexer
		p.faults++
		return
	}
	if prev := p.toks[max(p.i-1, 0)]; wanted == "an expression" && prev.End <= t.Start && strings.Contains(p.src[prev.End:t.Start], "\n") {
		// What is missing belongs to the line before.
		p.fail(Span{prev.End, prev.End}, p.slip(wanted), "expected an expression after %s", prev.describe())
		return
	}
	p.fail(t.Span, p.slip(wanted), "expected %s, found %s", wanted, t.describe())
}

func (p *parser) isOp(op string) bool  { return !p.failed && p.tok().is(op) }
func (p *parser) isWord(w string) bool { return !p.failed && p.tok().word(w) }

func (p *parser) acceptOp(op string) bool {
	if p.isOp(op) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) acceptWord(w string) bool {
	if p.isWord(w) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expectOp(op string) bool {
	if p.failed {
		return false
	}
	if p.acceptOp(op) {
		return true
	}
	p.unexpected("'" + op + "'")
	return false
}

func (p *parser) expectWord(w string) bool {
	if p.failed {
		return false
	}
	if p.acceptWord(w) {
		return true
	}
	p.unexpected("'" + w + "'")
	return false
}

// enter guards recursion; every successful enter is paired with leave.
func (p *parser) enter() bool {
	if p.depth >= maxDepth {
		p.fail(p.tok().Span, "", "query is nested too deeply")
		return false
	}
	p.depth++
	return true
}

func (p *parser) leave() { p.depth-- }

// resume ends an operator or statement that started at bracket depth d: if text
// is left over it is reported, and skipped to the next bar, semicolon or closing
// bracket of that depth.
func (p *parser) resume(d int, wanted string) {
	if !p.failed && !p.atBoundary(d) {
		p.unexpected(wanted)
	}
	if !p.failed {
		return
	}
	for !p.atBoundary(d) {
		p.advance()
	}
	p.failed, p.lost = false, false
}

func (p *parser) atBoundary(d int) bool {
	t := p.tok()
	if t.Kind == EOF || p.nesting[p.i] < d {
		return true
	}
	return p.nesting[p.i] == d && (t.is("|") || t.is(";"))
}

// list reads comma-separated items; after a fault in one it goes on at the next
// comma.
func list[T any](p *parser, item func() T) []T {
	var out []T
	for !p.failed {
		d := p.nesting[p.i]
		out = append(out, item())
		if p.failed && p.commaAhead(d) {
			p.failed = false
		}
		if !p.acceptOp(",") {
			break
		}
	}
	return out
}

// bracketed reads comma-separated items up to a closing bracket, which it leaves
// to its caller; after a fault in one it goes on at the next comma or there.
func bracketed[T any](p *parser, closing string, item func() T) []T {
	var out []T
	for !p.failed {
		d := p.nesting[p.i]
		out = append(out, item())
		if !p.isOp(",") && !p.isOp(closing) {
			p.unexpected("',' or '" + closing + "'")
		}
		if p.failed && !p.lost && (p.commaAhead(d) || d > 0 && p.nesting[p.i] < d && p.tok().is(closing)) {
			p.failed = false
		}
		if !p.acceptOp(",") {
			break
		}
	}
	return out
}

// commaAhead skips to the next comma at depth d, if one comes before the end of
// the operator or bracket; otherwise it skips to that.
func (p *parser) commaAhead(d int) bool {
	if p.lost {
		return false
	}
	for ; !p.atBoundary(d); p.i++ {
		if p.nesting[p.i] == d && p.toks[p.i].is(",") {
			return true
		}
	}
	return false
}

// nearest finds the known word closest to what was written, "" if none is near.
func nearest(word string, known []string) string {
	best, bestAt := "", 3
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d < bestAt && d < len(k) {
			best, bestAt = k, d
		}
	}
	return best
}

// distance is the edit distance of two short words.
func distance(a, b string) int {
	if len(a) > 40 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next := min(row[j]+1, row[j-1]+1, diagonal+cost)
			diagonal, row[j] = row[j], next
		}
	}
	return row[len(b)]
}
