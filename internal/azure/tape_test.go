package azure

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
)

func clock() time.Time { return taken }

func openTape(t *testing.T, path string, now func() time.Time) *Tape {
	t.Helper()
	tape, err := OpenTape(path, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tape.Close() })
	return tape
}

// TestTapeCut: a tape that ends anywhere gives the answers that are whole, and
// the reading that goes on with it is the same.
func TestTapeCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tape")
	f := newTenant()
	first := openTape(t, path, clock)
	want := read(t, f, TenantOptions{Tape: first})
	asked := len(f.seen)
	if err := first.Close(); err != nil || first.Err() != nil {
		t.Fatal(err, first.Err())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	whole := 0
	for end := range len(text) + 1 {
		if end > 0 && text[end-1] == '\n' {
			whole++
		}
		// Every byte of the first lines and the last; each tenth between them.
		if end > 2000 && end < len(text)-200 && end%10 != 0 {
			continue
		}
		if err := os.WriteFile(path, text[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		tape, err := OpenTape(path, clock)
		if err != nil {
			t.Fatalf("cut at %d: %v", end, err)
		}
		if tape.Kept != whole {
			t.Errorf("cut at %d: %d answers, want %d", end, tape.Kept, whole)
		}
		tape.Close()
	}
	if whole < 20 {
		t.Fatalf("%d answers on the tape", whole)
	}
	for _, end := range []int{0, 1, len(text) / 3, len(text) / 2, len(text) - 1, len(text)} {
		if err := os.WriteFile(path, text[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		f := newTenant()
		got, n := resume(t, f, path, text)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("cut at %d:\n%+v\n%+v", end, got, want)
		}
		if n > asked || end == len(text) && n != 0 || end == 0 && n == 0 {
			t.Errorf("cut at %d: asked %d times, at first %d", end, n, asked)
		}
	}
}

// resume reads on with a tape that another server's answers are on: they are
// rewritten to the new server's address.
func resume(t *testing.T, f *fakeARM, path string, full []byte) (*snapshot.Tenant, int) {
	t.Helper()
	server := tenantServer(t, f)
	var first taped
	line, _, _ := strings.Cut(string(full), "\n")
	if err := json.Unmarshal([]byte(line), &first); err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(strings.TrimPrefix(first.Key, "GET "), "/subscriptions")
	tape := openTape(t, path, clock)
	for key, one := range tape.known {
		delete(tape.known, key)
		one.Body = []byte(strings.ReplaceAll(string(one.Body), before, server.URL))
		tape.known[strings.ReplaceAll(key, before, server.URL)] = one
	}
	o := TenantOptions{armEndpoint: server.URL, graphEndpoint: server.URL, transport: server.Client(), credential: asReader, Now: clock, Tape: tape, Getenv: func(string) string { return "" }}
	got, err := CollectTenant(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return got, len(f.seen)
}

// TestTapeReader: answers count for whoever got them, for an hour, and a tenant
// is as old as the oldest of them.
func TestTapeReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tape")
	tape := openTape(t, path, clock)
	tape.begin("ada", taken)
	tape.keep("GET", "https://x/1", nil, []byte(`{}`))
	tape.keep("POST", "https://x/1", []byte(`{"q":1}`), []byte(`{"a":1}`))
	tape.Close()
	later := func() time.Time { return taken.Add(59 * time.Minute) }
	tape = openTape(t, path, later)
	if at := tape.begin("bob", later()); !at.Equal(later()) {
		t.Errorf("another reader's began at %s", at)
	}
	if _, found := tape.find("GET", "https://x/1", nil); found {
		t.Error("another reader is told the same")
	}
	if at := tape.begin("ada", later()); !at.Equal(taken) {
		t.Errorf("began at %s", at)
	}
	if got, found := tape.find("POST", "https://x/1", []byte(`{"q":1}`)); !found || string(got) != `{"a":1}` {
		t.Errorf("%s", got)
	}
	if _, found := tape.find("POST", "https://x/1", []byte(`{"q":2}`)); found {
		t.Error("another question has the same answer")
	}
	for _, now := range []time.Time{taken.Add(time.Hour), taken.Add(-time.Second)} {
		if tape := openTape(t, path, func() time.Time { return now }); tape.Kept != 0 {
			t.Errorf("%d answers at %s", tape.Kept, now)
		}
	}
	if err := openTape(t, path, clock).Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("not removed: %v", err)
	}
}

// Somebody's file is left as it is.
func TestTapeForeign(t *testing.T) {
	for _, text := range []string{"shopping list\n", "{\"time\":1}\n", "{}", "x"} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenTape(path, clock); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", text, err)
		}
		if left, err := os.ReadFile(path); err != nil || string(left) != text {
			t.Errorf("%q became %q", text, left)
		}
	}
}

// TestTapeFull: a tape that cannot be written costs the resuming, not the tenant.
func TestTapeFull(t *testing.T) {
	tape := openTape(t, filepath.Join(t.TempDir(), "tape"), clock)
	tape.file.Close()
	if got := read(t, newTenant(), TenantOptions{Tape: tape}); len(got.Unread) != 0 || len(got.Clusters) != 2 {
		t.Errorf("%+v", got.Unread)
	}
	if err := tape.Err(); err == nil || !strings.Contains(err.Error(), "keep answers for resuming") {
		t.Errorf("%v", err)
	}
}

// TestTapeKilled kills a process that collects, in the middle and without
// warning, until one comes to the end; every one goes on where the last was.
func TestTapeKilled(t *testing.T) {
	const address, tapeFile = "POSTERN_TEST_ADDRESS", "POSTERN_TEST_TAPE"
	if at := os.Getenv(address); at != "" { // the process that is killed
		tape, err := OpenTape(os.Getenv(tapeFile), clock)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // the parent's
		got, err := CollectTenant(t.Context(), TenantOptions{armEndpoint: at, graphEndpoint: at, transport: client, credential: asReader, Now: clock, Tape: tape, Getenv: func(string) string { return "" }})
		if err != nil || len(got.Unread) > 0 {
			t.Fatalf("%v %+v", err, got)
		}
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(os.Getenv(tapeFile)+".done", text, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "tape")
	f := newTenant()
	var mu sync.Mutex
	var child *exec.Cmd
	left := 0
	for p := range f.items {
		f.faults[p] = func() fault {
			mu.Lock()
			defer mu.Unlock()
			if left--; left == 0 {
				_ = child.Process.Kill() // it has ended if this fails
			}
			return fault{}
		}
	}
	server := tenantServer(t, f)
	run := func(kill int) error {
		cmd := exec.Command(os.Args[0], "-test.run=^TestTapeKilled$")
		cmd.Env = append(os.Environ(), address+"="+server.URL, tapeFile+"="+path)
		mu.Lock()
		child, left = cmd, kill
		err := cmd.Start()
		mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		return cmd.Wait()
	}
	kills := 0
	for kills < 30 && run(6) != nil { // too few requests to come to the end in one go
		kills++
	}
	text, err := os.ReadFile(path + ".done")
	if err != nil || kills < 3 {
		t.Fatalf("%v after %d kills", err, kills)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := run(0); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(path + ".done"); err != nil || string(again) != string(text) {
		t.Errorf("%v\n%s\n%s", err, text, again)
	}
}
