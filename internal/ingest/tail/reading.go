package tail

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/frame"
	"github.com/postern-dev/postern/internal/store"
)

// reading is one file being read: the position is how far, and is what the
// cursor holds. It is the Mark of its pieces.
type reading struct {
	*saved
	set    *Set
	id     identity
	file   *os.File // nil while closed
	source string   // as its records call it
	place  File
	packed compression
	head   []byte    // first unpacked bytes, of packed files
	read   time.Time // when it last gave something
	gone   time.Time // when it was first missed at its place
	seen   struct{ size, mtime int64 }
}

// unchanged tells that nothing was written since the last read.
func (r *reading) unchanged(info fs.FileInfo) bool {
	return info.Size() == r.seen.size && info.ModTime().UnixNano() == r.seen.mtime
}

// errReplaced: between two looks another file took the path.
var errReplaced = errors.New("the file was replaced just now")

// open opens the file unless it is held open, and finds out how far it was read
// before.
func (r *reading) open(f File) error {
	r.place = f
	r.source = f.Source
	r.gone = time.Time{}
	if r.file != nil {
		return nil
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && identify(info, f.Path) != r.id {
		err = errReplaced
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	r.file = file
	return nil
}

func (r *reading) close() error {
	if r.file == nil {
		return nil
	}
	// The batch may ask for the cursor later; what it says is settled now.
	err := r.settle()
	if closeErr := r.file.Close(); err == nil {
		err = closeErr
	}
	r.file = nil
	return err
}

// Cursor tells how far the file was read.
func (r *reading) Cursor() (store.Cursor, error) {
	if err := r.settle(); err != nil {
		return store.Cursor{}, err
	}
	return r.saved.cursor()
}

// settle brings the digests up to the offset.
func (r *reading) settle() error {
	if r.file == nil || r.saved == nil {
		return nil
	}
	if r.packed != plain {
		r.Head, r.Tail = digestOf(r.head[:min(int64(len(r.head)), r.Offset)]), digest{}
		return nil
	}
	var err error
	if r.Head, err = headDigest(r.file, r.Offset); err == nil {
		r.Tail, err = tailDigest(r.file, r.Offset)
	}
	if errors.Is(err, io.EOF) {
		// Truncated just now: without digests nothing will match, and the next
		// look begins anew.
		r.Head, r.Tail, err = digest{Size: -1}, digest{}, nil
	}
	return err
}

// readOn reads to the present end. With last set the file is known not to grow
// any more.
func (r *reading) readOn(ctx context.Context, sink ingest.Sink, last bool) error {
	info, err := r.file.Stat()
	if err != nil {
		return &fileError{r.place.Path, cause(err)}
	}
	if info.Size() == 0 {
		r.sayEmpty()
	}
	stream, err := r.resume(info)
	if err != nil {
		return &fileError{r.place.Path, err}
	}
	defer stream.Close()
	r.Path, r.Anchor = r.place.Path, r.place.Anchor
	r.Size, r.Mtime, r.Whole = info.Size(), info.ModTime().UnixNano(), false
	s := frame.NewScanner(stream, r.State, r.set.Limit)
	if err := r.frames(ctx, sink, s, last); err != nil {
		return err
	}
	r.seen.size, r.seen.mtime = info.Size(), info.ModTime().UnixNano()
	r.set.memory.touched(r.saved)
	return nil
}

func (r *reading) sayEmpty() {
	if !r.set.empty[r.place.Path] {
		r.set.empty[r.place.Path] = true
		r.set.Remark("%s is empty: 0 events", r.place.Path)
	}
}

func (r *reading) frames(ctx context.Context, sink ingest.Sink, s *frame.Scanner, last bool) error {
	for {
		f, err := s.Next()
		if err != nil {
			return r.end(ctx, sink, s, err, last)
		}
		r.State = s.State()
		if err := r.put(ctx, sink, f); err != nil {
			return err
		}
	}
}

// put hands a frame over, and takes back the half of it that was kept before.
func (r *reading) put(ctx context.Context, sink ingest.Sink, f frame.Frame) error {
	p := ingest.Piece{Text: f.Text, Source: r.source, Offset: f.Offset, Resource: r.place.Resource, Fault: f.Fault, Excerpt: f.Excerpt}
	if h := r.Half; h != nil && f.Offset >= h.Offset {
		p.Retract = &store.Place{Source: h.Source, Offset: h.Offset}
		r.Half = nil
	}
	r.read = r.set.Now()
	return sink.Put(ctx, p, r)
}

// end decides what becomes of an unfinished last record.
func (r *reading) end(ctx context.Context, sink ingest.Sink, s *frame.Scanner, err error, last bool) error {
	r.State = s.State()
	packed := r.packed != plain
	switch {
	case errors.Is(err, frame.ErrUTF16):
		return &fileError{r.place.Path, fmt.Errorf("%w; convert it first: iconv -f UTF-16 -t UTF-8", err)}
	case packed && errors.Is(err, io.ErrUnexpectedEOF):
		if r.set.Follow && !last {
			return nil // it is still being written
		}
		return &fileError{r.place.Path, fmt.Errorf("%s data end early: the file is damaged or still being written", r.packed)}
	case err != io.EOF:
		return &fileError{r.place.Path, cause(err)}
	}
	f, unfinished := s.Rest()
	switch {
	case !unfinished:
	case packed || last || f.Fault == "" && r.Mode == frame.Lines && whole(f.Text):
		f, _ = s.TakeRest()
		r.State = s.State()
		if err := r.put(ctx, sink, f); err != nil {
			return err
		}
	case !r.set.Follow:
		if err := r.putHalf(ctx, sink, f); err != nil {
			return err
		}
	}
	r.Whole = packed
	return nil
}

// whole tells that a last line without its newline is complete.
func whole(text []byte) bool {
	text = bytes.TrimRight(text, " \t\r")
	return len(text) > 0 && text[len(text)-1] == '}' && json.Valid(text)
}

// putHalf keeps an unfinished last record as a dead letter until it is finished.
// The cursor stays before it.
func (r *reading) putHalf(ctx context.Context, sink ingest.Sink, f frame.Frame) error {
	size := int64(len(f.Text))
	if h := r.Half; h != nil && h.Offset == f.Offset && h.Size == size {
		return nil
	}
	fault := "unfinished: the file ends inside this record"
	if f.Fault != "" {
		fault = "unfinished: " + f.Fault
	}
	p := ingest.Piece{Text: f.Text, Source: r.source, Offset: f.Offset, Resource: r.place.Resource, Fault: fault, Excerpt: true}
	if h := r.Half; h != nil {
		p.Retract = &store.Place{Source: h.Source, Offset: h.Offset}
	}
	r.Half = &half{Source: r.source, Offset: f.Offset, Size: size, Head: digestOf(f.Text[:min(len(f.Text), headSize)])}
	r.set.Remark("%s ends inside a record at offset %d: kept as a dead letter until the rest is there", r.place.Path, f.Offset)
	return sink.Put(ctx, p, r)
}

// resume gives the bytes from where reading goes on: in its own reading if the
// file is still the same, in an earlier one that its content continues, or at
// the beginning.
func (r *reading) resume(info fs.FileInfo) (io.ReadCloser, error) {
	var magic [4]byte
	n, err := r.file.ReadAt(magic[:], 0)
	if err != nil && err != io.EOF {
		return nil, cause(err)
	}
	r.packed = recognise(magic[:n])
	switch {
	case r.saved != nil && r.Offset == 0 && r.Half == nil:
		return r.at(0)
	case r.saved != nil:
		if stream, err := r.continues(r.saved, info); stream != nil || err != nil {
			return stream, err
		}
		r.set.Remark("%s was truncated or replaced: reading it from the beginning", r.place.Path)
		r.begin(position{})
		return r.at(0)
	}
	for _, c := range r.set.memory.candidates(r.id, r.place.Path) {
		stream, err := r.continues(c, info)
		if err != nil {
			return nil, err
		}
		if stream == nil {
			continue
		}
		if c.Dev == r.id.dev && c.Ino == r.id.ino {
			r.saved = c
		} else {
			r.begin(c.position)
		}
		return stream, nil
	}
	r.begin(position{})
	return r.at(0)
}

// begin starts a reading of its own, at a position that another one reached.
func (r *reading) begin(at position) {
	at.Version, at.Scope, at.Path = version, r.set.Scope, r.place.Path
	at.Dev, at.Ino = r.id.dev, r.id.ino
	r.saved = &saved{key: r.set.memory.freeKey(r.set.Scope, r.id), position: at}
	r.set.memory.add(r.saved)
}

// continues gives the bytes behind a position if the file is the one it was
// reached in, nil if it is not.
func (r *reading) continues(c *saved, info fs.FileInfo) (io.ReadCloser, error) {
	same := c.Dev == r.id.dev && c.Ino == r.id.ino
	if c.Head.Size < 0 || c.Offset == 0 && (c.Half == nil || !same) {
		return nil, nil
	}
	if r.packed != plain {
		return r.continuesPacked(c, info)
	}
	if info.Size() < c.Offset {
		return nil, nil
	}
	head, err := headDigest(r.file, c.Offset)
	if err != nil || head != c.Head {
		return nil, ignoreEOF(err)
	}
	// The tail of a position in a packed file is not known: the head has to do
	// where the file is the same by identity.
	if c.Tail.Size > 0 {
		tail, err := tailDigest(r.file, c.Offset)
		if err != nil || tail != c.Tail {
			return nil, ignoreEOF(err)
		}
	} else if c.Offset > headSize {
		return nil, nil
	}
	if c.Half != nil {
		text := make([]byte, c.Half.Head.Size)
		if _, err := r.file.ReadAt(text, c.Half.Offset); err != nil || !c.Half.Head.matches(text) {
			return nil, ignoreEOF(err)
		}
	}
	return r.at(c.Offset)
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// continuesPacked unpacks up to the position. A position without a tail was
// reached in a packed file, and counts only for that very file.
func (r *reading) continuesPacked(c *saved, info fs.FileInfo) (io.ReadCloser, error) {
	same := c.Dev == r.id.dev && c.Ino == r.id.ino
	if !same && c.Tail.Size == 0 && c.Offset > headSize {
		return nil, nil
	}
	if same && c.Whole && c.Size == info.Size() && c.Mtime == info.ModTime().UnixNano() {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	stream, err := r.unpacked()
	if err != nil {
		return nil, err
	}
	head, _ := stream.Peek(c.Head.Size)
	if !c.Head.matches(head) {
		stream.Close() // what it says of the rest of its data is not asked
		return nil, nil
	}
	skip := c.Offset - int64(c.Tail.Size)
	if _, err := io.CopyN(io.Discard, stream, skip); err != nil {
		stream.Close() // what it says of the rest of its data is not asked
		return nil, nil
	}
	tail := make([]byte, c.Tail.Size)
	if _, err := io.ReadFull(stream, tail); err != nil || !c.Tail.matches(tail) {
		stream.Close() // what it says of the rest of its data is not asked
		return nil, nil
	}
	return stream, nil
}

// at gives the bytes from offset.
func (r *reading) at(offset int64) (io.ReadCloser, error) {
	if r.packed == plain {
		return io.NopCloser(io.NewSectionReader(r.file, offset, 1<<62-offset)), nil
	}
	return r.unpacked()
}

// unpackedStream is a packed file from its beginning.
type unpackedStream struct {
	*bufio.Reader
	io.Closer
}

func (r *reading) unpacked() (*unpackedStream, error) {
	z, err := unpack(r.packed, bufio.NewReaderSize(io.NewSectionReader(r.file, 0, 1<<62), 256<<10))
	if err != nil {
		return nil, err
	}
	stream := &unpackedStream{bufio.NewReaderSize(z, 64<<10), z}
	head, _ := stream.Peek(headSize) // an error shows again when the bytes are read
	r.head = bytes.Clone(head)
	return stream, nil
}
