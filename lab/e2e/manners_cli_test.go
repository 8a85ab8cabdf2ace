package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/postern-dev/postern/lab/daemon/layout"
)

// event is an audit event as kube-apiserver writes it.
func event(n int) string {
	return fmt.Sprintf(`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"00000000-0000-0000-0000-%012d","stage":"ResponseComplete","requestURI":"/api/v1/pods","verb":"list","user":{"username":"u","groups":["g"]},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-11-23T17:58:21.960000Z","stageTimestamp":"2026-11-23T17:58:21.961000Z"}`, n)
}

// heldStore runs an ingest of text and gives the store's flag value.
func heldStore(t *testing.T, dir, text, counts string) string {
	t.Helper()
	log, store := filepath.Join(dir, "audit.log"), "duckdb:"+filepath.Join(dir, "s.duckdb")
	if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := must(t, dir, nil, "postern", "ingest", "--from", "file:"+log, "--store", store); !strings.HasPrefix(out, counts+"\n") {
		t.Errorf("the counts are %q, want %q", out, counts)
	}
	return store
}

// TestBadLines: whatever a log holds is counted and kept.
func TestBadLines(t *testing.T) {
	dir := t.TempDir()
	junk := []string{"not json", `{"some":"json"}`, `{"kind":"Event","verb":[}`, "\xff\xfe\xfd garbage"}
	text := strings.Join([]string{
		event(1), junk[0], junk[1], event(2)[:200], // cut
		strings.Repeat("\x00", 512) + event(3), // what a lost write leaves
		event(4)[:150] + event(5),              // a restarted writer behind half a line
		junk[2], "", event(6) + "\r", junk[3],
		event(7)[:250], // and no end of line
	}, "\n")
	store := heldStore(t, dir, text, "read 12 = stored 6 + merged 0 + duplicate 0 + dead 6")
	partial := map[string]any{"1": false, "2": true, "3": false, "4": true, "5": false, "6": false}
	for _, row := range query(t, store, "Events | project AuditID, Partial") {
		id := strings.TrimLeft(row[0].(string), "0-")
		if want, known := partial[id]; !known || want != row[1] {
			t.Errorf("event %s: Partial is %v, want %v", id, row[1], want)
		}
		delete(partial, id)
	}
	if len(partial) > 0 {
		t.Errorf("lost: %v", partial)
	}
	dead := map[float64]string{}
	for _, row := range query(t, store, "DeadLetters | project SourceOffset, Text") {
		dead[row[0].(float64)] = row[1].(string)
	}
	want := append([]string{strings.Repeat("\x00", 64), event(7)[:250]}, junk...)
	for _, w := range want {
		at := float64(strings.LastIndex(text, w))
		if w[0] == 0 {
			at = float64(strings.IndexByte(text, 0))
		}
		// A string of KQL is text: bytes that are none are shown as U+FFFD.
		if got := dead[at]; len(w) == 0 || got != string([]rune(w)) {
			t.Errorf("dead letter at %v: %q, want %q", at, got, w)
		}
	}
	if len(dead) != len(want) {
		t.Errorf("%d dead letters, want %d: %v", len(dead), len(want), dead)
	}
	nothingLeft(t, dir)
}

func TestEmptyFile(t *testing.T) {
	dir := t.TempDir()
	store := heldStore(t, dir, "", "read 0 = stored 0 + merged 0 + duplicate 0 + dead 0")
	if n := query(t, store, "Events | count")[0][0]; n != 0.0 {
		t.Errorf("%v events of nothing", n)
	}
	r := run(t, dir, nil, "postern", "ingest", "--from", "file:audit.log", "--store", store+"2")
	r.oneMessage(t, 0, `audit\.log is empty: 0 events`)
}

// oneMessage: one message that matches, no other.
func (r result) oneMessage(t *testing.T, exit int, pattern string) {
	t.Helper()
	n := len(regexp.MustCompile(`(?m)^postern(-lab)?: `).FindAllString(r.stderr, -1))
	if r.exit != exit || n != 1 || !regexp.MustCompile(pattern).MatchString(r.stderr) {
		t.Errorf("exit %d and %d messages, want %d and one with %q:\n%s", r.exit, n, exit, pattern, r.stderr)
	}
}

