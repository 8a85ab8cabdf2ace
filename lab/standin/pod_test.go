package standin

import (
	"encoding/json"
	"testing"
)

func TestAdmit(t *testing.T) {
	accounts := []object{
		{"metadata": object{"namespace": "shop", "name": "quiet"}, "automountServiceAccountToken": false},
		{"metadata": object{"namespace": "shop", "name": "default"}},
	}
	for name, c := range map[string]struct {
		spec    string
		account string
		volumes int
	}{
		"nothing said":            {`{"containers":[{}]}`, "default", 1},
		"the Pod says no":         {`{"automountServiceAccountToken":false,"containers":[{}]}`, "default", 0},
		"its account says no":     {`{"serviceAccountName":"quiet","containers":[{}]}`, "quiet", 0},
		"the Pod says yes":        {`{"serviceAccountName":"quiet","automountServiceAccountToken":true,"containers":[{}]}`, "quiet", 1},
		"something is there":      {`{"volumes":[{"name":"own"}],"containers":[{"volumeMounts":[{"name":"own","mountPath":"` + tokenPath + `"}]}]}`, "default", 1},
		"one container beside it": {`{"volumes":[{"name":"own"}],"containers":[{"volumeMounts":[{"name":"own","mountPath":"` + tokenPath + `"}]},{}]}`, "default", 2},
	} {
		var pod object
		if err := json.Unmarshal([]byte(`{"metadata":{"namespace":"shop","name":"p"},"spec":`+c.spec+`}`), &pod); err != nil {
			t.Fatal(err)
		}
		admit(pod, accounts)
		spec := pod["spec"].(map[string]any)
		volumes, _ := spec["volumes"].([]any)
		if spec["serviceAccountName"] != c.account || len(volumes) != c.volumes {
			t.Errorf("%s: %v", name, spec)
		}
	}
}
