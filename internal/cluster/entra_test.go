package cluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
)

// authority is a CA of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T, name string, born time.Time) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: born, NotAfter: born.AddDate(30, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue makes a certificate and its key, PEM.
func (a authority) issue(t *testing.T, subject pkix.Name, hosts ...string) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: subject, NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, k.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text})
}

var born = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)

// serveAPI serves as an API server whose certificate a CA signed. It asks for
// client certificates of its clientCA, as kube-apiserver does.
func serveAPI(t *testing.T, ca, clientCA authority, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	cert, key := ca.issue(t, pkix.Name{CommonName: "apiserver"}, "kubernetes", "127.0.0.1")
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handle)
	pool := x509.NewCertPool()
	pool.AddCert(clientCA.cert)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert, ClientCAs: pool}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func oldKubeconfig(server string, user map[string]string) []byte {
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "old",
		"contexts": []any{map[string]any{"name": "old", "context": map[string]string{"cluster": "c", "user": "u"}}},
		"clusters": []any{map[string]any{"name": "c", "cluster": map[string]string{"server": server, "tls-server-name": "kubernetes"}}},
		"users":    []any{map[string]any{"name": "u", "user": user}},
	})
	if err != nil {
		panic(err)
	}
	return text
}

func published(ca string) string {
	return fmt.Sprintf(`{"data":{"client-ca-file":%q}}`, ca)
}

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

func refuse(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":%q,"code":%d}`, reason, message, code)
}

