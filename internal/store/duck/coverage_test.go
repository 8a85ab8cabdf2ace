package duck

import (
	"fmt"
	"testing"

	"github.com/postern-dev/postern/internal/store"
)

// What Coverage counts are the rows of AzureDiagnostics: events of both
// categories by one delivery or by several, cut ones, lines.
func TestCoverageCountsTheRowsOfAzureDiagnostics(t *testing.T) {
	s := open(t, "")
	cut := event(id3, "create", "a")[:300]
	b := batch(
		azure("kube-audit", event(id1, "get", "a"), 0, "a"), azure("kube-audit-admin", event(id1, "get", "a"), 2, "b"),
		azure("kube-audit", cut, 4, "a"), azure("kube-audit-admin", cut, 6, "b"),
		azure("guard", "x", 3, "g"), azure("karpenter-events", "{}", 3, "k"))
	b.Records = append(b.Records, records(event(id1, "get", "a"), event(id2, "create", "b")).Records...)
	put(t, s, b)
	first := azure("", "", 0, "").Time
	for _, to := range []int64{1 << 62, first + 5e7, first, 0} {
		got, err := s.Coverage(t.Context(), 0, to)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, c := range got {
			lines = append(lines, fmt.Sprintf("%s\t%s\t%d\t%d\t%d\t%d", c.Cluster, c.Category, c.From, c.To, c.Rows, c.Cut))
		}
		wants(t, lines, ask(t, s, `SELECT k__ResourceId, k_Category, min(k_TimeGenerated), max(k_TimeGenerated), count(*), count(*) FILTER (cut)
			FROM kql_azure_diagnostics WHERE k_TimeGenerated <= ? GROUP BY ALL ORDER BY ALL`, to)...)
		if to == 1<<62 {
			want := store.Coverage{Cluster: armID, Category: "kube-audit-admin", From: first + 2e7, To: first + 6e7, Rows: 2, Cut: 1}
			if len(got) != 6 || got[3] != want {
				t.Errorf("got %+v, want six with %+v", got, want)
			}
		}
	}
}
