package duck

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/store"
)

// generator makes events that no kube-apiserver would write beside those it
// would.
type generator struct{ *rand.Rand }

func (g generator) pick(of ...string) string { return of[g.Intn(len(of))] }

func (g generator) str() string {
	s := ""
	for range g.Intn(6) {
		s += g.pick("a", "é", "😀", `\"`, `\\`, `\/`, `\u0000`, `\u001f`, `\n`, `\ud83d\ude00`, `\ud800`, `\udc00x`, `\u003c`, "<", "&", "\u2028", `\u2028`, "'", "$", `\b`, "\x7f", "\ufffd")
	}
	return `"` + s + `"`
}

func (g generator) number() string {
	return g.pick("0", "-0", "1", "1.10", "1E5", "-1e-7", "123456789012345678901234567890", "0.1000000000000000055511151231257827", "1e400", "200", "404", "2147483648")
}

func (g generator) value(depth int) string {
	switch n := g.Intn(8); {
	case n < 2:
		return g.str()
	case n == 2:
		return g.number()
	case n == 3:
		return g.pick("true", "false", "null")
	case depth == 0:
		return g.pick("[]", "{}")
	case n < 6:
		return g.object(depth-1, "a", "b", "a", "", "$x", "a/b", "é")
	}
	var items []string
	for range g.Intn(4) {
		items = append(items, g.value(depth-1))
	}
	return "[" + strings.Join(items, g.pick(",", " , ")) + "]"
}

// object has some of the names, with values of any kind, sometimes twice.
func (g generator) object(depth int, names ...string) string {
	var members []string
	for _, n := range names {
		for range g.Intn(8) / 5 {
			members = append(members, fmt.Sprintf("%q:%s", n, g.value(depth)))
		}
	}
	return "{" + strings.Join(members, g.pick(",", ", ")) + "}"
}

func (g generator) event() string {
	values := map[string]string{
		"kind": `"Event"`, "apiVersion": `"audit.k8s.io/v1"`, "level": `"Metadata"`,
		"auditID": g.pick(`"`+id1+`"`, `"`+strings.ToUpper(id1)+`"`, fmt.Sprintf(`"%08x-0000-4000-8000-000000000000"`, g.Uint32()), `""`, g.str()),
		"stage":   `"ResponseComplete"`, "requestURI": g.str(), "verb": g.pick(`"create"`, `"get"`, `"watch"`, g.str()),
		"user": `{"username":` + g.str() + `,"groups":[` + g.str() + `],"extra":{"oid":[` + g.str() + `]}}`, "impersonatedUser": `{"username":"x"}`,
		"sourceIPs": `["10.0.0.1"]`, "userAgent": g.str(), "objectRef": `{"resource":"pods","name":` + g.str() + `}`,
		"responseStatus": `{"metadata":{},"code":` + g.pick("200", "403", g.number()) + `}`, "requestObject": g.value(3), "responseObject": g.value(3),
		"requestReceivedTimestamp": `"2026-11-23T17:58:21.960996Z"`, "stageTimestamp": g.pick(`"2026-11-23T17:58:21.970000Z"`, `"2026-11-23T17:58:21Z"`, `"2026-11-23T17:58:21.1234567Z"`, g.str()),
		"annotations": `{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":` + g.str() + `}`,
	}
	order := []string{"kind", "apiVersion", "level", "auditID", "stage", "requestURI", "verb", "user", "impersonatedUser", "sourceIPs", "userAgent", "objectRef", "responseStatus", "requestObject", "responseObject", "requestReceivedTimestamp", "stageTimestamp", "annotations"}
	for range g.Intn(3) {
		switch name := order[1+g.Intn(len(order)-1)]; g.Intn(4) {
		case 0: // another type
			values[name] = g.value(2)
		case 1: // unknown members, null, emptiness
			if name == "user" || name == "objectRef" || name == "responseStatus" || name == "annotations" {
				values[name] = g.object(2, "username", "uid", "groups", "resource", "name", "code", "message", "metadata", "future", "authorization.k8s.io/decision", "zzz")
			}
		case 2:
			values[name] = g.pick("null", `""`, "{}", "[]")
		case 3: // twice
			order = append(order, name)
		}
	}
	if g.Intn(6) == 0 {
		g.Shuffle(len(order)-1, func(i, j int) { order[i+1], order[j+1] = order[j+1], order[i+1] })
	}
	if g.Intn(8) == 0 {
		order = append(order, "future")
		values["future"] = g.value(2)
	}
	var members []string
	for _, n := range order {
		if n != "kind" && g.Intn(25) == 0 {
			continue
		}
		members = append(members, fmt.Sprintf("%q:%s", n, values[n]))
	}
	return "{" + strings.Join(members, g.pick(",", ",", ",", " ,\t")) + "}"
}

