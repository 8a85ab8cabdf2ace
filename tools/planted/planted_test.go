package planted

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestFaultsAreFound plants one fault at a time and runs the tests that must
// fail. A change that does not compile finds nothing and is an error.
func TestFaultsAreFound(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Faults() {
		t.Run(f.Name, func(t *testing.T) {
			file := filepath.Join(root, f.File)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			planted, err := f.Plant(string(text))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
			list, err := json.Marshal(map[string]any{"Replace": map[string]string{file: changed}})
			if err != nil {
				t.Fatal(err)
			}
			for path, data := range map[string][]byte{changed: []byte(planted), overlay: list} {
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-failfast", "-timeout", "5m", "-overlay", overlay, "-run", f.Tests, f.Package)
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			switch {
			case err == nil:
				t.Errorf("nobody noticed:\n%s", out)
			case !failure.Match(out):
				t.Errorf("the tests did not run:\n%s", out)
			default:
				t.Logf("found by %s", failure.FindSubmatch(out)[1])
			}
		})
	}
}

var failure = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)
