package daemon

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/postern-dev/postern/lab/daemon/layout"
	"github.com/postern-dev/postern/lab/entra"
)

// twins is a world of two clusters that hold the same: the first has the real
// API server, the other a stand-in. %s is further objects of the first.
const twins = `
tenant: {id: 1ab40000-0000-4000-8000-000000000001, displayName: LAB twins, domain: lab.onmicrosoft.com}
subscription: {id: 1ab40000-0000-4000-8000-000000000002, displayName: LAB one}
resourceGroups: [{name: rg, location: westeurope}]
users:
  - {id: 1ab40000-0000-4000-8000-000000000101, userPrincipalName: root@lab.onmicrosoft.com, password: p, displayName: root}
  - {id: 1ab40000-0000-4000-8000-000000000102, userPrincipalName: viewer@lab.onmicrosoft.com, password: p, displayName: viewer}
groups:
  - {id: 1ab40000-0000-4000-8000-000000000201, displayName: admins, members: [root@lab.onmicrosoft.com]}
clusters:
  - name: real
    resourceGroup: rg
    properties: &same {aadProfile: {managed: true, adminGroupObjectIDs: [1ab40000-0000-4000-8000-000000000201]}}
    kubernetes:
      objects:
        - &secret {apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: robot-token, namespace: shop, annotations: {kubernetes.io/service-account.name: robot}}, data: {token: bm90LWEtdG9rZW4=}}
        - &robot {apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: shop}}
        - &view {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: view, namespace: shop}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: viewer@lab.onmicrosoft.com}]}
        - &extra {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: extra, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}, rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [list]}]}
        - &own {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: mine}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}]}, rules: []}
        %s
  - name: twin
    resourceGroup: rg
    properties: *same
    kubernetes: {objects: [*secret, *robot, *view, *extra, *own]}
`

// shut is an object that no API server takes.
const shut = `- {apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, metadata: {name: bad}, spec: {signerName: kubernetes.io/kube-apiserver-client, request: eA==, usages: [client auth]}}`

// server is an API server as an HTTP client meets it.
type server struct {
	t      *testing.T
	url    string
	client *http.Client
}

func (s server) get(token, path string) (int, []byte) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, text
}

