package tour

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
)

// credential is what the current context of a kubeconfig file carries.
type credential struct {
	Server string
	CA     []byte
	// Certificate and Key are PEM, of a local account only.
	Certificate, Key []byte
	Token            string
	// Exec is the program that fetches tokens, of an Entra kubeconfig only.
	Exec string
}

func readKubeconfig(name string) (credential, error) {
	c, err := clientcmd.LoadFromFile(name)
	if err != nil {
		return credential{}, fmt.Errorf("read kubeconfig: %w", err)
	}
	current := c.Contexts[c.CurrentContext]
	if current == nil {
		return credential{}, fmt.Errorf("read kubeconfig %s: current context %q is not in it", name, c.CurrentContext)
	}
	cluster, user := c.Clusters[current.Cluster], c.AuthInfos[current.AuthInfo]
	if cluster == nil || user == nil {
		return credential{}, fmt.Errorf("read kubeconfig %s: context %q names a cluster or user that is not in it", name, c.CurrentContext)
	}
	out := credential{
		Server: cluster.Server, CA: cluster.CertificateAuthorityData,
		Certificate: user.ClientCertificateData, Key: user.ClientKeyData, Token: user.Token,
	}
	if user.Exec != nil {
		out.Exec = user.Exec.Command
	}
	return out, nil
}

// subject parses the client certificate.
func (c credential) subject() (*x509.Certificate, error) {
	block, _ := pem.Decode(c.Certificate)
	if block == nil {
		return nil, fmt.Errorf("kubeconfig carries no client certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read client certificate: %w", err)
	}
	return cert, nil
}
