package layout

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Lab is lab.json: a running lab as its clients need to know it.
type Lab struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`

	TenantID         string `json:"tenantId"`
	TenantName       string `json:"tenantName"`
	Domain           string `json:"domain"`
	SubscriptionID   string `json:"subscriptionId"`
	SubscriptionName string `json:"subscriptionName"`
	ResourceGroup    string `json:"resourceGroup"`
	Cluster          string `json:"cluster"`
	ClusterID        string `json:"clusterId"`

	// Server, Proxy and SignIn are URLs: kube-apiserver's, the proxy's, and
	// the page where a person enters a device code.
	Server string `json:"server"`
	Proxy  string `json:"proxy"`
	SignIn string `json:"signIn"`

	// The rest are paths.
	StateDir       string `json:"stateDir"`
	ClusterCA      string `json:"clusterCA"`
	AzureCA        string `json:"azureCA"`
	AuditLog       string `json:"auditLog"`
	GuardLog       string `json:"guardLog"`
	Cloud          string `json:"cloud"`
	Storage        string `json:"storage"`
	AzureConfigDir string `json:"azureConfigDir"`
	Kubeconfig     string `json:"kubeconfig"`
	// Clusters is a kubeconfig of the stand-ins, empty where the world has none.
	Clusters string `json:"clusters,omitempty"`
	Log      string `json:"log"`
	// PythonPath leads az to what its Debian package lacks.
	PythonPath string `json:"pythonPath"`

	// Faults are defects planted on purpose.
	Faults []string `json:"faults,omitempty"`
}

// Describe fills in the paths of a lab in the directory.
func (d Dir) Describe() Lab {
	return Lab{
		StateDir: string(d), ClusterCA: d.ClusterCA(), AzureCA: d.AzureCA(),
		AuditLog: d.AuditLog(), GuardLog: d.GuardLog(), Cloud: d.Cloud(), Storage: d.Storage(),
		AzureConfigDir: d.AzureConfig(), Kubeconfig: d.Kubeconfig(), Log: d.Log(), PythonPath: d.PythonPath(),
	}
}

// Read reads lab.json; os.ErrNotExist when no lab is ready there.
func Read(d Dir) (Lab, error) {
	text, err := os.ReadFile(d.File())
	if err != nil {
		return Lab{}, fmt.Errorf("read lab: %w", err)
	}
	var lab Lab
	if err := json.Unmarshal(text, &lab); err != nil {
		return Lab{}, fmt.Errorf("read lab %s: %w", d.File(), err)
	}
	return lab, nil
}

// Write makes lab.json appear whole.
func Write(d Dir, lab Lab) error {
	text, err := json.MarshalIndent(lab, "", "  ")
	if err != nil {
		return fmt.Errorf("write lab: %w", err)
	}
	fresh := d.File() + ".new"
	if err := os.WriteFile(fresh, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("write lab: %w", err)
	}
	if err := os.Rename(fresh, d.File()); err != nil {
		return fmt.Errorf("write lab: %w", err)
	}
	return nil
}

// Forget removes lab.json.
func Forget(d Dir) error {
	if err := os.Remove(d.File()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove lab: %w", err)
	}
	return nil
}

// A Variable is one line of the environment.
type Variable struct{ Name, Value string }

// Environment is what makes unmodified clients work against the lab. The
// proxy knows the lab's hosts only, so a shell with these variables reaches
// nothing else; loopback goes around the proxy. bin, where the lab's clients
// were built, goes before path.
func (l Lab) Environment(bin, path string) []Variable {
	if bin != "" {
		parts := []string{bin}
		for _, part := range filepath.SplitList(path) {
			if part != bin {
				parts = append(parts, part)
			}
		}
		path = strings.Join(parts, string(filepath.ListSeparator))
	}
	// What is written goes to the first: kubectl, az and kubelogin agree on that.
	kubeconfig := l.Kubeconfig
	if l.Clusters != "" {
		kubeconfig += string(filepath.ListSeparator) + l.Clusters
	}
	const loopback = "127.0.0.1,localhost,::1"
	return []Variable{
		{"POSTERN_LAB", l.StateDir},
		{"HTTPS_PROXY", l.Proxy},
		{"https_proxy", l.Proxy},
		{"NO_PROXY", loopback},
		{"no_proxy", loopback},
		{"SSL_CERT_FILE", l.AzureCA},
		{"REQUESTS_CA_BUNDLE", l.AzureCA},
		{"AZURE_CONFIG_DIR", l.AzureConfigDir},
		{"AZURE_CORE_COLLECT_TELEMETRY", "0"},
		// The default credential chain asks the machine's metadata address
		// before az, which on a cloud machine answers for another tenant.
		{"AZURE_TOKEN_CREDENTIALS", "dev"},
		// Tokens are cached below both; a fresh lab signs with another key.
		{"KUBECACHEDIR", filepath.Join(l.StateDir, "cache")},
		{"XDG_CACHE_HOME", filepath.Join(l.StateDir, "cache")},
		{"PYTHONPATH", l.PythonPath},
		// Else az would leave compiled files beside it.
		{"PYTHONDONTWRITEBYTECODE", "1"},
		{"KUBECONFIG", kubeconfig},
		{"PATH", path},
	}
}
