// Package azshim carries the small Python module that makes the "role"
// commands of Debian's azure-cli work, and writes it where PYTHONPATH can name
// it. It is ours; azure-cli itself stays unmodified.
package azshim

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed sitecustomize.py
var module []byte

// Write puts the module into dir/azshim and returns that directory, for
// PYTHONPATH.
func Write(dir string) (string, error) {
	at := filepath.Join(dir, "azshim")
	if err := os.MkdirAll(at, 0o755); err != nil { //nolint:gosec // holds no secret
		return "", fmt.Errorf("make az shim directory: %w", err)
	}
	if err := os.WriteFile(filepath.Join(at, "sitecustomize.py"), module, 0o644); err != nil { //nolint:gosec // holds no secret
		return "", fmt.Errorf("write az shim: %w", err)
	}
	return at, nil
}
