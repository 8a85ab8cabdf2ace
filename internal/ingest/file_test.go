package ingest_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/file"
	"github.com/postern-dev/postern/internal/store"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func grow(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func pack(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGrowingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	m := newMemory()
	write(t, path, lines(0, 50))
	run(t, m, open(t, path))
	grow(t, path, lines(50, 60))
	if s := run(t, m, open(t, path)); s.Read != 10 {
		t.Errorf("the second run read %d, want the 10 new ones", s.Read)
	}
	if s := run(t, m, open(t, path)); s.Read != 0 {
		t.Errorf("the third run read %d, nothing is new", s.Read)
	}
	same(t, "events", m.ids(t), names(0, 60))
}

// TestHalfLine: a half last line is kept as a dead letter, and is a whole event
// once it is finished.
func TestHalfLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	m := newMemory()
	half := event("half")
	write(t, path, lines(0, 1)+half[:40])
	s := run(t, m, open(t, path))
	if s.Read != 2 || s.Stored != 1 || s.Dead != 1 {
		t.Fatalf("counts %+v", s.Counts)
	}
	if s := run(t, m, open(t, path)); s.Read != 0 {
		t.Fatalf("nothing changed, but %d were read", s.Read)
	}
	grow(t, path, half[40:60])
	run(t, m, open(t, path))
	if got := m.deadReasons(); len(got) != 1 || !strings.Contains(got[0], "unfinished") {
		t.Fatalf("a longer half: %q", got)
	}
	grow(t, path, half[60:]+"\n"+lines(1, 2))
	run(t, m, open(t, path))
	same(t, "events", m.ids(t), []string{"0", "half", "1"})
	if got := m.deadReasons(); len(got) != 0 {
		t.Errorf("dead letters are left: %q", got)
	}
}

func TestHalfFirstLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	m := newMemory()
	half := event("half")
	write(t, path, half[:40])
	run(t, m, open(t, path))
	// Another file in the same directory has nothing to do with it.
	other := filepath.Join(filepath.Dir(path), "other.log")
	write(t, other, lines(0, 1))
	run(t, m, open(t, other))
	if len(m.dead) != 1 {
		t.Fatalf("dead letters: %q", m.deadReasons())
	}
	grow(t, path, half[40:])
	run(t, m, open(t, path))
	same(t, "events", m.ids(t), []string{"0", "half"})
	if len(m.dead) != 0 {
		t.Fatalf("dead letters: %q", m.deadReasons())
	}
	grow(t, path, "\n"+lines(1, 2)) // the newline came late
	run(t, m, open(t, path))
	same(t, "events", m.ids(t), []string{"0", "half", "1"})
}

// TestHalfReplaced: what was half is gone with its file; what is known of it
// stays.
func TestHalfReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	m := newMemory()
	write(t, path, event("lost")[:150])
	run(t, m, open(t, path))
	write(t, path, lines(0, 2))
	run(t, m, open(t, path))
	same(t, "events", m.ids(t), []string{"0", "1"})
	if len(m.dead) != 1 {
		t.Fatalf("dead letters: %q", m.deadReasons())
	}
}

func TestRotationBetweenRuns(t *testing.T) {
	for _, how := range []string{"rename", "compress", "copytruncate", "logrotate"} {
		t.Run(how, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "audit.log")
			m := newMemory()
			write(t, path, lines(0, 40))
			run(t, m, open(t, path))
			grow(t, path, lines(40, 50))
			old := filepath.Join(dir, "audit-2026-11-23T17-58-21.960.log")
			switch how {
			case "rename":
				os.Rename(path, old)
			case "compress":
				write(t, old+".gz", pack(t, lines(0, 50)))
				os.Remove(path)
			case "copytruncate":
				write(t, path+".1", lines(0, 50))
				os.Truncate(path, 0)
			case "logrotate":
				os.Rename(path, path+"-20261123")
			}
			grow(t, path, lines(50, 55))
			s := run(t, m, open(t, path))
			if s.Read != 15 {
				t.Errorf("read %d, want the 15 new ones: %+v", s.Read, s.Counts)
			}
			got := m.ids(t)
			slices.SortFunc(got, numerically)
			same(t, "events", got, names(0, 55))
		})
	}
}

