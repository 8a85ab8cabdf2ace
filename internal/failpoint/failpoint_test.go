package failpoint

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestOffByDefault(t *testing.T) {
	s, err := Parse("")
	if s != nil || err != nil {
		t.Fatalf("Parse of nothing: %v, %v", s, err)
	}
	s.Hit(IngestAppend)
	if s.String() != "off" {
		t.Errorf("String is %q", s)
	}
}

func TestCounts(t *testing.T) {
	s, err := Parse("ingest.append:3")
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	s.kill = func() { killed++ }
	for _, hit := range []Name{IngestAppend, IngestCursor, IngestAppend} {
		s.Hit(hit)
	}
	if killed != 0 {
		t.Fatal("killed before the third hit")
	}
	s.Hit(IngestAppend)
	s.Hit(IngestAppend)
	if killed != 1 {
		t.Fatalf("killed %d times, want once", killed)
	}
}

func TestRefused(t *testing.T) {
	for _, spec := range []string{"ingest", "ingest.append:", "ingest.append:0", "ingest.append:-1", "ingest.append:x", " ingest.append"} {
		if s, err := Parse(spec); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", spec, s)
		} else if !strings.Contains(err.Error(), spec) {
			t.Errorf("Parse(%q): %v does not name the offender", spec, err)
		}
	}
}

// TestKills runs this test binary again and sees it die of SIGKILL.
func TestKills(t *testing.T) {
	if spec := os.Getenv("FAILPOINT_TEST_SPEC"); spec != "" {
		s, err := Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		s.Hit(IngestCommit)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestKills$")
	cmd.Env = append(os.Environ(), "FAILPOINT_TEST_SPEC=ingest.commit")
	err := cmd.Run()
	exit, ok := err.(*exec.ExitError)
	if !ok {
		t.Fatalf("the process survived its failpoint: %v", err)
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); !ok || ws.Signal() != syscall.SIGKILL {
		t.Fatalf("ended by %v, want SIGKILL", exit)
	}
}
