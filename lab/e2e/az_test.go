//go:build az

package e2e

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts of testdata/az expect")

// TestAz holds the lab's Azure against the real az: each script of testdata/az
// has a lab of its own and says what az prints. It is built with the tag az
// only, as make az does, and then az must be there.
//
// Beside testscript's own commands scripts have
//
//	lab [WORLD]          start the lab, with a world file, and point the script at it
//	as NAME PASSWORD     sign NAME in, once, and be NAME from here on
//	as NAME              be NAME again
func TestAz(t *testing.T) {
	az, err := exec.LookPath("az")
	if err != nil {
		t.Fatalf("%v. On Debian, as root: apt-get install -y --no-install-recommends azure-cli", err)
	}
	s := azScripts{bin: filepath.Dir(program(t, "postern-lab")), az: az, warm: t.TempDir()}
	s.warmUp(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "az"), UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", s.bin+":"+filepath.Dir(az)+":/usr/bin:/bin")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("LANG", "C.UTF-8")
			env.Setenv("PYTHONWARNINGS", "ignore")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"lab": s.lab, "as": s.as},
	})
}

// azScripts is what the scripts share.
type azScripts struct {
	bin, az string
	// warm is a configuration directory that az has made its index of commands
	// in, which takes it seconds; people's directories start as copies.
	warm string
}

func (s azScripts) warmUp(t *testing.T) {
	t.Helper()
	c := exec.Command(s.az, "aks", "list", "--help")
	c.Env = []string{"AZURE_CONFIG_DIR=" + s.warm, "HOME=" + s.warm, "PATH=/usr/bin:/bin", "AZURE_CORE_COLLECT_TELEMETRY=0", "LANG=C.UTF-8"}
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("az aks list --help: %v\n%s", err, out)
	}
}

func (s azScripts) lab(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: lab [WORLD]")
	}
	state := ts.MkAbs("lab-state")
	up := []string{"up", "--fresh", "--state", state, "--api-port", "0", "--proxy-port", "0"}
	for _, world := range args {
		up = append(up, "--world", ts.MkAbs(world))
	}
	lab := filepath.Join(s.bin, "postern-lab")
	ts.Defer(func() {
		if err := ts.Exec(lab, "down", "--state", state); err != nil {
			ts.Logf("stop the lab: %v", err)
		}
	})
	ts.Check(ts.Exec(lab, up...))
	out, err := exec.Command(lab, "env", "--state", state).Output()
	ts.Check(err)
	for line := range strings.Lines(string(out)) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if strings.HasPrefix(line, "export ") && ok && name != "PATH" {
			ts.Setenv(name, strings.ReplaceAll(strings.Trim(value, "'"), `'\''`, "'"))
		}
	}
}

func (s azScripts) as(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: as NAME [PASSWORD]")
	}
	dir := ts.MkAbs(filepath.Join("az", args[0]))
	ts.Setenv("AZURE_CONFIG_DIR", dir)
	if len(args) == 1 {
		return
	}
	ts.Check(os.CopyFS(dir, os.DirFS(s.warm)))
	if strings.Count(args[0], "-") == 4 { // an application id
		ts.Check(ts.Exec(s.az, "login", "--service-principal", "--username", args[0], "--password", args[1],
			"--tenant", "1ab00000-7e4a-4c1d-9a5e-3f0c6d2b8e01", "--allow-no-subscriptions", "-o", "none"))
		return
	}
	ts.Check(ts.Exec(s.az, "login", "--username", args[0]+"@lab.onmicrosoft.com", "--password", args[1], "--allow-no-subscriptions", "-o", "none"))
}