// TestWrongPlace gives directories, missing files and foreign files where
// events or a store should be. The files stay as they are.
func TestWrongPlace(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(foreign, []byte("my notes, none of postern's business\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "nothing.duckdb"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args    string
		exit    int
		pattern string
	}{
		{"ingest --from file:logs", 2, `is a directory\n  hint: --from 'file:logs/\*\.log'`},
		{"ingest --from file:missing.log", 1, `missing\.log: file does not exist\n  hint: --follow waits`},
		{"ingest --from file:*.missing", 1, `no file matches\n  hint: `},
		{"ingest --from azure-storage:missing", 1, `no such file or directory\n  hint: `},
		{"ingest --from azure-storage:notes.txt", 2, `is not a directory\n  hint: --from file:notes\.txt`},
		{"ingest --from file:notes.txt --store duckdb:logs", 2, `open store logs: it is a directory\n  hint: --store`},
		{"ingest --from file:notes.txt --store duckdb:notes.txt", 2, `open store notes\.txt: it is a file that no postern has written\n  hint: --store`},
		{"ingest --from file:notes.txt --store duckdb:nothing.duckdb", 2, `it is an empty file, .*remove it`},
		{"query --store duckdb:notes.txt Events", 2, `it is a file that no postern has written`},
		{"query --store duckdb:logs Events", 2, `it is a directory`},
		{"query --store duckdb:missing.duckdb Events", 4, `there is no store yet\n  hint: postern ingest`},
		{"query --query-file logs", 2, `read query: .*is a directory`},
		{"lookup -f missing group:x", 2, `missing: no such file or directory\n  hint: -f takes`},
	} {
		t.Run(c.args, func(t *testing.T) {
			r := run(t, dir, nil, "postern", strings.Fields(c.args)...)
			r.oneMessage(t, c.exit, c.pattern)
			if r.stdout != "" {
				t.Errorf("stdout has %q", r.stdout)
			}
		})
	}
	if info, err := os.Stat(foreign); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the foreign file became %v %v", info, err)
	}
	nothingLeft(t, dir)
}

// signInConfig writes a kubeconfig that signs in through kubelogin.
func signInConfig(t *testing.T, lab layout.Lab, dir, login string) string {
	t.Helper()
	text, err := os.ReadFile(lab.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	local, err := clientcmd.RESTConfigFromKubeConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	args, err := json.Marshal([]string{"get-token", "--login", login, "--environment", "AzurePublicCloud", "--tenant-id", lab.TenantID,
		"--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630", "--client-id", "80faf920-1908-4b52-b5ef-a8e7bedfc67a"})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "kubeconfig-"+login)
	config := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c,
clusters: [{name: c, cluster: {server: %q, certificate-authority-data: %s}}],
contexts: [{name: c, context: {cluster: c, user: c}}],
users: [{name: c, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin, args: %s,
  installHint: "kubelogin is not installed: az aks install-cli brings it", provideClusterInfo: false}}}]}
