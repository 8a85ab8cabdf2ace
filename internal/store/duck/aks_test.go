package duck_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/syntax"
)

// Queries that people run over AKS logs, and our own that join them with the
// Activity Log, over the world of tools/aks: what each must give was worked out
// from the raw log by tools/aks/expected.py, which shares no code with Postern.

const (
	aksDir    = "../../../tools/aks/"
	sharedDir = "../../../../shared/kql" // the published queries: beside the checkout, no part of it
)

// refusedTables are the queries that name tables which are not AKS's.
func refusedTables() map[string]string {
	return map[string]string{"aks-051": "CloudAuditEvents", "aks-121": "KubePodInventory"}
}

// TestAKSOwnQueries runs the queries of testdata/queries.
func TestAKSOwnQueries(t *testing.T) {
	own, joins := ownQueries(t), 0
	w := openAKSWorld(t)
	for id, text := range own {
		if _, ok := w.expected.Queries[id]; !ok {
			t.Errorf("%s has no expected answer", id)
		}
		if strings.Contains(text, "AzureActivity") && strings.Contains(text, "| join ") {
			joins++
		}
	}
	if joins < 10 {
		t.Errorf("%d joins of AzureActivity, want at least 10", joins)
	}
	w.check(t, own)
}

// TestAKSPublishedQueries runs the published queries where they are.
func TestAKSPublishedQueries(t *testing.T) {
	published := publishedQueries(t)
	if published == nil {
		t.Logf("%s is not here: only the project's own queries were run", sharedDir)
		return
	}
	w := openAKSWorld(t)
	own := ownQueries(t)
	for id := range w.expected.Queries {
		if published[id] == "" && own[id] == "" {
			t.Fatalf("%s is incomplete: %s is expected and not in aks-queries.jsonl", sharedDir, id)
		}
	}
	compiled, answered := 0, 0
	for id, text := range published {
		_, err := kql.Compile(w.store.Catalog(), text, kql.Options{Now: w.now})
		if table, ok := refusedTables()[id]; ok {
			if err == nil || !strings.Contains(err.Error(), table) {
				t.Errorf("%s names %s, which is no table here: %v", id, table, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s is refused: %v", id, err)
			continue
		}
		compiled++
		if q, ok := w.expected.Queries[id]; !ok {
			t.Errorf("%s has no expected answer", id)
		} else if len(q.Rows)+len(q.From) > 0 {
			answered++
		}
	}
	t.Logf("%d queries: %d compile, %d have rows", len(published), compiled, answered)
	if compiled < 100 || answered < 80 {
		t.Errorf("%d compile and %d have rows; at least 100 and 80 should", compiled, answered)
	}
	w.check(t, published)
}

// TestAKSExpectedIsWhatTheWorldGives runs the scripts again where there is a
// Python: the raw log is what its generator makes, and the answers are what
// follows from it.
func TestAKSExpectedIsWhatTheWorldGives(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Log("no python3 here: the committed answers were taken as they are")
		return
	}
	again := filepath.Join(t.TempDir(), "world")
	for _, args := range [][]string{{"-B", aksDir + "world.py", again}, {"-B", aksDir + "expected.py", "--check"}} {
		if out, err := exec.CommandContext(t.Context(), python, args...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	if made, kept := filesBelow(t, again), filesBelow(t, aksDir+"testdata/world"); !maps.Equal(made, kept) {
		t.Errorf("world.py makes another world than testdata/world: run it and expected.py")
	}
}

// filesBelow are the files of a directory by their path in it.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, path))
		out[path] = string(b)
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("%d files below %s: %v", len(out), dir, err)
	}
	return out
}

// TestAKSNearMisses: each expected query has an event that misses it.
func TestAKSNearMisses(t *testing.T) {
	has := map[string]bool{}
	for _, n := range readNear(t) {
		if n.Event == "" || (n.Misses == "") == (n.Statement == "") {
			t.Errorf("%s: want an event and either a condition it misses or a statement: %+v", n.Query, n)
		}
		has[n.Query] = true
	}
	for id := range readExpected(t).Queries {
		if !has[id] {
			t.Errorf("%s has no near miss", id)
		}
	}
}

// check compares the answers of queries, and of each with one condition less.
func (w *aksWorld) check(t *testing.T, queries map[string]string) {
	ids := make([]string, 0, len(queries))
	for id := range queries {
		if _, ok := w.expected.Queries[id]; ok {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	near := map[string][]nearMiss{}
	for _, n := range readNear(t) {
		near[n.Query] = append(near[n.Query], n)
	}
	for _, id := range ids {
		t.Run(id, func(t *testing.T) {
			q := w.expected.Queries[id]
			w.compare(t, queries[id], q, q.answer, "")
			for _, n := range near[id] {
				if n.Statement != "" {
					continue // proved by expected.py
				}
				text, err := withoutCondition(queries[id], n.Condition)
				if err != nil {
					t.Errorf("condition %d: %v", n.Condition, err)
					continue
				}
				w.compare(t, text, q, n.answer, fmt.Sprintf("without condition %d (%s)", n.Condition, n.Misses))
			}
		})
	}
}

// withoutCondition puts true in place of the k-th condition of a query's where
// operators, in the order of the text.
func withoutCondition(text string, k int) (string, error) {
	q, err := syntax.Parse(text)
	if err != nil {
		return "", err
	}
	var list []syntax.Expr
	var take func(syntax.Expr)
	take = func(e syntax.Expr) {
		if b, ok := e.(*syntax.Binary); ok && b.Op == "and" {
			take(b.X)
			take(b.Y)
			return
		}
		list = append(list, e)
	}
	syntax.Walk(q, func(n syntax.Node) bool {
		if where, ok := n.(*syntax.Where); ok {
			take(where.Pred)
		}
		return true
	})
	if k >= len(list) {
		return "", fmt.Errorf("there are only %d", len(list))
	}
	at := list[k].At()
	return text[:at.Start] + "true" + text[at.End:], nil
}

func ownQueries(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(aksDir + "testdata/queries/*.kql")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".kql")] = string(b)
	}
	return out
}

// publishedQueries are nil where the folder is not there; a folder without them
// is an error.
func publishedQueries(t *testing.T) map[string]string {
	t.Helper()
	if _, err := os.Stat(sharedDir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f, err := os.Open(filepath.Join(sharedDir, "aks-queries.jsonl"))
	if err != nil {
		t.Fatalf("%s is there, but incomplete: %v", sharedDir, err)
	}
	defer f.Close()
	out := map[string]string{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var q struct{ ID, Query string }
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil || q.ID == "" || q.Query == "" {
			t.Fatalf("%s/aks-queries.jsonl:%d: no id or no query: %v", sharedDir, n, err)
		}
		out[q.ID] = q.Query
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
