package file

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/frame"
	"github.com/postern-dev/postern/internal/ingest/tail"
	"github.com/postern-dev/postern/internal/store"
)

// Stream is a source that can be read once, such as standard input. It has no
// cursors: what is read again after a kill is recognised by its content.
type Stream struct {
	Label  string
	In     io.Reader
	Remark func(format string, args ...any)

	ended bool
}

// Name is the source as the user wrote it.
func (s *Stream) Name() string { return s.Label }

// Resume: a stream cannot be resumed.
func (s *Stream) Resume([]store.Cursor) error { return nil }

// Close closes the stream where that is possible.
func (s *Stream) Close() error {
	if c, ok := s.In.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Cursor: a stream has none.
func (s *Stream) Cursor() (store.Cursor, error) { return store.Cursor{}, nil }

// Read reads to the end of the stream. What is read is committed whenever the
// stream pauses.
func (s *Stream) Read(ctx context.Context, sink ingest.Sink) error {
	if s.ended {
		return nil
	}
	s.ended = true
	paused := &pausing{ctx: ctx, sink: sink, chunks: make(chan chunk)}
	stop := make(chan struct{})
	defer close(stop)
	go paused.pump(s.In, stop)
	in, err := tail.Unpacked(paused)
	if err != nil {
		return s.fault(ctx, err)
	}
	defer in.Close()
	scan := frame.NewScanner(in, frame.State{}, frame.DefaultLimit)
	for n := 0; ; n++ {
		f, err := scan.Next()
		if err == nil {
			err = s.put(ctx, sink, f)
			if err != nil {
				return err
			}
			continue
		}
		if f, ok := scan.TakeRest(); ok && err == io.EOF {
			n++
			if err := s.put(ctx, sink, f); err != nil {
				return err
			}
		}
		if err == io.EOF && n == 0 {
			s.Remark("%s is empty: 0 events", s.Label)
		}
		return s.fault(ctx, err)
	}
}

func (s *Stream) put(ctx context.Context, sink ingest.Sink, f frame.Frame) error {
	return sink.Put(ctx, ingest.Piece{Text: f.Text, Source: s.Label, Offset: f.Offset, Fault: f.Fault, Excerpt: f.Excerpt}, s)
}

// fault sorts the ways in which a stream ends.
func (s *Stream) fault(ctx context.Context, err error) error {
	switch {
	case err == io.EOF:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, frame.ErrUTF16):
		err = fmt.Errorf("%w; convert it first: iconv -f UTF-16 -t UTF-8", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.New("packed data end early")
	}
	return &ingest.PartialError{Err: fmt.Errorf("read %s: %w", s.Label, err)}
}

type chunk struct {
	data []byte
	err  error
}

// pausing hands through what another goroutine reads, and tells the sink when
// nothing comes: a pipe may stay silent for long while records wait for their
// commit.
type pausing struct {
	ctx    context.Context
	sink   ingest.Sink
	chunks chan chunk
	rest   []byte
	err    error
}

func (p *pausing) pump(in io.Reader, stop <-chan struct{}) {
	for {
		buf := make([]byte, 256<<10)
		n, err := in.Read(buf)
		select {
		case p.chunks <- chunk{buf[:n], err}:
		case <-stop:
			return
		}
		if err != nil {
			return
		}
	}
}

func (p *pausing) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		select {
		case c := <-p.chunks:
			p.rest, p.err = c.data, c.err
			continue
		default:
		}
		if err := p.sink.Idle(p.ctx); err != nil {
			return 0, err
		}
		select {
		case c := <-p.chunks:
			p.rest, p.err = c.data, c.err
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
