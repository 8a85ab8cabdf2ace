package escalate_test

import (
	"os"
	"strings"
	"testing"

	"github.com/postern-dev/postern/rbac/escalate"
)

// TestEveryKind: each kind has cases, a remedy and a row in the documentation.
func TestEveryKind(t *testing.T) {
	doc, err := os.ReadFile("../../docs/escalation.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range escalate.Kinds() {
		if _, err := os.Stat("testdata/" + string(k) + ".txtar"); err != nil {
			t.Errorf("%s: no cases: %v", k, err)
		}
		if k.Remedy() == "" {
			t.Errorf("%s: no remedy", k)
		}
		if !strings.Contains(string(doc), "\n| `"+string(k)+"` |") {
			t.Errorf("%s: no row in docs/escalation.md", k)
		}
	}
}
