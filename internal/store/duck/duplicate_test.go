package duck

import (
	"testing"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/audit/aks"
	"github.com/postern-dev/postern/internal/store"
)

const armID = "/subscriptions/s1/resourcegroups/rg/providers/microsoft.containerservice/managedclusters/one"

// azure makes a record as a diagnostic setting delivers it.
func azure(category, text string, second int, source string) store.Record {
	return store.Record{
		Cluster: armID, Category: category, Time: int64(audit.ParseTime("2026-11-23T17:58:21Z").Ticks) + int64(second)*1e7,
		Pod: "kube-apiserver-1", Stream: "stdout", ContainerID: "c1", ResourceID: "/SUBSCRIPTIONS/S1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/ONE",
		Envelope: `{"operationName":"op","serviceBuild":"na"}`, Text: []byte(text + "\n"), Source: source,
	}
}

func batch(r ...store.Record) store.Batch { return store.Batch{Records: r} }

// The same event by two categories is one event with two deliveries, and a row a
// category; it does not matter whether they come together.
func TestSameEventByTwoRoutesIsOneEventWithTwoDeliveries(t *testing.T) {
	e := event(id1, "create", "a")
	for name, split := range map[string]bool{"one batch": false, "two batches": true} {
		for place, second := range map[string]int{"same envelope": 0, "another time": 1} {
			t.Run(name+", "+place, func(t *testing.T) {
				s := open(t, "")
				a, b := azure("kube-audit", e, 0, "azure-storage:a"), azure("kube-audit-admin", e, second, "azure-storage:b")
				var c store.Counts
				if split {
					c = put(t, s, batch(a)).Add(put(t, s, batch(b)))
				} else {
					c = put(t, s, batch(a, b))
				}
				if c != (store.Counts{Read: 2, Stored: 1, Merged: 1}) {
					t.Fatalf("counts %+v", c)
				}
				wants(t, ask(t, s, "SELECT k_AuditID, k_AuditIDReused FROM kql_events"), id1+"\tfalse")
				wants(t, ask(t, s, "SELECT k_Category, k_Source FROM kql_deliveries ORDER BY 1"), "kube-audit\tazure-storage:a", "kube-audit-admin\tazure-storage:b")
				wants(t, logs(t, s), "kube-audit\t"+e+"\n", "kube-audit-admin\t"+e+"\n")
				wants(t, ask(t, s, "SELECT k_Category, k_TimeGenerated - (SELECT min(time) FROM event) FROM kql_azure_diagnostics ORDER BY 1"),
					"kube-audit\t0", "kube-audit-admin\t"+map[int]string{0: "0", 1: "10000000"}[second])
				wants(t, ask(t, s, "SELECT (SELECT count(*) FROM kql_aks_audit), (SELECT count(*) FROM kql_aks_audit_admin)"), "1\t1")
				again := put(t, s, batch(a, b))
				if again != (store.Counts{Read: 2, Duplicate: 2}) {
					t.Fatalf("again: counts %+v", again)
				}
			})
		}
	}
}

// The same category by a second source is remembered, and is still one row.
func TestSameCategoryByTwoSourcesIsOneRow(t *testing.T) {
	s := open(t, "")
	e := event(id1, "create", "a")
	put(t, s, batch(azure("kube-audit", e, 0, "azure-storage:a")))
	c := put(t, s, batch(azure("kube-audit", e, 0, "export:x.csv")))
	if c.Merged != 1 {
		t.Fatalf("counts %+v", c)
	}
	wants(t, logs(t, s), "kube-audit\t"+e+"\n")
	wants(t, ask(t, s, "SELECT count(*) FROM kql_deliveries"), "2")
}