// through is a client that goes through the lab's proxy and trusts one CA.
func through(t *testing.T, lab layout.Lab, ca []byte) *http.Client {
	t.Helper()
	proxy, err := url.Parse(lab.Proxy)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatalf("no certificate: %q", ca)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func signIn(t *testing.T, lab layout.Lab, who string) string {
	t.Helper()
	resp, err := through(t, lab, read(t, lab.AzureCA)).PostForm("https://"+entra.Host+"/organizations/oauth2/v2.0/token", url.Values{"grant_type": {"password"},
		"client_id": {entra.AzureCLIApp}, "scope": {entra.AKSServerApp + "/.default"}, "username": {who + "@lab.onmicrosoft.com"}, "password": {"p"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out.Token == "" {
		t.Fatalf("sign in %s: %s, %v", who, resp.Status, err)
	}
	return out.Token
}

// kubeconfig is what clients make of the environment.
func kubeconfig(t *testing.T, lab layout.Lab) *clientcmdapi.Config {
	t.Helper()
	rules := &clientcmd.ClientConfigLoadingRules{}
	for _, v := range lab.Environment("", "/bin") {
		if v.Name == "KUBECONFIG" {
			rules.Precedence = filepath.SplitList(v.Value)
		}
	}
	config, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// said is of a list what both servers should say alike: all but what is about
// the time and the one server.
func said(t *testing.T, text []byte) map[string]string {
	t.Helper()
	var list struct{ Items []map[string]any }
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	out := map[string]string{}
	for _, o := range list.Items {
		about := o["metadata"].(map[string]any)
		// Rules are a set: their order says nothing.
		rules, _ := o["rules"].([]any)
		sorted := []string{}
		for _, r := range rules {
			one, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			sorted = append(sorted, string(one))
		}
		slices.Sort(sorted)
		annotations, _ := about["annotations"].(map[string]any)
		whole, err := json.Marshal(map[string]any{"labels": about["labels"], "annotations": annotations, "rules": sorted, "roleRef": o["roleRef"], "subjects": o["subjects"],
			"aggregationRule": o["aggregationRule"], "type": o["type"], "data": o["data"]})
		if err != nil {
			t.Fatal(err)
		}
		namespace, _ := about["namespace"].(string)
		out[namespace+"/"+about["name"].(string)] = string(whole)
	}
	return out
}

// TestTwins: a stand-in answers as the real API server beside it that holds the
// same, the environment leads to both, and the world can be changed and the lab
// started again.
func TestTwins(t *testing.T) {
	dir, files := stateDir(t), t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(files, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	world := write("twins.yaml", fmt.Sprintf(twins, shut))
	run(t, dir, append([]string{"up", "--world", world}, freePorts...)...).expect(t, exitFine, "real is not as the world says: make CertificateSigningRequest bad:", "is invalid")
	lab, err := layout.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	config := kubeconfig(t, lab)
	if config.CurrentContext != "real" || config.Contexts["twin"] == nil || config.Contexts["twin"].AuthInfo != "" || len(config.AuthInfos) != 1 {
		t.Fatalf("kubeconfig: %+v", config)
	}
	caOfTwin := config.Clusters["twin"].CertificateAuthorityData
	real := server{t, "https://real-lab.hcp.westeurope.azmk8s.io:443", through(t, lab, read(t, lab.ClusterCA))}
	twin := server{t, config.Clusters["twin"].Server, through(t, lab, caOfTwin)}
	root, viewer := signIn(t, lab, "root"), signIn(t, lab, "viewer")

	const rbac = "/apis/rbac.authorization.k8s.io/v1/"
	for _, path := range []string{rbac + "clusterroles", rbac + "clusterrolebindings", rbac + "roles", rbac + "rolebindings",
		"/api/v1/namespaces", "/api/v1/serviceaccounts", "/api/v1/pods", "/api/v1/secrets", "/apis/certificates.k8s.io/v1/certificatesigningrequests"} {
		codeR, textR := real.get(root, path)
		codeT, textT := twin.get(root, path)
		if codeR != 200 || codeT != 200 {
			t.Fatalf("%s: real %d %s, stand-in %d %s", path, codeR, textR, codeT, textT)
		}
		inReal, inTwin := said(t, textR), said(t, textT)
		for name, want := range inReal {
			if inTwin[name] != want {
				t.Errorf("%s: %s\n    real %s\nstand-in %s", path, name, want, inTwin[name])
			}
		}
		for name := range inTwin {
			if inReal[name] == "" {
				t.Errorf("%s: only the stand-in has %s", path, name)
			}
		}
		if strings.HasPrefix(path, rbac) && len(inReal) < 5 {
			t.Errorf("%s: only %d", path, len(inReal))
		}
	}
	compare := func(who, token string, paths ...string) {
		t.Helper()
		codes := map[int]int{}
		for _, path := range paths {
			codeR, textR := real.get(token, path)
			codeT, textT := twin.get(token, path)
			codes[codeR]++
			var a, b struct {
				Message, Reason string
				Code            int
				Details         any
			}
			if codeR != 200 && json.Unmarshal(textR, &a) == nil {
				if err := json.Unmarshal(textT, &b); err != nil {
					t.Errorf("%s: %s: %v: %s", who, path, err, textT)
				}
			}
			if codeR != codeT || fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("%s: %s\n    real %d %+v\nstand-in %d %+v", who, path, codeR, a, codeT, b)
			}
		}
		t.Logf("%s: %v", who, codes)
	}
	compare("viewer", viewer, "/version", "/api", "/apis", "/metrics", "/nothing", "/api/v1/namespaces/shop/serviceaccounts", "/api/v1/namespaces/shop/serviceaccounts/none",
		"/api/v1/namespaces/shop/secrets", "/api/v1/namespaces/shop/secrets/robot-token", "/api/v1/secrets", "/api/v1/secrets?watch=1", rbac+"namespaces/shop/rolebindings",
		rbac+"namespaces/shop/rolebindings/view", rbac+"clusterroles/view", "/api/v1/namespaces/default", "/apis/certificates.k8s.io/v1/certificatesigningrequests")
	compare("root", root, "/api/v1/namespaces/shop/secrets/none", rbac+"clusterroles/none", "/api/v1/namespaces/none/secrets", "/api/v1/secrets?fieldSelector=data.x%3Dy",
		"/apis/none.example/v1/things", "/nothing", "/api/v1/namespaces/shop")
	compare("nobody", "x", "/version", "/api/v1/secrets")

	// Another world: what the last one made is gone from the real one, and with
	// the stand-in its file is gone from the environment.
	other := strings.Replace(fmt.Sprintf(twins, ""), "        - &secret {", "        - {apiVersion: v1, kind: ConfigMap, metadata: {name: new, namespace: till}}\n        - &secret {", 1)
	other = other[:strings.Index(other, "  - name: twin")]
	other = strings.Replace(other, "&secret {apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: robot-token,", "{apiVersion: v1, kind: Secret, type: Opaque, metadata: {name: other,", 1)
	run(t, dir, "world", write("other.yaml", other)).expect(t, exitFine)
	if lab, err = layout.Read(dir); err != nil {
		t.Fatal(err)
	}
	if lab.Clusters != "" || kubeconfig(t, lab).Contexts["twin"] != nil {
		t.Errorf("the stand-in that is gone is in the environment: %q", lab.Clusters)
	}
	for path, want := range map[string]int{"/api/v1/namespaces/shop/secrets/robot-token": 404, "/api/v1/namespaces/shop/secrets/other": 200, "/api/v1/namespaces/till/configmaps/new": 200} {
		if code, text := real.get(root, path); code != want {
			t.Errorf("after another world: %s: %d, want %d: %s", path, code, want, text)
		}
	}
	if code, text := twin.get(root, "/version"); code != http.StatusForbidden || !strings.Contains(string(text), "no such host in the lab") {
		t.Errorf("the stand-in that is gone: %d %s", code, text)
	}
	// Back again, and started again: the stand-in is the one that it was.
	run(t, dir, "world", world).expect(t, exitFine, "real is not as the world says")
	before := kubeconfigOf(t, dir)
	run(t, dir, "down").expect(t, exitFine)
	run(t, dir, append([]string{"up"}, freePorts...)...).expect(t, exitFine)
	if after := kubeconfigOf(t, dir); string(after) != string(before) {
		t.Error("the stand-in has another CA after a restart")
	}
}

func kubeconfigOf(t *testing.T, dir layout.Dir) []byte {
	t.Helper()
	lab, err := layout.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := kubeconfig(t, lab).Clusters["twin"]
	if c == nil {
		t.Fatal("no stand-in in the kubeconfig")
	}
	return c.CertificateAuthorityData
}
