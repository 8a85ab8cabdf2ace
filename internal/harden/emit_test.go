package harden

import (
	"encoding/json"
	"github.com/postern-dev/postern/rbac"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hostile has everything in its names that a language might take for its own.
func hostile() Target {
	return Target{ID: testID + "'${x}%{if}\"", Name: "c'${x}$(id)", ResourceGroup: "r'g", Subscription: "1"}
}

func TestEmit(t *testing.T) {
	for form, want := range map[string][]string{
		"az":        {`--name 'c'\''${x}$(id)' --disable-local-accounts`, "--disable-run-command", "rotate-certs"},
		"terraform": {`$${x}%%{if}`, "disableLocalAccounts = true", "local_account_disabled = true"},
		"bicep":     {`'c\'\${x}$(id)'`, "disableRunCommand: true"},
		"policy":    {"993c2fcd-2b29-49d2-9eb0-df2c3a730c32", `"Deny"`},
	} {
		text, err := Emit(form, hostile(), Remedies(), hostileBindings())
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s lacks %q:\n%s", form, w, text)
			}
		}
		if form == "policy" && !json.Valid([]byte(text)) {
			t.Errorf("policy is no JSON:\n%s", text)
		}
	}
	if _, err := Emit("cobol", hostile(), Remedies(), hostileBindings()); err == nil {
		t.Error("cobol is written")
	}
}

// TestParsed holds the forms against their own tools, as far as these are here;
// sh always is.
func TestParsed(t *testing.T) {
	file := func(name, form string) string {
		text, err := Emit(form, hostile(), Remedies(), hostileBindings())
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-n", file("a.sh", "az")).CombinedOutput(); err != nil {
		t.Errorf("sh: %v\n%s", err, out)
	}
	terraform, err := exec.LookPath("terraform")
	if err != nil {
		t.Log("terraform is not here: its form was not parsed by it")
		return
	}
	cmd := exec.CommandContext(t.Context(), terraform, "fmt", "-write=false", file("a.tf", "terraform"))
	cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("terraform: %v\n%s", err, out)
	}
}

// hostileBindings have names that want to be more than names.
func hostileBindings() []Binding {
	name := "x'; touch /tmp/taken\n#"
	user := rbac.Subject{Kind: rbac.UserKind, Name: "$(id)'"}
	stays := rbac.Subject{Kind: rbac.GroupKind, Name: "stays"}
	b := rbac.Binding{Name: name, Role: rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: "view"}, Subjects: []rbac.Subject{user, stays}}
	after := b
	after.Subjects = []rbac.Subject{stays}
	return []Binding{{Check: "bindings-of-deleted", Before: b, After: &after}, {Check: "dangling-bindings", Before: rbac.Binding{Namespace: "a", Name: name, Role: b.Role, Subjects: b.Subjects}, Dangling: true}}
}
