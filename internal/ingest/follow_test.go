package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/blob"
	"github.com/postern-dev/postern/internal/ingest/file"
)

// follower is a pipeline that follows in the background.
type follower struct {
	stop context.CancelFunc
	done chan error
	sum  ingest.Summary
	idle chan struct{}
}

func follow(t *testing.T, m *memory, src ingest.Source, change func(*ingest.Pipeline)) *follower {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	f := &follower{stop: stop, done: make(chan error, 1), idle: make(chan struct{}, 1)}
	p := &ingest.Pipeline{Store: m, Sources: []ingest.Source{src}, Cluster: "local", Follow: true, Poll: time.Millisecond}
	p.Progress = func(now ingest.Progress) {
		if now.Idle {
			select {
			case f.idle <- struct{}{}:
			default:
			}
		}
	}
	if change != nil {
		change(p)
	}
	go func() {
		var err error
		f.sum, err = p.Run(ctx)
		f.done <- err
	}()
	t.Cleanup(stop)
	return f
}

// caughtUp waits until the store has n events; a test that hangs here is ended
// by the test's own time limit.
func (f *follower) caughtUp(t *testing.T, m *memory, n int) {
	t.Helper()
	for {
		m.mu.Lock()
		have := len(m.records)
		m.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case err := <-f.done:
			t.Fatalf("following ended with %d of %d events: %v", have, n, err)
		case <-f.idle:
		}
	}
}

func (f *follower) end(t *testing.T) ingest.Summary {
	t.Helper()
	f.stop()
	if err := <-f.done; err != nil {
		t.Fatal(err)
	}
	return f.sum
}

func followed(t *testing.T, place string) ingest.Source {
	t.Helper()
	src, err := file.Open(place, file.Options{Scope: "local", Follow: true, Remark: func(string, ...any) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

// TestFollow: a file that is not there yet, half lines, rotation by renaming and
// by truncation, and what is written to a file after it was renamed.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.log")
	m := newMemory()
	f := follow(t, m, followed(t, path), nil)
	writer, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	writer.WriteString(lines(0, 10) + event("10")[:30])
	f.caughtUp(t, m, 10)
	writer.WriteString(event("10")[30:] + "\n")
	f.caughtUp(t, m, 11)
	if err := os.Rename(path, filepath.Join(dir, "moved-away")); err != nil {
		t.Fatal(err)
	}
	write(t, path, lines(11, 20))
	f.caughtUp(t, m, 20)
	writer.WriteString(lines(20, 25)) // late, by its old name's handle
	writer.Close()
	f.caughtUp(t, m, 25)
	write(t, filepath.Join(dir, "audit.log.1"), lines(11, 20))
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	grow(t, path, lines(25, 30))
	f.caughtUp(t, m, 30)
	s := f.end(t)
	if !s.Interrupted || s.Counts.Check() != nil || s.Dead != 0 || s.Duplicate != 0 {
		t.Errorf("summary %+v", s)
	}
	got := m.ids(t)
	slices.SortFunc(got, numerically)
	same(t, "events", got, names(0, 30))
}

// TestFollowHalfLineAtTheEnd: a half line at the end of following waits for the
// next run, and is not kept as anything.
func TestFollowHalfLineAtTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	write(t, path, lines(0, 2)+event("2")[:50])
	m := newMemory()
	f := follow(t, m, followed(t, path), nil)
	f.caughtUp(t, m, 2)
	if s := f.end(t); s.Read != 2 {
		t.Errorf("read %d", s.Read)
	}
	grow(t, path, event("2")[50:]+"\n")
	run(t, m, open(t, path))
	same(t, "events", m.ids(t), names(0, 3))
}

func TestFollowPattern(t *testing.T) {
	dir := t.TempDir()
	m := newMemory()
	f := follow(t, m, followed(t, filepath.Join(dir, "*.log")), nil)
	for i := range 5 {
		grow(t, filepath.Join(dir, fmt.Sprintf("%d.log", i)), lines(i*10, i*10+5))
	}
	f.caughtUp(t, m, 25)
	for i := range 5 {
		grow(t, filepath.Join(dir, fmt.Sprintf("%d.log", i)), lines(i*10+5, i*10+10))
	}
	f.caughtUp(t, m, 50)
	f.end(t)
	got := m.ids(t)
	slices.SortFunc(got, numerically)
	same(t, "events", got, names(0, 50))
}

// TestRandomWriting: however a log is cut into writes, rotations and runs, the
// store has each event once.
func TestRandomWriting(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir()
			path := filepath.Join(dir, "audit.log")
			m := newMemory()
			const total = 300
			text := lines(0, total)
			runOnce := func() {
				f := follow(t, m, followed(t, path), func(p *ingest.Pipeline) { p.BatchRecords = 1 + rnd.IntN(40) })
				for range rnd.IntN(8) {
					<-f.idle
				}
				f.end(t)
			}
			rotations := 0
			for len(text) > 0 {
				n := min(1+rnd.IntN(4000), len(text))
				grow(t, path, text[:n])
				text = text[n:]
				switch rnd.IntN(6) {
				case 0, 1:
					runOnce()
				case 2:
					run(t, m, open(t, path))
				case 3:
					// The API server rotates between two events.
					if n := strings.IndexByte(text, '\n') + 1; n > 0 && rotations < 20 {
						grow(t, path, text[:n])
						text = text[n:]
						if len(m.cursors) > 0 {
							rotations++
							os.Rename(path, filepath.Join(dir, fmt.Sprintf("audit-2026-11-23T17-58-%02d.000.log", rotations)))
							write(t, path, "")
						}
					}
				}
			}
			run(t, m, open(t, path))
			got := m.ids(t)
			slices.SortFunc(got, numerically)
			same(t, "events", got, names(0, total))
			if len(m.dead) != 0 {
				t.Errorf("dead letters: %q", m.deadReasons())
			}
		})
	}
}

