package confirm_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/lab/daemon/layout"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/manifest"
	"github.com/postern-dev/postern/rbac/recorded"
)

// TestTourLog asks the evaluator about everything the tour did: each event that
// the API server allowed must be explained by the binding that the server's own
// reason names, and what it forbade must not be allowed. What may differ is
// counted by cause; a difference without one fails.
func TestTourLog(t *testing.T) {
	lab, policy := afterTour(t)
	x := rbac.NewIndex(policy)
	file, err := os.Open(lab.AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	events := readEvents(t, file)
	l := tourLog{t: t, index: x, written: bindingsWritten(events), count: map[string]int{}}
	for _, e := range events {
		l.judge(e)
	}
	var causes []string
	for cause := range l.count {
		causes = append(causes, cause)
	}
	slices.Sort(causes)
	for _, cause := range causes {
		t.Logf("%6d  %s", l.count[cause], cause)
	}
	for _, must := range []string{explained, masters, changed, refusalAgreed, unauthenticated} {
		if l.count[must] == 0 {
			t.Errorf("no event in the class %q: the tour has some, so this test sees too little", must)
		}
	}
}

// What becomes of an event.
const (
	explained     = "allowed, and explained by the binding the reason names"
	masters       = "allowed without a reason: system:masters"
	alwaysAllowed = "allowed without a reason: URLs open to all"
	changed       = "allowed by a binding or role that the log shows being written in the window"
	refusalAgreed = "refused, and nothing of ours allows it"
	refusalLater  = "refused, and allowed by a binding the log shows being written in the window"
	azureFirst    = "allowed by Azure RBAC first"
	nodeFirst     = "allowed by the node authorizer"
	undecided     = "the event does not say"
	// Step 6: the old certificate and the old token against the new CA.
	unauthenticated = "401: nobody asked"
)

type tourLog struct {
	t       *testing.T
	index   *rbac.Index
	written map[string]bool
	count   map[string]int
}

func (l *tourLog) judge(e audit.Event) {
	asked, err := recorded.Read(e)
	if errors.Is(err, recorded.ErrNoUser) && e.ResponseStatus.Code.Value == 401 {
		l.count[unauthenticated]++
		return
	}
	if err != nil {
		l.t.Errorf("event %s: %v", e.AuditID.Value, err)
		return
	}
	d := l.index.Evaluate(asked.Who, asked.Request)
	switch asked.Verdict {
	case recorded.Unknown:
		l.count[undecided]++
	case recorded.Forbidden:
		l.refused(e, asked, d)
	default:
		l.allowed(e, asked, d)
	}
}

// reasonOf takes a reason apart: kind of binding, its name as the server spells
// it (name/namespace for a RoleBinding), and the role.
var reasonOf = regexp.MustCompile(`^RBAC: allowed by (ClusterRoleBinding|RoleBinding) "([^"]+)" of (ClusterRole|Role) "([^"]+)" to `)

func (l *tourLog) allowed(e audit.Event, asked recorded.Asked, d rbac.Decision) {
	if asked.Reason == "" {
		switch {
		case slices.Contains(asked.Who.Groups, rbac.Masters) && d.Allowed:
			l.count[masters]++
		case asked.Request.Path != "" && !e.ObjectRef.Set && slices.Contains([]string{"/healthz", "/livez", "/readyz"}, asked.Request.Path):
			l.count[alwaysAllowed]++
		default:
			l.t.Errorf("allowed without a reason, and not system:masters: %s by %s", asked.Request, asked.Who.Username)
		}
		return
	}
	for _, a := range d.Allows {
		if a.Because() == asked.Reason {
			l.count[explained]++
			return
		}
	}
	named := reasonOf.FindStringSubmatch(asked.Reason)
	switch {
	case strings.HasPrefix(asked.Reason, "Access allowed by Azure RBAC"):
		l.count[azureFirst]++
	case named == nil && slices.Contains(asked.Who.Groups, "system:nodes"):
		l.count[nodeFirst]++
	case named != nil && (l.written[named[1]+" "+named[2]] || l.written[named[3]+" "+named[4]]):
		l.count[changed]++
	default:
		l.t.Errorf("%s by %s %v: the server says %q, ours are %s", asked.Request, asked.Who.Username, asked.Who.Groups, asked.Reason, becauses(d))
	}
}

func (l *tourLog) refused(e audit.Event, asked recorded.Asked, d rbac.Decision) {
	if !d.Allowed {
		l.count[refusalAgreed]++
		return
	}
	for _, a := range d.Allows {
		if a.Binding == nil {
			l.t.Errorf("system:masters refused: %s", asked.Request)
			return
		}
		name := a.Binding.Name
		if a.Binding.Namespace != "" {
			name += "/" + a.Binding.Namespace
		}
		if !l.written[a.Binding.Kind()+" "+name] && !l.written[string(a.Binding.Role.Kind)+" "+a.Binding.Role.Name] {
			l.t.Errorf("%s by %s: the server refused (%s), ours are %s", asked.Request, asked.Who.Username, e.ResponseStatus.Message.Value, becauses(d))
			return
		}
	}
	l.count[refusalLater]++
}

func becauses(d rbac.Decision) string {
	var all []string
	for _, a := range d.Allows {
		all = append(all, fmt.Sprintf("%q", a.Because()))
	}
	if all == nil {
		return "none"
	}
	return strings.Join(all, ", ")
}

// bindingsWritten are the RBAC objects that the log shows changing: kind and
// name, as reasons spell them.
func bindingsWritten(events []audit.Event) map[string]bool {
	kinds := map[string]string{"roles": "Role", "clusterroles": "ClusterRole", "rolebindings": "RoleBinding", "clusterrolebindings": "ClusterRoleBinding"}
	written := map[string]bool{}
	for _, e := range events {
		kind := kinds[e.ObjectRef.Resource.Value]
		verb := e.Verb.Value
		if kind == "" || verb == "get" || verb == "list" || verb == "watch" || e.ResponseStatus.Code.Value >= 300 {
			continue
		}
		name := e.ObjectRef.Name.Value
		if kind == "RoleBinding" {
			name += "/" + e.ObjectRef.Namespace.Value
		}
		written[kind+" "+name] = true
	}
	return written
}

func readEvents(t *testing.T, file *os.File) []audit.Event {
	t.Helper()
	var events []audit.Event
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		e, _, err := audit.Decode(lines.Bytes())
		if err != nil {
			t.Fatalf("read audit log: %v", err)
		}
		events = append(events, e)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}

// afterTour walks the tour, keeps its lab until the test ends, and reads the
// cluster's RBAC objects as hshahin, with the real kubectl.
func afterTour(t *testing.T) (layout.Lab, rbac.Policy) {
	t.Helper()
	bin, err := filepath.Abs(filepath.Join("..", "..", "bin"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(filepath.Join(bin, "postern-lab"), "tour", "--fresh", "--keep", "--az=never")
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir, "LANG=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out := &words{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended does not matter here, that it walked does
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may be over
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
			t.Error("the tour did not end on Ctrl-C")
		}
	})
	for !strings.Contains(out.String(), "\ntour: ") {
		select {
		case <-ended:
			t.Fatalf("the tour ended:\n%s", out)
		case <-time.After(50 * time.Millisecond):
		}
	}
	if !strings.Contains(out.String(), "tour: 7/7") {
		t.Fatalf("the tour differs:\n%s", out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "postern-tour-*", "*", "lab.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("lab.json below %s: %v %v", dir, found, err)
	}
	lab, err := layout.Read(layout.Dir(filepath.Dir(found[0])))
	if err != nil {
		t.Fatal(err)
	}
	return lab, policyOf(t, bin, filepath.Dir(filepath.Dir(found[0])), lab)
}

func policyOf(t *testing.T, bin, tour string, lab layout.Lab) rbac.Policy {
	t.Helper()
	script := `eval "$(postern-lab env --state "$1")" && export HOME="$2/home" KUBECONFIG="$2/kubeconfig" XDG_CACHE_HOME="$2/home/.cache" KUBECACHEDIR="$2/home/.kube/cache" &&
exec kubectl get clusterroles,clusterrolebindings,roles,rolebindings -A -o json`
	cmd := exec.Command("bash", "-c", script, "bash", lab.StateDir, filepath.Join(tour, "hshahin"))
	cmd.Env = []string{"PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + tour, "LANG=C.UTF-8"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("read RBAC objects as hshahin: %v\n%s", err, stderr.String())
	}
	result := manifest.Decode(stdout.Bytes(), manifest.Options{Name: "kubectl"})
	if len(result.Problems) > 0 || len(result.Policy.Roles) < 50 {
		t.Fatalf("%d roles, problems %v", len(result.Policy.Roles), result.Problems)
	}
	result.Policy.Complete = true
	return result.Policy
}

// words is what a process has said so far.
type words struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}
