package confirm_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
	"sigs.k8s.io/yaml"
)

// bootstrapRoles writes Kubernetes' own ClusterRoles as a release ships them,
// admin, edit and view without rules, and the same roles as the cluster reports
// them; the product fills in the first and must arrive at the second.
func bootstrapRoles(t *testing.T, programs map[string]string, client kubernetes.Interface) {
	var files, live []byte
	empty := map[string]bool{}
	for _, role := range slices.Concat(bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()) {
		role.TypeMeta = metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"}
		if role.AggregationRule != nil && role.Rules == nil {
			empty[role.Name] = true
		}
		text, err := yaml.Marshal(role)
		if err != nil {
			t.Fatal(err)
		}
		files = append(append(files, "---\n"...), text...)
	}
	for _, name := range []string{"admin", "edit", "view"} {
		if !empty[name] {
			t.Fatalf("ClusterRole %s does not come without rules: there is nothing to fill in", name)
		}
	}
	list, err := client.RbacV1().ClusterRoles().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		list.Items[i].TypeMeta = metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"}
		list.Items[i].ManagedFields = nil
	}
	live, err = json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": list.Items})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string][]byte{"files.yaml": files, "live.json": live} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Log(run(t, programs["roles"], filepath.Join(dir, "files.yaml"), filepath.Join(dir, "live.json"), "admin", "edit", "view"))
}
