package daemon

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/daemon/layout"
)

// built finds a binary that `make build` made.
func built(t *testing.T, name, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		path = filepath.Join("..", "..", "bin", name)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run `make build` first, or set %s", err, variable)
	}
	return path
}

// outcome is what a command left for its caller.
type outcome struct {
	stdout, stderr string
	code           int
}

func (o outcome) String() string {
	return fmt.Sprintf("exit %d\nstdout: %s\nstderr: %s", o.code, o.stdout, o.stderr)
}

// command prepares postern-lab with a state directory.
func command(t *testing.T, dir layout.Dir, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(built(t, "postern-lab", "POSTERN_LAB_BIN"), args...)
	cmd.Env = append(os.Environ(), "POSTERN_LAB="+string(dir))
	return cmd
}

// run runs a command to its end.
func run(t *testing.T, dir layout.Dir, args ...string) outcome {
	t.Helper()
	return finish(t, command(t, dir, args...))
}

func finish(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// expect fails unless the code is as given and stderr has each text.
func (o outcome) expect(t *testing.T, code int, texts ...string) outcome {
	t.Helper()
	if o.code != code {
		t.Fatalf("want exit %d: %s", code, o)
	}
	for _, text := range texts {
		if !strings.Contains(o.stderr, text) {
			t.Fatalf("stderr lacks %q: %s", text, o)
		}
	}
	return o
}

// stateDir is a directory whose lab is stopped when the test ends, whatever
// happened.
func stateDir(t *testing.T) layout.Dir {
	t.Helper()
	// Longer than a socket's path may be.
	dir := layout.Dir(filepath.Join(t.TempDir(), strings.Repeat("long-", 20)))
	t.Cleanup(func() {
		if o := run(t, dir, "down"); o.code != exitFine {
			t.Errorf("down: %s", o)
		}
		nothingRuns(t, dir)
	})
	return dir
}

var freePorts = []string{"--api-port", "0", "--proxy-port", "0"}

func up(t *testing.T, dir layout.Dir, more ...string) layout.Lab {
	t.Helper()
	o := run(t, dir, append(append([]string{"up"}, freePorts...), more...)...)
	if o.code != exitFine {
		log, _ := os.ReadFile(dir.Log())
		t.Fatalf("up: %s\ndaemon.log:\n%s", o, log)
	}
	if o.stdout != "" {
		t.Errorf("up printed data: %q", o.stdout)
	}
	lab, err := layout.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return lab
}

// processes lists what still runs of a lab: the daemon by its lock, the
// control plane by the directory it works in.
func processes(t *testing.T, dir layout.Dir) []string {
	t.Helper()
	var found []string
	if pid, runs, err := holder(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	} else if runs {
		found = append(found, fmt.Sprintf("daemon, pid %d", pid))
	}
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if at, err := os.Readlink(link); err == nil && strings.HasPrefix(at, dir.Cluster()) {
			found = append(found, link)
		}
	}
	return found
}

// nothingRuns waits for the kernel to finish what it was told and no longer.
func nothingRuns(t *testing.T, dir layout.Dir) {
	t.Helper()
	var left []string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if left = processes(t, dir); len(left) == 0 {
			return
		}
	}
	t.Errorf("left running: %v", left)
}

// clientEnv is the environment that `postern-lab env` makes.
func clientEnv(t *testing.T, dir layout.Dir) []string {
	t.Helper()
	exports := run(t, dir, "env").expect(t, exitFine).stdout
	// The shell is the judge of the quoting.
	out, err := exec.Command("sh", "-c", exports+"\nenv").Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, exports)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func kubectl(t *testing.T, dir layout.Dir, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(built(t, "kubectl", "POSTERN_KUBECTL"), append(args, "--cache-dir="+t.TempDir())...)
	cmd.Env = clientEnv(t, dir)
	return finish(t, cmd)
}

