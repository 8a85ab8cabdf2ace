package cloud

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T, dir string) *State {
	t.Helper()
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStateSurvives: world and logs are there again after a restart, and the
// world file given at the first start does not come back.
func TestStateSurvives(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	before := s.World()
	changed := s.Changed()
	if err := s.Update(func(w *World) error { w.Users = w.Users[:1]; return nil }); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	default:
		t.Error("no notice of the change")
	}
	if len(before.Users) == 1 {
		t.Error("an earlier picture of the world changed")
	}
	a := Activity{ID: "1", Time: time.Unix(1, 0).UTC(), Operation: "x/write"}
	if err := errors.Join(s.RecordActivity(a), s.RecordRequest(Request{URI: "/"}), s.Close()); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	defer again.Close()
	if !reflect.DeepEqual(again.World(), s.World()) {
		t.Error("the world changed over a restart")
	}
	if got := again.Activities(); len(got) != 1 || got[0] != a {
		t.Errorf("activities: %+v", got)
	}
	info, err := os.Stat(filepath.Join(dir, "cloud.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("cloud.json: %v %v", info.Mode(), err)
	}
}

// TestUpdateFails: a failed edit changes nothing, in memory or on disk.
func TestUpdateFails(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer s.Close()
	was := s.World()
	boom := errors.New("boom")
	if err := s.Update(func(w *World) error { w.Users = nil; return boom }); !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	if err := s.Update(func(w *World) error { w.Clusters[0].Properties = []byte(`{"disableLocalAccounts":"no"}`); return nil }); err == nil {
		t.Error("unreadable cluster properties were accepted")
	}
	if s.World() != was {
		t.Error("the world changed")
	}
	left, err := filepath.Glob(filepath.Join(dir, "cloud.json.*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestUpdatesDoNotLoseEachOther under concurrency.
func TestUpdatesDoNotLoseEachOther(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	start := len(s.World().Groups)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := s.Update(func(w *World) error { w.Groups = append(w.Groups, Group{ID: "x"}); return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := len(s.World().Groups) - start; got != 20 {
		t.Errorf("%d of 20 updates stayed", got)
	}
}

// TestTornJournal: what a crash cut off is dropped, damage inside is an error.
func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := errors.Join(s.RecordActivity(Activity{ID: "1"}), s.RecordActivity(Activity{ID: "2"}), s.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "activity.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if err := errors.Join(s.RecordActivity(Activity{ID: "3"}), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if got := s.Activities(); len(got) != 2 || got[0].ID != "1" || got[1].ID != "3" {
		t.Errorf("after a torn line: %+v", got)
	}
	s.Close()
	if err := os.WriteFile(path, []byte("{}\nnonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("damaged journal: %v", err)
	}
}

// TestBrokenStateFile is reported, not replaced.
func TestBrokenStateFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "cloud.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "{" {
		t.Error("the broken file was overwritten")
	}
}

func TestEnabledCategories(t *testing.T) {
	d := DiagnosticSetting{Properties: []byte(`{"storageAccountId":"/x","logs":[
		{"category":"guard","enabled":true},{"categoryGroup":"audit","enabled":true},{"category":"kube-scheduler","enabled":false}]}`)}
	r, err := d.Routing()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(r.Enabled(), " "); got != "guard kube-audit kube-audit-admin" {
		t.Errorf("enabled: %s", got)
	}
}
