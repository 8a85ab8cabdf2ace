package cluster

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"
)

// TestNoSecretIsShown: whatever the kubeconfig holds, what is reported of it
// holds no secret.
func TestNoSecretIsShown(t *testing.T) {
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://issuer","sub":"system:serviceaccount:ci:bot","jti":"id-1","exp":4000000000}`))
	for _, c := range []struct {
		name   string
		config rest.Config
		want   string // in the JSON
	}{
		{"opaque token", rest.Config{BearerToken: "hunter2"}, `"token":"opaque"`},
		{"ServiceAccount token", rest.Config{BearerToken: "hunter2." + claims + ".hunter2"}, `"token":"ServiceAccount token"`},
		{"broken token", rest.Config{BearerToken: "hunter2.hunter2.hunter2"}, `"token":"opaque"`},
		{"password", rest.Config{Username: "ann", Password: "hunter2"}, `"method":"user name and password"`},
		{"plugin", rest.Config{ExecProvider: &api.ExecConfig{Command: "/opt/kubelogin", Args: []string{"get-token", "--login", "ropc", "--password", "hunter2", "--tenant-id=t"}}},
			`"plugin":{"command":"kubelogin","login":"ropc","tenantId":"t"}`},
		{"nothing", rest.Config{}, `"method":"none"`},
	} {
		text, err := json.Marshal((&Client{config: &c.config}).Credentials())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "hunter2") {
			t.Errorf("%s: the secret is shown: %s", c.name, text)
		}
		if !strings.Contains(string(text), c.want) {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
}

// TestFatalFaults: only refusals of one question leave others worth asking.
func TestFatalFaults(t *testing.T) {
	for fault, want := range map[Fault]bool{
		FaultForbidden: false, FaultNotFound: false, FaultServer: false,
		FaultUnauthorized: true, FaultUnreachable: true, FaultCredential: true, FaultCertificate: true, FaultConfig: true,
	} {
		if got := fatal(&Error{Fault: fault}); got != want {
			t.Errorf("fatal(%s) = %v", fault, got)
		}
	}
}