func blobDir(root, category string, hour int) string {
	return filepath.Join(root, "lab", "insights-logs-"+category, "resourceId=", "SUBSCRIPTIONS", "S", "RESOURCEGROUPS", "RG", "PROVIDERS",
		"MICROSOFT.CONTAINERSERVICE", "MANAGEDCLUSTERS", "AKS-LAB", "y=2026", "m=11", "d=23", fmt.Sprintf("h=%02d", hour), "m=00")
}

func envelope(category, log string) string {
	return fmt.Sprintf(`{"category":%q,"operationName":"Microsoft.ContainerService/managedClusters/diagnosticLogs/Read","properties":{"log":%q,"pod":"kube-apiserver-0","stream":"stdout"},"resourceId":"/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/AKS-LAB","time":"2026-11-23T17:58:21.9609960Z"}`+"\n", category, log)
}

func TestStorageAccount(t *testing.T) {
	root := t.TempDir()
	put := func(category string, hour int, text string) {
		dir := blobDir(root, category, hour)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		grow(t, filepath.Join(dir, "PT1H.json"), text)
	}
	put("kube-audit", 17, envelope("kube-audit", event("1")+"\n")+envelope("kube-audit", event("2")+"\n"))
	put("guard", 17, envelope("guard", "I1123 17:58:21.960996 1 guard.go:1] allowed\n"))
	put("kube-audit", 17, strings.ReplaceAll(envelope("kube-audit", event("3")), `"resourceId":"/SUB`, `"other":"/SUB`))
	if err := os.MkdirAll(filepath.Join(root, "lab", "unrelated"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "lab", "unrelated", "x.json"), "no log")

	for _, level := range []string{".", "lab", "lab/insights-logs-kube-audit"} {
		src, err := blob.Open(filepath.Join(root, level), blob.Options{Scope: "local", Remark: t.Logf})
		if err != nil {
			t.Fatal(err)
		}
		m := newMemory()
		s := run(t, m, src)
		want := int64(4)
		if strings.HasSuffix(level, "kube-audit") {
			want = 3
		}
		if s.Read != want || s.Dead != 0 {
			t.Errorf("%s: %+v", level, s.Counts)
		}
		for _, r := range m.records {
			if r.Cluster != "/subscriptions/s/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/aks-lab" {
				t.Errorf("cluster %q of %q", r.Cluster, r.Text)
			}
		}
	}

	m := newMemory()
	src, err := blob.Open(root, blob.Options{Scope: "local", Follow: true, Remark: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	f := follow(t, m, src, nil)
	f.caughtUp(t, m, 4)
	put("kube-audit", 17, envelope("kube-audit", event("4")))
	put("kube-audit-admin", 18, envelope("kube-audit-admin", event("5")))
	f.caughtUp(t, m, 6)
	f.end(t)

	if _, err := blob.Open(filepath.Join(root, "lab", "unrelated"), blob.Options{}); err == nil {
		t.Error("a directory without containers was taken")
	}
}
