package tour

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/daemon/layout"
)

// Lab is a running lab as its lab.json describes it, who lives in its world,
// and the programs to use against it.
type Lab struct {
	layout.Lab
	Users  []cloud.User
	Groups []cloud.Group

	bin   string // where postern-lab lies, searched first
	azure *http.Client
}

// openLab reads the description of the lab running in state.
func openLab(state layout.Dir, bin string) (*Lab, error) {
	file, err := layout.Read(state)
	if err != nil {
		return nil, err
	}
	var w cloud.World
	if err := readJSON(file.Cloud, &w); err != nil {
		return nil, err
	}
	l := &Lab{Lab: file, Users: w.Users, Groups: w.Groups, bin: bin}
	return l, l.makeClient()
}

func readJSON(name string, into any) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read lab: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("read lab: %s: %w", name, err)
	}
	return nil
}

// makeClient is the SDK's transport: the lab's proxy, the lab's CA.
func (l *Lab) makeClient() error {
	proxy, err := url.Parse(l.Proxy)
	if err != nil || proxy.Host == "" {
		return fmt.Errorf("read lab: %q is not a proxy's URL", l.Proxy)
	}
	pem, err := os.ReadFile(l.AzureCA)
	if err != nil {
		return fmt.Errorf("read lab: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("read lab: no certificate in %s", l.AzureCA)
	}
	l.azure = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
	}}
	return nil
}

func (l *Lab) azureClient() *http.Client { return l.azure }

// browser goes to loopback directly, as a browser on this machine would.
func (l *Lab) browser() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
}

// program finds a client: beside postern-lab, then on PATH.
func (l *Lab) program(name string) (string, error) { return findProgram(l.bin, name) }

func findProgram(bin, name string) (string, error) {
	beside := filepath.Join(bin, name)
	if st, err := os.Stat(beside); err == nil && !st.IsDir() {
		return beside, nil
	}
	exe, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("find %s: it is neither in %s nor on PATH", name, bin)
	}
	return exe, nil
}

// group finds a group by display name.
func (l *Lab) group(name string) (cloud.Group, error) {
	for _, g := range l.Groups {
		if g.DisplayName == name {
			return g, nil
		}
	}
	return cloud.Group{}, fmt.Errorf("read lab: its world has no group %s; the tour needs the default world", name)
}

// user finds a user by the part of the UPN before the @.
func (l *Lab) user(short string) (cloud.User, error) {
	for _, u := range l.Users {
		if s, _, _ := strings.Cut(u.UPN, "@"); s == short {
			return u, nil
		}
	}
	return cloud.User{}, fmt.Errorf("read lab: its world has no user %s; the tour needs the default world", short)
}

// groupsOf lists the groups that have the user as a member.
func (l *Lab) groupsOf(u cloud.User) []cloud.Group {
	var out []cloud.Group
	for _, g := range l.Groups {
		for _, m := range g.Members {
			if strings.EqualFold(m, u.ID) || strings.EqualFold(m, u.UPN) {
				out = append(out, g)
				break
			}
		}
	}
	return out
}

// shorter replaces what would fill the reader's lines.
func (l *Lab) shorter() *strings.Replacer {
	return strings.NewReplacer(managementURL+l.ClusterID, "$AKS", l.ClusterID, "$AKS", "/subscriptions/"+l.SubscriptionID, "/subscriptions/$SUB",
		l.StateDir, "$POSTERN_LAB")
}
