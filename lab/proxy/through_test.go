package proxy

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestThrough: a server behind the proxy shows its own certificate, which the
// proxy's authority did not sign, and nothing of the tunnel outlives the proxy.
func TestThrough(t *testing.T) {
	behind := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "behind ", r.URL.Path) }))
	defer behind.Close()
	name := behind.Certificate().DNSNames[0]
	s := &Server{Through: func(host string) string {
		switch host {
		case name:
			return behind.Listener.Addr().String()
		case "gone.example":
			return "127.0.0.1:1"
		}
		return ""
	}}
	addr, stop := running(t, s)
	pool := x509.NewCertPool()
	pool.AddCert(behind.Certificate())
	get := func(roots *x509.CertPool, host string) (*http.Response, error) {
		c := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: addr}), TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
		return c.Get("https://" + host + "/x")
	}
	resp, err := get(pool, name)
	if code, text := body(t, resp, err); code != 200 || text != "behind /x" {
		t.Errorf("%d %s", code, text)
	}
	var unknown *tls.CertificateVerificationError
	if _, err := get(s.Authority.Pool(), name); !errors.As(err, &unknown) {
		t.Errorf("the proxy answered for the server: %v", err)
	}
	if resp, err = get(s.Authority.Pool(), "one.example"); err != nil {
		t.Errorf("a host of the lab: %v", err)
	} else {
		resp.Body.Close()
	}
	for _, c := range []struct {
		target string
		want   int
	}{{name + ":80", 403}, {"gone.example:443", 502}, {"three.example:443", 403}, {name + ":443", 200}} {
		target, want := c.target, c.want
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target)
		resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %v, %v", target, resp, err)
		}
		if want != 200 {
			continue
		}
		// This tunnel is open and says nothing when the proxy ends.
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("the tunnel is open still: %d, %v", n, err)
		}
	}
}

// TestHalfClosed: who has said all is told the rest.
func TestHalfClosed(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		said, _ := io.ReadAll(conn) // until the client has said all
		fmt.Fprint(conn, strings.ToUpper(string(said)))
	}()
	addr, _ := running(t, &Server{Through: func(string) string { return ln.Addr().String() }})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// In one piece: what the proxy reads ahead is not lost.
	fmt.Fprint(conn, "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\nhello")
	answered := bufio.NewReader(conn)
	resp, err := http.ReadResponse(answered, &http.Request{Method: http.MethodConnect})
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answered)
	if err != nil || string(text) != "HELLO" {
		t.Errorf("%q, %v", text, err)
	}
}
