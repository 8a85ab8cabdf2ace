package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// leastEvents is how many events the lab must write while one ingest runs.
const leastEvents = 200

// TestKillIngest kills `postern ingest --follow` twenty times while the API
// server writes: ten times at a random moment, five times between append and
// commit, five times around the cursor. Afterwards the store must hold exactly
// the lines of the API server's own audit file, each once, byte for byte.
func TestKillIngest(t *testing.T) {
	lab := startLab(t)
	w := newWriter(t, lab)
	store := "duckdb:" + filepath.Join(t.TempDir(), "events.duckdb")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	places := []string{"", "ingest.append", "ingest.cursor"}
	for i, place := range places {
		for n := range []int{10, 5, 5}[i] {
			// ingest.commit is the other side of the cursor: committed, unknown to the source.
			if place == "ingest.cursor" && n%2 == 1 {
				place = "ingest.commit"
			} else if place == "ingest.commit" {
				place = "ingest.cursor"
			}
			killOnce(t, w, store, lab.AuditLog, place, random)
		}
	}

	stopLab(t, lab.StateDir)
	out, err := exec.CommandContext(t.Context(), program(t, "postern"), "ingest", "--from", "file:"+lab.AuditLog, "--store", store, "-o", "json").Output()
	if err != nil {
		t.Fatalf("last ingest: %v: %s", err, stderr(err))
	}
	t.Logf("last ingest: %s", bytes.TrimSpace(out))
	compare(t, store, lab.AuditLog)
}

// killOnce runs one ingest to its violent end. A failpoint that struck before
// the lab had written enough is tried again later in the run; each attempt is a
// kill too.
func killOnce(t *testing.T, w *writer, store, audit, place string, random *rand.Rand) {
	t.Helper()
	for hits := 2 + random.IntN(3); hits <= 512; hits *= 2 {
		events := killAfter(t, w, store, audit, place, hits, time.Duration(random.IntN(400))*time.Millisecond)
		t.Logf("killed at %s after %d events", describe(place, hits), events)
		if events >= leastEvents {
			return
		}
	}
	t.Fatalf("%s never struck after %d events", place, leastEvents)
}

func describe(place string, hits int) string {
	if place == "" {
		return "a random moment"
	}
	return fmt.Sprintf("%s:%d", place, hits)
}

// killAfter gives the number of events written while ingest ran.
func killAfter(t *testing.T, w *writer, store, audit, place string, hits int, extra time.Duration) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, "postern"), "ingest", "--follow", "--from", "file:"+audit, "--store", store)
	var said bytes.Buffer
	cmd.Stderr = &said
	if place != "" {
		cmd.Env = append(os.Environ(), fmt.Sprintf("POSTERN_FAILPOINT=%s:%d", place, hits))
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	before := w.done.Load()
	writing, stop := context.WithCancel(ctx)
	wrote := make(chan error, 1)
	go func() { wrote <- w.run(writing, 20_000) }()
	if place == "" {
		for w.done.Load()-before < leastEvents && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(extra)
		if err := cmd.Process.Kill(); err != nil {
			t.Errorf("kill ingest: %v", err)
		}
	}
	err := cmd.Wait()
	events := w.done.Load() - before
	stop()
	if err := <-wrote; err != nil {
		t.Fatalf("write events: %v", err)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL || ctx.Err() != nil {
		t.Fatalf("ingest ended with %v, want SIGKILL (%s):\n%s", err, describe(place, hits), said.String())
	}
	return events
}

// compare holds the store against the audit file, line by line.
func compare(t *testing.T, store, audit string) {
	t.Helper()
	text, err := os.ReadFile(audit)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for _, line := range lines {
		want[line]++
	}
	if len(want) != len(lines) {
		t.Errorf("the audit file has %d lines, %d of them different: the truth itself repeats", len(lines), len(want))
	}
	got := map[string]int{}
	for _, row := range query(t, store, `AzureDiagnostics | where Category == "kube-audit" | project log_s`) {
		got[strings.TrimSuffix(row[0].(string), "\n")]++
	}
	lost, doubled, strange := 0, 0, 0
	for line := range want {
		switch n := got[line]; {
		case n == 0:
			lost++
		case n > 1:
			doubled++
		}
	}
	for line := range got {
		if want[line] == 0 {
			strange++
		}
	}
	if lost+doubled+strange > 0 {
		t.Errorf("of %d events %d are lost, %d doubled; %d in the store are not in the audit file", len(want), lost, doubled, strange)
	}
	if n := query(t, store, `Events | count`)[0][0]; n != float64(len(want)) {
		t.Errorf("Events has %v rows, the audit file %d lines", n, len(want))
	}
	if n := query(t, store, `DeadLetters | count`)[0][0]; n != float64(0) {
		t.Errorf("%v dead letters from a whole audit file", n)
	}
	t.Logf("%d events compared", len(want))
}

// query gives the rows of a KQL query's answer.
func query(t *testing.T, store, kql string) [][]any {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program(t, "postern"), "query", "-q", "-o", "json", "--store", store, kql).Output()
	if err != nil {
		t.Fatalf("query %s: %v: %s", kql, err, stderr(err))
	}
	var answer struct{ Tables []struct{ Rows [][]any } }
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatalf("query %s: %v", kql, err)
	}
	if len(answer.Tables) != 1 || len(answer.Tables[0].Rows) == 0 {
		t.Fatalf("query %s: no rows", kql)
	}
	return answer.Tables[0].Rows
}

// stderr is what a failed command said.
func stderr(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(exit.Stderr)
	}
	return ""
}
