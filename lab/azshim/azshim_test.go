package azshim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // again over an earlier one
		at, err := Write(dir)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(at, "sitecustomize.py"))
		if err != nil || !strings.Contains(string(text), "azure.mgmt.authorization") {
			t.Errorf("%v: %s", err, text)
		}
	}
	if _, err := Write(filepath.Join(dir, "azshim", "sitecustomize.py")); err == nil {
		t.Error("wrote below a file")
	}
}
