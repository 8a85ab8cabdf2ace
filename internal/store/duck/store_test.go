package duck

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/internal/store"
)

var clock = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)

func clockNow() time.Time { return clock }

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path, Now: clockNow, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// put appends records and checks that what was counted adds up.
func put(t *testing.T, s *Store, b store.Batch) store.Counts {
	t.Helper()
	for i := range b.Records {
		if b.Records[i].Cluster == "" {
			b.Records[i].Cluster = "local"
		}
		if b.Records[i].Source == "" {
			b.Records[i].Source = "file:audit.log"
		}
	}
	c, err := s.Append(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.Read != int64(len(b.Records)+len(b.Dead)) {
		t.Fatalf("read %d of %d records and %d dead letters", c.Read, len(b.Records), len(b.Dead))
	}
	return c
}

func records(texts ...string) store.Batch {
	var b store.Batch
	for i, x := range texts {
		b.Records = append(b.Records, store.Record{Text: []byte(x), Offset: int64(i)})
	}
	return b
}

// ask runs SQL over the store and prints each row's values, tab-separated.
func ask(t *testing.T, s *Store, query string, args ...any) []string {
	t.Helper()
	rows, err := s.db.SQL().QueryContext(context.Background(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	cols, _ := rows.Columns()
	var out []string
	for rows.Next() {
		values := make([]any, len(cols))
		at := make([]any, len(cols))
		for i := range values {
			at[i] = &values[i]
		}
		if err := rows.Scan(at...); err != nil {
			t.Fatal(err)
		}
		words := make([]string, len(cols))
		for i, v := range values {
			words[i] = fmt.Sprint(v)
		}
		out = append(out, strings.Join(words, "\t"))
	}
	if rows.Err() != nil {
		t.Fatalf("%s: %v", query, rows.Err())
	}
	return out
}

func wants(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// event makes an event as kube-apiserver writes it.
func event(id, verb, user string, more ...string) string {
	return `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"` + id + `","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/default/pods?a=1\u0026b=2","verb":"` + verb +
		`","user":{"username":"` + user + `","groups":["system:authenticated"]},"sourceIPs":["10.0.0.1"],"userAgent":"kubectl","objectRef":{"resource":"pods","namespace":"default","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":201},` +
		strings.Join(more, "") + `"requestReceivedTimestamp":"2026-11-23T17:58:21.960996Z","stageTimestamp":"2026-11-23T17:58:21.970000Z","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":""}}`
}

const (
	id1 = "00000000-0000-4000-8000-000000000001"
	id2 = "00000000-0000-4000-8000-000000000002"
	id3 = "00000000-0000-4000-8000-000000000003"
)

func logs(t *testing.T, s *Store) []string {
	t.Helper()
	return ask(t, s, "SELECT k_Category, "+eventFunc+"("+strings.Join(eventArgs(), ", ")+") FROM kql_azure_diagnostics ORDER BY ALL")
}

func TestEventComesBackByteForByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s", "store.duckdb")
	s := open(t, path)
	odd := `{"kind":"Event","auditID":"x","verb":5}`
	c := put(t, s, records(event(id1, "create", "a"), event(id2, "get", "b\\u003cc\\u003e")+"\n", odd))
	if c.Stored != 3 || c.Odd != 1 || c.Cut != 0 {
		t.Fatalf("counts %+v", c)
	}
	wants(t, ask(t, s, "SELECT id, text IS NULL FROM event ORDER BY id"), "1\ttrue", "2\ttrue", "3\tfalse")
	wants(t, logs(t, s),
		"kube-audit\t"+event(id1, "create", "a"), "kube-audit\t"+event(id2, "get", "b\\u003cc\\u003e")+"\n", "kube-audit\t"+odd,
		"kube-audit-admin\t"+event(id1, "create", "a"), "kube-audit-admin\t"+odd)
	wants(t, ask(t, s, "SELECT user_username, verb, code, annotation_decision, ref_json FROM kql_azure_diagnostics WHERE k_Category = 'kube-audit' AND verb = 'get'"),
		"b<c>\tget\t201\tallow\t{\"resource\":\"pods\",\"namespace\":\"default\",\"apiVersion\":\"v1\"}")
	if _, err := audit.ParseJSON(odd); err != nil {
		t.Fatal(err)
	}
}