// TestLife is one lab from its first start over a crash to its end.
func TestLife(t *testing.T) {
	dir := stateDir(t)
	run(t, dir, "env").expect(t, exitBroken, "no lab is running", "postern-lab up")
	run(t, dir, "down").expect(t, exitFine, "no lab is running")

	lab := up(t, dir)
	if lab.StateDir != string(dir) || lab.TenantName != "LAB directory" || lab.Cluster != "aks-lab" {
		t.Errorf("lab.json: %+v", lab)
	}
	t.Run("status", func(t *testing.T) { testStatus(t, dir, lab) })
	t.Run("up again says so", func(t *testing.T) {
		run(t, dir, "up").expect(t, exitFine, "up already", lab.Server)
		run(t, dir, "up", "--api-port", "1").expect(t, exitBroken, "--api-port 1 was asked for", "postern-lab down")
		run(t, dir, "up", "--fresh").expect(t, exitBroken, "--fresh needs a new start")
	})
	t.Run("clients work in the environment", func(t *testing.T) {
		kubectl(t, dir, "run", "seen", "--image=nginx").expect(t, exitFine)
		who := kubectl(t, dir, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}").expect(t, exitFine)
		if who.stdout != "masterclient" {
			t.Errorf("the first kubeconfig is of %q", who.stdout)
		}
	})
	t.Run("the proxy knows the lab only", func(t *testing.T) { testProxy(t, lab) })
	t.Run("another world", func(t *testing.T) { testWorld(t, dir, lab) })
	t.Run("killed and started again", func(t *testing.T) { testCrash(t, dir, lab) })
	t.Run("down", func(t *testing.T) {
		run(t, dir, "down").expect(t, exitFine, "is down")
		nothingRuns(t, dir)
		if _, err := layout.Read(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("lab.json after down: %v", err)
		}
		if o := run(t, dir, "status", "-o", "json"); o.code != exitBroken || !strings.Contains(o.stdout, `"running": false`) {
			t.Errorf("status: %s", o)
		}
	})
	t.Run("fresh", func(t *testing.T) {
		up(t, dir, "--fresh")
		kubectl(t, dir, "get", "pod", "seen").expect(t, exitBroken, "NotFound")
	})
}

func testStatus(t *testing.T, dir layout.Dir, lab layout.Lab) {
	table := run(t, dir, "status").expect(t, exitFine).stdout
	for _, text := range []string{lab.Server, lab.Proxy, lab.ClusterID, "LAB directory", "no diagnostic setting"} {
		if !strings.Contains(table, text) {
			t.Errorf("status lacks %q:\n%s", text, table)
		}
	}
	var status Status
	if err := json.Unmarshal([]byte(run(t, dir, "status", "-o", "json").expect(t, exitFine).stdout), &status); err != nil {
		t.Fatal(err)
	}
	if !status.Running || status.Lab == nil || status.Lab.PID != lab.PID {
		t.Errorf("status: %+v", status)
	}
}

func testProxy(t *testing.T, lab layout.Lab) {
	proxy, err := url.Parse(lab.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	if response, err := client.Get("https://example.com/"); err == nil {
		response.Body.Close()
		t.Errorf("https://example.com through the proxy: %s", response.Status)
	} else if !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("https://example.com through the proxy: %v, want the proxy's refusal", err)
	}
	page, err := http.Get(lab.SignIn)
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	if page.StatusCode != http.StatusOK {
		t.Errorf("sign-in page: %s", page.Status)
	}
}

func testWorld(t *testing.T, dir layout.Dir, lab layout.Lab) {
	standard := run(t, dir, "world", "--default").expect(t, exitFine).stdout
	if standard != string(cloud.DefaultWorldFile()) {
		t.Error("world --default is not the default world")
	}
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	changed := write("changed.yaml", strings.Replace(standard, "LAB directory", "Another LAB", 1))
	run(t, dir, "world", changed).expect(t, exitFine, changed)
	now, err := layout.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if now.TenantName != "Another LAB" || !now.Started.Equal(lab.Started) {
		t.Errorf("lab.json after the change: %+v", now)
	}
	if shown := run(t, dir, "world").expect(t, exitFine).stdout; !strings.Contains(shown, "Another LAB") {
		t.Errorf("world shows:\n%s", shown)
	}
	foreign := write("foreign.yaml", strings.Replace(standard, "- name: aks-lab", "- name: aks-other", 1))
	run(t, dir, "world", foreign).expect(t, exitBroken, "aks-lab", "--world")
	broken := write("broken.yaml", "tenant: {identity: x}\n")
	run(t, dir, "world", broken).expect(t, exitBroken, broken)
	run(t, dir, "world", filepath.Join(t.TempDir(), "none.yaml")).expect(t, exitBroken, "none.yaml")
}

