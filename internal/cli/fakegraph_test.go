package cli_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	yaml "go.yaml.in/yaml/v3"
)

// fakeGraph is a directory behind a CONNECT proxy, reached by the SDK as the
// public cloud is: same hosts, own CA. It is for the command line's tests only.
type fakeGraph struct {
	Objects  []map[string]any `yaml:"objects"`
	Status   int              `yaml:"status"`   // of getByIds; 0: 200
	Password string           `yaml:"password"` // the only one accepted
	Hang     bool             `yaml:"hang"`
}

const fakeTenant = "11111111-2222-3333-4444-555555555555"

// startFakeGraph serves `fakegraph FILE` and points the environment at it.
func startFakeGraph(ts *testscript.TestScript, _ bool, args []string) {
	g := &fakeGraph{Password: "right"}
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(args[0])), g))
	done := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.Hang {
			select {
			case <-done:
			case <-r.Context().Done():
			}
			return
		}
		g.serve(w, r)
	}))
	authority, leaf := hostCertificate(ts, "login.microsoftonline.com", "graph.microsoft.com")
	server.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}}
	server.StartTLS()
	ts.Defer(server.Close)
	ts.Defer(func() { close(done) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	go proxy(listener, server.Listener.Addr().String())

	ts.Check(os.WriteFile(ts.MkAbs("graph-ca.crt"), authority, 0o600))
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("graph-ca.crt"))
	ts.Setenv("HTTPS_PROXY", "http://"+listener.Addr().String())
	ts.Setenv("AZURE_TENANT_ID", fakeTenant)
	ts.Setenv("AZURE_CLIENT_ID", "80faf920-1908-4b52-b5ef-a8e7bedfc67a")
	ts.Setenv("AZURE_USERNAME", "hshahin@contoso.example")
	ts.Setenv("AZURE_PASSWORD", "right")
}

// hostCertificate is a self-signed certificate for some hosts, to be trusted as
// an authority and shown by a server.
func hostCertificate(ts *testscript.TestScript, hosts ...string) (authority []byte, leaf tls.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "fake Azure"}, DNSNames: hosts,
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2090, 1, 2, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// proxy leads every CONNECT to one address.
func proxy(listener net.Listener, target string) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close()
			reader := bufio.NewReader(client)
			req, err := http.ReadRequest(reader)
			if err != nil || req.Method != http.MethodConnect {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				return
			}
			defer server.Close()
			if _, err := io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
				return
			}
			go func() { _, _ = io.Copy(server, reader) }() // ends with the connection
			_, _ = io.Copy(client, server)
		}()
	}
}

func (g *fakeGraph) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.ToLower(r.URL.Path)
	host := "https://" + r.Host
	switch {
	case strings.HasSuffix(path, "/discovery/instance"):
		answer(w, map[string]any{"tenant_discovery_endpoint": host + "/" + fakeTenant + "/v2.0/.well-known/openid-configuration", "metadata": []any{}})
	case strings.HasSuffix(path, "/openid-configuration"):
		base := host + "/" + fakeTenant
		answer(w, map[string]any{"authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token", "issuer": base + "/v2.0"})
	case strings.Contains(path, "/userrealm/"):
		answer(w, map[string]any{"account_type": "Managed", "domain_name": "contoso.example", "cloud_instance_name": r.Host, "cloud_audience_urn": "urn"})
	case strings.HasSuffix(path, "/token"):
		g.token(w, r)
	case strings.HasSuffix(path, "/directoryobjects/getbyids"):
		g.getByIDs(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (g *fakeGraph) token(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("password") != g.Password {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": "invalid_grant", "error_description": "AADSTS50126: Invalid username or password. Trace ID: 1 Correlation ID: 2"})
		return
	}
	answer(w, map[string]any{"token_type": "Bearer", "access_token": "graph-token", "expires_in": 3600, "scope": r.FormValue("scope")})
}

func (g *fakeGraph) getByIDs(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer graph-token" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if g.Status != 0 {
		w.WriteHeader(g.Status)
		return
	}
	var ask struct{ IDs []string }
	if json.NewDecoder(r.Body).Decode(&ask) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	found := []map[string]any{}
	for _, o := range g.Objects {
		for _, id := range ask.IDs {
			if o["id"] == id {
				found = append(found, o)
			}
		}
	}
	answer(w, map[string]any{"value": found})
}
