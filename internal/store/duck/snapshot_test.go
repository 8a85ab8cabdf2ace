package duck

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/store"
)

// TestPutSnapshot: a later snapshot takes an earlier one's place in its scope
// only, an earlier one does not, and a reopened store has them.
func TestPutSnapshot(t *testing.T) {
	ctx := context.Background()
	o := Options{Path: filepath.Join(t.TempDir(), "store.duckdb"), Now: time.Now}
	s, err := Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	put := func(scope string, at int64, names ...string) bool {
		n := store.Snapshot{Scope: scope, Taken: at, Source: "x.json"}
		for _, name := range names {
			n.Principals = append(n.Principals, store.Principal{Tenant: scope, ID: name, Kind: "group", MemberOf: []string{"m"}})
			n.Bindings = append(n.Bindings, store.Binding{Cluster: scope, Kind: "RoleBinding", Name: name})
			n.RoleAssignments = append(n.RoleAssignments, store.RoleAssignment{Tenant: scope, ID: name, Until: at})
		}
		taken, err := s.PutSnapshot(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		return taken
	}
	if !put("a", 10, "one", "two") || !put("b", 5, "three") || !put("a", 20, "four") {
		t.Error("a later snapshot was not taken")
	}
	if put("a", 15, "five") {
		t.Error("an earlier snapshot was taken")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.ReadOnly = true
	if s, err = Open(ctx, o); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for query, want := range map[string]string{
		"SELECT string_agg(k_Id || ':' || k_MemberOf, ' ' ORDER BY k_Id) FROM kql_snapshot_principal":                      `four:["m"] three:["m"]`,
		"SELECT string_agg(k_Cluster || k_Name, ' ' ORDER BY k_Name) FROM kql_snapshot_binding":                            "afour bthree",
		"SELECT string_agg(k_Id || CAST(k_Until AS VARCHAR), ' ' ORDER BY k_Id) FROM kql_snapshot_assignment":              "four20 three5",
		"SELECT CAST(count(*) AS VARCHAR) FROM kql_snapshot_assignment WHERE k_TimeGenerated = 20 AND k_Source = 'x.json'": "1",
	} {
		var got string
		if err := s.db.SQL().QueryRowContext(ctx, query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
}
