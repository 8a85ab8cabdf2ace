package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// says checks the exit code and that stderr is the message, and only it.
func (r result) says(t *testing.T, exit int, parts ...string) {
	t.Helper()
	if r.exit != exit {
		t.Errorf("exit %d, want %d", r.exit, exit)
	}
	for _, part := range parts {
		if strings.Count(r.stderr, part) != 1 {
			t.Errorf("stderr does not say %q once:\n%s", part, r.stderr)
		}
	}
	for _, bad := range []string{"panic:", "goroutine ", "RESPONSE "} {
		if strings.Contains(r.stderr+r.stdout, bad) {
			t.Errorf("the output has %q:\n%s%s", bad, r.stdout, r.stderr)
		}
	}
	if n := strings.Count(r.stderr, "\npostern-lab: "); n > 0 && exit != 130 && !strings.HasPrefix(r.stderr, "postern-lab: starting") {
		t.Errorf("%d messages instead of one:\n%s", n+1, r.stderr)
	}
}

// apart copies postern-lab and links the named programs into a directory of
// their own.
func apart(t *testing.T, others ...string) string {
	t.Helper()
	dir := t.TempDir()
	to, err := os.OpenFile(filepath.Join(dir, "postern-lab"), os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(program(t, "postern-lab"))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range others {
		if err := os.Symlink(program(t, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestMissingClients(t *testing.T) {
	for _, c := range []struct {
		missing string
		present []string
	}{
		{"kubelogin", []string{"kubectl", "postern"}},
		{"kubectl", []string{"kubelogin", "postern"}},
		{"postern", []string{"kubectl", "kubelogin"}},
	} {
		t.Run(c.missing, func(t *testing.T) {
			t.Setenv("POSTERN_BIN_DIR", apart(t, c.present...))
			dir := t.TempDir()
			p := command(t, dir, []string{"PATH=/nowhere"}, "postern-lab", "tour", "--fresh", "--az=never")
			r := p.start().wait()
			r.says(t, 1, "postern-lab: find "+c.missing+": ", "make build")
			nothingLeft(t, dir)
		})
	}
}

func TestMissingAz(t *testing.T) {
	dir := t.TempDir()
	r := command(t, dir, []string{"PATH=/nowhere"}, "postern-lab", "tour", "--fresh", "--az=required").start().wait()
	r.says(t, 1, "--az=required, but az is not on PATH", "apt-get install azure-cli")
	nothingLeft(t, dir)
}

func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	for _, flag := range []string{"--api-port", "--proxy-port"} {
		other := map[string]string{"--api-port": "--proxy-port", "--proxy-port": "--api-port"}[flag]
		dir := t.TempDir()
		r := run(t, dir, nil, "postern-lab", "up", "--state", filepath.Join(dir, "lab"), flag, port, other, "0")
		r.says(t, 1, "127.0.0.1:"+port, "the port is in use", flag)
		nothingLeft(t, dir)
	}
}

// TestWrongPassword changes a password where the tour looks it up, but not in
// the directory that checks it.
func TestWrongPassword(t *testing.T) {
	lab := startLab(t)
	text, err := os.ReadFile(lab.Cloud)
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.Replace(string(text), "Lab-hshahin-1!", "something else", 1)
	if wrong == string(text) {
		t.Fatal("cloud.json does not hold the password")
	}
	if err := os.WriteFile(lab.Cloud, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := run(t, dir, nil, "postern-lab", "tour", "--state", lab.StateDir, "--az=never")
	r.says(t, 1, "sign in hshahin@lab.onmicrosoft.com: AADSTS50126: ")
	nothingLeft(t, dir)
}

// TestCtrlC interrupts the tour at several places. Neither a process nor a
// directory may stay.
func TestCtrlC(t *testing.T) {
	for name, at := range map[string]func(*process) bool{
		"while the lab starts": func(p *process) bool { return strings.Contains(p.stderr(), "starting etcd") },
		"in a step":            func(p *process) bool { return strings.Contains(p.stdout(), "\n3. ") },
		"at a sign-in":         func(p *process) bool { return strings.Contains(p.stdout(), "kubectl get pods\n    To sign in") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := command(t, dir, nil, "postern-lab", "tour", "--fresh", "--az=never").start()
			eventually(t, "tour "+name, func() bool { return at(p) || p.over() })
			p.signal(syscall.SIGINT)
			p.wait().says(t, 130, "postern-lab: interrupted")
			nothingLeft(t, dir)
			left, err := filepath.Glob(filepath.Join(dir, "postern-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

// TestKept checks --keep: the lab stays for the next terminal, and Ctrl-C is
// how one says goodbye, so the exit code is the walk's.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	p := command(t, dir, nil, "postern-lab", "tour", "--fresh", "--keep", "--az=never").start()
	eventually(t, "the lab is kept", func() bool { return strings.Contains(p.stderr(), "stays up until Ctrl-C") || p.over() })
	state := filepath.Join(filepath.Dir(mustGlob(t, filepath.Join(dir, "postern-tour-*", "lab", "lab.json"))))
	if out := must(t, dir, nil, "postern-lab", "status", "--state", state); !strings.Contains(out, "aks-lab") {
		t.Errorf("status of the kept lab:\n%s", out)
	}
	// Walking on a walked lab would prove nothing, so it is refused.
	r := run(t, dir, nil, "postern-lab", "tour", "--state", state, "--az=never")
	r.says(t, 1, "the lab has been walked already", "tour --fresh")
	p.signal(syscall.SIGINT)
	if r := p.wait(); r.exit != 0 {
		t.Errorf("exit %d\n%s%s", r.exit, r.stdout, r.stderr)
	}
	nothingLeft(t, dir)
}

func mustGlob(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatalf("%s matches %v %v", pattern, found, err)
	}
	return found[0]
}

// TestFollowEndsCleanly interrupts an ingest that follows a lab's audit file.
func TestFollowEndsCleanly(t *testing.T) {
	lab := startLab(t)
	dir := t.TempDir()
	store := "duckdb:" + filepath.Join(dir, "events.duckdb")
	p := command(t, dir, nil, "postern", "ingest", "--follow", "--from", "file:"+lab.AuditLog, "--store", store).start()
	eventually(t, "a second process is served", func() bool {
		r := run(t, dir, nil, "postern", "query", "--store", store, "-o", "csv", "Events | take 1 | project Stage")
		return p.over() || (r.exit == 0 && strings.Contains(r.stdout, "Response"))
	})
	r := run(t, dir, nil, "postern", "ingest", "--from", "file:"+lab.AuditLog, "--store", store)
	if r.exit != 4 || !strings.Contains(r.stderr, fmt.Sprintf("pid %d", p.cmd.Process.Pid)) {
		t.Errorf("a second ingest: exit %d, want 4 and the pid of the first\n%s", r.exit, r.stderr)
	}
	p.signal(syscall.SIGINT)
	if r := p.wait(); r.exit != 0 {
		t.Errorf("exit %d\n%s%s", r.exit, r.stdout, r.stderr)
	}
	nothingLeft(t, dir)
	must(t, dir, nil, "postern", "query", "--store", store, "Events | count")
}
