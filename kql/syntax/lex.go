package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-dev/postern/kql/scalar"
	"github.com/postern-dev/postern/kql/types"
)

// Lex cuts src into tokens. The last token is EOF; faults go to errs and leave
// an Invalid token, so that positions stay right.
func Lex(src string, errs *ErrorList) []Token {
	l := &lexer{src: src, errs: errs}
	for {
		t := l.next()
		l.toks = append(l.toks, t)
		if t.Kind == EOF {
			return l.toks
		}
	}
}

type lexer struct {
	src  string
	pos  int
	toks []Token
	errs *ErrorList
}

func (l *lexer) peek(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

func (l *lexer) next() Token {
	l.skipBlank()
	start := l.pos
	if start >= len(l.src) {
		return Token{Span: l.end(), Kind: EOF}
	}
	c := l.src[start]
	switch {
	case isDigit(c):
		return l.number()
	case c == '.' && isDigit(l.peek(1)) && !l.afterOperand():
		t := l.number()
		l.errs.Add(t.Span, "write 0"+t.Text, "a number starts with a digit")
		return t
	case l.atString():
		return l.str()
	case isIdentStart(l.src[start:]):
		return l.ident()
	}
	return l.op()
}

// end is the place right after the last token, where what is missing belongs.
func (l *lexer) end() Span {
	if len(l.toks) == 0 {
		return Span{}
	}
	end := l.toks[len(l.toks)-1].End
	return Span{end, end}
}

// afterOperand says whether a dot here continues something (x.1, 1..2).
func (l *lexer) afterOperand() bool {
	if len(l.toks) == 0 {
		return false
	}
	t := l.toks[len(l.toks)-1]
	return t.End == l.pos && (t.Kind != Op || t.Text == ")" || t.Text == "]")
}

func (l *lexer) skipBlank() {
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		switch {
		case unicode.IsSpace(r) || r == '\uFEFF':
			l.pos += n
		case strings.HasPrefix(l.src[l.pos:], "//"):
			if i := strings.IndexByte(l.src[l.pos:], '\n'); i >= 0 {
				l.pos += i + 1
			} else {
				l.pos = len(l.src)
			}
		default:
			return
		}
	}
}

func (l *lexer) token(k Kind, start int) Token {
	return Token{Span: Span{start, l.pos}, Kind: k, Text: l.src[start:l.pos]}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isIdentStart(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == '_' || r == '$' || r != utf8.RuneError && unicode.IsLetter(r)
}

// identEnd gives the length of the identifier characters at the start of s.
func identEnd(s string) int {
	for i, r := range s {
		if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) || r == utf8.RuneError {
			return i
		}
	}
	return len(s)
}

func (l *lexer) ident() Token {
	start := l.pos
	l.pos += identEnd(l.src[l.pos:])
	t := l.token(Ident, start)
	if t.Text == "in" && l.peek(0) == '~' {
		l.pos++
		return l.token(Op, start)
	}
	if typed, ok := l.typedText(t); ok {
		return typed
	}
	return t
}

// typedText reads datetime(2020-01-01) and the like, whose text between the
// parentheses follows no token rules. A name that only looks like a type, as in
// a parameter list `time:datetime`, has no parenthesis after it. dynamic(...) is
// left to the parser: its text is tokens.
func (l *lexer) typedText(name Token) (Token, bool) {
	ty, ok := types.Parse(name.Text)
	if !ok || ty == types.Dynamic || ty == types.String {
		return name, false
	}
	i := l.pos
	for i < len(l.src) && (l.src[i] == ' ' || l.src[i] == '\t') {
		i++
	}
	if i >= len(l.src) || l.src[i] != '(' {
		return name, false
	}
	end := strings.IndexAny(l.src[i:], ")\n|;")
	if end < 0 || l.src[i+end] != ')' {
		return name, false
	}
	l.pos = i + end + 1
	t := l.token(TypedText, name.Start)
	t.Name, t.Value = name.Text, strings.TrimSpace(l.src[i+1:i+end])
	return t, true
}

