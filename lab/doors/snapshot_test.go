package doors

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestSnapshot: a file of the tenant answers as the tenant itself, nothing is new
// between two of them, and what a run kept for going on is gone with the file there.
func TestSnapshot(t *testing.T) {
	a := start(t, load(t, "../worlds/small.yaml"))
	live, liveExit := a.doors(t)
	reader, _ := a.State.World().ServicePrincipal(readerID(t, a.State.World()))
	program, err := filepath.Abs(*binary)
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) ([]byte, int) {
		t.Helper()
		out, said, exit, err := a.Run(context.Background(), reader, program, args...)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("postern %v: exit %d\n%s", args, exit, said)
		return out, exit
	}
	file := filepath.Join(t.TempDir(), "tenant.json.gz")
	if _, exit := run("snapshot", "--all-clusters", "--out", file); exit != liveExit {
		t.Errorf("snapshot: exit %d, doors %d", exit, liveExit)
	}
	if _, err := os.Stat(file + ".part"); !os.IsNotExist(err) {
		t.Errorf("the tape is left: %v", err)
	}
	out, exit := run("doors", "-o", "json", "-f", file)
	var filed report
	if err := json.Unmarshal(out, &filed); err != nil {
		t.Fatal(err)
	}
	if exit != liveExit || !slices.Equal(filed.lines(), live.lines()) {
		t.Errorf("exit %d, live %d; only in the file %v; only live %v", exit, liveExit, differ(filed.lines(), live.lines()), differ(live.lines(), filed.lines()))
	}
	if out, exit := run("diff", "-o", "name", file, file); exit == 3 || len(out) > 0 {
		t.Errorf("diff of a file with itself: exit %d\n%s", exit, out)
	}
}
