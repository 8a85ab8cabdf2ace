package duck

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/store"
)

func TestRowsAndCursorCommitInOneTransaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.duckdb")
	s := open(t, path)
	put(t, s, store.Batch{Records: records(event(id1, "create", "a")).Records, Cursors: []store.Cursor{{Source: "file:a", Position: []byte("1")}}})

	// A batch that cannot be written leaves neither rows nor cursor.
	bad := records(event(id2, "create", "a"), event(id3, "create", "a"))
	bad.Records[0].Cluster, bad.Records[1].Cluster = "local", "local"
	bad.Cursors = []store.Cursor{{Source: "file:a", Position: []byte("2")}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, bad); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	bad.Records[1].Cluster = ""
	if _, err := s.Append(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "record 1") {
		t.Fatalf("error is %v", err)
	}
	state := func() {
		t.Helper()
		wants(t, ask(t, s, "SELECT count(*), (SELECT decode(position) FROM cursor) FROM event"), "1\t1")
	}
	state()

	bad.Records[1].Cluster = "local"
	put(t, s, bad)
	wants(t, ask(t, s, "SELECT id, k_AuditID FROM event e JOIN kql_events v ON v.audit_id = CAST(e.audit_key AS VARCHAR) ORDER BY 1"), "1\t"+id1, "2\t"+id2, "3\t"+id3)
	got, err := s.Cursors(t.Context(), "file:a", "file:none")
	if err != nil || len(got) != 1 || string(got[0].Position) != "2" {
		t.Fatalf("cursors %+v, %v", got, err)
	}
	put(t, s, store.Batch{Cursors: []store.Cursor{{Source: "file:a"}, {Source: "file:b", Position: []byte{}}}})
	if got, err = s.Cursors(t.Context()); err != nil || len(got) != 1 || got[0].Source != "file:b" {
		t.Fatalf("cursors %+v, %v", got, err)
	}
}

func TestStoreIsReopened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d", "store.duckdb")
	s, err := Open(t.Context(), Options{Path: path, Now: clockNow})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, records(event(id1, "create", "a")))
	for name, want := range map[string]os.FileMode{path: 0o600, path + ".wal": 0o600, filepath.Dir(path): 0o700} {
		if st, err := os.Stat(name); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, st.Mode().Perm(), err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, logs(t, r), "kube-audit\t"+event(id1, "create", "a"), "kube-audit-admin\t"+event(id1, "create", "a"))
	if _, err := r.Append(t.Context(), store.Batch{}); err == nil {
		t.Error("appended to a store open read-only")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	for _, statement := range []string{"DROP VIEW kql_events", "UPDATE meta SET value = 'of another build' WHERE key = 'views'"} {
		if _, err := s.db.SQL().Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	s.db.Close()
	if r, err = Open(t.Context(), Options{Path: path, ReadOnly: true}); err != nil {
		t.Fatalf("views of another build: %v", err)
	}
	wants(t, ask(t, r, "SELECT count(*) FROM kql_events"), "1")
	r.Close()
	s = open(t, path)
	if c := put(t, s, records(event(id1, "create", "a"), event(id2, "create", "a"))); c != (store.Counts{Read: 2, Stored: 1, Duplicate: 1}) {
		t.Fatalf("counts %+v", c)
	}
	wants(t, ask(t, s, "SELECT id FROM event ORDER BY 1"), "1", "2")
}

func TestStoreOfAnotherVersionIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.duckdb")
	s := open(t, path)
	if _, err := s.db.SQL().Exec("UPDATE meta SET value = '99' WHERE key = 'version'"); err != nil {
		t.Fatal(err)
	}
	s.db.Close()
	_, err := Open(t.Context(), Options{Path: path, Now: clockNow})
	var v *store.Version
	if !errors.As(err, &v) || !v.Newer() || v.Store != 99 {
		t.Fatalf("error is %v", err)
	}
	other := filepath.Join(t.TempDir(), "other.duckdb")
	if err := os.WriteFile(other, []byte(strings.Repeat("no database ", 2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Path: other, Now: clockNow}); err == nil || !strings.Contains(err.Error(), other) {
		t.Fatalf("error is %v", err)
	}
}

// What the system says about a lock another process holds, in DuckDB's words.
func TestStoreInUseNamesTheProcess(t *testing.T) {
	err := errors.New(`database open: IO Error: Could not set lock on file "/x/store.duckdb": Conflicting lock is held in /usr/bin/postern (PID 4194304). See also https://duckdb.org/docs/stable/connect/concurrency`)
	if e := inUse("/x/store.duckdb", err); e == nil || e.PID != 4194304 || !strings.Contains(e.Error(), "store in use by pid 4194304") {
		t.Fatalf("%v", e)
	}
	if e := inUse("/x", errors.New("IO Error: No such file")); e != nil {
		t.Fatalf("%v", e)
	}
	if got := commandOf(os.Getpid()); got == "" {
		t.Error("the own process has no command")
	}
}

// What is on disk at any moment is what a kill would leave: the files copied
// while the store is open are a store with all that was committed.
func TestStoreSurvivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.duckdb")
	s := open(t, path)
	killed := func() *Store {
		t.Helper()
		copied := filepath.Join(t.TempDir(), "killed.duckdb")
		for _, suffix := range []string{"", ".wal"} {
			data, err := os.ReadFile(path + suffix)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if err := os.WriteFile(copied+suffix, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return open(t, copied)
	}
	wants(t, logs(t, killed()))
	a := azure("kube-audit", event(id1, "create", "a"), 0, "azure-storage:a")
	put(t, s, store.Batch{Records: []store.Record{a}, Cursors: []store.Cursor{{Source: "x", Position: []byte("1")}}})
	put(t, s, batch(azure("kube-audit-admin", event(id1, "create", "a"), 0, "azure-storage:b"), azure("guard", "I1123 x", 0, "azure-storage:g")))
	k := killed()
	wants(t, logs(t, k), "guard\tI1123 x\n", "kube-audit\t"+event(id1, "create", "a")+"\n", "kube-audit-admin\t"+event(id1, "create", "a")+"\n")
	if c, err := k.Cursors(t.Context()); err != nil || len(c) != 1 {
		t.Fatalf("cursors %+v, %v", c, err)
	}
	if c := put(t, k, batch(a)); c.Duplicate != 1 {
		t.Fatalf("counts %+v", c)
	}
}
