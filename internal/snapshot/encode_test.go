package snapshot_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-dev/postern/internal/snapshot"
)

// TestMain makes this binary the process that is killed while it writes.
func TestMain(m *testing.M) {
	if path := os.Getenv("SNAPSHOT_KILL"); path != "" {
		_, err := snapshot.File{Path: path, Overwrite: true, Written: func() {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}}.Write(fixed(), "")
		panic(err) // not reached
	}
	os.Exit(m.Run())
}

// TestKilled: a process that dies with everything written and nothing in place
// leaves what was there before.
func TestKilled(t *testing.T) {
	for _, before := range []string{"", "the snapshot of yesterday"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "x.json")
		if before != "" {
			if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "SNAPSHOT_KILL="+path)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !exit.Sys().(syscall.WaitStatus).Signaled() {
			t.Fatalf("not killed: %v\n%s", err, out)
		}
		after, err := os.ReadFile(path)
		if before == "" && !errors.Is(err, os.ErrNotExist) || string(after) != before {
			t.Errorf("before %q, after %q %v", before, after, err)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.json.gz")
	if _, err := (snapshot.File{Path: path}).Write(fixed(), ""); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	if _, err := (snapshot.File{Path: path}).Write(fixed(), ""); !errors.Is(err, snapshot.ErrExists) {
		t.Errorf("a second time: %v", err)
	}
	if _, err := (snapshot.File{Path: path, Overwrite: true}).Write(fixed(), ""); err != nil {
		t.Errorf("with Overwrite: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestRace: a file that somebody makes while ours is written is not overwritten.
func TestRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	_, err := snapshot.File{Path: path, Written: func() {
		if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
	}}.Write(fixed(), "")
	if text, _ := os.ReadFile(path); !errors.Is(err, snapshot.ErrExists) || string(text) != "theirs" {
		t.Errorf("%v, the file holds %q", err, text)
	}
}

// TestAzureFiles: what az printed goes to the cluster its address tells; where
// nothing tells, it is unknown, and nobody's.
func TestAzureFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cluster := func(name, server string) string {
		s := fixed()
		s.Name, s.Source.Server, s.Azure = name, server, nil
		path := filepath.Join(dir, name+".json")
		if _, err := (snapshot.File{Path: path}).Write(s, ""); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const id = "/subscriptions/5e0a7c1e-0000-4000-8000-000000000001/resourcegroups/rg/providers/Microsoft.ContainerService/managedClusters/prod"
	show := write("show.json", `{"id": "`+id+`", "name": "prod", "type": "Microsoft.ContainerService/ManagedClusters", "fqdn": "prod-1.hcp.westeurope.azmk8s.io", "provisioningState": "Succeeded", "aadProfile": {"enableAzureRbac": true}}`)
	prod := cluster("prod", "https://prod-1.hcp.westeurope.azmk8s.io:443")
	other := cluster("other", "https://other-1.hcp.westeurope.azmk8s.io:443")
	all, err := snapshot.Reader{}.ReadAll(t.Context(), []string{prod, other, show}, fixed().Taken)
	if err != nil || len(all) != 2 {
		t.Fatalf("%v %v", all, err)
	}
	if a := all[0].Azure; a == nil || !strings.EqualFold(a.ClusterID, id) || !a.Enabled {
		t.Errorf("prod: %+v", a)
	}
	if all[1].Azure != nil || !all[1].Missing(snapshot.Azure) {
		t.Errorf("other: %+v %+v", all[1].Azure, all[1].Unknown)
	}
	all, err = snapshot.Reader{}.ReadAll(t.Context(), []string{show}, fixed().Taken)
	if err != nil || len(all) != 1 || all[0].Azure == nil || !all[0].Missing(snapshot.Manifest) {
		t.Errorf("Azure alone: %+v %v", all, err)
	}
}
