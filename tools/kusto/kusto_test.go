package kusto

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/postern-dev/postern/internal/store/duck"
	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql"
)

var update = flag.Bool("update", false, "write docs/kql-oracle.jsonl anew; reasons that are missing stay empty and fail")

const root = "../.."

// start runs an oracle, and the compiler beside it.
func start(t *testing.T) (*Oracle, Compiler) {
	t.Helper()
	cat := duck.Catalog()
	o, err := Start(".", cat)
	if err != nil {
		t.Fatal(err)
	}
	db, err := engine.Open(t.Context(), engine.Options{Memory: 1 << 30, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	known := map[string]bool{}
	for _, f := range o.Functions {
		known[f.Name] = true
	}
	look := func(p *kql.Program) ([][]any, error) { return db.Look(context.WithoutCancel(t.Context()))(p) }
	return o, Compiler{Catalog: cat, Look: look, Known: known}
}

// TestGrammar: the compiler accepts what Kusto accepts, with the same columns,
// or the difference is explained.
func TestGrammar(t *testing.T) {
	o, c := start(t)
	queries, err := Committed(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(queries) < 400 {
		t.Fatalf("only %d queries found", len(queries))
	}
	dir := os.Getenv("POSTERN_KQL_CORPUS")
	if dir != "" {
		for _, file := range []string{"cases.jsonl", "aks-queries.jsonl"} {
			more, err := Recorded(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			queries = append(queries, more...)
		}
	}
	path := filepath.Join(root, "docs/kql-oracle.jsonl")
	explained, err := ReadExplained(path)
	if err != nil {
		t.Fatal(err)
	}
	var found []Explained
	count := map[Verdict]int{}
	seen := map[string]bool{}
	for _, q := range queries {
		if id := q.Name + " " + q.Key(); seen[id] {
			continue
		} else {
			seen[id] = true
		}
		answer, err := o.Ask(q.Text)
		if err != nil {
			t.Fatal(err)
		}
		v, what := c.Compare(q.Text, answer)
		count[v]++
		if v == Differ {
			found = append(found, Explained{ID: q.Name, Query: q.Key(), What: what})
		}
	}
	if *update {
		explained = Merge(found, explained, dir != "")
		if err := WriteExplained(path, explained); err != nil {
			t.Fatal(err)
		}
	}
	for _, fault := range Judge(found, explained, dir != "") {
		t.Error(fault)
	}
	t.Log(fmt.Sprintf("%d queries: %d the same, %d rejected by both, %d not supported here, %d differ as explained in docs/kql-oracle.jsonl",
		len(seen), count[Same], count[BothReject], count[Unsupported], count[Differ]))
}

// TestPlanted: what is at odds with Kusto is found, and nothing else.
func TestPlanted(t *testing.T) {
	o, c := start(t)
	const query = `AKSAudit | where Verb == "get" | summarize n = count(), dcount(Verb) by Stage`
	answer, err := o.Ask(query)
	if err != nil {
		t.Fatal(err)
	}
	if v, what := c.Compare(query, answer); v != Same {
		t.Fatalf("they differ before anything is planted: %s", what)
	}
	plant := func(change func(*Answer)) Answer {
		a := answer
		a.Columns = slices.Clone(answer.Columns)
		change(&a)
		return a
	}
	for _, p := range []struct {
		name, query string
		answer      Answer
		want        Verdict
		what        string
	}{
		{"another name", query, plant(func(a *Answer) { a.Columns[2].Name = "dcount_verb" }), Differ, "columns: dcount_Verb:long of 3, for Kusto dcount_verb:long of 3"},
		{"another type", query, plant(func(a *Answer) { a.Columns[1].Type = "int" }), Differ, "columns: n:long of 3, for Kusto n:int of 3"},
		{"a column more", query, plant(func(a *Answer) { a.Columns = append(a.Columns, Column{"x", "long"}) }), Differ, "columns: none of 3, for Kusto x:long of 4"},
		{"a column less", query, plant(func(a *Answer) { a.Columns = a.Columns[:2] }), Differ, "columns: dcount_Verb:long of 3, for Kusto none of 2"},
		{"another order", query, plant(func(a *Answer) { slices.Reverse(a.Columns) }), Differ, "columns: Stage:string of 3, for Kusto dcount_Verb:long of 3"},
		{"open", query, plant(func(a *Answer) { a.Columns, a.Open = a.Columns[1:], true }), Same, ""},
		{"open, a column unknown here", query, plant(func(a *Answer) { a.Columns[0].Name, a.Open = "x", true }), Differ, "columns: Stage:string of 3, for Kusto x:string of 3"},
		{"refused there", query, plant(func(a *Answer) { a.Errors = []Diagnostic{{Start: 11, Code: "KS1", Message: "no"}} }), Differ, "accepted: 1:12 KS1 no"},
		{"no table there", query, Answer{}, Differ, "accepted: no table for Kusto"},
		{"refused here", "AKSAudit | where verb == 1", answer, Differ, "rejected: unknown column verb"},
		{"refused by both", "AKSAudit | where verb == 1", Answer{}, BothReject, ""},
		{"not built", "AKSAudit | find Verb", answer, Unsupported, ""},
		{"a function not built", "print hll_merge(1, 2)", answer, Unsupported, ""},
		{"a function nobody has", "print hll_murge(1, 2)", answer, Differ, "rejected: unknown or unsupported function hll_murge"},
	} {
		if v, what := c.Compare(p.query, p.answer); v != p.want || what != p.what {
			t.Errorf("%s: verdict %d %q, want %d %q", p.name, v, what, p.want, p.what)
		}
	}
}

func TestJudge(t *testing.T) {
	found := []Explained{{ID: "a/1", Query: "00", What: "columns"}, {ID: "recorded/x", Query: "01", What: "accepted"}}
	full := []Explained{{"a/1", "00", "columns", "because"}, {"recorded/x", "01", "accepted", "because"}}
	if f := Judge(found, full, true); len(f) != 0 {
		t.Errorf("all explained: %q", f)
	}
	if f := Judge(found[:1], full, false); len(f) != 0 {
		t.Errorf("the recorded queries were not asked: %q", f)
	}
	for name, list := range map[string][]Explained{
		"not explained":   full[1:],
		"another query":   {{"a/1", "07", "columns", "because"}, full[1]},
		"another way":     {{"a/1", "00", "rejected", "because"}, full[1]},
		"no reason":       {{"a/1", "00", "columns", " "}, full[1]},
		"no difference":   append([]Explained{{"a/2", "02", "columns", "because"}}, full...),
		"recorded, none":  append([]Explained{{"recorded/y", "02", "columns", "because"}}, full...),
		"explained twice": append(full[:1:1], full...),
	} {
		if f := Judge(found, list, true); len(f) == 0 {
			t.Errorf("%s: no fault", name)
		}
	}
	merged := Merge(found[:1], full, false)
	if f := Judge(found, merged, true); len(f) != 0 {
		t.Errorf("merged without the recorded queries: %q", f)
	}
}
