package tail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/frame"
	"github.com/postern-dev/postern/internal/store"
)

// File is a file of a set.
type File struct {
	Path     string
	Anchor   string // the path the user named, when rotation may give it another
	Source   string // as records and dead letters call it
	Resource string // ARM id, where the path tells it
}

// Set is a set of files as one source. Exported fields are set before use.
type Set struct {
	Label  string // as the user wrote it
	Scope  string // readings of one scope are told from those of another
	Find   func(ctx context.Context) ([]File, error)
	Follow bool
	// KeepOpen keeps files open while following, so that what is written to one
	// after it was renamed or removed is read too.
	KeepOpen bool
	Limit    int // of a record; frame.DefaultLimit
	Now      func() time.Time
	Remark   func(format string, args ...any) // tells the user something; may be nil

	memory   *memory
	readings map[identity]*reading
	found    []File
	nextFind time.Time
	empty    map[string]bool   // files that were found empty, to say so once
	told     map[string]string // faults that were told, by path
}

// Following, a file that did not change for so long is closed, and one that is
// gone from its place is given up.
const (
	idleAfter = 15 * time.Minute
	goneAfter = time.Minute
)

// Name is the source as the user wrote it.
func (s *Set) Name() string { return s.Label }

// Resume takes the cursors of earlier runs.
func (s *Set) Resume(cursors []store.Cursor) error {
	s.memory = newMemory()
	s.readings = map[identity]*reading{}
	s.empty = map[string]bool{}
	s.told = map[string]string{}
	if s.Limit == 0 {
		s.Limit = frame.DefaultLimit
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Remark == nil {
		s.Remark = func(string, ...any) {}
	}
	return s.memory.load(s.Scope, cursors)
}

// Since is the earliest modification time, in nanoseconds, that any file of that
// anchor had when it was last read; false if none ever was. What was written
// later may not be read yet: reading goes on in a new file before the end of the
// one it replaced when rotation comes between two looks, so how far the newest
// was read says nothing of those before it.
func (s *Set) Since(anchor string) (int64, bool) {
	t, ok := s.memory.first[anchor]
	return t, ok
}

// Close gives up the files that are held open.
func (s *Set) Close() error {
	var err error
	for _, r := range s.readings {
		err = errors.Join(err, r.close())
	}
	return err
}

// Read reads every file of the set to its present end.
func (s *Set) Read(ctx context.Context, sink ingest.Sink) error {
	files, full, err := s.look(ctx)
	if err != nil {
		return err
	}
	var partial error
	here := map[identity]bool{}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.readFile(ctx, sink, f, here)
		var fault *fileError
		switch {
		case errors.As(err, &fault):
			s.tell(fault)
			partial = errors.Join(partial, fault)
		case err != nil:
			return err
		}
	}
	if full {
		if err := s.readGone(ctx, sink, here); err != nil {
			return err
		}
	}
	if partial != nil {
		return &ingest.PartialError{Err: partial}
	}
	return nil
}

// fileError is a fault of one file: the others are read all the same.
type fileError struct {
	path string
	err  error
}

// tell says a fault once, while following: otherwise the caller gets it soon.
func (s *Set) tell(fault *fileError) {
	if text := fault.Error(); s.Follow && s.told[fault.path] != text {
		s.told[fault.path] = text
		s.Remark("%s", text)
	}
}

func (e *fileError) Error() string { return fmt.Sprintf("read %s: %v", e.path, e.err) }

func (e *fileError) Unwrap() error { return e.err }

// look lists the files to visit. A look at everything may cost at most about a
// tenth of the time; in between only files that changed lately are visited.
func (s *Set) look(ctx context.Context) (files []File, full bool, err error) {
	began := s.Now()
	if s.Follow && began.Before(s.nextFind) {
		return s.found, false, nil
	}
	all, err := s.Find(ctx)
	if err != nil {
		return nil, false, err
	}
	type dated struct {
		File
		mtime int64
	}
	list := make([]dated, 0, len(all))
	hot := began.Add(-idleAfter).UnixNano()
	for _, f := range all {
		d := dated{File: f}
		if info, err := os.Stat(f.Path); err == nil {
			d.mtime = info.ModTime().UnixNano()
		}
		list = append(list, d)
	}
	// Oldest first: a rotated file before the one that replaced it.
	slices.SortFunc(list, func(a, b dated) int {
		return cmp.Or(cmp.Compare(a.mtime, b.mtime), cmp.Compare(a.Path, b.Path))
	})
	s.found = s.found[:0]
	files = make([]File, len(list))
	for i, d := range list {
		files[i] = d.File
		if d.mtime >= hot {
			s.found = append(s.found, d.File)
		}
	}
	took := s.Now().Sub(began)
	s.nextFind = s.Now().Add(10 * took)
	return files, true, nil
}

// readFile reads on in one file of the set.
func (s *Set) readFile(ctx context.Context, sink ingest.Sink, f File, here map[identity]bool) error {
	for try := 0; ; try++ {
		r, err := s.openFile(f, here)
		switch {
		case errors.Is(err, errReplaced) && try < 3:
			continue
		case errors.Is(err, fs.ErrNotExist) && s.Follow:
			return nil // rotated away a moment ago
		case err != nil:
			return &fileError{f.Path, cause(err)}
		case r == nil:
			return nil
		}
		err = r.readOn(ctx, sink, false)
		if !s.Follow || !s.KeepOpen {
			err = errors.Join(err, r.close())
		}
		return err
	}
}

// openFile gives the reading of a file, nil if nothing was written since.
func (s *Set) openFile(f File, here map[identity]bool) (*reading, error) {
	info, err := os.Stat(f.Path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	id := identify(info, f.Path)
	here[id] = true
	r := s.readings[id]
	if r == nil {
		if s.knownWhole(id, info) {
			return nil, nil
		}
		r = &reading{set: s, id: id}
	} else if r.unchanged(info) {
		r.gone = time.Time{}
		return nil, nil
	}
	if err := r.open(f); err != nil {
		return nil, err
	}
	s.readings[id] = r
	return r, nil
}

// knownWhole spares opening a file that an earlier run read to its end.
func (s *Set) knownWhole(id identity, info fs.FileInfo) bool {
	for _, c := range s.memory.byID[id] {
		if c.Size == info.Size() && c.Mtime == info.ModTime().UnixNano() && c.Half == nil && (c.Whole || c.Offset == c.Size) {
			return true
		}
	}
	return false
}

// readGone reads on in files that are held open and have left their place.
func (s *Set) readGone(ctx context.Context, sink ingest.Sink, here map[identity]bool) error {
	now := s.Now()
	for id, r := range s.readings {
		if r.file == nil {
			continue
		}
		if here[id] {
			if now.Sub(r.read) > idleAfter {
				if err := r.close(); err != nil {
					return err
				}
			}
			continue
		}
		if r.gone.IsZero() {
			r.gone = now
		}
		last := now.Sub(r.gone) > goneAfter
		info, err := r.file.Stat()
		if err != nil {
			return &fileError{r.Path, cause(err)}
		}
		if last || !r.unchanged(info) {
			if err := r.readOn(ctx, sink, last); err != nil {
				return err
			}
		}
		if last {
			delete(s.readings, id)
			if err := r.close(); err != nil {
				return err
			}
		}
	}
	return nil
}

// cause leaves out the operation and path that os errors repeat.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
