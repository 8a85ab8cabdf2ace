package duck

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/store"
)

// Records of the Activity Log are AzureActivity's alone, and are known again, also
// by a store that holds nothing else and was closed in between.
func TestActivityIsKeptOnce(t *testing.T) {
	record := func(n int) store.Record {
		return store.Record{Cluster: "/subscriptions/s", Category: "AzureActivity", Time: int64(n + 1), ResourceID: "/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.X/THINGS/T",
			Source: "azure-storage:PT1H.json", Text: fmt.Appendf(nil, `{"operationName":"DO/%d","identity":{"claims":{"http://schemas.microsoft.com/identity/claims/objectidentifier":"oid"}}}`, n)}
	}
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := Open(t.Context(), Options{Path: path, Now: clockNow, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	if c := put(t, s, store.Batch{Records: []store.Record{record(0), record(1), record(0)}}); c.Stored != 2 || c.Duplicate != 1 || c.LogLines != 0 {
		t.Errorf("counted %+v", c)
	}
	if c := put(t, s, store.Batch{Records: []store.Record{record(1), record(2)}}); c.Stored != 1 || c.Duplicate != 1 {
		t.Errorf("counted %+v", c)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if c := put(t, s, store.Batch{Records: []store.Record{record(0), record(3)}}); c.Stored != 1 || c.Duplicate != 1 {
		t.Errorf("after opening again: %+v", c)
	}
	got := ask(t, s, "SELECT k_OperationNameValue, k_Caller, k_ResourceGroup, k_ResourceProviderValue, k__SubscriptionId, k_CategoryValue FROM kql_azure_activity ORDER BY 1")
	if want := "DO/0\toid\tRG\tMICROSOFT.X\ts\tAdministrative"; len(got) != 4 || got[0] != want {
		t.Errorf("rows\n%s\nwant 4, the first\n%s", strings.Join(got, "\n"), want)
	}
	for _, table := range []string{"kql_azure_diagnostics", "kql_aks_control_plane", "kql_events"} {
		if n := ask(t, s, "SELECT count(*) FROM "+table); n[0] != "0" {
			t.Errorf("%s shows %s of them", table, n[0])
		}
	}
	coverage, err := s.Coverage(t.Context(), 0, 100)
	if err != nil || len(coverage) != 1 || coverage[0].Cluster != "/subscriptions/s" || coverage[0].Category != "AzureActivity" || coverage[0].Rows != 4 {
		t.Errorf("coverage %+v, %v", coverage, err)
	}
}
