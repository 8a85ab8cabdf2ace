package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	yaml "go.yaml.in/yaml/v3"
)

// fakeAPI answers as a kube-apiserver would, from a script's own file. It is
// for the command line's tests only; that the real server is understood is
// shown in the lab.
type fakeAPI struct {
	User         map[string]any   `yaml:"user"`
	Review       string           `yaml:"review"`       // version of SelfSubjectReview; none: the API is absent
	Version      string           `yaml:"version"`      // gitVersion
	Unauthorized bool             `yaml:"unauthorized"` // 401 to everything
	Forbid       []string         `yaml:"forbid"`       // resources, cluster-wide or "RESOURCE everywhere"; paths
	Hang         bool             `yaml:"hang"`         // never answers
	CredentialID bool             `yaml:"credentialID"` // names the certificate it saw
	PageSize     int              `yaml:"pageSize"`     // at most so many objects in one answer
	ExpireOnce   bool             `yaml:"expireOnce"`   // 410 to the first continue token
	Credential   string           `yaml:"credential"`   // what the kubeconfig holds: certificate, token, both, exec, none
	Exec         map[string]any   `yaml:"exec"`
	Impersonate  string           `yaml:"impersonate"`
	BadCA        bool             `yaml:"badCA"`
	Objects      []map[string]any `yaml:"objects"`
	Discovery    string           `yaml:"discovery"` // aggregated (the default), old, or none: 404
	Groups       []fakeGroup      `yaml:"groups"`    // what is served
	Log          string           `yaml:"log"`       // file to which requests are written

	expired bool

	certificate []byte // of the server
	logging     sync.Mutex
}

// startFakeAPI serves `fakeapi FILE` and writes $WORK/kubeconfig.
func startFakeAPI(ts *testscript.TestScript, _ bool, args []string) {
	f := &fakeAPI{Review: "v1", Version: "v1.36.3", Credential: "certificate"}
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[0])), f))
	if f.Log != "" {
		f.Log = ts.MkAbs(f.Log)
	}
	done := make(chan struct{})
	asked := ts.MkAbs("asked")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.Hang {
			_ = os.WriteFile(asked, nil, 0o600) // the script waits for it
			select {
			case <-done:
			case <-r.Context().Done():
			}
			return
		}
		f.serve(w, r)
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	f.certificate = server.Certificate().Raw
	ts.Defer(server.Close)
	ts.Defer(func() { close(done) }) // runs first: Close waits for requests
	ts.Check(os.WriteFile(ts.MkAbs("kubeconfig"), f.kubeconfig(ts, server), 0o600))
	ts.Setenv("KUBECONFIG", ts.MkAbs("kubeconfig"))
	ts.Setenv("SERVER", server.URL)
}

func (f *fakeAPI) serve(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	resource := parts[len(parts)-1]
	f.note(r)
	switch {
	case f.Unauthorized:
		status(w, http.StatusUnauthorized, "Unauthorized")
	case slices.Contains(f.Forbid, r.URL.Path):
		status(w, http.StatusForbidden, fmt.Sprintf("forbidden: User %q cannot get path %q", f.User["username"], r.URL.Path))
	case f.discovery(w, r, parts):
	case r.URL.Path == "/version":
		answer(w, map[string]any{"gitVersion": f.Version})
	case resource == "selfsubjectreviews" && parts[2] != f.Review:
		status(w, http.StatusNotFound, "the server could not find the requested resource")
	case slices.Contains(f.Forbid, resource) && (!slices.Contains(parts, "namespaces") || resource == "namespaces"),
		slices.Contains(f.Forbid, resource+" everywhere"):
		status(w, http.StatusForbidden, fmt.Sprintf("%s is forbidden: User %q cannot list resource %q at the cluster scope", resource, f.User["username"], resource))
	case resource == "selfsubjectreviews":
		answer(w, map[string]any{"status": map[string]any{"userInfo": f.userInfo(r)}})
	case r.URL.Path == "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication":
		answer(w, map[string]any{"data": map[string]any{"client-ca-file": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.certificate}))}})
	case r.URL.Path == "/api/v1/secrets":
		answer(w, map[string]any{"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": map[string]any{}, "items": f.secrets()})
	case r.URL.Path == "/apis/certificates.k8s.io/v1/certificatesigningrequests":
		f.list(w, r, parts, resource)
	case strings.HasPrefix(r.URL.Path, "/apis/rbac.authorization.k8s.io/v1/"), r.URL.Path == "/api/v1/namespaces", r.URL.Path == "/api/v1/pods", r.URL.Path == "/api/v1/serviceaccounts":
		f.list(w, r, parts, resource)
	default:
		status(w, http.StatusNotFound, "no such path "+r.URL.Path)
	}
}

