package arm_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// withKubectl puts the kubectl that make builds first in PATH.
func withKubectl(t *testing.T) {
	t.Helper()
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(bin, "kubectl")); err != nil {
		t.Fatalf("%v: make build makes it", err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
}

// apiServer answers a few raw paths and says with which credential it was asked.
func apiServer(t *testing.T, l *lab) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/version":
			fmt.Fprintf(w, "asked with %s\n", r.Header.Get("Authorization"))
		case "/slow":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	l.plane.mu.Lock()
	defer l.plane.mu.Unlock()
	l.plane.server = s.URL
	l.plane.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// finished polls a command to its end.
func (a answer) finished(l *lab, who string) map[string]any {
	a.t.Helper()
	at := a.want(202, "").Header().Get("Location")
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got := l.do(who, "GET", at, nil)
		if got.Code == 200 {
			return got.body["properties"].(map[string]any)
		}
		got.want(202, "")
	}
	a.t.Fatal("the command does not end")
	return nil
}

// TestRunCommand: the real kubectl, as the local account without Entra and as
// the caller's token with it.
func TestRunCommand(t *testing.T) {
	withKubectl(t)
	l := newLab(t, nil)
	apiServer(t, l)
	command := func(line string) map[string]any { return map[string]any{"command": line, "context": ""} }
	p := l.do("hshahin", "POST", cluster+"/runCommand", command("kubectl get --raw /version")).finished(l, "hshahin")
	if p["exitCode"] != 0. || p["logs"] != "asked with Bearer token-masterclient-0\n" || p["provisioningState"] != "Succeeded" || p["finishedAt"] == nil {
		t.Errorf("local account: %v", p)
	}
	if p = l.do("hshahin", "POST", cluster+"/runCommand", command("kubectl get --raw /none")).finished(l, "hshahin"); p["exitCode"] != 1. || !strings.Contains(p["logs"].(string), "NotFound") {
		t.Errorf("failing command: %v", p)
	}
	l.put("hshahin", enableEntra).want(200, "")
	l.arm.Wait()
	a := l.do("hshahin", "POST", cluster+"/runCommand", command("kubectl get --raw /version")).want(400, "MissingAADClusterToken")
	if _, text := a.fault(); text != "This cluster have Azure Active Directory enabled, .clusterToken is required." {
		t.Error(text)
	}
	body := command("kubectl get --raw /version")
	body["clusterToken"] = "entra-token"
	if p = l.do("hshahin", "POST", cluster+"/runCommand", body).finished(l, "hshahin"); p["logs"] != "asked with Bearer entra-token\n" {
		t.Errorf("as the caller: %v", p)
	}
	for _, line := range []string{"kubectl get pods | sh", "id", "kubectl apply -f /etc/passwd", "kubectl --kubeconfig x get pods"} {
		body["command"] = line
		l.do("hshahin", "POST", cluster+"/runCommand", body).want(501, "NotImplemented")
	}
	body["command"] = " "
	l.do("hshahin", "POST", cluster+"/runCommand", body).want(400, "BadRequest")
	l.do("hshahin", "GET", cluster+"/commandResults/none", nil).want(404, "NotFound")
	l.put("hshahin", func(p map[string]any) { p["apiServerAccessProfile"] = map[string]any{"disableRunCommand": true} }).want(200, "")
	l.arm.Wait()
	l.do("hshahin", "POST", cluster+"/runCommand", body).want(400, "BadRequest")
}

// TestRunCommandRights: the Cluster Admin Role may run, and not read the
// result; others may neither.
func TestRunCommandRights(t *testing.T) {
	withKubectl(t)
	l := newLab(t, func(w *cloud.World) {
		role, _ := w.RoleDefinition("Azure Kubernetes Service Cluster Admin Role")
		w.RoleAssignments = append(w.RoleAssignments, cloud.RoleAssignment{ID: guid1, PrincipalID: w.ServicePrincipals[0].ID, RoleID: role.ID, Scope: cluster})
	})
	apiServer(t, l)
	body := map[string]any{"command": "kubectl get --raw /version"}
	a := l.do("ci-deployer", "POST", cluster+"/runCommand", body).want(202, "")
	at := a.Header().Get("Location")
	l.do("ci-deployer", "GET", at, nil).want(403, "AuthorizationFailed")
	l.do("test-user", "POST", cluster+"/runCommand", body).want(403, "AuthorizationFailed")
	l.do("test-user", "GET", at, nil).want(403, "AuthorizationFailed")
	if p := a.finished(l, "lab-owner"); p["exitCode"] != 0. {
		t.Errorf("%v", p)
	}
	var seen []string
	for _, r := range l.state.Activities() {
		seen = append(seen, r.Status)
	}
	if got := strings.Join(seen, " "); !strings.HasPrefix(got, "Accepted") || !strings.Contains(got, "Succeeded") {
		t.Errorf("activity: %s", got)
	}
}

// TestRunCommandFiles: attached files are where the command runs, and a
// command that does not end is stopped with the lab.
func TestRunCommandFiles(t *testing.T) {
	withKubectl(t)
	l := newLab(t, nil)
	apiServer(t, l)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("cm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(w).Encode(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "attached"}}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"command": "kubectl create --dry-run=client --validate=false -o name -f cm.yaml", "context": base64.StdEncoding.EncodeToString(b.Bytes())}
	// The stand-in has no discovery: that kubectl read the file shows in what it complains of.
	p := l.do("hshahin", "POST", cluster+"/runCommand", body).finished(l, "hshahin")
	if logs := p["logs"].(string); !strings.Contains(logs, "cm.yaml") || strings.Contains(logs, "does not exist") {
		t.Errorf("%v", p)
	}
	body["context"] = "%"
	if p := l.do("hshahin", "POST", cluster+"/runCommand", body).finished(l, "hshahin"); p["provisioningState"] != "Failed" || !strings.Contains(p["reason"].(string), "base64") {
		t.Errorf("%v", p)
	}
	a := l.do("hshahin", "POST", cluster+"/runCommand", map[string]any{"command": "kubectl get --raw /slow"}).want(202, "")
	l.arm.Wait()
	if p := a.finished(l, "hshahin"); p["provisioningState"] != "Failed" {
		t.Errorf("%v", p)
	}
}