// Whatever an event looks like, its text comes back byte for byte, through a
// closed and reopened store, and its parts say what the text says.
func TestGeneratedEventsComeBackByteForByte(t *testing.T) {
	g := generator{rand.New(rand.NewSource(20261123))}
	var want []string
	var b store.Batch
	seen := map[string]bool{}
	add := func(text string) {
		if seen[text] {
			return
		}
		seen[text] = true
		want = append(want, text)
		b.Records = append(b.Records, store.Record{Text: []byte(text), Category: "kube-audit", Time: int64(len(want)), Cluster: "c"})
	}
	for range 4000 {
		add(g.event())
	}
	add(`{"kind":"Event","requestObject":{"data":"` + strings.Repeat("x", 1<<20) + `"}}`)
	add(`{"kind":"Event","requestObject":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`)
	whole := len(want)
	for range 500 { // and cut anywhere
		if text := g.event(); len(text) > 40 {
			add(text[:20+g.Intn(len(text)-21)])
		}
	}
	add("{\"kind\":\"Event\",\"verb\":\"\xff\xfe\",\"user\":{\"username\":\"\xc3\"}}")

	path := filepath.Join(t.TempDir(), "store.duckdb")
	s, err := Open(t.Context(), Options{Path: path, Now: clockNow, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	half := len(b.Records) / 2
	put(t, s, store.Batch{Records: b.Records[:half]})
	put(t, s, store.Batch{Records: b.Records[half:]})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)

	came := 0
	for _, table := range []string{eventTable, cutTable} {
		came += compareTexts(t, s, table, want)
	}
	if came != len(want) {
		t.Fatalf("%d texts came back of %d", came, len(want))
	}
	compareParts(t, s, want[:whole])
}

// compareTexts reads every text of a table; the time of an event is its number.
func compareTexts(t *testing.T, s *Store, table string, want []string) int {
	t.Helper()
	rows, err := s.db.SQL().Query("SELECT time, raw, " + eventExpr("false") + " FROM " + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var at int
		var raw []byte
		var text string
		if err := rows.Scan(&at, &raw, &text); err != nil {
			t.Fatal(err)
		}
		if raw != nil {
			text = string(raw)
		}
		if text != want[at-1] {
			t.Fatalf("came back as\n%q\nwas\n%q", text, want[at-1])
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return n
}

// compareParts reads every path of the views and compares it with the text,
// which has the last word: NULL exactly where the path is absent or null.
func compareParts(t *testing.T, s *Store, want []string) {
	t.Helper()
	query := "SELECT k_TimeGenerated"
	for _, p := range docPaths() {
		query += ", " + p.column
	}
	rows, err := s.db.SQL().Query(query + " FROM kql_azure_diagnostics")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	checked := 0
	for rows.Next() {
		values := make([]any, 1+len(docPaths()))
		at := make([]any, len(values))
		for i := range values {
			at[i] = &values[i]
		}
		if err := rows.Scan(at...); err != nil {
			t.Fatal(err)
		}
		n := int(values[0].(int64)) - 1
		if n >= len(want) {
			continue
		}
		for i, p := range docPaths() {
			expect, misfit := expected(want[n], p)
			got := values[1+i]
			if misfit { // kept as the JSON text, or null: never an invented value
				if s, ok := got.(string); got != nil && (!ok || !strings.Contains(want[n], s)) {
					t.Fatalf("%s of a misfit is %v in %s", p.path, got, want[n])
				}
				continue
			}
			checked++
			if (got == nil) != (expect == nil) || got != nil && fmt.Sprint(got) != fmt.Sprint(expect) {
				t.Fatalf("%s is %#v, expected %#v, in %s", p.path, got, expect, want[n])
			}
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	if checked < 100*len(docPaths()) {
		t.Fatalf("only %d parts were compared", checked)
	}
}

// expected follows the path through the text by package json's reading.
func expected(text string, p docPath) (value any, misfit bool) {
	at := json.RawMessage(text)
	for _, name := range strings.Split(p.path, " ") {
		var m map[string]json.RawMessage
		if json.Unmarshal(at, &m) != nil {
			return nil, true // a parent of another type
		}
		at = m[name]
		if at == nil || string(at) == "null" {
			return nil, false
		}
	}
	if p.json {
		return string(at), false
	}
	if p.column == "code" {
		var n int32
		if json.Unmarshal(at, &n) != nil {
			return nil, true
		}
		return n, false
	}
	var s string
	if json.Unmarshal(at, &s) != nil {
		return nil, true
	}
	return s, false
}