// The same auditID and stage with other content: both stay, both flagged.
func TestReusedAuditIDIsTwoEventsAndAFinding(t *testing.T) {
	a, b := event(id1, "create", "a"), event(id1, "delete", "mallory")
	for name, split := range map[string]bool{"one batch": false, "two batches": true} {
		t.Run(name, func(t *testing.T) {
			s := open(t, "")
			var c store.Counts
			if split {
				c = put(t, s, records(a)).Add(put(t, s, records(b)))
			} else {
				c = put(t, s, records(a, b))
			}
			if c.Stored != 2 || c.Merged != 0 || c.Reused == 0 {
				t.Fatalf("counts %+v", c)
			}
			wants(t, ask(t, s, "SELECT k_Username, k_AuditIDReused FROM kql_events ORDER BY 1"), "a\ttrue", "mallory\ttrue")
		})
	}
	s := open(t, "")
	c := put(t, s, store.Batch{Records: []store.Record{
		{Text: []byte(a), Cluster: "one"}, {Text: []byte(b), Cluster: "two"}, // another cluster
		{Text: []byte(event(id1, "create", "a", `"x":1,`)), Cluster: "three"},
		{Text: []byte(`{"kind":"Event","auditID":"` + id1 + `","stage":"RequestReceived","verb":"create"}`), Cluster: "one"},         // another stage
		{Text: []byte(`{"kind":"Event","verb":"a"}`), Cluster: "one"}, {Text: []byte(`{"kind":"Event","verb":"b"}`), Cluster: "one"}, // no auditID at all
	}})
	if c.Stored != 6 || c.Reused != 0 {
		t.Fatalf("counts %+v", c)
	}
}

// A cut record is no second event of that auditID as long as the whole one
// begins as it does.
func TestCutRecordIsNotAReusedAuditID(t *testing.T) {
	whole := event(id1, "create", "a")
	for _, order := range [][]string{{whole, whole[:400]}, {whole[:400], whole}, {whole[:400], whole[:500]}} {
		for _, split := range []bool{false, true} {
			s := open(t, "")
			var c store.Counts
			if split {
				c = put(t, s, records(order[0])).Add(put(t, s, records(order[1])))
			} else {
				c = put(t, s, records(order...))
			}
			if c.Stored != 2 || c.Reused != 0 || c.Cut == 0 {
				t.Fatalf("counts %+v", c)
			}
		}
	}
	s := open(t, "")
	c := put(t, s, records(whole)).Add(put(t, s, records(event(id1, "create", "mallory")[:400])))
	if c.Reused != 1 {
		t.Fatalf("another beginning: counts %+v", c)
	}
}

func TestLocalEventsAppearWhereASettingWouldHaveSentThem(t *testing.T) {
	verbs := records(event(id1, "create", "a"), event(id2, "list", "a"), event(id3, "watch", "a"))
	s := open(t, "")
	put(t, s, verbs)
	rows := "SELECT k_Category, verb FROM kql_azure_diagnostics ORDER BY ALL"
	wants(t, ask(t, s, rows), "kube-audit\tcreate", "kube-audit\tlist", "kube-audit\twatch", "kube-audit-admin\tcreate", "kube-audit-admin\twatch")

	s = open(t, "")
	s.options.Setting = func(cluster string) aks.Setting { return aks.Setting{Admin: true} }
	put(t, s, verbs)
	wants(t, ask(t, s, rows), "kube-audit-admin\tcreate")
	wants(t, ask(t, s, "SELECT count(*) FROM kql_events"), "3")
}

func TestAppendingTwiceDoublesNothing(t *testing.T) {
	s := open(t, "")
	b := records(event(id1, "create", "a"), event(id2, "get", "a")[:300], `{"kind":"Event","verb":"x"}`, `garbage`)
	b.Records = append(b.Records, azure("guard", "I1123 17:58:21 line", 0, "azure-storage:g"))
	b.Dead = []store.Dead{{Source: "file:audit.log", Offset: 9, Reason: "too long", Text: []byte("x\xff")}}
	first := put(t, s, b)
	if first != (store.Counts{Read: 6, Stored: 4, Dead: 2, Cut: 1, LogLines: 1}) {
		t.Fatalf("counts %+v", first)
	}
	if c := put(t, s, b); c != (store.Counts{Read: 6, Duplicate: 6}) {
		t.Fatalf("again: counts %+v", c)
	}
	wants(t, ask(t, s, "SELECT k_Source, k_SourceOffset, k_Reason, k_Text FROM kql_dead_letters ORDER BY 2"),
		"file:audit.log\t3\tno audit event: byte 0: expected an object\tgarbage", "file:audit.log\t9\ttoo long\tx\uFFFD")
	put(t, s, store.Batch{Retract: []store.Place{{Source: "file:audit.log", Offset: 9}}})
	wants(t, ask(t, s, "SELECT k_Reason FROM kql_dead_letters"), "no audit event: byte 0: expected an object")
}
