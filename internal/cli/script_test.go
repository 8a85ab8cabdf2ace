package cli_test

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/postern-dev/postern/internal/cli"
)

var update = flag.Bool("update", false, "write what the commands printed into the scripts")

// TestMain makes this test binary the commands that scripts run.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"postern":         posternMain,
		"kubectl-postern": posternMain,
	})
}

// posternMain is cmd/postern's, with a terminal where a script asks for one.
func posternMain() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	terminal := os.Getenv("TEST_TERMINAL") != ""
	os.Exit(cli.Main(ctx, &cli.Env{
		Args: os.Args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Now: time.Now, StdoutTerminal: terminal, StderrTerminal: terminal,
	}))
}

// TestScripts runs testdata/script: one feature of the command line a file.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("XDG_CONFIG_HOME", "")
			env.Setenv("XDG_DATA_HOME", "")
			// Names come from a fake directory where a script starts one.
			env.Setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fakeapi":   startFakeAPI,
			"fakegraph": startFakeGraph,
			"exit":      checkExit,
		},
	})
}

// checkExit runs a command and wants exactly this exit code: `exit 2 postern …`.
func checkExit(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND [ARG…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	if got := exitCode(err); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}