func (f *fakeAPI) userInfo(r *http.Request) map[string]any {
	info := map[string]any{}
	for k, v := range f.User {
		info[k] = v
	}
	if f.CredentialID && len(r.TLS.PeerCertificates) > 0 {
		sum := sha256.Sum256(r.TLS.PeerCertificates[0].Raw)
		info["extra"] = map[string]any{"authentication.kubernetes.io/credential-id": []string{"X509SHA256=" + hex.EncodeToString(sum[:])}}
	}
	if as := r.Header.Get("Impersonate-User"); as != "" {
		return map[string]any{"username": as, "groups": []string{"system:authenticated"}}
	}
	return info
}

var kinds = map[string]string{"clusterroles": "ClusterRole", "clusterrolebindings": "ClusterRoleBinding", "roles": "Role", "rolebindings": "RoleBinding", "namespaces": "Namespace", "pods": "Pod", "serviceaccounts": "ServiceAccount", "certificatesigningrequests": "CertificateSigningRequest"}

// secrets are those that hold tokens, by their metadata.
func (f *fakeAPI) secrets() []map[string]any {
	items := []map[string]any{}
	for _, o := range f.Objects {
		if o["kind"] == "Secret" {
			items = append(items, map[string]any{"metadata": o["metadata"]})
		}
	}
	return items
}

func (f *fakeAPI) list(w http.ResponseWriter, r *http.Request, parts []string, resource string) {
	var items []map[string]any
	for _, o := range f.Objects {
		namespace, _ := o["metadata"].(map[string]any)["namespace"].(string)
		if o["kind"] == kinds[resource] && (len(parts) < 6 || parts[4] == namespace) {
			items = append(items, o)
		}
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	if from > 0 && f.ExpireOnce && !f.expired {
		f.expired = true
		status(w, http.StatusGone, "the provided continue parameter is too old")
		return
	}
	meta := map[string]any{}
	items = items[from:]
	if r.URL.Query().Get("limit") != "" && f.PageSize > 0 && len(items) > f.PageSize {
		items = items[:f.PageSize]
		meta["continue"] = strconv.Itoa(from + f.PageSize)
	}
	answer(w, map[string]any{"metadata": meta, "items": items})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}

func status(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code})
}

func (f *fakeAPI) kubeconfig(ts *testscript.TestScript, server *httptest.Server) []byte {
	user := map[string]any{}
	if f.Credential == "certificate" || f.Credential == "both" {
		cert, key := clientCertificate(ts, f.User)
		ts.Setenv("CERTIFICATE", fingerprint(ts, cert))
		user["client-certificate-data"], user["client-key-data"] = cert, key
	}
	if f.Credential == "token" || f.Credential == "both" {
		user["token"] = "fake-static-token"
	}
	if f.Credential == "exec" {
		f.Exec["apiVersion"], f.Exec["interactiveMode"] = "client.authentication.k8s.io/v1", "IfAvailable"
		user["exec"] = f.Exec
	}
	if f.Impersonate != "" {
		user["as"] = f.Impersonate
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if f.BadCA {
		other, _ := clientCertificate(ts, map[string]any{"username": "other CA"})
		ca, _ = base64.StdEncoding.DecodeString(other)
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "fake",
		"clusters": []any{map[string]any{"name": "fake", "cluster": map[string]any{"server": server.URL, "certificate-authority-data": base64.StdEncoding.EncodeToString(ca)}}},
		"contexts": []any{map[string]any{"name": "fake", "context": map[string]any{"cluster": "fake", "user": "fake"}}},
		"users":    []any{map[string]any{"name": "fake", "user": user}},
	})
	ts.Check(err)
	return text
}

// clientCertificate makes a self-signed certificate as kubeconfigs carry it.
func clientCertificate(ts *testscript.TestScript, user map[string]any) (cert, key string) {
	name, _ := user["username"].(string)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"system:masters"}},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2090, 1, 2, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	ts.Check(err)
	keyRaw, err := x509.MarshalECPrivateKey(private)
	ts.Check(err)
	encode := func(kind string, data []byte) string {
		return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}))
	}
	return encode("CERTIFICATE", raw), encode("EC PRIVATE KEY", keyRaw)
}

func fingerprint(ts *testscript.TestScript, cert string) string {
	text, err := base64.StdEncoding.DecodeString(cert)
	ts.Check(err)
	block, _ := pem.Decode(text)
	sum := sha256.Sum256(block.Bytes)
	return hex.EncodeToString(sum[:])
}

func exitCode(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "0"
	case errors.As(err, &exit):
		return strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}
