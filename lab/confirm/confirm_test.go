package confirm_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/confirm"
	"github.com/postern-dev/postern/lab/controlplane"
)

// What is asked. `make confirm` asks in full; these defaults are make test's.
var (
	seed      = flag.Uint64("seed", 1, "seed of the first world; the next have the next")
	worlds    = flag.Int("worlds", 48, "number of worlds")
	questions = flag.Int("questions", 96, "questions a world")
	whoCan    = flag.Int("who-can", 20, "number of worlds in which everybody is asked for")
	requests  = flag.Int("requests", 3, "requests for which everybody is asked")
	family    = flag.Int("family", 30, "questions of each verdict that every family must have at least; 0: as they come")
	keep      = flag.String("keep", "", "file to keep the recording in")
)

// TestConfirm asks a real kube-apiserver and holds rbac against its answers; then
// it plants bugs into rbac, and each must show in the same recording.
func TestConfirm(t *testing.T) {
	programs := build(t, "ask", "judge", "bugs", "roles")
	client := startPlane(t)
	recording := filepath.Join(t.TempDir(), "recording.jsonl")
	if *keep != "" {
		recording = *keep
	}
	t.Run("kubernetes' own roles", func(t *testing.T) { bootstrapRoles(t, programs, client) })
	t.Run("the API server agrees", func(t *testing.T) {
		t.Logf("seed %d, %d worlds, %d questions each; again: make confirm SEED=%d WORLDS=%d FAMILY=0", *seed, *worlds, *questions, *seed, *worlds)
		record(t, programs, client, recording)
		out := run(t, programs["judge"], "-most", "20",
			"-worlds", itoa(*worlds), "-questions", itoa(*worlds**questions), "-families", "12", "-family", itoa(*family), "-who-can", itoa(min(*whoCan, *worlds)), recording)
		t.Logf("\n%s", out)
	})
	if t.Failed() {
		return
	}
	if *worlds < 20 {
		t.Logf("bugs are not planted: %d worlds are too few to notice each", *worlds)
		return
	}
	t.Run("planted bugs are caught", func(t *testing.T) {
		out := run(t, programs["bugs"], "-recording", recording, "-least", "25", filepath.Join(root, "internal/confirm/bugs/testdata/bugs.txtar"))
		t.Logf("\n%s", out)
	})
}

// root is the product's module.
const root = "../.."

// build makes the product's programs of internal/confirm.
func build(t *testing.T, names ...string) map[string]string {
	t.Helper()
	programs, dir := map[string]string{}, t.TempDir()
	for _, name := range names {
		programs[name] = filepath.Join(dir, name)
		cmd := exec.Command("go", "build", "-o", programs[name], "./internal/confirm/"+name)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	return programs
}

// run runs a program in the product's module and returns what it printed.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = root
	for i, a := range args { // files of ours are named from here
		if strings.HasPrefix(a, root) {
			cmd.Args[i+1] = strings.TrimPrefix(a, root+"/")
		}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(program), err, out)
	}
	return string(out)
}

// record asks everything that ask asks and writes the answers to a file.
func record(t *testing.T, programs map[string]string, client kubernetes.Interface, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	buffered := bufio.NewWriter(file)
	out := json.NewEncoder(buffered)
	write := func(line confirm.Line) {
		if err := out.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	cluster := confirm.Cluster{Client: client}
	base, err := cluster.Prepare(t.Context(), "alpha", "beta", "gamma")
	if err != nil {
		t.Fatal(err)
	}
	write(base)
	asked := exec.Command(programs["ask"], "-seed", strconv.FormatUint(*seed, 10), "-worlds", itoa(*worlds), "-questions", itoa(*questions), "-who-can", itoa(*whoCan), "-requests", itoa(*requests))
	var stderr bytes.Buffer
	asked.Stderr = &stderr
	lines, err := asked.Output()
	if err != nil {
		t.Fatalf("ask: %v\n%s", err, &stderr)
	}
	begin, reviews := time.Now(), 0
	dec := json.NewDecoder(bytes.NewReader(lines))
	for {
		var line confirm.Line
		err := dec.Decode(&line)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if line, err = cluster.Answer(t.Context(), line); err != nil {
			t.Fatal(err)
		}
		for _, r := range line.Refused {
			t.Errorf("world %d: refused: %s", line.Seed, r)
		}
		reviews += len(line.Questions)
		write(line)
	}
	if err := buffered.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d reviews in %s; %d worlds were asked twice because a controller was at work", reviews, time.Since(begin).Round(time.Second), cluster.Repeated)
}

func itoa(n int) string { return strconv.Itoa(n) }

// startPlane starts a control plane and returns a client that may do everything.
func startPlane(t *testing.T) kubernetes.Interface {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	dir := t.TempDir()
	plane := &controlplane.Plane{Dir: dir, Executable: lab(t), Listener: listener, Guard: guardWithoutOpinion(t), Log: slog.New(slog.DiscardHandler)}
	if err := plane.Start(t.Context()); err != nil {
		text, _ := os.ReadFile(filepath.Join(dir, "kube-apiserver.log"))
		t.Fatalf("%v\n%s", err, text)
	}
	t.Cleanup(plane.Stop)
	credential, err := plane.LocalAccount(cloud.AccountMaster)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host: credential.Server, QPS: -1,
		TLSClientConfig: rest.TLSClientConfig{CAData: credential.CA, CertData: credential.Certificate, KeyData: credential.Key},
		ContentConfig:   rest.ContentConfig{ContentType: "application/vnd.kubernetes.protobuf", AcceptContentTypes: "application/vnd.kubernetes.protobuf,application/json"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// lab finds the binary that `make build` made.
func lab(t *testing.T) string {
	t.Helper()
	path := os.Getenv("POSTERN_LAB_BIN")
	if path == "" {
		path = filepath.Join(root, "bin", "postern-lab")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run `make build` first, or set POSTERN_LAB_BIN", err)
	}
	return path
}

// guardWithoutOpinion authenticates nobody and leaves every decision to others.
func guardWithoutOpinion(t *testing.T) controlplane.Guard {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review map[string]any
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		review["status"] = map[string]any{"authenticated": false}
		if r.URL.Path == "/authorize" {
			review["status"] = map[string]any{"allowed": false}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	}))
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "guard-ca.crt")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return controlplane.Guard{AuthenticateURL: server.URL + "/authenticate", AuthorizeURL: server.URL + "/authorize", CAFile: ca}
}
