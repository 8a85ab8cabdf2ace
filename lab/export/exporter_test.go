package export

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var zero = time.Date(2026, 11, 23, 17, 58, 21, 0, time.UTC)

// bench is an exporter over one audit file, with a clock of its own.
type bench struct {
	t        *testing.T
	dir      string
	audit    string
	settings []Setting
	clock    time.Time
	cutAt    int
	e        *Exporter
}

func newBench(t *testing.T) *bench {
	dir := t.TempDir()
	b := &bench{t: t, dir: dir, audit: filepath.Join(dir, "audit.log"), clock: zero}
	b.settings = []Setting{adminSetting()}
	b.restart()
	return b
}

func adminSetting() Setting {
	return Setting{
		ID:               "/sub/diag",
		ResourceID:       "/subscriptions/0b62a232/resourceGroups/rg-lab/providers/Microsoft.ContainerService/managedClusters/aks-lab",
		StorageAccountID: "/subscriptions/0b62a232/resourceGroups/rg-lab/providers/Microsoft.Storage/storageAccounts/labstore",
		Logs:             []Log{{Category: "kube-audit-admin", Enabled: true}, {Category: "kube-audit"}},
		Changed:          zero,
	}
}

// restart forgets everything that is not on disk.
func (b *bench) restart() {
	b.e = &Exporter{Dir: b.dir, Sources: []Source{AuditSource(b.audit), GuardSource(filepath.Join(b.dir, "guard.log"))},
		Settings: func() []Setting { return b.settings }, Now: func() time.Time { return b.clock }, CutAt: b.cutAt}
}

func (b *bench) pass() {
	b.t.Helper()
	if err := b.e.Pass(); err != nil {
		b.t.Fatal(err)
	}
}

func event(id, verb string, at time.Time) string {
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":%q,"stage":"ResponseComplete","requestURI":"/api/v1/pods?a=1\u0026b=2","verb":%q,"stageTimestamp":%q}`,
		id, verb, at.Format("2006-01-02T15:04:05.000000Z"))
}

func write(t *testing.T, name string, lines ...string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, l := range lines {
		if _, err := f.WriteString(l); err != nil {
			t.Fatal(err)
		}
	}
}

type envelope struct {
	Category   string
	ResourceID string
	Time       string
	Properties struct{ Pod, ContainerID, Log, Stream string }
}

// delivered reads every record below one container, as a client would.
func (b *bench) delivered(category string) []envelope {
	b.t.Helper()
	var out []envelope
	root := filepath.Join(b.dir, "storage", "labstore", "insights-logs-"+category)
	err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		sc := bufio.NewScanner(f)
		sc.Buffer(nil, 1<<24)
		for sc.Scan() {
			var e envelope
			if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
				return fmt.Errorf("%s: %w: %s", name, err, sc.Text())
			}
			out = append(out, e)
		}
		return sc.Err()
	})
	if err != nil && !os.IsNotExist(err) {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) ids(category string) string {
	b.t.Helper()
	var ids []string
	for _, e := range b.delivered(category) {
		var ev struct{ AuditID string }
		if err := json.Unmarshal([]byte(e.Properties.Log), &ev); err != nil {
			b.t.Fatal(err)
		}
		ids = append(ids, ev.AuditID)
	}
	return strings.Join(ids, " ")
}

func equal(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

func TestEnvelopeAndPath(t *testing.T) {
	b := newBench(t)
	line := event("a", "create", zero)
	write(t, b.audit, line+"\n")
	b.pass()
	name := filepath.Join(b.dir, "storage/labstore/insights-logs-kube-audit-admin/resourceId=/SUBSCRIPTIONS/0B62A232/RESOURCEGROUPS/RG-LAB/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/AKS-LAB/y=2026/m=11/d=23/h=17/m=00/PT1H.json")
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`{ "category": "kube-audit-admin", "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read", "properties": {"pod":"kube-apiserver-`,
		`"log":"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io\/v1\"`,
		`a=1\\u0026b=2`,
		`"resourceId": "/SUBSCRIPTIONS/0B62A232/RESOURCEGROUPS/RG-LAB/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/AKS-LAB", "serviceBuild": "na", "time": "2026-11-23T17:58:21.000183417Z"}` + "\n",
	} {
		if !strings.Contains(string(got), part) {
			t.Errorf("no %s in\n%s", part, got)
		}
	}
	equal(t, b.delivered("kube-audit-admin")[0].Properties.Log, line+"\n")
}

