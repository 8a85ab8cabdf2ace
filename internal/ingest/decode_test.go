package ingest

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/postern-dev/postern/internal/ingest/frame"
	"github.com/postern-dev/postern/internal/store"
)

var update = flag.Bool("update", false, "rewrite the want parts of testdata")

// TestDecode reads testdata/decode/*.txtar: `in` is a file's content, `want` the
// records and dead letters it becomes.
func TestDecode(t *testing.T) {
	files, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			in := strings.NewReplacer(`\xFF`, "\xff", `\x00`, "\x00", `\end`+"\n", "").Replace(string(ar.Files[0].Data))
			got := show(decodeAll(in))
			if *update {
				ar.Files[1].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(ar.Files[1].Data); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// decodeAll reads a stream that has ended.
func decodeAll(in string) *store.Batch {
	b := &store.Batch{}
	d := decoder{cluster: "local", batch: b}
	s := frame.NewScanner(strings.NewReader(in), frame.State{}, 1<<20)
	put := func(f frame.Frame) {
		d.piece(Piece{Text: f.Text, Source: "file:x", Offset: f.Offset, Fault: f.Fault, Excerpt: f.Excerpt})
	}
	for {
		f, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return b
		}
		put(f)
	}
	if f, ok := s.TakeRest(); ok {
		put(f)
	}
	return b
}

func show(b *store.Batch) string {
	var out strings.Builder
	for _, r := range b.Records {
		fmt.Fprintf(&out, "record %d cluster=%s category=%s pod=%s envelope=%s\n  %q\n", r.Offset, r.Cluster, r.Category, r.Pod, r.Envelope, r.Text)
	}
	for _, d := range b.Dead {
		fmt.Fprintf(&out, "dead %d cluster=%s %s\n  %q\n", d.Offset, d.Cluster, d.Reason, d.Text)
	}
	return out.String()
}

// FuzzDecode: whatever comes, it becomes something; text is not made up.
func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/decode/*.txtar")
	for _, path := range files {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(ar.Files[0].Data))
	}
	f.Fuzz(func(t *testing.T, in string) {
		b := decodeAll(in)
		for _, r := range b.Records {
			if r.Category == "" && !strings.Contains(in, string(r.Text)) {
				t.Fatalf("record %q is not in the input", r.Text)
			}
			if r.Cluster == "" {
				t.Fatalf("record %q has no cluster", r.Text)
			}
		}
		for _, d := range b.Dead {
			if d.Reason == "" || !strings.Contains(in, string(d.Text)) {
				t.Fatalf("dead letter %q (%s)", d.Text, d.Reason)
			}
		}
	})
}
