package syntax

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// String literals: "..." and '...' with escapes, @"..." verbatim (a doubled
// quote is one), ```...``` and ~~~...~~~ over several lines; h or H before any
// of them hides the text from logs.

// atString says whether a string literal starts here.
func (l *lexer) atString() bool {
	s := l.src[l.pos:]
	if s[0] == 'h' || s[0] == 'H' {
		s = s[1:]
	}
	if s != "" && s[0] == '@' {
		return len(s) > 1 && (s[1] == '"' || s[1] == '\'')
	}
	return strings.HasPrefix(s, `"`) || strings.HasPrefix(s, `'`) || strings.HasPrefix(s, "```") || strings.HasPrefix(s, "~~~")
}

func (l *lexer) str() Token {
	start := l.pos
	hidden := l.peek(0) == 'h' || l.peek(0) == 'H'
	if hidden {
		l.pos++
	}
	var value string
	var ok bool
	switch {
	case l.peek(0) == '@':
		l.pos++
		value, ok = l.verbatim()
	case l.peek(0) == '`' || l.peek(0) == '~':
		value, ok = l.multiLine()
	default:
		value, ok = l.escaped()
	}
	t := l.token(String, start)
	t.Value, t.Hidden = value, hidden
	if !ok {
		l.errs.Add(t.Span, "close the string with the quote that opened it", unterminatedString)
	}
	return t
}

const unterminatedString = "unterminated string literal"

// typographic reads a string in quotes that a word processor made, reports it and
// goes on as if they were right.
func (l *lexer) typographic() (Token, bool) {
	start := l.pos
	_, n := utf8.DecodeRuneInString(l.src[start:])
	line := l.src[start+n:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	i := strings.IndexAny(line, `“”‘’"`)
	if i < 0 {
		return Token{}, false
	}
	_, m := utf8.DecodeRuneInString(line[i:])
	l.pos = start + n + i + m
	t := l.token(String, start)
	t.Value = line[:i]
	l.errs.Add(t.Span, `strings are quoted with " or '`, "typographic quotes")
	return t, true
}

func (l *lexer) multiLine() (string, bool) {
	fence := l.src[l.pos : l.pos+3]
	l.pos += 3
	i := strings.Index(l.src[l.pos:], fence)
	if i < 0 {
		v := l.src[l.pos:]
		l.pos = len(l.src)
		return v, false
	}
	v := l.src[l.pos : l.pos+i]
	l.pos += i + 3
	return v, true
}

func (l *lexer) verbatim() (string, bool) {
	quote := l.peek(0)
	l.pos++
	var b strings.Builder
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		if c == '\n' {
			return b.String(), false
		}
		l.pos++
		if c == quote {
			if l.peek(0) != quote {
				return b.String(), true
			}
			l.pos++
		}
		b.WriteByte(c)
	}
	return b.String(), false
}

func (l *lexer) escaped() (string, bool) {
	quote := l.peek(0)
	l.pos++
	var b strings.Builder
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == quote:
			l.pos++
			return b.String(), true
		case c == '\n':
			return b.String(), false
		case c == '\\' && l.pos+1 < len(l.src) && l.src[l.pos+1] != '\n':
			l.escape(&b)
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	return b.String(), false
}

const simpleEscapes = "a\ab\bf\fn\nr\rt\tv\v\\\\''\"\"//"

// escape reads one backslash sequence.
func (l *lexer) escape(b *strings.Builder) {
	start := l.pos
	c := l.src[l.pos+1]
	l.pos += 2
	switch c {
	case 'u':
		if r, ok := l.hexRune(4); ok {
			if utf16.IsSurrogate(r) && strings.HasPrefix(l.src[l.pos:], `\u`) {
				l.pos += 2
				low, _ := l.hexRune(4)
				r = utf16.DecodeRune(r, low)
			}
			b.WriteRune(r)
			return
		}
	case 'U':
		if r, ok := l.hexRune(8); ok {
			b.WriteRune(r)
			return
		}
	case 'x':
		if r, ok := l.hexRune(2); ok {
			b.WriteRune(r)
			return
		}
	case '0', '1', '2', '3', '4', '5', '6', '7':
		l.octal(b, c)
		return
	default:
		for i := 0; i < len(simpleEscapes); i += 2 {
			if simpleEscapes[i] == c {
				b.WriteByte(simpleEscapes[i+1])
				return
			}
		}
	}
	_, n := utf8.DecodeRuneInString(l.src[start+1:])
	l.pos = start + 1 + n
	at := Span{start, l.pos}
	l.errs.Add(at, `write \\ for a backslash, or put @ before the opening quote`, "unknown escape sequence %s in string literal", l.src[start:l.pos])
	b.WriteString(l.src[start:l.pos])
}

func (l *lexer) hexRune(n int) (rune, bool) {
	if l.pos+n > len(l.src) {
		return 0, false
	}
	v, err := strconv.ParseUint(l.src[l.pos:l.pos+n], 16, 32)
	if err != nil || v > utf8.MaxRune || n == 8 && !utf8.ValidRune(rune(v)) {
		return 0, false
	}
	l.pos += n
	return rune(v), true
}

func (l *lexer) octal(b *strings.Builder, first byte) {
	v := rune(first - '0')
	for i := 0; i < 2 && l.peek(0) >= '0' && l.peek(0) <= '7'; i++ {
		v = v*8 + rune(l.peek(0)-'0')
		l.pos++
	}
	b.WriteRune(v)
}
