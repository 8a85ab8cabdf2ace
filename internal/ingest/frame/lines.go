package frame

import (
	"bytes"
	"fmt"
)

// line frames the bytes up to the next newline, without it.
func (s *Scanner) line() (Frame, bool, error) {
	seen := 0
	for {
		if n := bytes.IndexByte(s.window()[seen:], '\n'); n >= 0 && seen+n <= s.limit {
			f := s.take(seen+n, "")
			f.Text = bytes.TrimRight(f.Text, " \t\r")
			s.consume(1)
			return f, true, nil
		}
		seen = len(s.window())
		if seen > s.limit {
			return s.tooLong(s.limit, func(piece []byte) (int, bool) {
				if n := bytes.IndexByte(piece, '\n'); n >= 0 {
					return n, true
				}
				return len(piece), false
			})
		}
		if err := s.fill(); err != nil {
			return Frame{}, false, err
		}
	}
}

// nulRun frames NUL bytes where a record should begin: a disk that lost its
// last writes, or a writer that kept its place in a truncated file. What follows
// them is a record again.
func (s *Scanner) nulRun() (Frame, bool, error) {
	run := &longFrame{offset: s.state.Offset, fault: func(l *longFrame) string {
		return fmt.Sprintf("%d NUL bytes where a record should begin", l.size)
	}}
	keep := s.state
	for {
		piece := s.window()
		n := 0
		for n < len(piece) && piece[n] == 0 {
			n++
		}
		s.consume(n)
		run.size += int64(n)
		run.head = make([]byte, min(run.size, 64))
		if n < len(piece) {
			return run.frame(), true, nil
		}
		if err := s.fill(); err != nil {
			s.long, s.state = run, keep // the run may go on
			return Frame{}, false, err
		}
	}
}
