package daemon

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/daemon/layout"
)

// firstKubeconfig writes the kubeconfig with which everybody starts on a
// cluster without Entra integration: the shared local account, named as AKS
// names it. It is written once; what becomes of it is the user's business, and
// certificate rotation's.
func firstKubeconfig(d layout.Dir, lab layout.Lab, credential cloud.Credential) error {
	file, err := os.OpenFile(d.Kubeconfig(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	defer file.Close()
	encode := base64.StdEncoding.EncodeToString
	_, err = fmt.Fprintf(file, `apiVersion: v1
kind: Config
preferences: {}
clusters:
- name: %[1]s
  cluster:
    server: %[3]s
    certificate-authority-data: %[4]s
contexts:
- name: %[1]s
  context:
    cluster: %[1]s
    user: clusterUser_%[2]s_%[1]s
current-context: %[1]s
users:
- name: clusterUser_%[2]s_%[1]s
  user:
    client-certificate-data: %[5]s
    client-key-data: %[6]s
    token: %[7]s
`, lab.Cluster, lab.ResourceGroup, credential.Server, encode(credential.CA),
		encode(credential.Certificate), encode(credential.Key), credential.Token)
	if err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}
