package browser_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// object is a Kubernetes object as JSON.
type object = map[string]any

func role(kind, namespace, name string, rules any, more object) object {
	o := object{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata(namespace, name), "rules": rules}
	for k, v := range more {
		if k == "labels" {
			o["metadata"].(object)["labels"] = v
			continue
		}
		o[k] = v
	}
	return o
}

func binding(namespace, name, roleKind, roleName string, subjects ...object) object {
	kind := "RoleBinding"
	if namespace == "" {
		kind = "ClusterRoleBinding"
	}
	return object{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata(namespace, name), "roleRef": object{"apiGroup": "rbac.authorization.k8s.io", "kind": roleKind, "name": roleName}, "subjects": subjects}
}

func metadata(namespace, name string) object {
	if namespace == "" {
		return object{"name": name}
	}
	return object{"namespace": namespace, "name": name}
}

func user(name string) object  { return object{"kind": "User", "name": name} }
func group(name string) object { return object{"kind": "Group", "name": name} }
func account(namespace, name string) object {
	return object{"kind": "ServiceAccount", "namespace": namespace, "name": name}
}

func rule(verbs, groups, resources string) []object {
	return []object{{"verbs": []string{verbs}, "apiGroups": []string{groups}, "resources": []string{resources}}}
}

// small has one of everything.
func small() []object {
	return []object{
		role("ClusterRole", "", "cluster-admin", rule("*", "*", "*"), nil),
		role("ClusterRole", "", "edit", nil, object{"aggregationRule": object{"clusterRoleSelectors": []object{{"matchLabels": object{"to-edit": "true"}}}}}),
		role("ClusterRole", "", "view", rule("get", "", "pods"), object{"labels": object{"to-edit": "true"}}),
		role("Role", "prod", "reader", rule("list", "", "configmaps"), nil),
		role("Role", "gitops", "deploy", rule("create", "", "pods"), nil),
		binding("", "cluster-admin", "ClusterRole", "cluster-admin", group("system:masters")),
		binding("", "flux", "ClusterRole", "cluster-admin", account("gitops", "flux")),
		binding("gitops", "deployers", "Role", "deploy", user("ann@contoso.example")),
		binding("dev", "team", "ClusterRole", "edit", user("bob@contoso.example"), account("ci", "deployer")),
		binding("prod", "read", "Role", "reader", user("carol@contoso.example"), user("Carol@contoso.example")),
		binding("prod", "gone", "Role", "no-such-role", user("dave@contoso.example")),
	}
}

// large has about so many nodes, wide and connected enough to be drawn wrong.
func large(nodes int) []object {
	all := []object{
		role("ClusterRole", "", "cluster-admin", rule("*", "*", "*"), nil),
		role("ClusterRole", "", "view", rule("get", "", "pods"), nil),
		binding("", "admins", "ClusterRole", "cluster-admin", user("user-0@contoso.example")),
	}
	for i := range nodes / 4 {
		namespace := fmt.Sprintf("ns-%02d", i%60)
		who := user(fmt.Sprintf("user-%d@contoso.example", i))
		all = append(all,
			role("Role", namespace, fmt.Sprintf("role-%d", i), rule("get", "", "secrets"), nil),
			binding(namespace, fmt.Sprintf("binding-%d", i), "Role", fmt.Sprintf("role-%d", i), who, group("everybody")),
			binding(namespace, fmt.Sprintf("view-%d", i), "ClusterRole", "view", who))
	}
	return all
}

// page writes the objects and has postern draw them.
func page(t *testing.T, objects []object, args ...string) string {
	t.Helper()
	postern, err := filepath.Abs("../../bin/postern")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(postern); err != nil {
		t.Fatalf("%s is not there: run `make build` first", postern)
	}
	dir := t.TempDir()
	text, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		t.Fatal(err)
	}
	manifest, out := filepath.Join(dir, "rbac.json"), filepath.Join(dir, "page.html")
	if err := os.WriteFile(manifest, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(postern, append([]string{"graph", "-q", "--names", "never", "-f", manifest, "--out", out}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME=")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("postern graph: %v\n%s", err, said)
	}
	return "file://" + out
}
