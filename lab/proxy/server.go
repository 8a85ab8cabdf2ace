package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// Server is the CONNECT proxy.
type Server struct {
	Authority *Authority
	Hosts     map[string]http.Handler // by lower-case host name
	More      More                    // hosts that come and go with the world; nil: none
	// Through names the server that a host's tunnels lead to as they are: it has
	// its own certificate. Empty for hosts that have none; nil: no host has.
	Through func(host string) (address string)
	Direct  http.Handler // requests to the proxy's own address; nil refuses them
	State   *cloud.State // where requests are recorded; nil records nothing
	Log     *slog.Logger
}

// More are hosts with certificates of their own.
type More interface {
	Handler(host string) (http.Handler, bool)
	Certificate(host string) (*tls.Certificate, bool)
}

// more reports whether a host is one of More's.
func (s *Server) more(host string) bool {
	if s.More == nil {
		return false
	}
	_, ok := s.More.Certificate(host)
	return ok
}

// Serve answers on the listener until ctx ends, then closes every connection
// and returns nil once all handlers are done.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	config, err := s.Authority.ServerTLS(append(s.names(), "localhost", "127.0.0.1", "::1")...)
	if err != nil {
		return err
	}
	if s.More != nil {
		config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if c, ok := s.More.Certificate(hello.ServerName); ok {
				return c, nil
			}
			return nil, nil // Certificates'
		}
	}
	config.NextProtos = []string{"h2", "http/1.1"}
	tunnels := newTunnels(ln.Addr())
	inner := &http.Server{
		Handler: s.endpoints(), TLSConfig: config, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	outer := &http.Server{
		Handler: s.front(tunnels), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	var done sync.WaitGroup
	done.Go(func() { _ = inner.ServeTLS(tunnels, "", "") })
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		_ = outer.Shutdown(grace)
		if inner.Shutdown(grace) != nil {
			_ = inner.Close()
		}
		_ = tunnels.Close()
	})
	err = outer.Serve(ln)
	if stop() { // the listener failed, nobody asked to stop
		_ = inner.Close()
		_ = tunnels.Close()
	}
	done.Wait()
	tunnels.joined.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve proxy: %w", err)
}

func (s *Server) names() []string {
	var names []string
	for n := range s.Hosts {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// front answers what arrives in the clear.
func (s *Server) front(t *tunnels) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodConnect:
			s.connect(w, r, t)
		case r.URL.Host != "":
			refuse(w, "plain HTTP to "+r.URL.Host+" is not proxied")
		case s.Direct == nil || !loopback(r.Host):
			refuse(w, "this address answers to a loopback name only, not "+r.Host)
		default:
			s.Direct.ServeHTTP(w, r)
		}
	})
}

func (s *Server) connect(w http.ResponseWriter, r *http.Request, t *tunnels) {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, "443"
	}
	address := ""
	if s.Through != nil && port == "443" {
		address = s.Through(host)
	}
	if _, ok := s.Hosts[strings.ToLower(strings.TrimSuffix(host, "."))]; !ok && !s.more(host) && address == "" || port != "443" {
		s.Log.Info("refused host", "host", r.Host)
		refuse(w, r.Host+" is not part of the lab; it knows "+strings.Join(s.names(), ", ")+" on port 443")
		return
	}
	var behind net.Conn
	if address != "" {
		if behind, err = (&net.Dialer{Timeout: 10 * time.Second}).DialContext(r.Context(), "tcp", address); err != nil {
			s.Log.Warn("cannot reach server", "host", host, "error", err)
			http.Error(w, "LAB proxy: "+host+" does not answer", http.StatusBadGateway)
			return
		}
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "LAB proxy: cannot tunnel on this connection", http.StatusInternalServerError)
		closeAll(behind)
		return
	}
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		closeAll(conn, behind)
		return
	}
	if behind != nil {
		t.join(&bufferedConn{Conn: conn, rest: buffered.Reader}, behind)
		return
	}
	t.offer(&bufferedConn{Conn: conn, rest: buffered.Reader})
}

func refuse(w http.ResponseWriter, why string) {
	http.Error(w, "LAB proxy: refused: "+why+". Nothing leaves this machine.", http.StatusForbidden)
}

func loopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// endpoints routes a decrypted request by its host and records it.
func (s *Server) endpoints() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := strings.ToLower(r.Host)
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		handler, ok := s.Hosts[host]
		if !ok && s.More != nil {
			handler, ok = s.More.Handler(host)
		}
		if !ok {
			refuse(w, "no such host in the lab: "+r.Host)
			return
		}
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		handler.ServeHTTP(seen, r)
		if s.State == nil {
			return
		}
		err := s.State.RecordRequest(cloud.Request{
			Time: s.State.Now().UTC(), Host: host, Method: r.Method, URI: r.URL.RequestURI(),
			Status: seen.status, UserAgent: r.UserAgent(),
		})
		if err != nil {
			s.Log.Error("record request", "error", err)
		}
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// bufferedConn gives back what the HTTP server had read ahead.
type bufferedConn struct {
	net.Conn
	rest *bufio.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.rest.Read(p) }

// CloseWrite ends one way only, where the connection can.
func (c *bufferedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// tunnels is a listener whose connections are established CONNECT tunnels.
type tunnels struct {
	addr  net.Addr
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
	// joined are tunnels that lead to servers behind.
	joined sync.WaitGroup
}

func newTunnels(addr net.Addr) *tunnels {
	return &tunnels{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

func (t *tunnels) offer(c net.Conn) {
	select {
	case t.conns <- c:
	case <-t.done:
		_ = c.Close()
	}
}

// join passes bytes both ways until both have no more, one fails or the proxy
// ends.
func (t *tunnels) join(client, server net.Conn) {
	select {
	case <-t.done:
		closeAll(client, server)
		return
	default:
	}
	t.joined.Go(func() {
		ended := make(chan struct{})
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			select {
			case <-t.done:
				closeAll(client, server)
			case <-ended:
			}
		}()
		var both sync.WaitGroup
		for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
			both.Go(func() {
				_, err := io.Copy(way[1], way[0])
				// Whoever has said all may still be told something.
				if half, ok := way[1].(interface{ CloseWrite() error }); !ok || err != nil || half.CloseWrite() != nil {
					closeAll(client, server)
				}
			})
		}
		both.Wait()
		close(ended)
		<-stopped
		closeAll(client, server)
	})
}

// closeAll closes connections, of which some may be nil. They are done with.
func closeAll(conns ...net.Conn) {
	for _, c := range conns {
		if c != nil {
			_ = c.Close()
		}
	}
}

func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.done:
		return nil, net.ErrClosed
	}
}

func (t *tunnels) Close() error {
	t.once.Do(func() { close(t.done) })
	return nil
}

func (t *tunnels) Addr() net.Addr { return t.addr }
