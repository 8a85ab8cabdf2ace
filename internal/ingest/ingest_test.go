package ingest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-dev/postern/internal/ingest"
	"github.com/postern-dev/postern/internal/ingest/file"
	"github.com/postern-dev/postern/internal/store"
)

// memory is a store that keeps what it is given, and counts by content as a
// store does: the text of a record again is a duplicate.
type memory struct {
	mu      sync.Mutex
	records []store.Record
	dead    map[store.Place]store.Dead
	cursors map[string][]byte
	fail    func(store.Batch) error
	appends int
}

func newMemory() *memory {
	return &memory{dead: map[store.Place]store.Dead{}, cursors: map[string][]byte{}}
}

func (m *memory) Append(_ context.Context, b store.Batch) (store.Counts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.appends++
	if m.fail != nil {
		if err := m.fail(b); err != nil {
			return store.Counts{}, err
		}
	}
	c := store.Counts{Read: int64(len(b.Records) + len(b.Dead))}
	for _, p := range b.Retract {
		delete(m.dead, p)
	}
	for _, r := range b.Records {
		if m.has(string(r.Text)) {
			c.Duplicate++
			continue
		}
		c.Stored++
		m.records = append(m.records, r)
	}
	for _, d := range b.Dead {
		at := store.Place{Source: d.Source, Offset: d.Offset}
		if _, known := m.dead[at]; known {
			c.Duplicate++
			continue
		}
		c.Dead++
		m.dead[at] = d
	}
	for _, cur := range b.Cursors {
		m.cursors[cur.Source] = cur.Position
	}
	return c, nil
}

func (m *memory) has(text string) bool {
	return slices.ContainsFunc(m.records, func(r store.Record) bool { return string(r.Text) == text })
}

func (m *memory) Cursors(context.Context, ...string) ([]store.Cursor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []store.Cursor
	for k, v := range m.cursors {
		out = append(out, store.Cursor{Source: k, Position: v})
	}
	return out, nil
}

func (m *memory) ids(t *testing.T) []string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, r := range m.records {
		var e struct{ AuditID string }
		if err := json.Unmarshal(r.Text, &e); err != nil {
			out = append(out, "cut:"+string(r.Text))
			continue
		}
		out = append(out, e.AuditID)
	}
	return out
}

func (m *memory) deadReasons() []string {
	var out []string
	for _, d := range m.dead {
		out = append(out, fmt.Sprintf("%d %s", d.Offset, d.Reason))
	}
	slices.Sort(out)
	return out
}

func event(id string) string {
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":%q,"stage":"ResponseComplete","requestURI":"/api","verb":"get","user":{"username":"u"}}`, id)
}

func lines(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		b.WriteString(event(fmt.Sprint(i)) + "\n")
	}
	return b.String()
}

func names(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

// run ingests once, to the end.
func run(t *testing.T, m *memory, src ingest.Source) ingest.Summary {
	t.Helper()
	s, err := (&ingest.Pipeline{Store: m, Sources: []ingest.Source{src}, Cluster: "local"}).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t *testing.T, place string) ingest.Source {
	t.Helper()
	src, err := file.Open(place, file.Options{Scope: "local", Remark: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %d %.300q\nwant %d %.300q", what, len(got), got, len(want), want)
	}
}
