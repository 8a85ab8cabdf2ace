package standin

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	corev1 "k8s.io/api/core/v1"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
	"github.com/postern-dev/postern/lab/proxy"
)

const aks = entra.AKSServerApp + "/.default"

// The groups and people of world.
const (
	admins = "1ab40000-0000-4000-8000-000000000201"
	vicID  = "1ab40000-0000-4000-8000-000000000104"
)

const world = `
tenant: {id: 1ab40000-0000-4000-8000-000000000001, displayName: LAB stand-ins, domain: lab.onmicrosoft.com}
subscription: {id: 1ab40000-0000-4000-8000-000000000002, displayName: LAB one}
resourceGroups: [{name: rg, location: westeurope}, {name: rg2, location: westeurope}]
users:
  - {id: 1ab40000-0000-4000-8000-000000000101, userPrincipalName: root@lab.onmicrosoft.com, password: p, displayName: root}
  - {id: 1ab40000-0000-4000-8000-000000000102, userPrincipalName: viewer@lab.onmicrosoft.com, password: p, displayName: viewer}
  - {id: 1ab40000-0000-4000-8000-000000000103, userPrincipalName: nobody@lab.onmicrosoft.com, password: p, displayName: nobody}
  - {id: 1ab40000-0000-4000-8000-000000000104, userPrincipalName: vic@else.example, password: p, displayName: vic, guest: true}
groups:
  - {id: 1ab40000-0000-4000-8000-000000000201, displayName: admins, members: [root@lab.onmicrosoft.com]}
roleAssignments:
  - {principal: viewer@lab.onmicrosoft.com, role: Azure Kubernetes Service RBAC Reader, scope: "cluster:azure/namespaces/shop"}
clusters:
  - {name: real, resourceGroup: rg, properties: {aadProfile: {managed: true}}}
  - name: rbac
    resourceGroup: rg
    created: -200d
    certificatesRotated: -20d
    properties: {aadProfile: {managed: true, adminGroupObjectIDs: [1ab40000-0000-4000-8000-000000000201]}}
    kubernetes:
      version: v1.31.7
      objects:
        - {apiVersion: v1, kind: ServiceAccount, metadata: {name: robot, namespace: shop}}
        - {apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: robot-token, namespace: shop, labels: {team: a}, annotations: {kubernetes.io/service-account.name: robot}}, data: {token: c2VjcmV0}}
        - {apiVersion: v1, kind: Secret, type: Opaque, metadata: {name: plain, namespace: shop}, data: {x: c2VjcmV0}}
        - {apiVersion: v1, kind: Secret, type: Opaque, metadata: {name: plain, namespace: till}, data: {x: c2VjcmV0}}
        - {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: view, namespace: shop}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: viewer@lab.onmicrosoft.com}]}
        - {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: guest, namespace: till}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: 1ab40000-0000-4000-8000-000000000104}]}
        - {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: extra, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}, rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [list]}]}
        - {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "system:discovery", labels: {mine: "yes"}}, rules: [{nonResourceURLs: [/version], verbs: [get]}]}
        - {apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, metadata: {name: csr-1}, spec: {signerName: kubernetes.io/kube-apiserver-client, request: eA==, usages: [client auth]}}
        - {apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, metadata: {name: csr-2}, spec: {signerName: kubernetes.io/kubelet-serving, request: eA==, usages: [server auth]}}
  - {name: azure, resourceGroup: rg, properties: {aadProfile: {managed: true, enableAzureRBAC: true}}, kubernetes: {}}
  - {name: local, resourceGroup: rg, kubernetes: {}}
  - {name: inside, resourceGroup: rg, kind: private, properties: {aadProfile: {managed: true}}, kubernetes: {}}
  - {name: silent, resourceGroup: rg, properties: {aadProfile: {managed: true}}}
`

// fleet is the stand-ins of a world in this process.
type fleet struct {
	*Fleet
	t   *testing.T
	ids *entra.Server
}

