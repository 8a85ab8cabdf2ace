package runtime

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxNesting bounds the depth of a document; a deeper one is not JSON here.
const maxNesting = 512

// kind is what a JSON value is.
type kind uint8

const (
	null kind = iota
	boolean
	number
	word // a string
	array
	bag
)

// value is a parsed JSON value. Text is the spelling of a number or boolean, or
// the decoded string.
type value struct {
	kind kind
	text string
	list []value
	keys []string // of a bag, parallel to list
}

// kindOf looks at the first character of JSON text.
func kindOf(s string) kind {
	i := space(s, 0)
	if i == len(s) {
		return null
	}
	switch s[i] {
	case '{':
		return bag
	case '[':
		return array
	case '"':
		return word
	case 't', 'f':
		return boolean
	case 'n':
		return null
	}
	return number
}

func space(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

// parse reads a whole document.
func parse(s string) (value, bool) {
	p := jsonParser{s: s}
	v, ok := p.value(0)
	return v, ok && space(s, p.i) == len(s)
}

type jsonParser struct {
	s string
	i int
}

func (p *jsonParser) value(depth int) (value, bool) {
	p.i = space(p.s, p.i)
	if p.i == len(p.s) || depth > maxNesting {
		return value{}, false
	}
	switch c := p.s[p.i]; c {
	case '{':
		return p.bag(depth)
	case '[':
		return p.array(depth)
	case '"':
		text, ok := p.str()
		return value{kind: word, text: text}, ok
	case 't':
		return value{kind: boolean, text: "true"}, p.literal("true")
	case 'f':
		return value{kind: boolean, text: "false"}, p.literal("false")
	case 'n':
		return value{}, p.literal("null")
	}
	start := p.i
	ok := p.number()
	return value{kind: number, text: p.s[start:p.i]}, ok
}

func (p *jsonParser) literal(w string) bool {
	if !strings.HasPrefix(p.s[p.i:], w) {
		return false
	}
	p.i += len(w)
	return true
}

func (p *jsonParser) accept(c byte) bool {
	p.i = space(p.s, p.i)
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *jsonParser) array(depth int) (value, bool) {
	v := value{kind: array}
	p.i++
	if p.accept(']') {
		return v, true
	}
	for {
		e, ok := p.value(depth + 1)
		if !ok {
			return v, false
		}
		v.list = append(v.list, e)
		if p.accept(']') {
			return v, true
		}
		if !p.accept(',') {
			return v, false
		}
	}
}

func (p *jsonParser) bag(depth int) (value, bool) {
	v := value{kind: bag}
	var places map[string]int // of the properties, once they are many
	p.i++
	if p.accept('}') {
		return v, true
	}
	for {
		p.i = space(p.s, p.i)
		if p.i == len(p.s) || p.s[p.i] != '"' {
			return v, false
		}
		key, ok := p.str()
		if !ok || !p.accept(':') {
			return v, false
		}
		e, ok := p.value(depth + 1)
		if !ok {
			return v, false
		}
		places = v.setIn(places, key, e)
		if p.accept('}') {
			return v, true
		}
		if !p.accept(',') {
			return v, false
		}
	}
}

func (p *jsonParser) number() bool {
	if p.i < len(p.s) && p.s[p.i] == '-' {
		p.i++
	}
	switch {
	case p.i < len(p.s) && p.s[p.i] == '0':
		p.i++
	case !p.digits():
		return false
	}
	if p.i < len(p.s) && p.s[p.i] == '.' {
		p.i++
		if !p.digits() {
			return false
		}
	}
	if p.i < len(p.s) && (p.s[p.i] == 'e' || p.s[p.i] == 'E') {
		p.i++
		if p.i < len(p.s) && (p.s[p.i] == '+' || p.s[p.i] == '-') {
			p.i++
		}
		return p.digits()
	}
	return true
}

func (p *jsonParser) digits() bool {
	start := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	return p.i > start
}

func (p *jsonParser) str() (string, bool) {
	p.i++
	start := p.i
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return p.s[start : p.i-1], true
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", false
		}
		p.i++
	}
	return "", false
}

// escaped goes on with a string that has escapes; p.i is at the first.
func (p *jsonParser) escaped(start int) (string, bool) {
	b := []byte(p.s[start:p.i])
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return string(b), true
		case c == '\\':
			var ok bool
			if b, ok = p.escape(b); !ok {
				return "", false
			}
		case c < 0x20:
			return "", false
		default:
			b = append(b, c)
			p.i++
		}
	}
	return "", false
}

func (p *jsonParser) escape(b []byte) ([]byte, bool) {
	if p.i+1 >= len(p.s) {
		return b, false
	}
	c := p.s[p.i+1]
	p.i += 2
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return append(b, "\"\\/\b\f\n\r\t"[i]), true
	}
	if c != 'u' {
		return b, false
	}
	r, ok := p.hex4()
	if ok && utf16.IsSurrogate(r) && strings.HasPrefix(p.s[p.i:], `\u`) {
		at := p.i
		p.i += 2
		low, ok2 := p.hex4()
		if full := utf16.DecodeRune(r, low); ok2 && full != utf8.RuneError {
			return utf8.AppendRune(b, full), true
		}
		p.i = at
	}
	return utf8.AppendRune(b, r), ok
}

func (p *jsonParser) hex4() (rune, bool) {
	if p.i+4 > len(p.s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.s[p.i : p.i+4]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	p.i += 4
	return r, true
}