`, lab.Server, base64.StdEncoding.EncodeToString(local.CAData), args)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSignIn has one lab for all that can go wrong at its door.
func TestSignIn(t *testing.T) {
	lab := startLab(t)
	bin := filepath.Dir(program(t, "postern"))
	terminal := func(dir, login string, more ...string) []string {
		env := []string{"KUBECONFIG=" + signInConfig(t, lab, dir, login)}
		for _, v := range lab.Environment(bin, "/usr/bin:/bin") {
			if v.Name != "KUBECONFIG" && v.Name != "KUBECACHEDIR" && v.Name != "XDG_CACHE_HOME" {
				env = append(env, v.Name+"="+v.Value)
			}
		}
		return append(env, more...)
	}
	const who = "hshahin@lab.onmicrosoft.com"

	t.Run("wrong password", func(t *testing.T) {
		dir := t.TempDir()
		env := terminal(dir, "ropc", "AAD_USER_PRINCIPAL_NAME="+who, "AAD_USER_PRINCIPAL_PASSWORD=wrong")
		for name, c := range map[string]struct {
			args []string
			exit int
		}{"postern": {[]string{"whoami"}, 4}, "kubectl": {[]string{"get", "--raw", "/api"}, 1}} {
			r := run(t, dir, env, name, c.args...)
			if r.exit != c.exit || strings.Count(r.stderr, "AADSTS50126: ") != 1 || r.stdout != "" {
				t.Errorf("%s: exit %d, want %d and AADSTS50126 once:\n%s%s", name, r.exit, c.exit, r.stdout, r.stderr)
			}
			if name == "postern" {
				r.oneMessage(t, 4, `postern: get a credential from kubelogin: .*\n  hint: `)
			}
		}
		if _, err := exec.LookPath("az"); err == nil {
			r := az(t, dir, env, "login", "-u", who, "-p", "wrong")
			if r.exit != 1 || strings.Count(r.stderr, "AADSTS50126: ") != 1 {
				t.Errorf("az login: exit %d\n%s", r.exit, r.stderr)
			}
		}
		// It locks nobody out.
		env = terminal(dir, "ropc", "AAD_USER_PRINCIPAL_NAME="+who, "AAD_USER_PRINCIPAL_PASSWORD=Lab-hshahin-1!")
		if r := run(t, dir, env, "postern", "whoami"); strings.Contains(r.stderr, "AADSTS") {
			t.Errorf("with the right password:\n%s", r.stderr)
		}
		nothingLeft(t, dir)
	})

	t.Run("no kubelogin", func(t *testing.T) {
		dir := t.TempDir()
		env := terminal(dir, "devicecode", "PATH=/nowhere")
		r := run(t, dir, env, "postern", "whoami")
		r.oneMessage(t, 4, "kubelogin not found; .*\n  hint: .*az aks install-cli")
		r = run(t, dir, env, "kubectl", "get", "ns")
		if r.exit != 1 || !strings.Contains(r.stderr, "executable kubelogin not found") || !strings.Contains(r.stderr, "az aks install-cli brings it") {
			t.Errorf("kubectl: exit %d\n%s", r.exit, r.stderr)
		}
		nothingLeft(t, dir)
	})

	// At a terminal Ctrl-C reaches the plugin too; a supervisor's signal does not.
	for name, target := range map[string]int{"Ctrl-C at a device code": -1, "SIGINT at a device code": 1} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := command(t, dir, terminal(dir, "devicecode"), "postern", "whoami").start()
			eventually(t, "a device code", func() bool { return strings.Contains(p.stderr(), "To sign in") || p.over() })
			interrupt(t, target*p.cmd.Process.Pid)
			p.wait().oneMessage(t, 130, "(?m)^postern: interrupted$")
			nothingLeft(t, dir)
		})
	}
	// The lab has survived all that.
	if res, err := http.Get(lab.SignIn); err != nil || res.Body.Close() != nil || res.StatusCode != http.StatusOK {
		t.Errorf("sign-in page: %v %v", res, err)
	}
}

// az runs Debian's az, which is not among our programs.
func az(t *testing.T, dir string, env []string, args ...string) result {
	t.Helper()
	p := command(t, dir, append(env, "AZURE_CONFIG_DIR="+filepath.Join(dir, "azure")), "postern")
	path, err := exec.LookPath("az")
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Path, p.cmd.Args = path, append([]string{"az"}, args...)
	return p.start().wait()
}

// interrupt sends what Ctrl-C sends, to a process or, negative, to its group.
func interrupt(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
		t.Fatalf("interrupt %d: %v", pid, err)
	}
}

// TestCtrlCUp breaks a start off, and ends a lab that is up. The state survives
// both.
func TestCtrlCUp(t *testing.T) {
	dir := t.TempDir()
	up := func(moment string, more ...string) result {
		p := command(t, dir, nil, "postern-lab", append([]string{"up", "--state", filepath.Join(dir, "lab"), "--api-port", "0", "--proxy-port", "0"}, more...)...).start()
		eventually(t, moment, func() bool { return strings.Contains(p.stderr(), moment) || p.over() })
		interrupt(t, -p.cmd.Process.Pid)
		return p.wait()
	}
	for _, more := range [][]string{{"--foreground"}, nil} {
		r := up("starting etcd", more...)
		if r.exit != 130 || strings.Count(r.stderr, "interrupted: nothing is left running") != 1 {
			t.Errorf("up %v broken off: exit %d\n%s", more, r.exit, r.stderr)
		}
		nothingLeft(t, dir)
	}
	if r := up("Ctrl-C stops it", "--foreground"); r.exit != 0 {
		t.Errorf("up and stopped: exit %d\n%s", r.exit, r.stderr)
	}
	nothingLeft(t, dir)
}

// TestFreshPortInUse: a start that is refused forgets nothing.
func TestFreshPortInUse(t *testing.T) {
	lab := startLab(t)
	other := t.TempDir()
	state := filepath.Join(other, "lab")
	if err := os.MkdirAll(filepath.Join(state, "storage"), 0o700); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(state, "storage", "PT1H.json")
	for path, text := range map[string]string{kept: "a log\n", filepath.Join(state, "cloud.json"): "{}"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(lab.Server, "https://"), ":")
	r := run(t, other, nil, "postern-lab", "up", "--fresh", "--state", state, "--api-port", port, "--proxy-port", "0")
	r.oneMessage(t, 1, `the port is in use by pid \d+ \(postern-lab\)`)
	if text, err := os.ReadFile(kept); err != nil || string(text) != "a log\n" {
		t.Errorf("the earlier lab's log: %q %v", text, err)
	}
	nothingLeft(t, other)
}

// TestCtrlCIngest interrupts a following ingest while the log grows, and one
// that reads a pipe nobody closes. A later run has the rest, and each event once.
func TestCtrlCIngest(t *testing.T) {
	dir := t.TempDir()
	path, store := filepath.Join(dir, "audit.log"), "duckdb:"+filepath.Join(dir, "s.duckdb")
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	events := 0
	grow := func() {
		var text strings.Builder
		for range 100 {
			text.WriteString(event(events) + "\n")
			events++
		}
		if _, err := log.WriteString(text.String()); err != nil {
			t.Fatal(err)
		}
	}

	p := command(t, dir, nil, "postern", "ingest", "--follow", "--from", "file:"+path, "--store", store).start()
	eventually(t, "ingest holds the store", func() bool {
		_, err := os.Stat(filepath.Join(dir, "s.duckdb.sock"))
		return err == nil || p.over()
	})
	eventually(t, "ingest stores", func() bool {
		grow()
		r := run(t, dir, nil, "postern", "query", "-q", "-o", "csv", "--store", store, "Events | take 1 | project Stage")
		return p.over() || r.exit == 0 && strings.Contains(r.stdout, "ResponseComplete")
	})
	grow()
	interrupt(t, -p.cmd.Process.Pid)
	r := p.wait()
	if r.exit != 0 || strings.Contains(r.stderr, "interrupted") {
		t.Errorf("ingest --follow: exit %d\n%s", r.exit, r.stderr)
	}
	nothingLeft(t, dir)
	followed := 0
	if _, err := fmt.Sscanf(r.stdout, "read %d", &followed); err != nil || followed == 0 {
		t.Errorf("ingest --follow printed %q", r.stdout)
	}
	grow()

	p = command(t, dir, nil, "postern", "ingest", "--from", "file:-", "--store", store)
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.start()
	if _, err := fmt.Fprintln(stdin, event(events)); err != nil {
		t.Fatal(err)
	}
	// A query that comes first would hold the store, and ingest say that it waits.
	eventually(t, "ingest holds the store", func() bool {
		_, err := os.Stat(filepath.Join(dir, "s.duckdb.sock"))
		return err == nil || p.over()
	})
	// A query that comes first would hold the store, and ingest say that it waits.
	eventually(t, "ingest holds the store", func() bool {
		_, err := os.Stat(filepath.Join(dir, "s.duckdb.sock"))
		return err == nil || p.over()
	})
	eventually(t, "the pipe's event is stored", func() bool {
		r := run(t, dir, nil, "postern", "query", "-q", "-o", "csv", "--store", store, fmt.Sprintf("Events | where AuditID endswith '%012d' | project Stage", events))
		return p.over() || strings.Contains(r.stdout, "ResponseComplete")
	})
	interrupt(t, -p.cmd.Process.Pid)
	p.wait().oneMessage(t, 130, "(?m)^postern: interrupted$")
	nothingLeft(t, dir)

	grow() // its first event is the one of the pipe
	out := must(t, dir, nil, "postern", "ingest", "--from", "file:"+path, "--store", store)
	if want := fmt.Sprintf("read %d = stored %d + merged 1 + duplicate 0 + dead 0\n", events-followed, events-followed-1); out != want {
		t.Errorf("the last run printed %q, want %q", out, want)
	}
	for _, kql := range []string{"Events | count", "Events | distinct AuditID | count"} {
		if n := query(t, store, kql)[0][0]; n != float64(events) {
			t.Errorf("%s: %v, want %d", kql, n, events)
		}
	}
}

// TestCtrlCQuery interrupts a query that computes and one that prints.
func TestCtrlCQuery(t *testing.T) {
	dir := t.TempDir()
	for name, kql := range map[string]string{
		"computing": "range a from 1 to 1000000000 step 1 | extend b = tostring(a) | summarize count() by b | count",
		"printing":  "range a from 1 to 1000000000 step 1",
	} {
		t.Run(name, func(t *testing.T) {
			p := command(t, dir, nil, "postern", "query", "-o", "csv", "--max-rows", "0", kql)
			p.cmd.Stdout = nil
			p.start()
			// Its engine's threads have had work for a while.
			eventually(t, "the query works", func() bool { return p.over() || ticks(p.cmd.Process.Pid) > 100 })
			interrupt(t, -p.cmd.Process.Pid)
			p.wait().oneMessage(t, 130, "(?m)^postern: interrupted$")
			nothingLeft(t, dir)
		})
	}
}

// ticks is the processor time of a process in user mode, in hundredths of a second.
func ticks(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	n := 0
	if fields := strings.Fields(rest); len(fields) > 11 {
		fmt.Sscan(fields[11], &n)
	}
	return n
}
