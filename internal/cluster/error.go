package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
)

// Fault says what kind of obstacle there was.
type Fault string

// The obstacles on the way to an answer.
const (
	FaultConfig       Fault = "config"       // the kubeconfig, or what was asked of it
	FaultCredential   Fault = "credential"   // no credential could be had
	FaultUnreachable  Fault = "unreachable"  // no answer from the server
	FaultCertificate  Fault = "certificate"  // the server's certificate is not trusted
	FaultUnauthorized Fault = "unauthorized" // 401
	FaultForbidden    Fault = "forbidden"    // 403
	FaultNotFound     Fault = "not found"    // 404: the server does not know the API
	FaultServer       Fault = "server"       // any other answer that is none
)

// Error is an obstacle in words for the user, with a way out where one is known.
type Error struct {
	Fault Fault
	Msg   string
	Hint  string
	Err   error // the cause; may be nil
}

func (e *Error) Error() string { return e.Msg }

func (e *Error) Unwrap() error { return e.Err }

// faultOf is the Fault of an error, empty where it has none.
func faultOf(err error) Fault {
	var e *Error
	if errors.As(err, &e) {
		return e.Fault
	}
	return ""
}

// fatal reports whether no other question to the same server can succeed.
func fatal(err error) bool {
	switch faultOf(err) {
	case FaultForbidden, FaultNotFound, FaultServer:
		return false
	}
	return true
}

var errNoAnswer = errors.New("no answer in time")

const kubeloginHint = "kubelogin is the Entra sign-in plugin for kubectl; get it with `az aks install-cli`, or from https://azure.github.io/kubelogin, and put it on PATH"

var execMissing = regexp.MustCompile(`exec: executable (\S+) not found`)

// transportError puts into words why a request got no answer at all.
func (c *Client) transportError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	server := c.Server()
	if m := execMissing.FindStringSubmatch(err.Error()); m != nil {
		return missingPlugin(m[1], c.plugin(), err)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if text, found := strings.CutPrefix(err.Error(), "getting credentials: "); found {
		return &Error{FaultCredential, "get a credential from " + c.pluginName() + ": " + firstLine(text), "what the plugin itself said stands above; run its command by hand to see more", err}
	}
	return networkError(server, err)
}

func networkError(server string, err error) error {
	var dns *net.DNSError
	var unknownCA x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.Is(err, errNoAnswer), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return &Error{FaultUnreachable, "reach " + server + ": no answer in time", "is a VPN or an allowed IP range needed, is the cluster stopped?", err}
	case errors.As(err, &dns):
		return &Error{FaultUnreachable, fmt.Sprintf("reach %s: host %s is not known", server, dns.Name), "a private cluster resolves only inside its network; a deleted one nowhere", err}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &Error{FaultUnreachable, "reach " + server + ": connection refused", refusedHint(server), err}
	case errors.As(err, &unknownCA), errors.As(err, &hostname), errors.As(err, &invalid):
		return &Error{FaultCertificate, "trust " + server + ": " + err.Error(), "the kubeconfig's certificate-authority-data does not match this server: after a CA rotation download the kubeconfig again", err}
	case errors.As(err, &notTLS):
		return &Error{FaultUnreachable, "reach " + server + ": the server does not speak TLS", "", err}
	}
	return &Error{FaultUnreachable, "reach " + server + ": " + err.Error(), "", err}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func refusedHint(server string) string {
	if u, err := url.Parse(server); err == nil {
		if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
			return "nothing listens there: is the local cluster running (postern lab status)?"
		}
	}
	return "nothing listens there: is the cluster stopped, is this the right context?"
}

// missingPlugin: only kubelogin has a known source; other plugins bring their
// own installHint in the kubeconfig.
func missingPlugin(command, installHint string, err error) error {
	hint := installHint
	if strings.Contains(command, "kubelogin") {
		hint = kubeloginHint
	}
	return &Error{FaultCredential, "get a credential: " + command + " not found; the kubeconfig names it as its sign-in plugin", hint, err}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
