package audit

import "strings"

// skip passes over one value of any kind and checks that it is JSON.
func (s *scanner) skip() status {
	switch c := s.at(); {
	case c == '{':
		return s.skipObject()
	case c == '[':
		return s.array(s.skip)
	case c == '"':
		return s.skipString()
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	return s.bad("expected a value")
}

func (s *scanner) skipObject() status {
	return s.object(func(string) status { return s.skip() })
}

// skipString is str without decoding.
func (s *scanner) skipString() status {
	for i := s.i + 1; i < len(s.s); i++ {
		switch c := s.s[i]; {
		case c == '"':
			s.i = i + 1
			return scanOK
		case c == '\\':
			n, cut := escapeLen(s.s[i:])
			if n == 0 {
				s.i = i
				if cut {
					s.i = len(s.s)
					return scanCut
				}
				return s.bad("invalid escape in a string")
			}
			i += n - 1
		case c < 0x20:
			s.i = i
			return s.bad("control character %#02x in a string", c)
		}
	}
	s.i = len(s.s)
	return scanCut
}

func (s *scanner) literal(word string) status {
	rest := s.s[s.i:]
	switch {
	case strings.HasPrefix(rest, word):
		s.i += len(word)
		return scanOK
	case strings.HasPrefix(word, rest):
		s.i = len(s.s)
		return scanCut
	}
	return s.bad("expected %s", word)
}

// number passes over a number. At the very end of the text more digits might
// have followed: that is cut.
func (s *scanner) number() status {
	if s.at() == '-' {
		s.i++
	}
	switch c := s.at(); {
	case c == '0':
		s.i++
	case c >= '1' && c <= '9':
		s.digits()
	default:
		return s.bad("expected a digit")
	}
	if s.at() == '.' {
		s.i++
		if s.digits() == 0 {
			return s.bad("expected a digit after the point")
		}
	}
	if c := s.at(); c == 'e' || c == 'E' {
		s.i++
		if c := s.at(); c == '+' || c == '-' {
			s.i++
		}
		if s.digits() == 0 {
			return s.bad("expected a digit in the exponent")
		}
	}
	return scanOK
}

func (s *scanner) digits() int {
	start := s.i
	for s.i < len(s.s) && s.s[s.i] >= '0' && s.s[s.i] <= '9' {
		s.i++
	}
	return s.i - start
}
