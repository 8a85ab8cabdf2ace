// Package layout says where things are in a lab's state directory and what
// its lab.json tells. It is what programs beside the daemon need to find a
// running lab, and nothing more.
//
//	lab, err := layout.Read(layout.Default(os.Getenv))
//	fmt.Println(lab.Server, lab.Proxy)
package layout

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Dir is a state directory.
type Dir string

// Default is where a lab lives unless told otherwise: $POSTERN_LAB, or below
// the XDG state home.
func Default(getenv func(string) string) (Dir, error) {
	if dir := getenv("POSTERN_LAB"); dir != "" {
		return Absolute(dir)
	}
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return Dir(filepath.Join(dir, "postern", "lab")), nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", errors.New("find state directory: neither POSTERN_LAB nor HOME is set")
	}
	return Absolute(filepath.Join(home, ".local", "state", "postern", "lab"))
}

// Absolute is the directory by its full path.
func Absolute(dir string) (Dir, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find state directory %s: %w", dir, err)
	}
	return Dir(path), nil
}

func (d Dir) join(elements ...string) string {
	return filepath.Join(append([]string{string(d)}, elements...)...)
}

// File is lab.json: there while the lab is ready.
func (d Dir) File() string { return d.join("lab.json") }

// Lock is held by the daemon for as long as it lives.
func (d Dir) Lock() string { return d.join("daemon.lock") }

// Log is what the daemon writes.
func (d Dir) Log() string { return d.join("daemon.log") }

// Cluster holds the control plane: credentials, etcd, logs of its processes.
func (d Dir) Cluster() string { return d.join("cluster") }

// ClusterCA verifies kube-apiserver and follows certificate rotation.
func (d Dir) ClusterCA() string { return d.join("cluster", "pki", "current", "ca.crt") }

// AuditLog is kube-apiserver's own audit file.
func (d Dir) AuditLog() string { return d.join("cluster", "audit.log") }

// GuardLog is what the webhooks decided.
func (d Dir) GuardLog() string { return d.join("guard.log") }

// AzureCA verifies the Azure hosts.
func (d Dir) AzureCA() string { return d.join("azure-ca.crt") }

// Cloud is the world as it is now.
func (d Dir) Cloud() string { return d.join("cloud.json") }

// Storage holds a directory for each storage account.
func (d Dir) Storage() string { return d.join("storage") }

// AzureConfig is AZURE_CONFIG_DIR.
func (d Dir) AzureConfig() string { return d.join("azure") }

// Kubeconfig is KUBECONFIG.
func (d Dir) Kubeconfig() string { return d.join("kubeconfig") }

// Fleet is a kubeconfig of the clusters that have a stand-in: addresses and CAs,
// no credential.
func (d Dir) Fleet() string { return d.join("clusters.kubeconfig") }

// StandIns keeps what stand-ins show of themselves.
func (d Dir) StandIns() string { return d.join("stand-ins") }

// PythonPath holds the module that makes az's role commands work on Debian.
func (d Dir) PythonPath() string { return d.join("azshim") }
