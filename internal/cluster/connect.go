package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/klog/v2"
)

// Options say which cluster and how long to wait.
type Options struct {
	Kubeconfig string // file; empty: $KUBECONFIG, then ~/.kube/config, then in-cluster
	Context    string // empty: the kubeconfig's current one
	Getenv     func(string) string
	Timeout    time.Duration // for one answer; the time a sign-in plugin takes does not count
	UserAgent  string
}

// Connect reads the kubeconfig and prepares a client. Nothing is sent yet and
// no plugin is run.
func Connect(o Options) (*Client, error) {
	// client-go reports some faults to its log as well as to us.
	klog.SetOutput(io.Discard)
	klog.LogToStderr(false)
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: o.Kubeconfig, Precedence: o.files()}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.Context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, &Error{FaultConfig, "read kubeconfig: " + firstLine(err.Error()), "", err}
	}
	name, err := o.pick(raw)
	if err != nil {
		return nil, err
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, o.configError(name, err)
	}
	client, err := newClient(o, name, config)
	if err != nil {
		return nil, err
	}
	client.namespace, _, err = loader.Namespace()
	if err != nil {
		return nil, o.configError(name, err)
	}
	return client, nil
}

// Contexts are the names a --context can have.
func Contexts(o Options) []string {
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: o.Kubeconfig, Precedence: o.files()}
	raw, err := rules.Load()
	if err != nil {
		return nil // whoever completes a name is not told why there are none
	}
	return contexts(*raw)
}

func contexts(raw api.Config) []string {
	var names []string
	for name := range raw.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// files is client-go's own order, with our environment.
func (o Options) files() []string {
	if list := o.Getenv("KUBECONFIG"); list != "" {
		return slices.DeleteFunc(filepath.SplitList(list), func(s string) bool { return s == "" })
	}
	return []string{filepath.Join(o.Getenv("HOME"), ".kube", "config")}
}

// pick settles the context and explains why there is none.
func (o Options) pick(raw api.Config) (string, error) {
	name := o.Context
	if name == "" {
		name = raw.CurrentContext
	}
	_, found := raw.Contexts[name]
	switch {
	case found, name == "" && len(raw.Contexts) == 0:
		return name, nil
	case name == "":
		return "", &Error{Fault: FaultConfig, Msg: "the kubeconfig has no current-context", Hint: "choose one with --context: " + known(raw)}
	case len(raw.Contexts) == 0:
		return "", &Error{Fault: FaultConfig, Msg: fmt.Sprintf("context %q: there is no kubeconfig with any context", name), Hint: o.kubeconfigHint()}
	}
	return "", &Error{Fault: FaultConfig, Msg: fmt.Sprintf("context %q is not in the kubeconfig", name), Hint: "contexts there are: " + known(raw)}
}

func known(raw api.Config) string {
	names := contexts(raw)
	const most = 8
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func (o Options) kubeconfigHint() string {
	return "get one with `az aks get-credentials`, or name it with --kubeconfig or $KUBECONFIG; -f reads manifests instead"
}

func (o Options) configError(name string, err error) error {
	if clientcmd.IsEmptyConfig(err) {
		where := "looked for " + strings.Join(o.files(), ", ")
		return &Error{FaultConfig, "no kubeconfig: " + where, o.kubeconfigHint(), err}
	}
	return &Error{FaultConfig, fmt.Sprintf("use context %q: %s", name, firstLine(strings.TrimPrefix(err.Error(), "invalid configuration: "))), "", err}
}

func newClient(o Options, name string, config *rest.Config) (*Client, error) {
	config.UserAgent = o.UserAgent
	config.WarningHandler = rest.NoWarnings{}
	if o.Timeout > 0 {
		config.Wrap(func(base http.RoundTripper) http.RoundTripper { return patience{base, o.Timeout} })
		config.Dial = (&net.Dialer{Timeout: o.Timeout, KeepAlive: 30 * time.Second}).DialContext
	}
	client := &Client{Context: name, config: config}
	if !strings.Contains(config.Host, "://") {
		config.Host = "https://" + config.Host
	}
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, &Error{FaultConfig, fmt.Sprintf("use context %q: %s", name, firstLine(err.Error())), "", err}
	}
	httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.http = httpClient
	return client, nil
}

// patience bounds one request. It sits below the sign-in plugins, so that the
// minutes a person needs for a device code are not counted.
type patience struct {
	base  http.RoundTripper
	limit time.Duration
}

func (p patience) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeoutCause(req.Context(), p.limit, errNoAnswer)
	res, err := p.base.RoundTrip(req.WithContext(ctx))
	if err != nil {
		if errors.Is(context.Cause(ctx), errNoAnswer) {
			err = errNoAnswer
		}
		cancel()
		return nil, err
	}
	res.Body = body{res.Body, cancel}
	return res, nil
}

type body struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
