package daemon

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/lab/daemon/layout"
)

// TestRefused: what cannot work is one message, the right exit code, and no
// trace.
func TestRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, []byte("tenant: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{}, exitUsage, "postern-lab up"},
		{[]string{"upp"}, exitUsage, `unknown command "upp"`},
		{[]string{"up", "--nope"}, exitUsage, "nope"},
		{[]string{"up", "here"}, exitUsage, `unexpected argument "here"`},
		{[]string{"up", "--api-port", "99999"}, exitUsage, "--api-port 99999: not a port"},
		{[]string{"up", "--api-port", "many"}, exitUsage, "many"},
		{[]string{"up", "--api-port", "7", "--proxy-port", "7"}, exitUsage, "both 7"},
		{[]string{"up", "--fault", "gravity"}, exitUsage, "--fault gravity: no such fault (there is rotation-noop)"},
		{[]string{"status", "-o", "xml"}, exitUsage, "-o xml"},
		{[]string{"world", "--default", file}, exitUsage, "one of them"},
		{[]string{"up", "--world", file}, exitBroken, file},
		{[]string{"up", "--state", filepath.Join(file, "below")}, exitBroken, "--state DIR"},
		{[]string{"world"}, exitBroken, "--default"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			dir := t.TempDir()
			var stdout, stderr bytes.Buffer
			command := Command{
				Stdout: &stdout, Stderr: &stderr, Executable: "/nonexistent",
				Getenv: func(name string) string { return map[string]string{"POSTERN_LAB": dir}[name] },
			}
			if code := command.Main(t.Context(), c.args); code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
			if !strings.Contains(stderr.String(), c.says) || stdout.Len() > 0 {
				t.Errorf("stdout %q, stderr %q; want %q on stderr", &stdout, &stderr, c.says)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

// TestForgetState: --fresh empties a lab's directory and no other.
func TestForgetState(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	keep := filepath.Join(string(dir), "letters.txt")
	if err := os.WriteFile(keep, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := forgetState(dir); err == nil || !strings.Contains(err.Error(), "letters.txt") {
		t.Errorf("a directory that is no lab's: %v", err)
	}
	if _, err := os.Stat(keep); err != nil {
		t.Errorf("removed: %v", err)
	}
	for _, path := range []string{dir.Cloud(), dir.Lock()} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := forgetState(dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(string(dir))
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(dir.Lock()) {
		t.Errorf("left: %v, %v; want the lock alone", entries, err)
	}
}

// TestLock: one daemon at a time, and looking is not holding.
func TestLock(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	if _, runs, err := holder(dir); runs || err != nil {
		t.Fatalf("an empty directory is held: %v, %v", runs, err)
	}
	held, err := acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := acquire(dir); err == nil || !strings.Contains(err.Error(), "a lab is running here") {
		t.Errorf("second daemon: %v", err)
	}
	if pid, runs, err := holder(dir); !runs || pid != os.Getpid() || err != nil {
		t.Errorf("holder: %d, %v, %v", pid, runs, err)
	}
	held.release()
	if _, runs, err := holder(dir); runs || err != nil {
		t.Errorf("held after release: %v, %v", runs, err)
	}
	again, err := acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.release()
}