func testCrash(t *testing.T, dir layout.Dir, lab layout.Lab) {
	if len(processes(t, dir)) != 4 {
		t.Errorf("running: %v, want a daemon and three children", processes(t, dir))
	}
	if err := syscall.Kill(lab.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	nothingRuns(t, dir)
	if _, err := layout.Read(dir); err != nil {
		t.Fatalf("a killed daemon removed lab.json: %v", err)
	}
	run(t, dir, "status").expect(t, exitBroken, "no lab is running")
	run(t, dir, "up", "--api-port", strconv.Itoa(portOf(lab.Server)), "--proxy-port", strconv.Itoa(portOf(lab.Proxy))).
		expect(t, exitFine, lab.Server, lab.Proxy)
	kubectl(t, dir, "get", "pod", "seen").expect(t, exitFine)
	if shown := run(t, dir, "world").expect(t, exitFine).stdout; !strings.Contains(shown, "Another LAB") {
		t.Errorf("the world did not survive the crash:\n%s", shown)
	}
}

// TestPortInUse: the message names port, owner and flag, and nothing was
// started.
func TestPortInUse(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	mine := "pid " + strconv.Itoa(os.Getpid())
	for _, c := range []struct{ flag, other string }{{"--api-port", "--proxy-port"}, {"--proxy-port", "--api-port"}} {
		dir := stateDir(t)
		run(t, dir, "up", c.flag, port, c.other, "0").expect(t, exitBroken, "127.0.0.1:"+port, "in use", mine, c.flag+" N")
		run(t, dir, "up", "--foreground", c.flag, port, c.other, "0").expect(t, exitBroken, "127.0.0.1:"+port, mine, c.flag+" N")
		nothingRuns(t, dir)
	}
}

// TestForeground: Ctrl-C ends a lab in the foreground cleanly.
func TestForeground(t *testing.T) {
	dir := stateDir(t)
	cmd := command(t, dir, append([]string{"up", "--foreground"}, freePorts...)...)
	code, stderr := interruptAt(t, cmd, "is up after", syscall.SIGINT)
	if code != exitFine {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	if left := processes(t, dir); len(left) != 0 {
		t.Errorf("left running when it returned: %v", left)
	}
	if _, err := layout.Read(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("lab.json after Ctrl-C: %v", err)
	}
}

// TestInterruptedStart: whoever breaks off a start, and however, nothing stays.
func TestInterruptedStart(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		sig  syscall.Signal
	}{
		{"Ctrl-C in the foreground", []string{"up", "--foreground"}, syscall.SIGINT},
		{"Ctrl-C while the daemon starts", []string{"up"}, syscall.SIGINT},
		{"SIGTERM while the daemon starts", []string{"up"}, syscall.SIGTERM},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := stateDir(t)
			code, stderr := interruptAt(t, command(t, dir, append(c.args, freePorts...)...), "starting etcd", c.sig)
			if code != exitInterrupted || !strings.Contains(stderr, "interrupted: nothing is left running") {
				t.Errorf("exit %d\n%s", code, stderr)
			}
			if left := processes(t, dir); len(left) != 0 {
				t.Errorf("left running when it returned: %v", left)
			}
		})
	}
	t.Run("kill -9 of the command that waits", func(t *testing.T) {
		dir := stateDir(t)
		interruptAt(t, command(t, dir, append([]string{"up"}, freePorts...)...), "starting etcd", syscall.SIGKILL)
		for deadline := time.Now().Add(30 * time.Second); len(processes(t, dir)) > 0; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("left running: %v", processes(t, dir))
			}
		}
	})
}

// interruptAt runs a command, signals it when its stderr says something, and
// returns its exit code and all of stderr.
func interruptAt(t *testing.T, cmd *exec.Cmd, text string, sig syscall.Signal) (int, string) {
	t.Helper()
	var stderr bytes.Buffer
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sent := false
	for buffer := make([]byte, 4096); ; {
		n, err := pipe.Read(buffer)
		stderr.Write(buffer[:n])
		if !sent && strings.Contains(stderr.String(), text) {
			sent = true
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break
		}
	}
	// The exit code is what the caller judges.
	_ = cmd.Wait()
	if !sent {
		t.Fatalf("stderr never said %q:\n%s", text, &stderr)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}
