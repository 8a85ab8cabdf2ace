package arm

import (
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
)

// kubeconfig writes one cluster, one context of the cluster's bare name (az
// itself appends -admin) and one user.
func kubeconfig(cluster, userName, server string, ca []byte, user map[string]any) ([]byte, error) {
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "preferences": map[string]any{},
		"clusters": []any{map[string]any{"name": cluster, "cluster": map[string]any{
			"server": server, "certificate-authority-data": ca}}},
		"contexts": []any{map[string]any{"name": cluster, "context": map[string]any{
			"cluster": cluster, "user": userName}}},
		"current-context": cluster,
		"users":           []any{map[string]any{"name": userName, "user": user}},
	})
	if err != nil {
		return nil, fmt.Errorf("write kubeconfig: %w", err)
	}
	return text, nil
}

// staticUser carries certificate, key and token, as AKS's does.
func staticUser(c cloud.Credential) map[string]any {
	return map[string]any{
		"client-certificate-data": c.Certificate, "client-key-data": c.Key, "token": c.Token,
	}
}

// execUser signs in through kubelogin, with the arguments AKS writes.
func execUser(tenant string) map[string]any {
	return map[string]any{"exec": map[string]any{
		"apiVersion": "client.authentication.k8s.io/v1beta1",
		"command":    "kubelogin",
		"args": []string{
			"get-token", "--environment", "AzurePublicCloud", "--server-id", entra.AKSServerApp,
			"--client-id", entra.AKSClientApp, "--tenant-id", tenant, "--login", "devicecode",
		},
		"env": nil,
		"installHint": "\nkubelogin is not installed which is required to connect to AAD enabled cluster.\n\n" +
			"To learn more, please go to https://aka.ms/aks/kubelogin\n",
		"provideClusterInfo": false,
	}}
}

// authProviderUser is the form kubectl understood before 1.26.
func authProviderUser(tenant string) map[string]any {
	return map[string]any{"auth-provider": map[string]any{
		"name": "azure",
		"config": map[string]any{
			"apiserver-id": entra.AKSServerApp, "client-id": entra.AKSClientApp,
			"config-mode": "1", "environment": "AzurePublicCloud", "tenant-id": tenant,
		},
	}}
}
