package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// EntraOptions say which API server is asked with an Entra token.
type EntraOptions struct {
	Name      string // what answers call the cluster
	Server    string // URL
	CA        []byte // PEM; without it nothing is sent: the token opens other clusters too
	Token     func(context.Context) (string, error)
	Timeout   time.Duration // for one answer
	UserAgent string
}

// ConnectEntra prepares a client that shows an Entra token to a server whose CA
// is known. Nothing is sent yet, and no kubeconfig is written or needed.
func ConnectEntra(o EntraOptions) (*Client, error) {
	if !x509.NewCertPool().AppendCertsFromPEM(o.CA) {
		return nil, &Error{Fault: FaultCertificate, Msg: "the CA of " + o.Server + " is not known, and the token is shown to nobody who cannot prove to be this API server",
			Hint: "az aks get-credentials puts it into the kubeconfig (the credential there is not used), or --cluster-ca HOST=FILE"}
	}
	config := &rest.Config{Host: o.Server, TLSClientConfig: rest.TLSClientConfig{CAData: o.CA}}
	config.Wrap(func(base http.RoundTripper) http.RoundTripper { return bearer{base, o.Token} })
	c, err := newClient(Options{Timeout: o.Timeout, UserAgent: o.UserAgent}, o.Name, config)
	if err != nil {
		return nil, err
	}
	c.namespace = "default"
	return c, nil
}

// bearer shows a token with each request.
type bearer struct {
	base  http.RoundTripper
	token func(context.Context) (string, error)
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := b.token(req.Context())
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token)
	return b.base.RoundTrip(req)
}

// Entry is what a kubeconfig says of a cluster, its credentials aside.
type Entry struct {
	Names  []string // of contexts that use it, and its own
	Server string
	CA     []byte // PEM
}

// Entries are the clusters of the kubeconfig.
func Entries(o Options) ([]Entry, error) {
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: o.Kubeconfig, Precedence: o.files()}
	raw, err := rules.Load()
	if err != nil {
		return nil, &Error{FaultConfig, "read kubeconfig: " + firstLine(err.Error()), "", err}
	}
	var all []Entry
	for name, c := range raw.Clusters {
		e := Entry{Names: []string{name}, Server: c.Server}
		for context, x := range raw.Contexts {
			if x.Cluster == name {
				e.Names = append(e.Names, context)
			}
		}
		if e.CA, err = authorityOf(c); err != nil || len(e.CA) == 0 {
			continue
		}
		all = append(all, e)
	}
	return all, nil
}

func authorityOf(c *api.Cluster) ([]byte, error) {
	if len(c.CertificateAuthorityData) > 0 || c.CertificateAuthority == "" {
		return c.CertificateAuthorityData, nil
	}
	return os.ReadFile(c.CertificateAuthority)
}

// Tried is what a server said to one old credential.
type Tried struct {
	What     string // certificate or token
	Verified bool   // the server proved to be the one whose CA is given, and answered
	Status   int
	User     string // who it took the credential for
	Error    string // why there is no answer
}

// TryCredentials shows each credential of an old kubeconfig alone to the server
// it names, which must prove itself by the current CA: an error on our side says
// nothing about the credential.
func TryCredentials(ctx context.Context, kubeconfig, ca []byte, server string, timeout time.Duration) ([]Tried, error) {
	raw, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return nil, &Error{FaultConfig, "read old kubeconfig: " + firstLine(err.Error()), "", err}
	}
	x := raw.Contexts[raw.CurrentContext]
	if x == nil {
		return nil, &Error{Fault: FaultConfig, Msg: "the old kubeconfig has no current-context"}
	}
	user, cluster := raw.AuthInfos[x.AuthInfo], raw.Clusters[x.Cluster]
	if user == nil || cluster == nil {
		return nil, &Error{Fault: FaultConfig, Msg: "the old kubeconfig's context names no user or no cluster"}
	}
	if server == "" {
		server = cluster.Server
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, &Error{Fault: FaultCertificate, Msg: "the current CA of " + server + " is not known", Hint: "az aks get-credentials puts it into the kubeconfig, or --cluster-ca HOST=FILE"}
	}
	var all []Tried
	if cert, key, err := pair(user); err != nil {
		all = append(all, Tried{What: "certificate", Error: err.Error()})
	} else if cert != nil {
		all = append(all, tryOne(ctx, server, timeout, "certificate", &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, cert, key, ""))
	}
	token := user.Token
	if token == "" && user.TokenFile != "" {
		text, err := os.ReadFile(user.TokenFile)
		if err != nil {
			all = append(all, Tried{What: "token", Error: err.Error()})
		}
		token = strings.TrimSpace(string(text))
	}
	if token != "" {
		all = append(all, tryOne(ctx, server, timeout, "token", &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil, nil, token))
	}
	return all, nil
}

func pair(user *api.AuthInfo) (cert, key []byte, err error) {
	read := func(data []byte, file string) ([]byte, error) {
		if len(data) > 0 || file == "" {
			return data, nil
		}
		return os.ReadFile(file)
	}
	if cert, err = read(user.ClientCertificateData, user.ClientCertificate); err == nil {
		key, err = read(user.ClientKeyData, user.ClientKey)
	}
	return cert, key, err
}

func tryOne(ctx context.Context, server string, timeout time.Duration, what string, config *tls.Config, cert, key []byte, token string) Tried {
	t := Tried{What: what}
	if cert != nil {
		loaded, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Error = "it cannot be used: " + err.Error()
			return t
		}
		// Shown even where the server names CAs that did not sign it: the server
		// is to judge, not we.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &loaded, nil }
	}
	client := &http.Client{Timeout: timeout, Transport: &http.Transport{TLSClientConfig: config, Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, version := range reviewVersions {
		body := fmt.Sprintf(`{"apiVersion":"authentication.k8s.io/%s","kind":"SelfSubjectReview"}`, version)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(server, "/")+"/apis/authentication.k8s.io/"+version+"/selfsubjectreviews", strings.NewReader(body))
		if err != nil {
			t.Error = err.Error()
			return t
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json")
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Error = firstLine(errors.Unwrap(err).Error())
			return t
		}
		text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		res.Body.Close()
		if err != nil {
			t.Error = err.Error()
			return t
		}
		t.Verified, t.Status = true, res.StatusCode
		if res.StatusCode == http.StatusNotFound {
			continue
		}
		t.User = reviewed(text)
		return t
	}
	return t
}
