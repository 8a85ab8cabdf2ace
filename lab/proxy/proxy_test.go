package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/postern-dev/postern/lab/cloud"
)

// running starts a proxy for two hosts and returns its address.
func running(t *testing.T, s *Server) (addr string, stop func() error) {
	t.Helper()
	ca, err := OpenAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	say := func(what string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, what, " ", r.URL.Path, " ", r.Proto) })
	}
	s.Authority, s.Log, s.Direct = ca, slog.New(slog.DiscardHandler), say("direct")
	s.Hosts = map[string]http.Handler{"one.example": say("one"), "two.example": say("two")}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	stop = func() error { cancel(); return <-done }
	t.Cleanup(func() { cancel() })
	return ln.Addr().String(), stop
}

func client(s *Server, addr string, h2 bool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: addr}),
		TLSClientConfig: &tls.Config{RootCAs: s.Authority.Pool()}, ForceAttemptHTTP2: h2,
	}}
}

func body(t *testing.T, resp *http.Response, err error) (int, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// TestKnownHosts: each host gets its handler, over HTTP/1.1 and HTTP/2, and
// requests are recorded.
func TestKnownHosts(t *testing.T) {
	state, err := cloud.Open(cloud.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	s := &Server{State: state}
	addr, stop := running(t, s)
	for _, h2 := range []bool{false, true} {
		proto := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[h2]
		for _, host := range []string{"one", "two"} {
			resp, err := client(s, addr, h2).Get("https://" + host + ".example/x?q=1")
			if code, text := body(t, resp, err); code != 200 || text != host+" /x "+proto {
				t.Errorf("%s %s: %d %s", host, proto, code, text)
			}
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	got := state.Requests()
	if len(got) != 4 || got[0].Host != "one.example" || got[0].URI != "/x?q=1" || got[0].Status != 200 {
		t.Errorf("request log: %+v", got)
	}
}

// TestStrangersRefused: nothing but the hosts is reachable, and the refusal
// says what is.
func TestStrangersRefused(t *testing.T) {
	s := &Server{}
	addr, _ := running(t, s)
	for _, target := range []string{"three.example:443", "one.example:80", "127.0.0.1:443", "one.example.evil:443", "[::1]:22"} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if code, text := body(t, resp, err); code != http.StatusForbidden || !strings.Contains(text, "one.example, two.example") {
			t.Errorf("%s: %d %s", target, code, text)
		}
		conn.Close()
	}
	resp, err := client(s, addr, false).Get("http://one.example/")
	if code, text := body(t, resp, err); code != http.StatusForbidden || !strings.Contains(text, "plain HTTP") {
		t.Errorf("plain HTTP: %d %s", code, text)
	}
	// Inside a tunnel to one host, another's name is no way out.
	r, err := http.NewRequest(http.MethodGet, "https://one.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "three.example"
	resp, err = client(s, addr, false).Do(r)
	if code, _ := body(t, resp, err); code != http.StatusForbidden {
		t.Errorf("host inside the tunnel: %d", code)
	}
}

// TestDirect: the page answers on loopback names only.
func TestDirect(t *testing.T) {
	addr, _ := running(t, &Server{})
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{addr: 200, "localhost:" + port: 200, "localhost": 200, "[::1]:" + port: 200,
		"evil.example": 403, "127.0.0.1.evil.example:" + port: 403, "10.0.0.1": 403} {
		r, err := http.NewRequest(http.MethodGet, "http://"+addr+"/page", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		resp, err := http.DefaultClient.Do(r)
		if code, _ := body(t, resp, err); code != want {
			t.Errorf("Host %s: %d, want %d", host, code, want)
		}
	}
}

// TestAuthority is kept over restarts; half of it is an error.
func TestAuthority(t *testing.T) {
	dir := t.TempDir()
	one, err := OpenAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	two, err := OpenAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	config, err := two.ServerTLS("a.example", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.example", "127.0.0.1"} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: one.Pool(), DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: one.Pool(), DNSName: "b.example"}); err == nil {
		t.Error("the leaf is good for any name")
	}
	info, err := os.Stat(dir + "/azure-ca.key")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v %v", info.Mode(), err)
	}
	if err := os.Remove(dir + "/azure-ca.key"); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAuthority(dir); err == nil {
		t.Error("a certificate without its key was accepted")
	}
}
