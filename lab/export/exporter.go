package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Exporter delivers what Sources write to the destinations of Settings.
type Exporter struct {
	// Dir is the lab's state directory: storage/ACCOUNT and export/ are below it.
	Dir     string
	Sources []Source
	// Settings lists the cluster's diagnostic settings as they are now. It is
	// asked after each read, so that no record written after a setting was made
	// is routed without it.
	Settings func() []Setting
	Log      *slog.Logger // nil: silent
	// Latency is the pause between two passes; 0 means 250 ms. Azure takes
	// minutes.
	Latency time.Duration
	// CutAt limits properties.log; 0 means Azure's 16 KiB, negative no limit.
	CutAt int
	// AdminWatch delivers watch events in kube-audit-admin too.
	AdminWatch bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu     sync.Mutex
	st     *state
	failed string // the last error told, so that it is told once
}

// batch limits what one pass reads of a source, and so the state file's size.
const batch = 1 << 20

// Run passes over the sources until ctx ends, and then once more, so that what
// the apiserver wrote before it stopped is delivered.
func (e *Exporter) Run(ctx context.Context) error {
	latency := e.Latency
	if latency == 0 {
		latency = 250 * time.Millisecond
	}
	tick := time.NewTicker(latency)
	defer tick.Stop()
	for {
		e.report(e.Pass())
		select {
		case <-ctx.Done():
			return e.Pass()
		case <-tick.C:
		}
	}
}

// report logs an error the first time it appears in a row.
func (e *Exporter) report(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != e.failed {
		e.log().Error("deliver logs", "err", err)
	}
	e.failed = text
}

func (e *Exporter) log() *slog.Logger {
	if e.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return e.Log
}

func (e *Exporter) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

func (e *Exporter) file(name string) string { return filepath.Join(e.Dir, "export", name) }

// Paused says whether the file STATE/export/paused exists: then nothing is
// read and nothing delivered until it is gone.
func (e *Exporter) Paused() bool {
	_, err := os.Stat(e.file("paused"))
	return !errors.Is(err, fs.ErrNotExist)
}

// Pass reads what is new and delivers it.
func (e *Exporter) Pass() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.Paused() {
		return nil
	}
	if err := e.open(); err != nil {
		return err
	}
	for _, src := range e.Sources {
		for {
			more, err := e.pass(src)
			if err != nil {
				return fmt.Errorf("export %s: %w", src.Path, err)
			}
			if !more {
				break
			}
		}
	}
	return nil
}

// open loads the state once and finishes what a crash interrupted.
func (e *Exporter) open() error {
	if e.st != nil {
		return nil
	}
	if err := os.MkdirAll(e.file(""), 0o700); err != nil {
		return fmt.Errorf("make exporter directory: %w", err)
	}
	st, err := loadState(e.file("state.json"))
	if err != nil {
		return err
	}
	if err := apply(e.storage(), st.Pending); err != nil {
		return err
	}
	e.st = st
	return nil
}

func (e *Exporter) storage() string { return filepath.Join(e.Dir, "storage") }

// pass handles one batch of one source; more says that it moved on.
func (e *Exporter) pass(src Source) (more bool, err error) {
	before := e.st.Sources[src.Path]
	lines, next, lost, err := readLines(src.Path, before, batch)
	if err != nil || next == before {
		return false, err
	}
	if lost {
		e.log().Warn("log was removed or truncated before it was read to its end", "path", src.Path, "offset", before.Offset)
	}
	arrived := e.now()
	todo, err := e.route(src, lines, arrived)
	if err != nil {
		return false, err
	}
	e.st.Sources[src.Path], e.st.Pending = next, todo
	if err := e.commit(); err != nil {
		e.st = nil // the truth is on disk; the next pass reads it again
		return false, err
	}
	return true, nil
}

func (e *Exporter) commit() error {
	if err := e.st.save(e.file("state.json")); err != nil {
		return err
	}
	return apply(e.storage(), e.st.Pending)
}

// route turns lines into appends, a blob each.
func (e *Exporter) route(src Source, lines [][]byte, arrived time.Time) ([]pending, error) {
	settings := e.Settings()
	e.prune(settings)
	blobs := map[string]*bytes.Buffer{}
	var order []string
	for i, line := range lines {
		categories, h := src.categories(line, e.AdminWatch)
		staged, at := h.times(arrived.Add(time.Duration(i))) // lines of one read keep their order
		for _, s := range settings {
			for _, category := range categories {
				st := e.stream(s, category, arrived)
				if st == nil || staged.Before(st.Since) {
					continue
				}
				name := s.account() + "/" + blobPath(category, s.ResourceID, arrived)
				if blobs[name] == nil {
					blobs[name] = &bytes.Buffer{}
					order = append(order, name)
				}
				r := record{category: category, resourceID: s.ResourceID, source: src, log: line, time: at}
				e.deliver(blobs[name], r, st)
			}
		}
	}
	todo := make([]pending, 0, len(order))
	for _, name := range order {
		at, err := size(filepath.Join(e.storage(), filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", name, err)
		}
		todo = append(todo, pending{Blob: name, At: at, Data: blobs[name].Bytes()})
	}
	return todo, nil
}

// deliver appends one record and counts it.
func (e *Exporter) deliver(b *bytes.Buffer, r record, st *stream) {
	limit := e.CutAt
	if limit == 0 {
		limit = CutAt
	}
	before := b.Len()
	b.Write(r.appendTo(b.AvailableBuffer(), limit))
	st.Delivered++
	st.Bytes += int64(b.Len() - before)
	st.Last = r.time
	if limit > 0 && len(r.log)+1 > limit {
		st.Cut++
	}
}

// stream is the memory of one delivery, made when the setting first enables
// the category; nil where the setting does not or has no storage account.
func (e *Exporter) stream(s Setting, category string, arrived time.Time) *stream {
	if s.account() == "" || !s.wants(category) {
		return nil
	}
	key := streamKey(s, category)
	if e.st.Streams[key] == nil {
		since := s.Changed
		if since.IsZero() {
			since = arrived
		}
		e.st.Streams[key] = &stream{Since: since}
	}
	return e.st.Streams[key]
}

// prune forgets streams that no setting asks for any more: made again, they
// start anew.
func (e *Exporter) prune(settings []Setting) {
	live := map[string]bool{}
	for _, s := range settings {
		for _, category := range e.categories() {
			if s.account() != "" && s.wants(category) {
				live[streamKey(s, category)] = true
			}
		}
	}
	for key := range e.st.Streams {
		if !live[key] {
			delete(e.st.Streams, key)
		}
	}
}
