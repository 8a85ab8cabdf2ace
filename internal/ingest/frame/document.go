package frame

import (
	"bytes"
	"fmt"
)

// probe is how far decide looks for the shape of what comes.
const probe = 64 << 10

// decide recognises how the records from here on are separated. Lines stay
// lines; a document is decided on anew behind each of its values.
func (s *Scanner) decide() error {
	if b := s.buf[s.start]; b != '{' && b != '[' {
		s.state.Mode = Lines
		return nil
	}
	s.check.reset()
	for i := 0; ; i++ {
		if i == s.end-s.start {
			if err := s.fill(); err != nil {
				return err
			}
		}
		b := s.buf[s.start+i]
		newline := b == '\n' && s.check.state != inString
		ok := s.check.step(b)
		switch {
		case !ok, i > probe, s.check.state == done:
			s.state.Mode = Lines
			return nil
		case s.check.list(), newline && s.documentLike(), len(s.check.stack) == 2 && s.check.stack[0] == '[':
			s.state.Mode = Document
			return nil
		case newline:
			s.state.Mode = Lines
			return nil
		}
	}
}

// documentLike judges the structure at the end of a first line that does not
// end its value: a printed document breaks its lines near the root, a record
// that was cut breaks anywhere.
func (s *Scanner) documentLike() bool {
	switch c := &s.check; {
	case len(c.stack) == 1:
		return c.stack[0] == '[' || c.state != wantValue || c.listKey()
	case len(c.stack) == 2:
		return c.state == wantKeyOrEnd
	}
	return false
}

// value frames one value at the top, or enters it when it is a list of records.
func (s *Scanner) value() (Frame, bool, error) {
	if s.buf[s.start] == '[' {
		s.consume(1)
		s.state.In = List
		return Frame{}, false, nil
	}
	s.check.reset()
	f, ok, err := s.walk(Items)
	if ok {
		s.state.Mode = Undecided
	}
	return f, ok, err
}

// item frames one element of a list, or leaves the list.
func (s *Scanner) item() (Frame, bool, error) {
	switch s.buf[s.start] {
	case ',':
		s.consume(1)
		return Frame{}, false, nil
	case ']':
		s.consume(1)
		if s.state.In == List {
			s.state.Mode, s.state.In = Undecided, Top
		} else {
			s.state.In = Tail
		}
		return Frame{}, false, nil
	}
	s.check.reset()
	return s.walk("")
}

// tail skips what an object has behind its records.
func (s *Scanner) tail() (Frame, bool, error) {
	s.check.reset()
	s.check.stack, s.check.state = append(s.check.stack, '{'), wantComma
	f, ok, err := s.walk("")
	if ok {
		s.state.Mode, s.state.In = Undecided, Top
		ok = f.Fault != ""
	}
	return f, ok, err
}

// walk follows one value to its end. With enter set it stops where a list of
// records opens, and goes on in there.
func (s *Scanner) walk(enter In) (Frame, bool, error) {
	for i := 0; ; {
		if i > s.limit {
			return s.tooLong(i, s.endOfValue)
		}
		if i == s.end-s.start {
			if err := s.fill(); err != nil {
				return Frame{}, false, err
			}
		}
		w := s.window()
		for ; i < len(w) && i <= s.limit; i++ {
			bare := s.check.bare()
			if !s.check.step(w[i]) {
				return s.malformed(i)
			}
			if s.check.state == done {
				if !bare {
					i++
				}
				return s.take(i, ""), true, nil
			}
			if enter != "" && s.check.list() {
				s.consume(i + 1)
				s.state.In = enter
				return Frame{}, false, nil
			}
		}
	}
}

// endOfValue is the end of a value above the limit. A value that breaks there
// ends where it breaks.
func (s *Scanner) endOfValue(piece []byte) (int, bool) {
	for i, b := range piece {
		bare := s.check.bare()
		if !s.check.step(b) || bare && s.check.state == done {
			return i, true
		}
		if s.check.state == done {
			return i + 1, true
		}
	}
	return len(piece), false
}

// malformed frames what broke at byte at of the window: the lines before the
// one that breaks, or, if the value began on it, that whole line. Reading goes
// on behind them, because the next line may well begin a sound record.
func (s *Scanner) malformed(at int) (Frame, bool, error) {
	fault := fmt.Sprintf("not JSON: unexpected %s at offset %d", quoted(s.buf[s.start+at]), s.state.Offset+int64(at))
	if n := bytes.LastIndexByte(s.window()[:at], '\n'); n >= 0 {
		return s.take(n+1, fault), true, nil
	}
	for {
		line := s.window()[at:min(len(s.window()), s.limit+1)]
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			return s.take(at+n+1, fault), true, nil
		}
		if len(s.window()) > s.limit {
			return s.take(s.limit+1, fault), true, nil
		}
		if err := s.fill(); err != nil {
			return Frame{}, false, err
		}
	}
}

func quoted(b byte) string {
	if b == '\n' {
		return "end of line"
	}
	return fmt.Sprintf("%q", string(rune(b)))
}
