package e2e

import (
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// step is a step as `tour -o json` prints it.
type step struct {
	Name     string
	Commands []string
	Observed []string
	OK       bool
	Pending  []string
}

func TestTour(t *testing.T) {
	dir := t.TempDir()
	r := run(t, dir, nil, "postern-lab", "tour", "--fresh", "--az=never")
	if r.exit != 0 {
		t.Fatalf("exit %d\n%s%s", r.exit, r.stdout, r.stderr)
	}
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	// No clause may be left to other clients.
	if last := lines[len(lines)-1]; last != "tour: 7/7 steps, 0 clauses pending" {
		t.Errorf("the last line is %q", last)
	}
	if strings.Contains(r.stdout, "\x1b[") {
		t.Error("colours off a terminal")
	}
	if !strings.Contains(r.stdout, "Azure SDK for Go") {
		t.Error("the output does not say which Azure client was used")
	}
	nothingLeft(t, dir)
}

// TestTourAz is the same with the real az. `make tour-az` insists on it.
func TestTourAz(t *testing.T) {
	if _, err := exec.LookPath("az"); err != nil {
		t.Skip("az is not installed; make tour-az installs it and insists")
	}
	dir := t.TempDir()
	r := run(t, dir, nil, "postern-lab", "tour", "--fresh", "--az=required", "-o", "json")
	steps := readSteps(t, r)
	if failed := failures(steps); r.exit != 0 || len(failed) > 0 {
		t.Fatalf("exit %d, failed %v\n%s%s", r.exit, failed, r.stdout, r.stderr)
	}
	if !strings.Contains(strings.Join(steps[0].Commands, "\n"), "az aks get-credentials") {
		t.Errorf("step 1 did not run az: %q", steps[0].Commands)
	}
	nothingLeft(t, dir)
}

func readSteps(t *testing.T, r result) []step {
	t.Helper()
	var steps []step
	if err := json.Unmarshal([]byte(r.stdout), &steps); err != nil {
		t.Fatalf("exit %d, output is not JSON: %v\n%s%s", r.exit, err, r.stdout, r.stderr)
	}
	if len(steps) != 7 {
		t.Fatalf("%d steps\n%s", len(steps), r.stdout)
	}
	return steps
}

func failures(steps []step) []int {
	out := []int{}
	for i, s := range steps {
		if !s.OK {
			out = append(out, i+1)
		}
	}
	return out
}

// TestTourBreak plants every fault there is, and expects exactly the step it
// belongs to, and those that depend on it, to fail.
func TestTourBreak(t *testing.T) {
	want := map[string][]int{
		"1": {1, 2, 3, 4, 5, 6, 7},
		"2": {2},
		"3": {3, 4, 5, 6, 7},
		"4": {4, 7},
		"5": {5, 6},
		"6": {6}, "6b": {6},
		"7": {7}, "7b": {7},
	}
	var listed []string
	for line := range strings.Lines(must(t, t.TempDir(), nil, "postern-lab", "tour", "--break", "list")) {
		listed = append(listed, strings.Fields(line)[0])
	}
	if known := slices.Sorted(maps.Keys(want)); !slices.Equal(known, slices.Sorted(slices.Values(listed))) {
		t.Fatalf("--break list has %v, this test expects %v", listed, known)
	}
	for _, id := range listed {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := run(t, dir, nil, "postern-lab", "tour", "--break", id, "--az=never", "-o", "json")
			steps := readSteps(t, r)
			failed := failures(steps)
			if r.exit != 1 || !slices.Equal(failed, want[id]) {
				t.Errorf("exit %d, steps %v failed, want 1 and %v\n%s%s", r.exit, failed, want[id], r.stdout, r.stderr)
			}
			// The first says what differs, the others on whom they wait.
			for i, n := range failed {
				last := steps[n-1].Observed[len(steps[n-1].Observed)-1]
				waits := strings.HasPrefix(last, "FAILED: depends on step ")
				if waits != (i > 0) || !strings.HasPrefix(last, "FAILED: ") {
					t.Errorf("step %d says %q", n, last)
				}
			}
			nothingLeft(t, dir)
		})
	}
}