func newFleet(t *testing.T, text string) *fleet {
	t.Helper()
	w, err := cloud.ParseWorld([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	state, err := cloud.Open(cloud.Options{Dir: dir, World: w})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { state.Close() })
	key, err := entra.OpenKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	w = state.World()
	f := &Fleet{State: state, Key: key, Real: w.ClusterID(w.Clusters[0]), Dir: dir + "/stand-ins"}
	return &fleet{f, t, &entra.Server{State: state, Key: key, Log: slog.New(slog.DiscardHandler)}}
}

// host is the address of a cluster by its name.
func (f *fleet) host(name string) string {
	f.t.Helper()
	for _, c := range f.State.World().Clusters {
		if c.Name == name {
			return FQDN(c)
		}
	}
	f.t.Fatalf("no cluster %s", name)
	return ""
}

// token signs in a person by the name before the @.
func (f *fleet) token(who, scope string) string {
	f.t.Helper()
	for _, u := range f.State.World().Users {
		if u.DisplayName != who {
			continue
		}
		form := url.Values{"grant_type": {"password"}, "client_id": {entra.AzureCLIApp}, "scope": {scope}, "username": {u.UPN}, "password": {u.Password}}
		r := httptest.NewRequest(http.MethodPost, "https://"+entra.Host+"/organizations/oauth2/v2.0/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		f.ids.Handler().ServeHTTP(w, r)
		var out struct {
			Token string `json:"access_token"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out.Token == "" {
			f.t.Fatalf("sign in %s: %d %s", who, w.Code, w.Body)
		}
		return out.Token
	}
	f.t.Fatalf("no person %s", who)
	return ""
}

// ask sends a request to a stand-in with an Authorization header.
func (f *fleet) ask(cluster, authorization, method, path string) (int, string) {
	f.t.Helper()
	h, ok := f.Handler(f.host(cluster))
	if !ok {
		f.t.Fatalf("nobody answers for %s", cluster)
	}
	r := httptest.NewRequest(method, "https://"+f.host(cluster)+path, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (f *fleet) as(who, cluster, method, path string) (int, string) {
	f.t.Helper()
	return f.ask(cluster, "Bearer "+f.token(who, aks), method, path)
}

// serve puts the lab's proxy before the stand-ins and returns the client's way
// to one of them, which trusts ca.
func (f *fleet) serve(ca []byte) func(cluster, token string) *rest.Config {
	f.t.Helper()
	authority, err := proxy.OpenAuthority(f.t.TempDir())
	if err != nil {
		f.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	front := &proxy.Server{Authority: authority, More: f.Fleet, Hosts: map[string]http.Handler{}, Log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(f.t.Context())
	done := make(chan error, 1)
	go func() { done <- front.Serve(ctx, listener) }()
	f.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Error(err)
		}
	})
	way := http.ProxyURL(&url.URL{Scheme: "http", Host: listener.Addr().String()})
	return func(cluster, token string) *rest.Config {
		return &rest.Config{Host: "https://" + f.host(cluster) + ":443", BearerToken: token, Proxy: way, TLSClientConfig: rest.TLSClientConfig{CAData: ca}, QPS: 100, Burst: 100}
	}
}

// ca is a cluster's CA as the kubeconfig has it.
func (f *fleet) ca(cluster string) []byte {
	f.t.Helper()
	text, err := f.Kubeconfig()
	if err != nil {
		f.t.Fatal(err)
	}
	config, err := clientcmd.Load(text)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, c := range config.Clusters {
		if strings.Contains(c.Server, f.host(cluster)) && f.host(cluster) != "" {
			return c.CertificateAuthorityData
		}
	}
	f.t.Fatalf("the kubeconfig has no %s: %s", cluster, text)
	return nil
}

// TestClient: an unmodified client of Kubernetes reads a stand-in over TLS and
// the proxy.
func TestClient(t *testing.T) {
	f := newFleet(t, world)
	ctx, token := t.Context(), f.token("root", aks)
	config := f.serve(f.ca("rbac"))("rbac", token)
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := c.Discovery().ServerVersion(); err != nil || v.GitVersion != "v1.31.7" || v.Minor != "31" {
		t.Errorf("version: %v, %v", v, err)
	}
	who, err := c.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || who.Status.UserInfo.Username != "root@lab.onmicrosoft.com" || !slices.Contains(who.Status.UserInfo.Groups, admins) {
		t.Errorf("who: %+v, %v", who, err)
	}
	if _, lists, err := c.Discovery().ServerGroupsAndResources(); err != nil || len(lists) != 3 {
		t.Errorf("discovery: %v, %v", lists, err)
	}
	roles, err := c.RbacV1().ClusterRoles().List(ctx, metav1.ListOptions{})
	if err != nil || len(roles.Items) < 60 {
		t.Fatalf("cluster roles: %d, %v", len(roles.Items), err)
	}
	for i, r := range roles.Items {
		if i > 0 && roles.Items[i-1].Name >= r.Name {
			t.Errorf("%s after %s", r.Name, roles.Items[i-1].Name)
		}
		if r.AggregationRule != nil && len(r.Rules) == 0 {
			t.Errorf("%s has no rules", r.Name)
		}
	}
	bindings, err := c.RbacV1().ClusterRoleBindings().List(ctx, metav1.ListOptions{LabelSelector: "addonmanager.kubernetes.io/mode=Reconcile"})
	if err != nil || len(bindings.Items) != 2 || bindings.Items[1].Name != "aks-cluster-admin-binding-aad" || bindings.Items[1].Subjects[0].Name != admins {
		t.Errorf("bindings of AKS: %v, %v", bindings, err)
	}
	csrs, err := c.CertificatesV1().CertificateSigningRequests().List(ctx, metav1.ListOptions{FieldSelector: "spec.signerName=kubernetes.io/kube-apiserver-client"})
	if err != nil || len(csrs.Items) != 1 || csrs.Items[0].Name != "csr-1" {
		t.Errorf("requests: %v, %v", csrs, err)
	}
	spaces, err := c.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	var names []string
	for _, n := range spaces.Items {
		names = append(names, n.Name)
	}
	if want := []string{"default", "kube-node-lease", "kube-public", "kube-system", "shop", "till"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("namespaces: %q, %v", names, err)
	}
	_, err = c.CoreV1().Secrets("shop").Get(ctx, "none", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) || err.Error() != `secrets "none" not found` {
		t.Errorf("no secret: %v", err)
	}
	_, err = c.CoreV1().Services("shop").List(ctx, metav1.ListOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("services, which are not served: %v", err)
	}
	// What is asked for without its content comes without.
	m, err := metadata.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := m.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).List(ctx, metav1.ListOptions{FieldSelector: "type=kubernetes.io/service-account-token"})
	if err != nil || len(tokens.Items) != 1 || tokens.Items[0].Name != "robot-token" || tokens.Items[0].Annotations["kubernetes.io/service-account.name"] != "robot" {
		t.Errorf("tokens: %v, %v", tokens, err)
	}
}

func TestNoContentOfMetadata(t *testing.T) {
	f := newFleet(t, world)
	h, _ := f.Handler(f.host("rbac"))
	for path, want := range map[string]string{"/api/v1/secrets": "PartialObjectMetadataList", "/api/v1/namespaces/shop/secrets/plain": "PartialObjectMetadata"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+f.token("root", aks))
		r.Header.Set("Accept", "application/json;as="+want+";g=meta.k8s.io;v=v1")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"kind":"`+want+`"`) || !strings.Contains(w.Body.String(), `"plain"`) || strings.Contains(w.Body.String(), "c2VjcmV0") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestReach: private clusters, those without content and the real one have no
// stand-in; the certificate is the cluster's own.
func TestReach(t *testing.T) {
	f := newFleet(t, world)
	for _, name := range []string{"real", "inside", "silent"} {
		if host := f.host(name); host != "" {
			if _, ok := f.Handler(host); ok {
				t.Errorf("%s is answered at %s", name, host)
			}
		}
	}
	private := f.State.World().Clusters[4]
	var p struct{ PrivateFQDN string }
	if err := json.Unmarshal(private.Properties, &p); err != nil || p.PrivateFQDN == "" {
		t.Fatalf("%s: %v", private.Properties, err)
	}
	if _, ok := f.Handler(p.PrivateFQDN); ok {
		t.Errorf("the private address is answered")
	}
	for name, text := range map[string][]byte{"own": f.ca("rbac"), "another's": f.ca("azure")} {
		c, err := kubernetes.NewForConfig(f.serve(text)("rbac", f.token("root", aks)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Discovery().ServerVersion()
		if trusted := err == nil; trusted != (name == "own") {
			t.Errorf("with %s CA: %v", name, err)
		}
	}
}

// TestWhoMay: Kubernetes' RBAC over the objects and, where it is on, Azure's.
func TestWhoMay(t *testing.T) {
	f := newFleet(t, world)
	for _, c := range []struct {
		who, cluster, path string
		want               int
	}{
		{"root", "rbac", "/api/v1/secrets", 200},                                                   // an admin group of the cluster
		{"viewer", "rbac", "/api/v1/namespaces/shop/serviceaccounts", 200},                         // view, which is aggregated
		{"viewer", "rbac", "/api/v1/namespaces/shop/secrets", 403},                                 // and has no secrets
		{"viewer", "rbac", "/api/v1/namespaces/till/serviceaccounts", 403},                         // elsewhere
		{"viewer", "rbac", "/api/v1/serviceaccounts", 403},                                         // everywhere
		{"viewer", "rbac", "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings", 200}, // what the world adds to view
		{"vic", "rbac", "/api/v1/namespaces/till/secrets", 200},                                    // a guest, by object id, with edit
		{"nobody", "rbac", "/api/v1/namespaces/shop/serviceaccounts", 403},
		{"nobody", "rbac", "/version", 200}, // discovery is for all who are known
		{"nobody", "rbac", "/api", 403},     // which the world has made less of
		{"nobody", "azure", "/api", 200},
		{"viewer", "azure", "/api/v1/namespaces/shop/configmaps", 200}, // by role assignment, of a namespace
		{"viewer", "azure", "/api/v1/namespaces/till/configmaps", 403},
		{"viewer", "azure", "/api/v1/namespaces/shop/secrets", 403},
		{"root", "azure", "/api/v1/secrets", 403}, // admin of another cluster
		{"root", "local", "/version", 401},        // takes no Entra token
	} {
		if got, body := f.as(c.who, c.cluster, "GET", c.path); got != c.want {
			t.Errorf("%s at %s: %s: %d, want %d: %s", c.who, c.cluster, c.path, got, c.want, body)
		}
	}
}

// TestRefusals are in kube-apiserver's words, with the guard's reason behind
// them where it has one.
func TestRefusals(t *testing.T) {
	const azure = ": User does not have access to the resource in Azure. Update role assignment to allow access."
	f := newFleet(t, world)
	for _, c := range []struct{ cluster, path, want string }{
		{"rbac", "/api/v1/secrets", `secrets is forbidden: User "nobody@lab.onmicrosoft.com" cannot list resource "secrets" in API group "" at the cluster scope`},
		{"rbac", "/api/v1/namespaces/shop/secrets", `secrets is forbidden: User "nobody@lab.onmicrosoft.com" cannot list resource "secrets" in API group "" in the namespace "shop"`},
		{"rbac", "/api/v1/namespaces/shop/secrets/plain", `secrets "plain" is forbidden: User "nobody@lab.onmicrosoft.com" cannot get resource "secrets" in API group "" in the namespace "shop"`},
		{"rbac", "/apis/rbac.authorization.k8s.io/v1/clusterroles/x", `clusterroles.rbac.authorization.k8s.io "x" is forbidden: User "nobody@lab.onmicrosoft.com" cannot get resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope`},
		{"rbac", "/metrics", `forbidden: User "nobody@lab.onmicrosoft.com" cannot get path "/metrics"`},
		{"azure", "/api/v1/secrets", `secrets is forbidden: User "nobody@lab.onmicrosoft.com" cannot list resource "secrets" in API group "" at the cluster scope` + azure},
	} {
		code, body := f.as("nobody", c.cluster, "GET", c.path)
		var status metav1.Status
		if err := json.Unmarshal([]byte(body), &status); err != nil || code != 403 || status.Kind != "Status" || status.Reason != metav1.StatusReasonForbidden || status.Code != 403 || status.Message != c.want {
			t.Errorf("%s %s: %d\n got %s\nwant %s", c.cluster, c.path, code, status.Message, c.want)
		}
	}
}

// TestTokens that are none.
func TestTokens(t *testing.T) {
	f := newFleet(t, world)
	good := f.token("root", aks)
	for name, c := range map[string]struct {
		header string
		want   int
	}{
		"none": {"", 401}, "basic": {"Basic cm9vdDpw", 401}, "garbage": {"Bearer x", 401}, "good": {"Bearer " + good, 200}, "a good one in another scheme": {"Basic " + good, 401}, "lower case": {"bearer " + good, 200},
		"cut": {"Bearer " + good[:len(good)-4], 401}, "for ARM": {"Bearer " + f.token("root", "https://management.azure.com/.default"), 401},
	} {
		code, body := f.ask("rbac", c.header, "GET", "/version")
		if code != c.want || code == 401 && !strings.Contains(body, `"message":"Unauthorized"`) {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
}

// TestReadingOnly: those who might write are told that they cannot here, those
// who may not are told that.
func TestReadingOnly(t *testing.T) {
	f := newFleet(t, world)
	for _, c := range []struct {
		method, path string
		root, nobody int
	}{
		{"DELETE", "/api/v1/namespaces/shop/secrets/plain", 405, 403},
		{"POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", 405, 403},
		{"GET", "/api/v1/secrets?watch=1", 405, 403},
		{"GET", "/api/v1/namespaces/shop/pods/x/exec", 404, 403},
		{"GET", "/apis/none.example/v1/things", 404, 403},
	} {
		for who, want := range map[string]int{"root": c.root, "nobody": c.nobody} {
			if got, body := f.as(who, "rbac", c.method, c.path); got != want {
				t.Errorf("%s: %s %s: %d, want %d: %s", who, c.method, c.path, got, want, body)
			}
		}
	}
	if code, _ := f.as("root", "rbac", "GET", "/api/v1/namespaces/shop/secrets/plain"); code != 200 {
		t.Errorf("deleted: %d", code)
	}
}

// TestSelectors: what is not understood is refused, not left out.
func TestSelectors(t *testing.T) {
	f := newFleet(t, world)
	for query, want := range map[string]int{
		"": 3, "?fieldSelector=type%3DOpaque": 2, "?fieldSelector=type!%3DOpaque": 1, "?fieldSelector=metadata.name%3Dplain,metadata.namespace%3Dtill": 1,
		"?labelSelector=team%3Da": 1, "?labelSelector=team": 1, "?labelSelector=!team": 2, "?fieldSelector=type%3Dnone": 0,
		"?fieldSelector=data.x%3Dy": -1, "?labelSelector=a%3D%3D%3Db": -1, "?limit=x": -1, "?continue=%25": -1,
	} {
		code, body := f.as("root", "rbac", "GET", "/api/v1/secrets"+query)
		if want < 0 {
			if code != http.StatusBadRequest {
				t.Errorf("%s: %d %s", query, code, body)
			}
			continue
		}
		var list struct{ Items []any }
		if err := json.Unmarshal([]byte(body), &list); err != nil || code != 200 || len(list.Items) != want {
			t.Errorf("%s: %d, %d items, want %d", query, code, len(list.Items), want)
		}
	}
}

// TestPages: following continue gives each object once.
func TestPages(t *testing.T) {
	f := newFleet(t, world)
	c, err := kubernetes.NewForConfig(f.serve(f.ca("rbac"))("rbac", f.token("root", aks)))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := c.RbacV1().ClusterRoles().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for o := (metav1.ListOptions{Limit: 7}); ; {
		page, err := c.RbacV1().ClusterRoles().List(t.Context(), o)
		if err != nil || len(page.Items) > 7 || len(names) > len(whole.Items) {
			t.Fatalf("%d items, %v", len(page.Items), err)
		}
		for _, r := range page.Items {
			names = append(names, r.Name)
		}
		if o.Continue = page.Continue; o.Continue == "" {
			break
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(whole.Items) || len(names) != len(whole.Items) {
		t.Errorf("%d names of %d: %q", len(names), len(whole.Items), names)
	}
}

// TestBuiltin: cluster-admin and the others are Kubernetes' own, and the world
// can say otherwise.
func TestBuiltin(t *testing.T) {
	f := newFleet(t, world)
	rules := func(name string) string {
		t.Helper()
		code, body := f.as("root", "rbac", "GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/"+name)
		if code != 200 {
			t.Fatalf("%s: %d %s", name, code, body)
		}
		var r struct{ Rules json.RawMessage }
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatal(err)
		}
		return string(r.Rules)
	}
	if got := rules("cluster-admin"); got != `[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]},{"nonResourceURLs":["*"],"verbs":["*"]}]` {
		t.Errorf("cluster-admin: %s", got)
	}
	// admin takes edit's rules, edit view's, view what the world adds.
	for _, name := range []string{"admin", "edit", "view"} {
		if got := rules(name); !strings.Contains(got, `"resources":["rolebindings"],"verbs":["list"]`) {
			t.Errorf("%s lacks what is aggregated: %s", name, got)
		}
	}
	if strings.Contains(rules("view"), `"secrets"`) || !strings.Contains(rules("edit"), `"secrets"`) {
		t.Error("secrets are edit's and not view's")
	}
	if got := rules("system:discovery"); got != `[{"nonResourceURLs":["/version"],"verbs":["get"]}]` {
		t.Errorf("the world's: %s", got)
	}
}

// TestAuthority: the CA is as old as the world says, the configmap has it, and
// it outlives the process.
func TestAuthority(t *testing.T) {
	f := newFleet(t, world)
	began := func(f *fleet) time.Time {
		t.Helper()
		block, _ := pem.Decode(f.ca("rbac"))
		if block == nil {
			t.Fatal("no certificate")
		}
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return ca.NotBefore
	}
	c := f.State.World().Clusters[1]
	if got, want := began(f), c.CertificatesRotated.UTC().Truncate(time.Second); !got.Equal(want) {
		t.Errorf("CA of %s, want %s", got, want)
	}
	_, body := f.as("root", "rbac", "GET", "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication")
	var m struct{ Data map[string]string }
	if err := json.Unmarshal([]byte(body), &m); err != nil || m.Data["client-ca-file"] != string(f.ca("rbac")) {
		t.Errorf("configmap: %s", body)
	}
	again := &fleet{&Fleet{State: f.State, Key: f.Key, Real: f.Real, Dir: f.Dir}, t, f.ids}
	if string(again.ca("rbac")) != string(f.ca("rbac")) {
		t.Error("another CA after a restart")
	}
	shown, ok := again.Certificate(f.host("rbac"))
	leaf, err := x509.ParseCertificate(shown.Certificate[0])
	pool := x509.NewCertPool()
	if !ok || err != nil || !pool.AppendCertsFromPEM(f.ca("rbac")) {
		t.Fatalf("certificate: %v, %v", ok, err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: f.host("rbac")}); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	before := string(f.ca("rbac"))
	err = f.State.Update(func(w *cloud.World) error { w.Clusters[1].CertificatesRotated = time.Now(); return nil })
	if err != nil || string(f.ca("rbac")) == before {
		t.Errorf("the same CA after a rotation, %v", err)
	}
}

// TestNames: a kubeconfig with a name twice is refused whole, so clusters that
// share theirs are called by their addresses.
func TestNames(t *testing.T) {
	f := newFleet(t, world+`
  - {name: rbac, resourceGroup: rg2, properties: {fqdn: second.hcp.westeurope.azmk8s.io, aadProfile: {managed: true}}, kubernetes: {}}
`)
	text, err := f.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.Load(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, host := range map[string]string{"azure": f.host("azure"), f.host("rbac"): f.host("rbac"), "second.hcp.westeurope.azmk8s.io": "second.hcp.westeurope.azmk8s.io"} {
		c := config.Clusters[name]
		if c == nil || c.Server != "https://"+host+":443" || config.Contexts[name] == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if len(config.Clusters) != 4 || config.CurrentContext != "" || len(config.AuthInfos) != 0 {
		t.Errorf("%s", text)
	}
	if f.Empty() {
		t.Error("empty")
	}
}

// TestFaults of host kubernetes meet the cluster they name.
func TestFaults(t *testing.T) {
	f := newFleet(t, world+"\nfaults: [{host: kubernetes, cluster: azure, path: /version, status: 503, retryAfter: 1}]\n")
	for cluster, want := range map[string]int{"azure": 503, "rbac": 200} {
		if got, body := f.as("root", cluster, "GET", "/version"); got != want {
			t.Errorf("%s: %d %s", cluster, got, body)
		}
	}
	if got, _ := f.as("root", "azure", "GET", "/api"); got != 200 {
		t.Errorf("another path: %d", got)
	}
}
