package cli_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

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
			"waitfile":  waitFile,
			"gone":      processGone,
			"schema":    checkSchema,
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

// waitFile waits until a file is there: `waitfile NAME`.
func waitFile(ts *testscript.TestScript, _ bool, args []string) {
	for range 1000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s did not appear", args[0])
}

// processGone waits until the process whose id a file holds has ended.
func processGone(ts *testscript.TestScript, _ bool, args []string) {
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	for range 1000 {
		if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || zombie(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("process %d is still there", pid)
}

// zombie: ended, but its new parent has not asked yet.
func zombie(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(text), ") Z ")
}

// checkSchema holds the last output against docs/schema: `schema NAME`.
func checkSchema(ts *testscript.TestScript, _ bool, args []string) {
	// The scripts run below a temporary directory, this binary in its package.
	schema, err := jsonschema.NewCompiler().Compile("../../docs/schema/" + args[0] + ".json")
	ts.Check(err)
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile("stdout")))
	ts.Check(err)
	ts.Check(schema.Validate(value))
}