// TestRotatedAheadOfItsEnd: reading was ended when the new file had been read, and
// the end of the one it replaced had not.
func TestRotatedAheadOfItsEnd(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.log")
	rotated, hidden := filepath.Join(dir, "audit-2026-11-23T17-58-21.960.log"), filepath.Join(dir, "away")
	m := newMemory()
	at := time.Now().Add(-time.Hour)
	age := func(path string, minutes int) {
		t.Helper()
		if err := os.Chtimes(path, time.Time{}, at.Add(time.Duration(minutes)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, path, lines(0, 40))
	age(path, 0)
	run(t, m, open(t, path))
	grow(t, path, lines(40, 50))
	age(path, 1)
	os.Rename(path, hidden) // as if no look had found it yet
	write(t, path, lines(50, 55))
	age(path, 2)
	run(t, m, open(t, path))
	os.Rename(hidden, rotated)
	for range 2 {
		run(t, m, open(t, path))
		got := m.ids(t)
		slices.SortFunc(got, numerically)
		same(t, "events", got, names(0, 55))
	}
}

func numerically(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// TestOlderRotatedFilesAreNotTaken: `file:PATH` means that file; a pattern takes
// the whole set.
func TestOlderRotatedFilesAreNotTaken(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.log")
	write(t, filepath.Join(dir, "audit-2026-11-23T10-00-00.000.log.gz"), pack(t, lines(0, 10)))
	write(t, filepath.Join(dir, "audit-2026-11-23T11-00-00.000.log"), lines(10, 20))
	write(t, path, lines(20, 30))
	m := newMemory()
	run(t, m, open(t, path))
	same(t, "the path", m.ids(t), names(20, 30))
	m = newMemory()
	run(t, m, open(t, filepath.Join(dir, "audit*.log*")))
	got := m.ids(t)
	slices.SortFunc(got, numerically)
	same(t, "the pattern", got, names(0, 30))
	if s := run(t, m, open(t, filepath.Join(dir, "audit*.log*"))); s.Read != 0 {
		t.Errorf("the pattern again read %d", s.Read)
	}
}

func TestTruncatedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	m := newMemory()
	write(t, path, lines(0, 50))
	run(t, m, open(t, path))
	write(t, path, lines(50, 51)) // shorter
	run(t, m, open(t, path))
	write(t, path, lines(51, 200)) // longer than ever, other content
	run(t, m, open(t, path))
	same(t, "events", m.ids(t), names(0, 200))
}

func TestPackedFiles(t *testing.T) {
	dir := t.TempDir()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "a.gz"), pack(t, lines(0, 30))+pack(t, lines(30, 60)))
	write(t, filepath.Join(dir, "b.zst"), string(z.EncodeAll([]byte(lines(60, 90)), nil)))
	write(t, filepath.Join(dir, "c.gz"), pack(t, event("90")[:100])) // will never go on: a cut event
	m := newMemory()
	s := run(t, m, open(t, filepath.Join(dir, "*")))
	if s.Read != 91 || s.Stored != 91 {
		t.Fatalf("counts %+v", s.Counts)
	}
	if s := run(t, m, open(t, filepath.Join(dir, "*"))); s.Read != 0 {
		t.Errorf("again: read %d", s.Read)
	}
	whole := pack(t, lines(100, 4000))
	write(t, filepath.Join(dir, "d.gz"), whole[:len(whole)/2])
	s = run(t, m, open(t, filepath.Join(dir, "*")))
	if s.Partial == nil || !strings.Contains(s.Partial.Error(), "data end early") {
		t.Errorf("a packed file that ends early: %v", s.Partial)
	}
	grow(t, filepath.Join(dir, "d.gz"), whole[len(whole)/2:])
	if s = run(t, m, open(t, filepath.Join(dir, "*"))); s.Partial != nil || s.Duplicate != 0 {
		t.Errorf("and was finished: %v %+v", s.Partial, s.Counts)
	}
	if n := len(m.ids(t)); n != 91+3900 {
		t.Errorf("%d events", n)
	}
}

func TestOtherClusterReadsAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	write(t, path, lines(0, 5))
	m := newMemory()
	run(t, m, open(t, path))
	src, err := file.Open(path, file.Options{Scope: "other", Remark: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	if s := run(t, m, src); s.Read != 5 {
		t.Errorf("read %d for another cluster", s.Read)
	}
}

// TestFailedCommit: what is behind a batch that was not committed is not
// committed either, and the next run has it all.
func TestFailedCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	write(t, path, lines(0, 100))
	m := newMemory()
	full := errors.New("disk full")
	m.fail = func(b store.Batch) error {
		if m.appends == 3 {
			return full
		}
		return nil
	}
	src := open(t, path)
	p := &ingest.Pipeline{Store: m, Sources: []ingest.Source{src}, Cluster: "local", BatchRecords: 10}
	if _, err := p.Run(t.Context()); !errors.Is(err, full) {
		t.Fatalf("error %v", err)
	}
	src.Close()
	same(t, "committed", m.ids(t), names(0, 20))
	m.fail = nil
	run(t, m, open(t, path))
	same(t, "events", m.ids(t), names(0, 100))
}

func TestRefusedPlaces(t *testing.T) {
	dir := t.TempDir()
	for place, want := range map[string]error{
		dir:                               file.ErrDirectory,
		filepath.Join(dir, "none.log"):    os.ErrNotExist,
		filepath.Join(dir, "*.log"):       file.ErrNoMatch,
		filepath.Join(dir, "no", "x.log"): os.ErrNotExist,
	} {
		if _, err := file.Open(place, file.Options{Remark: t.Logf}); !errors.Is(err, want) || !strings.Contains(fmt.Sprint(err), place) {
			t.Errorf("%s: %v, want %v", place, err, want)
		}
	}
}
