package syntax

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestCorpus parses collections of published queries where they are present: a
// directory with *.jsonl files whose lines have an id and a query, named by
// POSTERN_KQL_CORPUS. It is extra to the goldens beside it, which need nothing.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("POSTERN_KQL_CORPUS")
	if dir == "" {
		t.Log("POSTERN_KQL_CORPUS is not set")
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { parseCorpus(t, file) })
	}
}

func parseCorpus(t *testing.T, file string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parsed, refused := 0, 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var c struct{ ID, Query string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Query == "" {
			continue
		}
		q, err := Parse(c.Query)
		if err != nil {
			refused++
			t.Logf("%s: %v", c.ID, err)
			continue
		}
		parsed++
		checkRoundTrip(t, q)
	}
	t.Logf("%d parsed, %d refused", parsed, refused)
	if refused*50 > parsed {
		t.Errorf("%d of %d queries are refused, more than 2 %%", refused, parsed+refused)
	}
}

func checkRoundTrip(t *testing.T, q *Query) {
	t.Helper()
	text := Format(q)
	again, err := Parse(text)
	if err != nil {
		t.Errorf("printed text does not parse: %v\n--- from\n%s\n--- printed\n%s", err, q.Source, text)
		return
	}
	if a, b := dump(q), dump(again); a != b {
		t.Errorf("printed text has another tree\n--- from\n%s\n--- printed\n%s\n--- tree\n%s\n--- printed tree\n%s", q.Source, text, a, b)
	}
}