func TestAdminLeavesReadsOut(t *testing.T) {
	b := newBench(t)
	b.settings[0].Logs[1].Enabled = true
	for _, verb := range []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "post"} {
		write(t, b.audit, event(verb, verb, zero)+"\n")
	}
	b.pass()
	equal(t, b.ids("kube-audit-admin"), "create update patch delete deletecollection post")
	equal(t, b.ids("kube-audit"), "get list watch create update patch delete deletecollection post")
	b.e.AdminWatch = true
	write(t, b.audit, event("watch2", "watch", zero)+"\n", event("get2", "get", zero)+"\n")
	b.pass()
	equal(t, b.ids("kube-audit-admin"), "create update patch delete deletecollection post watch2")
}

func TestOnlyWhatCameAfterTheSetting(t *testing.T) {
	b := newBench(t)
	write(t, b.audit, event("before", "create", zero.Add(-time.Microsecond))+"\n", event("after", "create", zero)+"\n")
	b.pass()
	equal(t, b.ids("kube-audit-admin"), "after")
	// The setting is written again with one more category: the old one goes on,
	// the new one begins now.
	b.settings[0].Logs[1].Enabled = true
	b.settings[0].Changed = zero.Add(10 * time.Second)
	write(t, b.audit, event("between", "create", zero.Add(9*time.Second))+"\n", event("later", "create", zero.Add(11*time.Second))+"\n")
	b.pass()
	equal(t, b.ids("kube-audit-admin"), "after between later")
	equal(t, b.ids("kube-audit"), "later")
}

func TestCategoryGroups(t *testing.T) {
	b := newBench(t)
	b.settings[0].Logs = []Log{{CategoryGroup: "audit", Enabled: true}}
	write(t, b.audit, event("a", "create", zero)+"\n")
	write(t, b.e.Sources[1].Path, "I1123 17:58:21.000000       1 server.go:1] \"ok\" path=/tokenreview\n")
	b.pass()
	equal(t, b.ids("kube-audit-admin"), "a")
	equal(t, b.ids("kube-audit"), "a")
	equal(t, b.delivered("guard")[0].Properties.Log, "I1123 17:58:21.000000       1 server.go:1] \"ok\" path=/tokenreview\n")
	equal(t, b.delivered("guard")[0].Properties.Stream, "stderr")
}

func TestRestartNeitherLosesNorDoubles(t *testing.T) {
	b := newBench(t)
	var want []string
	for i := range 40 {
		id := fmt.Sprint("e", i)
		want = append(want, id)
		line := event(id, "create", zero.Add(time.Duration(i)*time.Second)) + "\n"
		write(t, b.audit, line[:20])
		b.pass() // half a line is nothing yet
		write(t, b.audit, line[20:])
		if i%3 == 0 {
			b.pass()
		}
		if i%5 == 0 {
			b.restart()
		}
	}
	b.pass()
	equal(t, b.ids("kube-audit-admin"), strings.Join(want, " "))
}

// A crash can come after the state was written and before, or in the middle
// of, an append.
func TestCrashBetweenStateAndAppend(t *testing.T) {
	for _, part := range []int{0, 1, 100, -1} {
		b := newBench(t)
		write(t, b.audit, event("a", "create", zero)+"\n")
		b.pass()
		whole := b.onlyBlob()
		before, _ := os.Stat(whole)
		write(t, b.audit, event("b", "create", zero)+"\n", event("c", "create", zero)+"\n")
		b.pass()
		after, _ := os.Stat(whole)
		keep := after.Size()
		if part >= 0 {
			keep = before.Size() + int64(part)
		}
		if err := os.Truncate(whole, keep); err != nil {
			t.Fatal(err)
		}
		b.restart()
		b.pass()
		equal(t, b.ids("kube-audit-admin"), "a b c")
	}
}

func (b *bench) onlyBlob() string {
	b.t.Helper()
	var found string
	filepath.WalkDir(filepath.Join(b.dir, "storage"), func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = name
		}
		return err
	})
	if found == "" {
		b.t.Fatal("no blob")
	}
	return found
}

