package controlplane

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// serverFlags are kube-apiserver's. Relative paths are below the cluster's
// directory, where it runs; pki/current follows a rotation.
func (p *Plane) serverFlags() []string {
	const credentials = "pki/current/"
	port := p.Listener.Addr().(*net.TCPAddr).Port
	return []string{
		"--etcd-servers=unix://" + etcdSocket,
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(port),
		// Found out from the network otherwise, which may not be there.
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.0.0.0/16",
		"--allow-privileged=true",

		"--tls-cert-file=" + credentials + "apiserver.crt",
		"--tls-private-key-file=" + credentials + "apiserver.key",
		"--anonymous-auth=false",
		"--client-ca-file=" + credentials + "ca.crt",
		"--token-auth-file=" + credentials + "tokens.csv",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=pki/sa.pub",
		"--service-account-signing-key-file=pki/sa.key",

		"--authorization-mode=Node,RBAC,Webhook",
		"--enable-admission-plugins=NodeRestriction",
		"--authentication-token-webhook-config-file=" + authenticateFile,
		"--authentication-token-webhook-version=v1",
		"--authorization-webhook-config-file=" + authorizeFile,
		"--authorization-webhook-version=v1",
		// The server refuses to be told not to remember; AKS remembers for
		// minutes, a lab in which one waits for that teaches nothing.
		"--authentication-token-webhook-cache-ttl=100ms",
		"--authorization-webhook-cache-authorized-ttl=100ms",
		"--authorization-webhook-cache-unauthorized-ttl=100ms",

		"--audit-policy-file=audit-policy.yaml",
		"--audit-log-path=" + p.AuditLog(),
		// Written before the answer goes out, and never rotated away.
		"--audit-log-mode=blocking-strict",
		"--audit-log-maxsize=0",

		"--profiling=false",
		"--v=1",
	}
}

const (
	authenticateFile = "guard-authenticate.kubeconfig"
	authorizeFile    = "guard-authorize.kubeconfig"
)

// writeWebhooks writes the files by which kube-apiserver finds the guard.
func (p *Plane) writeWebhooks() error {
	for name, url := range map[string]string{
		authenticateFile: p.Guard.AuthenticateURL,
		authorizeFile:    p.Guard.AuthorizeURL,
	} {
		text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: guard
  cluster: {server: %q, certificate-authority: %q}
users:
- name: kube-apiserver
contexts:
- name: guard
  context: {cluster: guard, user: kube-apiserver}
current-context: guard
`, url, p.Guard.CAFile)
		if err := os.WriteFile(filepath.Join(p.Dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("write guard's address: %w", err)
		}
	}
	return nil
}
