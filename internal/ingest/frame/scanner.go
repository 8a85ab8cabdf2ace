package frame

import (
	"bytes"
	"fmt"
	"io"
)

// Scanner cuts what r gives into frames.
type Scanner struct {
	r     io.Reader
	limit int
	state State // of buf[start]

	buf        []byte
	start, end int
	eof        bool
	check      checker
	long       *longFrame // what the stream ends in, when that is not in the window
}

// NewScanner reads on at st; r must stand there already. Records longer than
// limit come back as an excerpt with a fault.
func NewScanner(r io.Reader, st State, limit int) *Scanner {
	return &Scanner{r: r, limit: limit, state: st, buf: make([]byte, 0, min(256<<10, 2*limit))}
}

// State is where reading goes on after the last frame.
func (s *Scanner) State() State { return s.state }

// Next gives the next frame. io.EOF means that no further frame is complete;
// what an unfinished one has so far is in Rest.
func (s *Scanner) Next() (Frame, error) {
	for {
		f, ok, err := s.step()
		if err != nil || ok {
			return f, err
		}
	}
}

// step makes some progress: a frame, or a decision.
func (s *Scanner) step() (Frame, bool, error) {
	if err := s.skipBlank(); err != nil {
		return Frame{}, false, err
	}
	if s.buf[s.start] == 0 {
		return s.nulRun()
	}
	switch {
	case s.state.Mode == Lines:
		return s.line()
	case s.state.Mode == Document && s.state.In == Tail:
		return s.tail()
	case s.state.Mode == Document && s.state.In != Top:
		return s.item()
	case s.state.Mode == Document:
		return s.value()
	}
	return Frame{}, false, s.decide()
}

// skipBlank leaves a byte that is not blank at buf[start].
func (s *Scanner) skipBlank() error {
	if s.state.Offset == 0 {
		if err := s.byteOrderMark(); err != nil {
			return err
		}
	}
	for {
		for s.start < s.end {
			if !blank(s.buf[s.start]) {
				return nil
			}
			s.consume(1)
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

func (s *Scanner) byteOrderMark() error {
	for s.end-s.start < 3 {
		if err := s.fill(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	head := s.buf[s.start:s.end]
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return ErrUTF16
	}
	if bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}) {
		s.consume(3)
	}
	return nil
}

func (s *Scanner) consume(n int) {
	s.start += n
	s.state.Offset += int64(n)
}

// take consumes n bytes and frames them.
func (s *Scanner) take(n int, fault string) Frame {
	f := Frame{Text: s.buf[s.start : s.start+n], Offset: s.state.Offset, Fault: fault}
	s.consume(n)
	return f
}

// fill reads more behind the window, moving or growing the buffer when it is
// full. Bytes that were handed out stay until the next call from outside.
func (s *Scanner) fill() error {
	if s.eof {
		return io.EOF
	}
	if s.end == cap(s.buf) {
		if s.start > cap(s.buf)/2 {
			s.end = copy(s.buf[:cap(s.buf)], s.buf[s.start:s.end])
		} else {
			grown := make([]byte, 2*cap(s.buf))
			s.end = copy(grown, s.buf[s.start:s.end])
			s.buf = grown[:0]
		}
		s.start = 0
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:cap(s.buf)])
		s.end += n
		s.buf = s.buf[:s.end]
		if err == io.EOF {
			s.eof = true
		}
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// window is what has been read and not consumed.
func (s *Scanner) window() []byte { return s.buf[s.start:s.end] }

// Rest is the record the stream ends in the middle of; false if there is none.
// The scanner's State stays before it.
func (s *Scanner) Rest() (Frame, bool) {
	if s.long != nil {
		return s.long.frame(), true
	}
	text := s.window()
	if len(bytes.TrimSpace(text)) == 0 {
		return Frame{}, false
	}
	return Frame{Text: text, Offset: s.state.Offset}, true
}

// TakeRest frames what Rest shows: the stream is known to end there.
func (s *Scanner) TakeRest() (Frame, bool) {
	f, ok := s.Rest()
	if ok && s.long != nil {
		s.state.Offset += s.long.size
		s.long = nil
	}
	s.consume(len(s.window()))
	return f, ok
}

// longFrame is what is not kept whole: its beginning, its length and why.
type longFrame struct {
	head   []byte
	offset int64
	size   int64
	fault  func(l *longFrame) string
}

func (l *longFrame) frame() Frame {
	return Frame{Text: l.head, Offset: l.offset, Fault: l.fault(l), Excerpt: true}
}

// tooLong goes on reading a record above the limit without keeping it, until
// ends finds its end: the number of bytes of the piece that belong to it.
func (s *Scanner) tooLong(known int, ends func(piece []byte) (n int, found bool)) (Frame, bool, error) {
	long := &longFrame{head: bytes.Clone(s.buf[s.start : s.start+min(Excerpt, s.limit, known)]), offset: s.state.Offset}
	long.fault = func(l *longFrame) string {
		return fmt.Sprintf("record of %d bytes is longer than %d; its first %d are kept", l.size, s.limit, len(l.head))
	}
	keep := s.state
	s.consume(known)
	long.size += int64(known)
	for {
		piece := s.window()
		n, found := ends(piece)
		s.consume(n)
		long.size += int64(n)
		if found {
			return long.frame(), true, nil
		}
		s.start, s.end = 0, 0
		if err := s.fill(); err != nil {
			s.long, s.state = long, keep
			return Frame{}, false, err
		}
	}
}
