package controlplane

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/postern-dev/postern/lab/cloud"
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

// guardWithoutOpinion authenticates nobody and lets every other authorizer
// decide, as the guard does before Entra integration.
func guardWithoutOpinion(t *testing.T) Guard {
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
	return Guard{AuthenticateURL: server.URL + "/authenticate", AuthorizeURL: server.URL + "/authorize", CAFile: ca}
}

// newPlane makes a cluster in dir that is not started yet.
func newPlane(t *testing.T, dir string) *Plane {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return &Plane{
		Dir:        dir,
		Executable: built(t, "postern-lab", "POSTERN_LAB_BIN"),
		Listener:   listener,
		Guard:      guardWithoutOpinion(t),
		Log:        slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

func start(t *testing.T, p *Plane) {
	t.Helper()
	if err := p.Start(t.Context()); err != nil {
		for _, role := range []string{"etcd", "kube-apiserver", "controllers"} {
			text, _ := os.ReadFile(filepath.Join(p.Dir, role+".log"))
			t.Logf("%s.log:\n%s", role, text)
		}
		t.Fatal(err)
	}
}

// TestCluster walks one cluster through what the lab promises of it. The
// parts share it because a start costs seconds.
func TestCluster(t *testing.T) {
	p := newPlane(t, t.TempDir())
	start(t, p)
	stopped := false
	defer func() {
		if !stopped {
			p.Stop()
		}
	}()
	t.Run("anonymous is refused", func(t *testing.T) { testAnonymous(t, p) })
	t.Run("local accounts are one user", func(t *testing.T) { testLocalAccount(t, p) })
	t.Run("aggregated roles are filled", func(t *testing.T) { testAggregation(t, p) })
	t.Run("kubectl run creates a pod and the log has it", func(t *testing.T) { testRun(t, p) })
	t.Run("the audit policy is AKS's", func(t *testing.T) { testAuditPolicy(t, p) })
	t.Run("managed bindings come back", func(t *testing.T) { testBinding(t, p) })
	t.Run("namespaces can be deleted", func(t *testing.T) { testNamespace(t, p) })
	t.Run("rotation locks out the old credentials", func(t *testing.T) { testRotation(t, p) })
	t.Run("nothing is left after stop, objects are after start", func(t *testing.T) {
		children := childrenOf(t, os.Getpid())
		if len(children) != 3 {
			t.Errorf("running children: %d, want 3", len(children))
		}
		p.Stop()
		stopped = true
		if left := childrenOf(t, os.Getpid()); len(left) != 0 {
			t.Fatalf("children after stop: %v", left)
		}
		again := newPlane(t, p.Dir)
		start(t, again)
		defer again.Stop()
		if _, err := masterClient(t, again).CoreV1().Pods("default").Get(t.Context(), "seen", metav1.GetOptions{}); err != nil {
			t.Errorf("pod of before the restart: %v", err)
		}
		if len(auditEvents(t, p.AuditLog())) == 0 {
			t.Error("the audit log of before the restart is gone")
		}
	})
}

func testAnonymous(t *testing.T, p *Plane) {
	for _, path := range []string{"/api/v1/namespaces", "/version", "/healthz"} {
		if status := request(t, p, path, nil, ""); status != http.StatusUnauthorized {
			t.Errorf("GET %s without credentials: %d, want 401", path, status)
		}
	}
}

func testLocalAccount(t *testing.T, p *Plane) {
	first, err := p.LocalAccount(cloud.AccountAdmin)
	if err != nil {
		t.Fatal(err)
	}
	second, err := p.LocalAccount(cloud.AccountUser)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Certificate, second.Certificate) || first.Token != second.Token {
		t.Error("clusterAdmin and clusterUser differ, AKS hands out one identity")
	}
	if _, err := p.LocalAccount("nobody"); err == nil {
		t.Error("an unknown account was handed out")
	}
	review, err := masterClient(t, p).AuthenticationV1().SelfSubjectReviews().Create(t.Context(), selfReview(), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	user := review.Status.UserInfo
	if user.Username != "masterclient" || strings.Join(user.Groups, ",") != "system:masters,system:authenticated" {
		t.Errorf("the certificate is %s of %v", user.Username, user.Groups)
	}
	if status := request(t, p, "/api/v1/secrets", nil, first.Token); status != http.StatusOK {
		t.Errorf("GET secrets with the static token: %d, want 200", status)
	}
}

func testAggregation(t *testing.T, p *Plane) {
	for _, name := range []string{"admin", "edit", "view"} {
		role, err := masterClient(t, p).RbacV1().ClusterRoles().Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(role.Rules) == 0 {
			t.Errorf("clusterrole %s has no rules", name)
		}
	}
}

func testRun(t *testing.T, p *Plane) {
	kubectl(t, p, "run", "seen", "--image=nginx")
	if out := kubectl(t, p, "get", "pod", "seen", "-o", "name"); strings.TrimSpace(out) != "pod/seen" {
		t.Errorf("kubectl get pod printed %q", out)
	}
	for _, event := range auditEvents(t, p.AuditLog()) {
		if event.Verb == "create" && event.ObjectRef.Resource == "pods" && event.ObjectRef.Name == "seen" {
			if event.User.Username != "masterclient" || event.ResponseStatus.Code != http.StatusCreated ||
				event.Stage != "ResponseComplete" || event.Level != "RequestResponse" ||
				event.Annotations["authorization.k8s.io/decision"] != "allow" {
				t.Errorf("the event reads %+v", event)
			}
			return
		}
	}
	t.Error("no event of the created pod in the audit log")
}

// testAuditPolicy asks for one thing under each of the rules that shape what
// people find in the log.
func testAuditPolicy(t *testing.T, p *Plane) {
	master := masterClient(t, p)
	operator, err := p.operator()
	if err != nil {
		t.Fatal(err)
	}
	for name, client := range map[string]*kubernetes.Clientset{"masterclient": master, "aksService": operator} {
		if _, err := client.CoreV1().Secrets("kube-system").List(t.Context(), metav1.ListOptions{}); err != nil {
			t.Fatal(name, err)
		}
		if _, err := client.RbacV1().Roles("default").List(t.Context(), metav1.ListOptions{}); err != nil {
			t.Fatal(name, err)
		}
		if _, err := client.ServerVersion(); err != nil {
			t.Fatal(name, err)
		}
	}
	if _, err := master.CoreV1().Secrets("default").Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "hidden"}, StringData: map[string]string{"password": "in-the-clear"},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	levels := make(map[string]string)
	for _, event := range auditEvents(t, p.AuditLog()) {
		if event.Stage == "RequestReceived" && event.ObjectRef.Resource != "events" {
			t.Errorf("the log has the stage RequestReceived: %+v", event)
		}
		if event.User.Username == "aksService" && (event.Verb == "list" || event.Verb == "get") {
			t.Errorf("a read by the provider was logged: %+v", event)
		}
		if event.User.Username == "masterclient" {
			levels[event.Verb+" "+event.ObjectRef.Resource] = event.Level
		}
		if event.RequestURI == "/version" {
			t.Errorf("/version was logged: %+v", event)
		}
	}
	for what, level := range map[string]string{
		"create pods":    "RequestResponse",
		"list roles":     "Request",
		"list secrets":   "Metadata",
		"create secrets": "Metadata",
	} {
		if levels[what] != level {
			t.Errorf("%s is logged at level %q, want %q", what, levels[what], level)
		}
	}
	if text, err := os.ReadFile(p.AuditLog()); err != nil || bytes.Contains(text, []byte("in-the-clear")) {
		t.Errorf("a secret's content is in the audit log (%v)", err)
	}
}

func testBinding(t *testing.T, p *Plane) {
	const group = "66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06"
	bindings := masterClient(t, p).RbacV1().ClusterRoleBindings()
	if _, err := bindings.Get(t.Context(), AdminGroupBinding, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Fatalf("%s without admin groups: %v, want not found", AdminGroupBinding, err)
	}
	if err := p.ReconcileAdminGroups(t.Context(), []string{group}); err != nil {
		t.Fatal(err)
	}
	have, err := bindings.Get(t.Context(), AdminGroupBinding, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if have.Labels["addonmanager.kubernetes.io/mode"] != "Reconcile" || have.RoleRef.Name != "cluster-admin" {
		t.Errorf("the binding reads %+v", have)
	}
	have.Subjects = []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "intruder"}}
	have.Labels["of-somebody-else"] = "kept"
	if _, err := bindings.Update(t.Context(), have, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	reverted := func() bool {
		b, err := bindings.Get(t.Context(), AdminGroupBinding, metav1.GetOptions{})
		return err == nil && len(b.Subjects) == 1 && b.Subjects[0].Name == group && b.Labels["of-somebody-else"] == "kept"
	}
	eventually(t, 10*time.Second, "the edit to be reverted", reverted)
	for _, name := range []string{AdminGroupBinding, AdminBinding} {
		if err := bindings.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, 10*time.Second, name+" to come back", func() bool {
			_, err := bindings.Get(t.Context(), name, metav1.GetOptions{})
			return err == nil
		})
	}
	if err := p.ReconcileAdminGroups(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := bindings.Get(t.Context(), AdminGroupBinding, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("%s after the last admin group: %v, want not found", AdminGroupBinding, err)
	}
}

func testNamespace(t *testing.T, p *Plane) {
	kubectl(t, p, "create", "namespace", "short-lived")
	kubectl(t, p, "delete", "namespace", "short-lived", "--wait", "--timeout=30s")
}

func testRotation(t *testing.T, p *Plane) {
	old, err := p.LocalAccount(cloud.AccountMaster)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.RotateCertificates(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh, err := p.LocalAccount(cloud.AccountMaster)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(old.CA, fresh.CA) || bytes.Equal(old.Certificate, fresh.Certificate) || old.Token == fresh.Token {
		t.Fatal("rotation left something as it was")
	}
	if old.Server != fresh.Server {
		t.Errorf("the server moved from %s to %s", old.Server, fresh.Server)
	}
	// request verifies the server by the current CA, so a refusal is the
	// server's own and not the client's.
	const path = "/api/v1/namespaces"
	if status := request(t, p, path, &old, ""); status != http.StatusUnauthorized {
		t.Errorf("old certificate: %d, want 401", status)
	}
	if status := request(t, p, path, nil, old.Token); status != http.StatusUnauthorized {
		t.Errorf("old token: %d, want 401", status)
	}
	if status := request(t, p, path, &fresh, ""); status != http.StatusOK {
		t.Errorf("new certificate: %d, want 200", status)
	}
	if status := request(t, p, path, nil, fresh.Token); status != http.StatusOK {
		t.Errorf("new token: %d, want 200", status)
	}
	kubectl(t, p, "run", "after-rotation", "--image=nginx")
}

// TestChildDies: the end of a child that nobody asked for is reported with
// its name, and the rest can still be stopped.
func TestChildDies(t *testing.T) {
	p := newPlane(t, t.TempDir())
	start(t, p)
	defer p.Stop()
	if err := p.etcd.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.Failed():
		if !strings.Contains(err.Error(), "etcd ended") {
			t.Errorf("reported: %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("nobody noticed that etcd is gone")
	}
	p.Stop()
	if left := childrenOf(t, os.Getpid()); len(left) != 0 {
		t.Errorf("children after stop: %v", left)
	}
}

// TestStartFails: a child that cannot start is an error with its log, at
// once, and nothing stays behind.
func TestStartFails(t *testing.T) {
	p := newPlane(t, t.TempDir())
	// etcd refuses a data directory that is a file.
	if err := os.WriteFile(filepath.Join(p.Dir, "etcd"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := p.Start(t.Context())
	if err == nil {
		p.Stop()
		t.Fatal("a cluster without a data directory started")
	}
	if !strings.Contains(err.Error(), "etcd ended") || !strings.Contains(err.Error(), "etcd.log") {
		t.Errorf("error: %v", err)
	}
	if left := childrenOf(t, os.Getpid()); len(left) != 0 {
		t.Errorf("children after a failed start: %v", left)
	}
}

// TestStartInterrupted: a start that is given up leaves nothing behind.
func TestStartInterrupted(t *testing.T) {
	p := newPlane(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	p.Progress = func(string) { time.AfterFunc(300*time.Millisecond, cancel) }
	if err := p.Start(ctx); err == nil {
		p.Stop()
		t.Fatal("an interrupted start succeeded")
	}
	if left := childrenOf(t, os.Getpid()); len(left) != 0 {
		t.Errorf("children after an interrupted start: %v", left)
	}
}

func TestCutLineIsEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	for _, c := range []struct{ have, want string }{
		{"", ""},
		{"{}\n", "{}\n"},
		{"{}\n{\"cut", "{}\n{\"cut\n"},
	} {
		if err := os.WriteFile(path, []byte(c.have), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := endLine(path); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != c.want {
			t.Errorf("%q became %q, want %q", c.have, got, c.want)
		}
	}
}

type auditEvent struct {
	Level, Stage, Verb string
	RequestURI         string
	User               struct{ Username string }
	ObjectRef          struct{ Resource, Name string }
	ResponseStatus     struct{ Code int }
	Annotations        map[string]string
}

func auditEvents(t *testing.T, path string) []auditEvent {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var events []auditEvent
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var event auditEvent
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatalf("line %d of the audit log: %v", len(events)+1, err)
		}
		events = append(events, event)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}

// request sends a GET that verifies the server by the cluster's current CA
// and carries whatever credential is given.
func request(t *testing.T, p *Plane, path string, credential *cloud.Credential, token string) int {
	t.Helper()
	server, ca := p.Endpoint()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		t.Fatal("the cluster's CA is no certificate")
	}
	config := &tls.Config{RootCAs: roots}
	if credential != nil {
		pair, err := tls.X509KeyPair(credential.Certificate, credential.Key)
		if err != nil {
			t.Fatal(err)
		}
		// Sent whatever CAs the server says it accepts.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

func masterClient(t *testing.T, p *Plane) *kubernetes.Clientset {
	t.Helper()
	credential, err := p.LocalAccount(cloud.AccountMaster)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(restConfig(credential))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func kubectl(t *testing.T, p *Plane, args ...string) string {
	t.Helper()
	credential, err := p.LocalAccount(cloud.AccountMaster)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string][]byte{"ca.crt": credential.CA, "client.crt": credential.Certificate, "client.key": credential.Key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(built(t, "kubectl", "POSTERN_KUBECTL"), append([]string{
		"--server=" + credential.Server,
		"--certificate-authority=" + filepath.Join(dir, "ca.crt"),
		"--client-certificate=" + filepath.Join(dir, "client.crt"),
		"--client-key=" + filepath.Join(dir, "client.key"),
		"--cache-dir=" + filepath.Join(dir, "cache"),
	}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(dir, "none"), "HOME="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

func eventually(t *testing.T, patience time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Errorf("waited %s for %s", patience, what)
}

// childrenOf lists the direct children of a process that still run.
func childrenOf(t *testing.T, pid int) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var children []string
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // gone meanwhile
		}
		// pid (name) state ppid …; the name may hold spaces.
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == itoa(pid) && fields[0] != "Z" {
			children = append(children, string(text))
		}
	}
	return children
}

// TestPlantedFault: the fault reports success and changes nothing, which is
// what the tour has to notice.
func TestPlantedFault(t *testing.T) {
	p := newPlane(t, t.TempDir())
	p.Faults = []Fault{RotationNoop}
	start(t, p)
	defer p.Stop()
	before, err := p.LocalAccount(cloud.AccountMaster)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.RotateCertificates(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := p.LocalAccount(cloud.AccountMaster)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before.Certificate, after.Certificate) || before.Token != after.Token {
		t.Error("the planted fault rotated all the same")
	}
	if status := request(t, p, "/api/v1/namespaces", &before, ""); status != http.StatusOK {
		t.Errorf("certificate after the rotation that was none: %d, want 200", status)
	}
}
