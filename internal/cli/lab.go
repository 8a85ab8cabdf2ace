package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"
)

const labBinary = "postern-lab"

func newLabCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab up|down|env|status|tour|world",
		Short: "A real kube-apiserver on this machine whose access behaves as AKS's",
		Long: `Run postern-lab, found beside this binary or on PATH. All arguments are its own;
"postern lab --help" shows them.`,
		DisableFlagParsing: true,
		RunE:               func(_ *cobra.Command, args []string) error { return runLab(env, args) },
	}
	return cmd
}

// runLab becomes postern-lab: signals and exit codes are then its own.
func runLab(env *Env, args []string) error {
	path, err := findLab()
	if err != nil {
		return err
	}
	env.Log.Debug("lab", "path", path)
	if err := syscall.Exec(path, append([]string{labBinary}, args...), os.Environ()); err != nil {
		return fmt.Errorf("run %s: %w", path, err)
	}
	return nil
}

// findLab looks beside this binary first, so that the two fit together.
func findLab() (string, error) {
	var beside string
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		beside = filepath.Join(filepath.Dir(self), labBinary)
		if path, err := exec.LookPath(beside); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(labBinary)
	if errors.Is(err, exec.ErrDot) {
		err = nil // PATH names the current directory on purpose
	}
	if err != nil {
		return "", &ExitError{
			Code: ExitBroken,
			Err:  fmt.Errorf("%s not found, neither as %s nor on PATH", labBinary, beside),
			Hint: "the lab is a binary of its own: `make build` builds both into bin/",
		}
	}
	return path, nil
}
