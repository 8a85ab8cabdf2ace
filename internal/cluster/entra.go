package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
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
	host, err := overTLS(o.Server)
	if err != nil {
		return nil, err
	}
	config := &rest.Config{Host: host, TLSClientConfig: rest.TLSClientConfig{CAData: o.CA}}
	c, err := newClient(Options{Timeout: o.Timeout, UserAgent: o.UserAgent}, o.Name, config)
	if err != nil {
		return nil, err
	}
	c.namespace, c.entra = "default", true
	// Above the patience for one answer: signing in may take a person's time.
	c.http.Transport = bearer{c.http.Transport, o.Token}
	return c, nil
}

// overTLS is the URL of a server that is shown credentials.
func overTLS(server string) (string, error) {
	if !strings.Contains(server, "://") {
		server = "https://" + server
	}
	if u, err := url.Parse(server); err != nil || u.Scheme != "https" || u.Host == "" {
		return "", &Error{Fault: FaultConfig, Msg: "use server " + server + ": a credential is shown over https alone"}
	}
	return strings.TrimSuffix(server, "/"), nil
}

// bearer shows a token with each request.
type bearer struct {
	base  http.RoundTripper
	token func(context.Context) (string, error)
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := b.token(req.Context())
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, &Error{Fault: FaultCredential, Msg: "get a token: " + firstLine(err.Error()), Hint: "az login", Err: err}
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

// Entries are the clusters of the kubeconfig files, in their order. Each file
// stands for itself: unlike with kubectl, an entry of the same name in another
// file hides nothing. What has no CA, or says not to verify, is left out; the
// error tells of files that could not be read, beside what the others say.
func Entries(o Options) ([]Entry, error) {
	files := []string{o.Kubeconfig}
	if o.Kubeconfig == "" {
		files = o.files()
	}
	var all []Entry
	var failed []error
	for _, file := range files {
		raw, err := clientcmd.LoadFromFile(file)
		if errors.Is(err, fs.ErrNotExist) && o.Kubeconfig == "" {
			continue
		}
		if err == nil {
			err = clientcmd.ResolveLocalPaths(raw)
		}
		if err != nil {
			failed = append(failed, &Error{FaultConfig, "read kubeconfig " + file + ": " + firstLine(err.Error()), "", err})
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(raw.Clusters)) {
			c := raw.Clusters[name]
			ca, err := authorityOf(c)
			if err != nil {
				failed = append(failed, &Error{FaultConfig, fmt.Sprintf("read the CA of cluster %q in %s: %s", name, file, err), "", err})
			}
			if len(ca) == 0 || c.InsecureSkipTLSVerify {
				continue
			}
			e := Entry{Names: []string{name}, Server: c.Server, CA: ca}
			for _, context := range contexts(*raw) {
				if raw.Contexts[context].Cluster == name {
					e.Names = append(e.Names, context)
				}
			}
			all = append(all, e)
		}
	}
	return all, errors.Join(failed...)
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
	Verified bool   // the server proved to be the one whose CA is given, and judged the credential
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
	if server, err = overTLS(server); err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, &Error{Fault: FaultCertificate, Msg: "the current CA of " + server + " is not known", Hint: "az aks get-credentials puts it into the kubeconfig, or --cluster-ca HOST=FILE"}
	}
	config := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12, ServerName: cluster.TLSServerName}
	var all []Tried
	if cert, key, err := pair(user); err != nil {
		all = append(all, Tried{What: "certificate", Error: err.Error()})
	} else if cert != nil {
		all = append(all, tryOne(ctx, server, timeout, "certificate", config.Clone(), cert, key, ""))
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
		all = append(all, tryOne(ctx, server, timeout, "token", config.Clone(), nil, nil, token))
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
		if t.User == "system:anonymous" {
			// Whoever shows nothing is answered the same.
			t.User, t.Verified, t.Error = "", false, "the server took the caller for nobody, without saying that the credential is wrong"
		}
		return t
	}
	return t
}
