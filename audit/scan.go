package audit

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// SyntaxError says where a text stops being JSON. Cut tells that everything up
// to the end is a proper beginning of JSON: the rest is missing, not wrong.
type SyntaxError struct {
	Offset int
	Msg    string
	Cut    bool
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Msg) }

// status is how a scan ended.
type status uint8

const (
	scanOK  status = iota
	scanCut        // the text ended inside the value
	scanBad        // the text is no JSON here
)

// maxDepth bounds nesting, as encoding/json does.
const maxDepth = 10000

// scanner reads JSON from s at i. On scanBad msg says what is wrong at i.
type scanner struct {
	s     string
	i     int
	depth int
	msg   string
}

// at is the byte at the position, 0 at the end.
func (s *scanner) at() byte {
	if s.i < len(s.s) {
		return s.s[s.i]
	}
	return 0
}

func (s *scanner) space() {
	for s.i < len(s.s) {
		switch s.s[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

func (s *scanner) bad(format string, args ...any) status {
	if s.i >= len(s.s) {
		return scanCut
	}
	s.msg = fmt.Sprintf(format, args...)
	return scanBad
}

// err makes the error of a scan that did not end well.
func (s *scanner) err(st status) error {
	switch st {
	case scanOK:
		return nil
	case scanCut:
		return &SyntaxError{Offset: len(s.s), Msg: "the text ends inside the value", Cut: true}
	}
	return &SyntaxError{Offset: s.i, Msg: s.msg}
}

// str reads a string at its opening quote. Without escapes the result is a
// slice of the input. A lone surrogate becomes U+FFFD.
func (s *scanner) str() (string, status) {
	start := s.i + 1
	escaped := false
	for i := start; i < len(s.s); i++ {
		switch c := s.s[i]; {
		case c == '"':
			s.i = i + 1
			raw := s.s[start:i]
			if !escaped {
				return raw, scanOK
			}
			return unescape(raw), scanOK
		case c == '\\':
			n, ok := escapeLen(s.s[i:])
			if n == 0 {
				s.i = i
				if ok {
					s.i = len(s.s)
					return "", scanCut
				}
				return "", s.bad("invalid escape in a string")
			}
			escaped = true
			i += n - 1
		case c < 0x20:
			s.i = i
			return "", s.bad("control character %#02x in a string", c)
		}
	}
	s.i = len(s.s)
	return "", scanCut
}

// escapeLen is the length of the escape that t starts with; 0 if there is none,
// and then cut says that t is only too short.
func escapeLen(t string) (n int, cut bool) {
	if len(t) < 2 {
		return 0, true
	}
	switch t[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, false
	case 'u':
		for k := 2; k < 6; k++ {
			if k >= len(t) {
				return 0, true
			}
			if hex(t[k]) < 0 {
				return 0, false
			}
		}
		return 6, false
	}
	return 0, false
}

func hex(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

func hex4(t string) rune {
	return hex(t[0])<<12 | hex(t[1])<<8 | hex(t[2])<<4 | hex(t[3])
}

// unescape decodes the inside of a string whose escapes are valid.
func unescape(raw string) string {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(raw[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				if i+6 < len(raw) && raw[i+1] == '\\' && raw[i+2] == 'u' {
					if pair := utf16.DecodeRune(r, hex4(raw[i+3:])); pair != utf8.RuneError {
						out = utf8.AppendRune(out, pair)
						i += 6
						continue
					}
				}
				r = utf8.RuneError
			}
			out = utf8.AppendRune(out, r)
		default: // quote, backslash, slash
			out = append(out, raw[i])
		}
	}
	return string(out)
}

// object reads an object at its brace and calls member at each value; member
// consumes it.
func (s *scanner) object(member func(name string) status) status {
	if s.depth++; s.depth > maxDepth {
		return s.bad("nested deeper than %d", maxDepth)
	}
	s.i++
	for n := 0; ; n++ {
		s.space()
		if s.at() == '}' && n == 0 {
			break
		}
		if s.at() != '"' {
			return s.bad("expected a member name")
		}
		name, st := s.str()
		if st != scanOK {
			return st
		}
		s.space()
		if s.at() != ':' {
			return s.bad("expected ':' after a member name")
		}
		s.i++
		s.space()
		if st := member(name); st != scanOK {
			return st
		}
		s.space()
		if s.at() == ',' {
			s.i++
			continue
		}
		if s.at() == '}' {
			break
		}
		return s.bad("expected ',' or '}'")
	}
	s.i++
	s.depth--
	return scanOK
}

// array reads an array at its bracket and calls element at each value.
func (s *scanner) array(element func() status) status {
	if s.depth++; s.depth > maxDepth {
		return s.bad("nested deeper than %d", maxDepth)
	}
	s.i++
	for n := 0; ; n++ {
		s.space()
		if s.at() == ']' && n == 0 {
			break
		}
		if st := element(); st != scanOK {
			return st
		}
		s.space()
		if s.at() == ',' {
			s.i++
			s.space()
			continue
		}
		if s.at() == ']' {
			break
		}
		return s.bad("expected ',' or ']'")
	}
	s.i++
	s.depth--
	return scanOK
}
