package ingest_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/failpoint"
	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/file"
	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/internal/store/duck"
	"github.com/postern-dev/postern/internal/store/serve"
)

// Variables that make this test binary an ingesting process.
const (
	childLog   = "INGEST_TEST_LOG"
	childStore = "INGEST_TEST_STORE"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childLog); path != "" {
		if err := child(path, os.Getenv(childStore)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child follows a log into a store until it is killed.
func child(log, path string) error {
	ctx := context.Background()
	fail, err := failpoint.Parse(os.Getenv(failpoint.Variable))
	if err != nil {
		return err
	}
	st, err := duck.Open(ctx, duck.Options{Path: path, Now: time.Now, Fail: fail})
	if err != nil {
		return err
	}
	src, err := file.Open(log, file.Options{Scope: "local", Follow: true, Remark: func(string, ...any) {}})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	p := &ingest.Pipeline{Store: strict{st}, Sources: []ingest.Source{src}, Cluster: "local", Follow: true, Fail: fail, Poll: 5 * time.Millisecond, BatchRecords: 25}
	_, err = p.Run(ctx)
	return err
}

// strict takes nothing twice: what a store would recognise as known was read
// again, so a cursor was behind its rows.
type strict struct{ *duck.Store }

func (s strict) Append(ctx context.Context, b store.Batch) (store.Counts, error) {
	c, err := s.Store.Append(ctx, b)
	if err == nil && c.Stored != c.Read {
		err = fmt.Errorf("read again: %+v", c)
	}
	return c, err
}

// TestKill: an ingesting process is killed twenty times, at named places and
// anywhere, while its log is written and rotated. In the end the store has each
// event once.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	log, path := filepath.Join(dir, "audit.log"), filepath.Join(dir, "s.duckdb")
	rnd := rand.New(rand.NewPCG(7, 7))
	w := &logWriter{t: t, dir: dir, path: log, rnd: rnd}
	w.write(10)
	points := []string{"ingest.read", "ingest.append", "ingest.append", "ingest.cursor", "ingest.cursor", "ingest.commit", "", ""}
	for i := range 20 {
		point := points[i%len(points)]
		if point != "" {
			point = fmt.Sprintf("%s:%d", point, 1+rnd.IntN(4))
		}
		killOnce(t, w, path, point, rnd)
	}
	w.write(3)
	st, err := duck.Open(t.Context(), duck.Options{Path: path, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	src := open(t, log)
	s, err := (&ingest.Pipeline{Store: st, Sources: []ingest.Source{src}, Cluster: "local"}).Run(t.Context())
	if err != nil || s.Duplicate != 0 || s.Merged != 0 || s.Dead != 0 {
		t.Errorf("the last run: %+v, %v", s.Counts, err)
	}
	src.Close()
	got := column(t, st, "Events | project AuditID")
	slices.SortFunc(got, numerically)
	same(t, "events", got, names(0, w.next))
	if dead := column(t, st, "DeadLetters | project Reason"); len(dead) != 0 {
		t.Errorf("dead letters: %q", dead)
	}
	t.Logf("%d events, %d rotations, 20 kills", w.next, w.rotated)
}

// killOnce starts a process, writes until it is dead, and ends it if no
// failpoint does.
func killOnce(t *testing.T, w *logWriter, path, point string, rnd *rand.Rand) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childLog+"="+w.path, childStore+"="+path, failpoint.Variable+"="+point)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 6)); err != nil {
		t.Fatalf("the process did not start: %v %s", err, said.String())
	}
	dead := make(chan error, 1)
	go func() { dead <- cmd.Wait() }()
	after := 2 + rnd.IntN(30)
	for n := 0; ; n++ {
		w.write(1 + rnd.IntN(12))
		if point == "" && n == after {
			cmd.Process.Kill()
		}
		if n == 5000 {
			cmd.Process.Kill()
			t.Fatalf("failpoint %s was not reached", point)
		}
		select {
		case err := <-dead:
			exit, ok := err.(*exec.ExitError)
			if !ok {
				t.Fatalf("%s: ended by %v: %s", point, err, said.String())
			}
			if ws, isStatus := exit.Sys().(syscall.WaitStatus); !isStatus || ws.Signal() != syscall.SIGKILL {
				t.Fatalf("%s: ended by %v: %s", point, err, said.String())
			}
			return
		case <-time.After(time.Duration(rnd.IntN(8)) * time.Millisecond):
		}
	}
}

// logWriter writes numbered events as a busy API server does: in pieces, and
// rotating now and then.
type logWriter struct {
	t       *testing.T
	dir     string
	path    string
	rnd     *rand.Rand
	next    int
	rotated int
}

func (w *logWriter) write(n int) {
	w.t.Helper()
	if w.rnd.IntN(40) == 0 && w.next > 100 {
		w.rotated++
		if err := os.Rename(w.path, filepath.Join(w.dir, fmt.Sprintf("audit-2026-11-23T17-58-%02d.%03d.log", w.rotated/60, w.rotated))); err != nil {
			w.t.Fatal(err)
		}
	}
	text := lines(w.next, w.next+n)
	w.next += n
	half := w.rnd.IntN(len(text))
	grow(w.t, w.path, text[:half])
	grow(w.t, w.path, text[half:])
}

// column asks the store for one column of text.
func column(t *testing.T, st *duck.Store, query string) []string {
	t.Helper()
	rows, err := serve.Local(st).Query(t.Context(), serve.Question{KQL: query})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next(t.Context()) {
		out = append(out, fmt.Sprint(rows.Row()[0]))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