func TestTryCredentials(t *testing.T) {
	oldCA, newCA := newAuthority(t, "old CA", born), newAuthority(t, "new CA", born.AddDate(1, 0, 0))
	cert, key := oldCA.issue(t, pkix.Name{CommonName: "masterclient", Organization: []string{"system:masters"}})
	both := map[string]string{"client-certificate-data": b64(cert), "client-key-data": b64(key), "token": "t0ps3cret"}
	taken := func(user string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintf(w, `{"kind":"SelfSubjectReview","status":{"userInfo":{"username":%q}}}`, user)
		}
	}
	for name, c := range map[string]struct {
		handle http.HandlerFunc
		user   map[string]string
		ca     []byte
		want   []Tried
		says   string // in Error of each
	}{
		"dead": {
			handle: func(w http.ResponseWriter, r *http.Request) { refuse(w, 401, "Unauthorized", "Unauthorized") },
			want:   []Tried{{What: "certificate", Verified: true, Status: 401}, {What: "token", Verified: true, Status: 401}},
		},
		"alive": {
			handle: taken("masterclient"),
			want:   []Tried{{What: "certificate", Verified: true, Status: 201, User: "masterclient"}, {What: "token", Verified: true, Status: 201, User: "masterclient"}},
		},
		"known and forbidden": {
			handle: func(w http.ResponseWriter, r *http.Request) {
				refuse(w, 403, "Forbidden", `selfsubjectreviews.authentication.k8s.io is forbidden: User "masterclient" cannot create resource "selfsubjectreviews"`)
			},
			want: []Tried{{What: "certificate", Verified: true, Status: 403, User: "masterclient"}, {What: "token", Verified: true, Status: 403, User: "masterclient"}},
		},
		"nobody is no proof": {
			handle: taken("system:anonymous"),
			want:   []Tried{{What: "certificate", Status: 201}, {What: "token", Status: 201}},
			says:   "for nobody",
		},
		"refused to nobody is no proof": {
			handle: func(w http.ResponseWriter, r *http.Request) {
				refuse(w, 403, "Forbidden", `selfsubjectreviews.authentication.k8s.io is forbidden: User "system:anonymous" cannot create resource "selfsubjectreviews"`)
			},
			want: []Tried{{What: "certificate", Status: 403}, {What: "token", Status: 403}},
			says: "for nobody",
		},
		"a server of another CA": {
			handle: func(w http.ResponseWriter, r *http.Request) { t.Error("something was sent to an unverified server") },
			ca:     oldCA.pem,
			want:   []Tried{{What: "certificate"}, {What: "token"}},
			says:   "x509",
		},
		"only a plugin": {
			handle: func(http.ResponseWriter, *http.Request) { t.Error("asked") },
			user:   map[string]string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := serveAPI(t, newCA, newCA, func(w http.ResponseWriter, r *http.Request) {
				// Each alone, and the certificate even where the server asks for
				// another CA's.
				if certified, token := len(r.TLS.PeerCertificates) > 0, r.Header.Get("Authorization"); certified == (token != "") {
					t.Errorf("certificate %v, token %q", certified, token)
				}
				c.handle(w, r)
			})
			user, ca := c.user, c.ca
			if user == nil {
				user = both
			}
			if ca == nil {
				ca = newCA.pem
			}
			got, err := TryCredentials(t.Context(), oldKubeconfig(server.URL, user), ca, "", 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if (c.says == "") != (got[i].Error == "") || !strings.Contains(got[i].Error, c.says) {
					t.Errorf("%s: says %q, want %q", got[i].What, got[i].Error, c.says)
				}
				got[i].Error = ""
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestTryCredentialsRefuses(t *testing.T) {
	ca := newAuthority(t, "CA", born)
	good := oldKubeconfig("https://127.0.0.1:1", map[string]string{"token": "x"})
	for name, c := range map[string]struct{ kubeconfig, ca []byte }{
		"no YAML":    {[]byte("\t{"), ca.pem},
		"no context": {[]byte(`{"apiVersion":"v1","kind":"Config"}`), ca.pem},
		"no CA":      {good, nil},
		"no TLS":     {oldKubeconfig("http://127.0.0.1:1", map[string]string{"token": "x"}), ca.pem},
	} {
		if got, err := TryCredentials(t.Context(), c.kubeconfig, c.ca, "", time.Second); err == nil {
			t.Errorf("%s: tried %+v", name, got)
		}
	}
}

func TestConnectEntra(t *testing.T) {
	ca, other := newAuthority(t, "CA", born), newAuthority(t, "other CA", born)
	asked := 0
	server := serveAPI(t, ca, ca, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if got := r.Header.Get("Authorization"); got != "Bearer entra" {
			t.Errorf("Authorization %q", got)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"status":{"userInfo":{"username":"ada@example.org"}}}`)
	})
	token := func(context.Context) (string, error) { return "entra", nil }
	o := EntraOptions{Name: "weu", Server: server.URL, CA: ca.pem, Token: token, Timeout: 10 * time.Second}
	c, err := ConnectEntra(o)
	if err != nil {
		t.Fatal(err)
	}
	id, err := c.WhoAmI(t.Context())
	if err != nil || id.User != "ada@example.org" || c.name() != "weu" {
		t.Errorf("%+v %v as %s", id, err, c.name())
	}
	sent := asked

	o.CA = other.pem
	if c, err = ConnectEntra(o); err != nil {
		t.Fatal(err)
	}
	if _, err := c.WhoAmI(t.Context()); faultOf(err) != FaultCertificate || asked != sent {
		t.Errorf("a server of another CA: %v, asked %d times", err, asked-sent)
	}
	o.CA = nil
	if _, err := ConnectEntra(o); faultOf(err) != FaultCertificate {
		t.Errorf("without a CA: %v", err)
	}
	o.CA, o.Server = ca.pem, strings.Replace(server.URL, "https", "http", 1)
	if _, err := ConnectEntra(o); faultOf(err) != FaultConfig {
		t.Errorf("without TLS: %v", err)
	}
	o.Server, o.Token = server.URL, func(context.Context) (string, error) { return "", errors.New("AADSTS50076: do more") }
	if c, err = ConnectEntra(o); err != nil {
		t.Fatal(err)
	}
	if _, err := c.WhoAmI(t.Context()); faultOf(err) != FaultCredential || !strings.Contains(err.Error(), "AADSTS50076") || asked != sent {
		t.Errorf("without a token: %v", err)
	}
}

func TestEntries(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("ca.pem", "from the file")
	kubeconfig := func(ca string) string {
		return `{"apiVersion":"v1","kind":"Config","clusters":[{"name":"aks","cluster":{"server":"https://aks.example:443",` + ca + `}}],
			"contexts":[{"name":"admin","context":{"cluster":"aks","user":"u"}}]}`
	}
	a := write("a", kubeconfig(`"certificate-authority-data":"`+b64([]byte("inline"))+`"`))
	b := write("b", kubeconfig(`"certificate-authority":"ca.pem"`))
	insecure := write("c", kubeconfig(`"insecure-skip-tls-verify":true`))
	broken, gone := write("d", "\t{"), filepath.Join(dir, "gone")
	env := func(files ...string) Options {
		return Options{Getenv: func(name string) string {
			return map[string]string{"KUBECONFIG": strings.Join(files, string(os.PathListSeparator))}[name]
		}}
	}
	got, err := Entries(env(a, gone, insecure, b))
	if err != nil || len(got) != 2 || string(got[0].CA) != "inline" || string(got[1].CA) != "from the file" || !slices.Equal(got[0].Names, []string{"aks", "admin"}) {
		t.Errorf("%+v %v", got, err)
	}
	got, err = Entries(env(broken, a))
	if err == nil || !strings.Contains(err.Error(), broken) || len(got) != 1 {
		t.Errorf("with a broken file: %+v %v", got, err)
	}
	if _, err = Entries(Options{Kubeconfig: gone}); err == nil {
		t.Error("a file that is named and not there is no error")
	}
}

func TestReadKeys(t *testing.T) {
	ca, next := newAuthority(t, "ca", born), newAuthority(t, "ca", born.AddDate(1, 0, 0))
	cert, _ := ca.issue(t, pkix.Name{CommonName: "eve"})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "eve", Organization: []string{"system:masters"}}}, key)
	if err != nil {
		t.Fatal(err)
	}
	asked := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
	answers := map[string]string{
		"/apis/authentication.k8s.io/v1/selfsubjectreviews": `{"status":{"userInfo":{"username":"reader"}}}`,
		"/apis/certificates.k8s.io/v1/certificatesigningrequests": fmt.Sprintf(`{"items":[
			{"metadata":{"name":"csr-1","creationTimestamp":"2026-01-02T03:04:05Z"},"spec":{"signerName":"kubernetes.io/kube-apiserver-client","username":"bob","request":%q},
			 "status":{"conditions":[{"type":"Approved","status":"True"}],"certificate":%q}},
			{"metadata":{"name":"csr-2"},"spec":{"signerName":"x/y","username":"bob","request":""},"status":{"conditions":[{"type":"Denied","status":"True"}]}}]}`, b64(asked), b64(cert)),
		"/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication": published(string(ca.pem) + string(next.pem)),
	}
	secrets := func(string) string { return "" }
	server := serveAPI(t, ca, ca, func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[r.URL.Path]
		if r.URL.Path == "/api/v1/secrets" {
			// The first of two pages, then the second.
			if got := r.URL.Query().Get("fieldSelector"); got != "type=kubernetes.io/service-account-token" {
				t.Errorf("fieldSelector %q", got)
			}
			if got := r.Header.Get("Accept"); got != metadataOnly {
				t.Errorf("Accept %q lets a token be sent", got)
			}
			text, ok = secrets(r.URL.Query().Get("continue")), true
		}
		if !ok {
			refuse(w, 404, "NotFound", "no such path")
			return
		}
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
		}
		fmt.Fprint(w, text)
	})
	read := func() *snapshot.Snapshot {
		c, err := ConnectEntra(EntraOptions{Server: server.URL, CA: ca.pem, Timeout: 10 * time.Second, Token: func(context.Context) (string, error) { return "x", nil }})
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Read(t.Context(), Request{Parts: []Part{Certificates, Tokens, CA}, Now: born})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	secrets = func(page string) string {
		if page == "" {
			return `{"kind":"PartialObjectMetadataList","metadata":{"continue":"2"},"items":[{"metadata":{"namespace":"ci","name":"deployer-token","creationTimestamp":"2025-01-01T00:00:00Z",
				"annotations":{"kubernetes.io/service-account.name":"deployer"},"labels":{"kubernetes.io/legacy-token-last-used":"2026-01-01"}}}]}`
		}
		return `{"kind":"PartialObjectMetadataList","items":[{"metadata":{"namespace":"ci","name":"second"}}]}`
	}
	s := read()
	if len(s.Unknown) != 0 {
		t.Fatalf("unknown: %+v", s.Unknown)
	}
	if len(s.Requests) != 2 || !s.Requests[0].Approved || !s.Requests[0].Issued || s.Requests[0].User != "eve" || !slices.Equal(s.Requests[0].Groups, []string{"system:masters"}) ||
		!s.Requests[0].Expires.Equal(ca.cert.NotAfter) || s.Requests[0].Requester != "bob" || !s.Requests[1].Denied || s.Requests[1].Issued || !s.Requests[1].Expires.IsZero() {
		t.Errorf("requests: %+v", s.Requests)
	}
	if len(s.TokenSecrets) != 2 || s.TokenSecrets[0].ServiceAccount != "deployer" || s.TokenSecrets[0].LastUsed != "2026-01-01" || s.TokenSecrets[0].Created.IsZero() || s.TokenSecrets[1].Name != "second" {
		t.Errorf("token Secrets: %+v", s.TokenSecrets)
	}
	if len(s.ClientCAs) != 2 || !s.ClientCAs[0].NotBefore.Equal(born) || len(s.ClientCAs[1].SHA256) != 64 || s.ClientCAs[0].SHA256 == s.ClientCAs[1].SHA256 {
		t.Errorf("client CAs: %+v", s.ClientCAs)
	}

	// A server that sends whole Secrets all the same, and one that is refused:
	// nothing is taken for read.
	secrets = func(string) string { return `{"kind":"SecretList","items":[{"data":{"token":"eA=="}}]}` }
	answers["/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"] = `{"data":{"client-ca-file":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}}`
	delete(answers, "/apis/certificates.k8s.io/v1/certificatesigningrequests")
	s = read()
	if !s.Missing(snapshot.TokenSecretList) || !s.Missing(snapshot.ClientCA) || !s.Missing(snapshot.CSRs) || s.TokenSecrets != nil || s.ClientCAs != nil || s.Requests != nil {
		t.Errorf("%+v: %v %v %v", s.Unknown, s.TokenSecrets, s.ClientCAs, s.Requests)
	}
}