func TestRotation(t *testing.T) {
	b := newBench(t)
	old := func(n int) string { return filepath.Join(b.dir, fmt.Sprintf("audit-2026-11-23T17-58-%02d.000.log", n)) }
	write(t, b.audit, event("a", "create", zero)+"\n")
	b.pass()
	// Two rotations while the exporter is down, and a last line without its end.
	write(t, b.audit, event("b", "create", zero)+"\n", event("c", "create", zero))
	os.Rename(b.audit, old(1))
	write(t, b.audit, event("d", "create", zero)+"\n")
	os.Rename(b.audit, old(2))
	b.restart()
	b.pass()
	write(t, b.audit, event("e", "create", zero)+"\n")
	b.pass()
	equal(t, b.ids("kube-audit-admin"), "a b c d e")
	// The file is emptied in place: what follows is delivered from its start.
	os.Truncate(b.audit, 0)
	os.Remove(old(1))
	os.Remove(old(2))
	b.pass()
	write(t, b.audit, event("f", "create", zero)+"\n")
	b.pass()
	equal(t, b.ids("kube-audit-admin"), "a b c d e f")
}

func TestCut(t *testing.T) {
	b := newBench(t)
	long := strings.Replace(event("long", "create", zero), `"verb"`, `"pad":"`+strings.Repeat("é", 9000)+`","verb"`, 1)
	fits := strings.Replace(event("fits", "create", zero), `"verb"`, `"pad":"","verb"`, 1)
	fits = strings.Replace(fits, `"pad":""`, `"pad":"`+strings.Repeat("x", CutAt-1-len(fits))+`"`, 1)
	write(t, b.audit, long+"\n", fits+"\n")
	b.pass()
	got := b.delivered("kube-audit-admin")
	if l := got[0].Properties.Log; !strings.HasPrefix(long, l) || len(l) > CutAt || len(l) < CutAt-1 {
		t.Errorf("cut to %d bytes, not a beginning of the event", len(l))
	}
	equal(t, got[1].Properties.Log, fits+"\n")
	if s := b.e.Status()[0]; s.Cut != 1 || s.Delivered != 2 {
		t.Errorf("status %+v", s)
	}

	b = newBench(t)
	b.cutAt = -1
	b.restart()
	write(t, b.audit, long+"\n")
	b.pass()
	equal(t, b.delivered("kube-audit-admin")[0].Properties.Log, long+"\n")
}

func TestHourOfArrival(t *testing.T) {
	b := newBench(t)
	write(t, b.audit, event("a", "create", zero)+"\n")
	b.clock = time.Date(2026, 11, 23, 18, 0, 1, 0, time.UTC)
	b.pass()
	if !strings.Contains(b.onlyBlob(), "/h=18/m=00/") {
		t.Errorf("%s", b.onlyBlob())
	}
	// Long after, the record still says when the apiserver wrote it.
	equal(t, b.delivered("kube-audit-admin")[0].Time, "2026-11-23T17:58:21.000183417Z")
}

func TestLongLineAndManyBatches(t *testing.T) {
	b := newBench(t)
	b.cutAt = -1
	b.restart()
	pad := strings.Repeat("x", 3*batch/2)
	var want []string
	for i := range 4 {
		want = append(want, fmt.Sprint("e", i))
		write(t, b.audit, strings.Replace(event(fmt.Sprint("e", i), "create", zero), `"verb"`, `"pad":"`+pad+`","verb"`, 1)+"\n")
	}
	b.pass()
	equal(t, b.ids("kube-audit-admin"), strings.Join(want, " "))
}

func TestPausedAndWorkspace(t *testing.T) {
	b := newBench(t)
	b.settings[0].WorkspaceID = "/subscriptions/x/workspaces/law"
	paused := filepath.Join(b.dir, "export", "paused")
	os.MkdirAll(filepath.Dir(paused), 0o700)
	write(t, paused, "")
	write(t, b.audit, event("a", "create", zero)+"\n")
	b.pass()
	equal(t, b.ids("kube-audit-admin"), "")
	st := b.e.Status()
	if len(st) != 2 || st[0].Note == "" || !strings.Contains(st[1].Note, "not deliver") {
		t.Errorf("%+v", st)
	}
	os.Remove(paused)
	b.pass()
	equal(t, b.ids("kube-audit-admin"), "a")
}

func TestNamesThatAreNoAccount(t *testing.T) {
	for _, id := range []string{"", "/x/..", "/x/ab", "/x/has-dash", "/x/" + strings.Repeat("a", 25)} {
		if got := (Setting{StorageAccountID: id}).account(); got != "" {
			t.Errorf("%q gives %q", id, got)
		}
	}
	equal(t, Setting{StorageAccountID: "/x/LabStore1"}.account(), "labstore1")
}
