package argquery

import (
	"fmt"
	"strings"
)

type token struct {
	text   string
	pos    int // of its first byte, from 1
	quoted bool
}

type parser struct {
	tokens []token
	at     int
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// scan splits a query into tokens.
func (p *parser) scan(text string) error {
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '\'' || c == '"':
			value, n, ok := quoted(text[i:])
			if !ok {
				return fmt.Errorf("parse query at position %d: a string without its end", i+1)
			}
			p.tokens = append(p.tokens, token{value, i + 1, true})
			i += n
		case wordByte(c):
			j := i
			for j < len(text) && wordByte(text[j]) {
				j++
			}
			if j < len(text) && text[j] == '~' && strings.EqualFold(text[i:j], "in") {
				j++
			}
			p.tokens = append(p.tokens, token{text: text[i:j], pos: i + 1})
			i = j
		case i+1 < len(text) && strings.Contains(" == != =~ !~ ", " "+text[i:i+2]+" "):
			p.tokens = append(p.tokens, token{text: text[i : i+2], pos: i + 1})
			i += 2
		case strings.IndexByte("|,.=()", c) >= 0:
			p.tokens = append(p.tokens, token{text: string(c), pos: i + 1})
			i++
		default:
			return fmt.Errorf("parse query at position %d: %q is not understood", i+1, c)
		}
	}
	return nil
}

// quoted reads a string with backslash escapes of quote and backslash.
func quoted(s string) (value string, n int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == s[0]:
			return b.String(), i + 1, true
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, false
}

func (p *parser) end() bool { return p.at >= len(p.tokens) }

func (p *parser) next() token {
	if p.end() {
		return token{}
	}
	p.at++
	return p.tokens[p.at-1]
}

// take1 takes a token if it is this word or sign.
func (p *parser) take1(text string) bool {
	if p.end() || p.tokens[p.at].quoted || !strings.EqualFold(p.tokens[p.at].text, text) {
		return false
	}
	p.at++
	return true
}

func (p *parser) want(text string) error {
	if p.take1(text) {
		return nil
	}
	return p.fault(p.at, "expected "+text)
}

func (p *parser) word(what string) (string, error) {
	at := p.at
	t := p.next()
	if t.quoted || t.text == "" || !wordByte(t.text[0]) || t.text[0] >= '0' && t.text[0] <= '9' {
		return "", p.fault(at, "expected "+what)
	}
	return t.text, nil
}