func (l *lexer) number() Token {
	start := l.pos
	if l.peek(0) == '0' && (l.peek(1) == 'x' || l.peek(1) == 'X') && isHex(l.peek(2)) {
		l.pos += 2
		for isHex(l.peek(0)) {
			l.pos++
		}
		return l.token(Integer, start)
	}
	kind := Integer
	l.digits()
	if l.peek(0) == '.' && l.peek(1) != '.' && !isIdentStart(l.src[l.pos+1:]) {
		kind = Real
		l.pos++
		l.digits()
	}
	if l.exponent() {
		kind = Real
	}
	n := identEnd(l.src[l.pos:])
	if n == 0 {
		return l.token(kind, start)
	}
	suffix := l.src[l.pos : l.pos+n]
	l.pos += n
	if _, ok := scalar.ParseDuration("1" + suffix); ok {
		return l.token(Duration, start)
	}
	if kind == Integer {
		return l.token(Ident, start) // names may start with digits: 3rd
	}
	t := l.token(Invalid, start)
	l.errs.Add(t.Span, "", "malformed number '%s'", t.Text)
	return t
}

func (l *lexer) digits() {
	for isDigit(l.peek(0)) {
		l.pos++
	}
}

func (l *lexer) exponent() bool {
	if c := l.peek(0); c != 'e' && c != 'E' {
		return false
	}
	n := 1
	if c := l.peek(1); c == '+' || c == '-' {
		n = 2
	}
	if !isDigit(l.peek(n)) {
		return false
	}
	l.pos += n
	l.digits()
	return true
}

// operators, longest first.
var operators = []string{"==", "=~", "=>", "!=", "!~", "<=", "<>", ">=", "..",
	"=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ",", ";", ":", ".", "|", "~", "@", "#", "?"}

// foreign reads the operators of other languages, reports them, and goes on with
// what they are called here.
func (l *lexer) foreign(rest string) (Token, bool) {
	for _, f := range [][2]string{{"&&", "and"}, {"||", "or"}} {
		if strings.HasPrefix(rest, f[0]) {
			start := l.pos
			l.pos += len(f[0])
			t := l.token(Ident, start)
			t.Text = f[1]
			l.errs.Add(t.Span, "write "+f[1], "unknown operator '%s'", f[0])
			return t, true
		}
	}
	if end := strings.IndexByte(rest[1:], '`'); rest[0] == '`' && end > 0 && identEnd(rest[1:]) == end {
		start := l.pos
		l.pos += end + 2
		t := l.token(Ident, start)
		t.Text = rest[1 : 1+end]
		l.errs.Add(t.Span, "a name needs no quotes; one with blanks is written ['a name']", "unexpected character '`'")
		return t, true
	}
	if strings.HasPrefix(rest, "!") && strings.HasPrefix(strings.TrimLeft(rest[1:], " "), "(") {
		start := l.pos
		l.pos++
		t := l.token(Ident, start)
		t.Text = "not"
		l.errs.Add(t.Span, "write not(...)", "unknown operator '!'")
		return t, true
	}
	return Token{}, false
}

func (l *lexer) op() Token {
	start := l.pos
	rest := l.src[start:]
	if strings.HasPrefix(rest, "||") {
		if t, ok := l.foreign(rest); ok {
			return t
		}
	}
	if rest[0] == '!' && len(rest) > 1 && isIdentStart(rest[1:]) {
		l.pos += 1 + identEnd(rest[1:])
		if l.src[start:l.pos] == "!in" && l.peek(0) == '~' {
			l.pos++
		}
		return l.token(Op, start)
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			l.pos += len(op)
			return l.token(Op, start)
		}
	}
	if strings.HasPrefix(rest, "“") || strings.HasPrefix(rest, "‘") || strings.HasPrefix(rest, "”") {
		if t, ok := l.typographic(); ok {
			return t
		}
	}
	if t, ok := l.foreign(rest); ok {
		return t
	}
	_, n := utf8.DecodeRuneInString(rest)
	l.pos += n
	t := l.token(Invalid, start)
	hint := ""
	if strings.ContainsAny(t.Text, "“”‘’") {
		hint = `strings are quoted with " or '`
	} else if r, _ := utf8.DecodeRuneInString(t.Text); unicode.Is(unicode.Cf, r) {
		hint = "remove it: it is invisible"
	}
	l.errs.Add(t.Span, hint, "unexpected character %q", t.Text)
	return t
}
