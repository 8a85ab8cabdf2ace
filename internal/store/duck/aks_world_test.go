package duck_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/blob"
	"github.com/postern-dev/postern/internal/ingest/file"
	"github.com/postern-dev/postern/internal/store/duck"
	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/result"
)

// aksWorld is the world of tools/aks in a store.
type aksWorld struct {
	store    *duck.Store
	now      int64 // ticks
	expected aksExpected
}

// aksExpected is testdata/expected.json.gz; see expected.py.
type aksExpected struct {
	Now     time.Time
	Texts   []any
	Rows    [][]any
	Queries map[string]aksQuery
}

type aksQuery struct {
	Columns [][2]string
	Order   any // nil, "exact" or names of columns
	answer
}

// answer are numbers of rows; Take more of From are in it, whichever.
type answer struct {
	Rows []int
	Take int
	From []int
}

type nearMiss struct {
	Query     string
	Condition int
	Misses    string
	Event     string
	Statement string
	answer
}

func readExpected(t *testing.T) aksExpected {
	t.Helper()
	var e aksExpected
	readJSON(t, "expected.json.gz", &e)
	return e
}

func readNear(t *testing.T) []nearMiss {
	t.Helper()
	var list []nearMiss
	readJSON(t, "near.json", &list)
	return list
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(aksDir + "testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var in io.Reader = bytes.NewReader(b)
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(in); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	d := json.NewDecoder(in)
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// openAKSWorld ingests the raw log as postern ingest does, at the moment at
// which the queries are asked.
func openAKSWorld(t *testing.T) *aksWorld {
	t.Helper()
	w := &aksWorld{expected: readExpected(t)}
	clock := func() time.Time { return w.expected.Now }
	w.now = w.expected.Now.Unix()*10_000_000 + 621_355_968_000_000_000
	var err error
	if w.store, err = duck.Open(t.Context(), duck.Options{Now: clock, Threads: 2}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	root, err := filepath.Abs(aksDir + "testdata/world")
	if err != nil {
		t.Fatal(err)
	}
	remark := func(format string, args ...any) { t.Errorf("ingest: "+format, args...) }
	const unnamed = "YOUR-RESOURCE-ID"
	account, err := blob.Open(filepath.Join(root, "account"), blob.Options{Scope: "local", Remark: remark})
	w.ingest(t, account, err, "local")
	activity, err := blob.Open(filepath.Join(root, "activity"), blob.Options{Scope: "local", Remark: remark})
	w.ingest(t, activity, err, "local")
	lines, err := file.Open(filepath.Join(root, "unnamed", "*.json"), file.Options{Scope: unnamed, Remark: remark})
	w.ingest(t, lines, err, unnamed)
	return w
}

func (w *aksWorld) ingest(t *testing.T, source ingest.Source, err error, cluster string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	p := &ingest.Pipeline{Store: w.store, Sources: []ingest.Source{source}, Cluster: cluster, Now: func() time.Time { return w.expected.Now }}
	sum, err := p.Run(t.Context())
	if err != nil || sum.Partial != nil || sum.Dead > 0 || sum.Stored == 0 {
		t.Fatalf("ingest %s: %+v, %v", source.Name(), sum, err)
	}
}

// compare asks a query and holds the answer against the expected one. Columns
// with their types, rows, and where the query sorts the order must be the same.
func (w *aksWorld) compare(t *testing.T, text string, q aksQuery, want answer, what string) {
	t.Helper()
	p, err := kql.Compile(w.store.Catalog(), text, kql.Options{Now: w.now})
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	var names []string
	for _, c := range p.Columns {
		names = append(names, c.Name+":"+c.Type.String())
	}
	var wanted []string
	for _, c := range q.Columns {
		wanted = append(wanted, c[0]+":"+strings.Replace(c[1], "int", "long", 1)) // see docs/kql.md: an int is a long in the result
	}
	if !slices.Equal(names, wanted) {
		t.Errorf("%s: columns\n%v\nwant\n%v", what, names, wanted)
		return
	}
	got, err := w.rows(t, p)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	m := &matching{names: wanted}
	for _, n := range want.Rows {
		m.want = append(m.want, w.row(n))
	}
	for _, n := range want.From {
		m.from = append(m.from, w.row(n))
	}
	m.take = want.Take
	if fault := m.match(got, q.Order); fault != "" {
		t.Errorf("%s: %s", what, fault)
	}
}

func (w *aksWorld) rows(t *testing.T, p *kql.Program) ([][]any, error) {
	rows, err := w.store.Engine().Query(t.Context(), p, engine.Limits{})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := new(bytes.Buffer)
	json1 := result.NewJSON(out, p.Columns)
	for rows.Next(t.Context()) {
		if err := json1.Row(rows.Row()); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if err := json1.End(); err != nil {
		return nil, err
	}
	var doc struct{ Tables []struct{ Rows [][]any } }
	d := json.NewDecoder(out)
	d.UseNumber()
	if err := d.Decode(&doc); err != nil && err != io.EOF {
		return nil, err
	}
	return doc.Tables[0].Rows, nil
}

// row is an expected row with its long cells put in.
func (w *aksWorld) row(n int) []any {
	out := make([]any, len(w.expected.Rows[n]))
	for i, c := range w.expected.Rows[n] {
		out[i] = w.cell(c)
	}
	return out
}

func (w *aksWorld) cell(c any) any {
	m, ok := c.(map[string]any)
	if !ok || len(m) != 1 {
		return c
	}
	for key, v := range m {
		switch key {
		case "§text":
			return w.expected.Texts[number(v)]
		case "§json": // the document that a text is
			var doc any
			d := json.NewDecoder(strings.NewReader(w.expected.Texts[number(v)].(string)))
			d.UseNumber()
			if err := d.Decode(&doc); err != nil {
				panic(fmt.Sprintf("text %v is no JSON: %v", v, err))
			}
			return doc
		case "§any", "§set", "§most", "§document":
			list := v.([]any)
			out := make([]any, len(list))
			for i := range list {
				out[i] = w.cell(list[i])
			}
			return special{key, out}
		}
	}
	return c
}

func number(v any) int {
	n, err := v.(json.Number).Int64()
	if err != nil {
		panic(err)
	}
	return int(n)
}

// special is a cell with several right values: any of values, a set of them in
// any order, so many of them as the first says, or text that is one of these
// documents, however it is written.
type special struct {
	kind   string
	values []any
}

func (s special) allows(v any) bool {
	switch s.kind {
	case "§set":
		list, ok := v.([]any)
		if !ok || len(list) != len(s.values) {
			return false
		}
		return slices.Equal(sortedCells(list), sortedCells(s.values))
	case "§most":
		list, ok := v.([]any)
		if !ok || len(list) != number(s.values[0]) || len(slices.Compact(sortedCells(list))) != len(list) {
			return false
		}
		all := sortedCells(s.values[1:])
		return !slices.ContainsFunc(list, func(x any) bool { return !slices.Contains(all, canonical(x)) })
	case "§document":
		text, _ := v.(string)
		var doc any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if d.Decode(&doc) != nil {
			return false
		}
		v = doc
	}
	return slices.ContainsFunc(s.values, func(x any) bool { return canonical(x) == canonical(v) })
}

func sortedCells(list []any) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = canonical(v)
	}
	sort.Strings(out)
	return out
}

// canonical is the same text for equal values: json.Marshal sorts keys.
func canonical(v any) string {
	b, err := json.Marshal(trimmed(v))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// trimmed writes times without zeros at their end.
func trimmed(v any) any {
	switch v := v.(type) {
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil && strings.HasSuffix(v, "Z") {
			return at.Format(time.RFC3339Nano)
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = trimmed(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = trimmed(e)
		}
		return out
	}
	return v
}
