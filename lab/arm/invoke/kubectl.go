package invoke

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Bounds of one command.
const (
	Timeout   = 60 * time.Second
	MaxOutput = 512 << 10
)

// A Command is one kubectl command to run.
type Command struct {
	Program    string   // path of kubectl
	Words      []string // "kubectl" and its arguments, checked
	Files      string   // attached files, as Unpack takes them
	Kubeconfig []byte
}

// Outcome is how a command ended.
type Outcome struct {
	ExitCode int
	Logs     string // standard output and error as they came
}

// Find returns kubectl: the one beside the running program, else of PATH.
func Find() (string, error) {
	if self, err := os.Executable(); err == nil {
		at := filepath.Join(filepath.Dir(self), "kubectl")
		if info, err := os.Stat(at); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return at, nil
		}
	}
	at, err := exec.LookPath("kubectl")
	if err != nil {
		return "", errors.New("find kubectl: it is neither beside postern-lab nor in PATH (make build makes it)")
	}
	return filepath.Abs(at)
}

// Run runs the command to its end, in a directory that holds the attached
// files and nothing else. An error means that it did not run, or was stopped;
// a command that failed has an exit code.
func (c Command) Run(ctx context.Context) (Outcome, error) {
	top, err := os.MkdirTemp("", "postern-lab-command-")
	if err != nil {
		return Outcome{}, fmt.Errorf("run command: %w", err)
	}
	defer os.RemoveAll(top)
	work, config := filepath.Join(top, "command-files"), filepath.Join(top, "kubeconfig")
	if err := os.Mkdir(work, 0o700); err != nil {
		return Outcome{}, fmt.Errorf("run command: %w", err)
	}
	if err := Unpack(c.Files, work); err != nil {
		return Outcome{}, err
	}
	if err := os.WriteFile(config, c.Kubeconfig, 0o600); err != nil {
		return Outcome{}, fmt.Errorf("run command: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	var out limited
	run := exec.CommandContext(ctx, c.Program, c.Words[1:]...) //nolint:gosec // words are checked, no shell
	run.Dir, run.Stdout, run.Stderr = work, &out, &out
	// No PATH, so no plugin, editor or credential helper; and no way out but
	// to loopback, which Go's clients reach without a proxy.
	run.Env = []string{"KUBECONFIG=" + config, "HOME=" + top, "TMPDIR=" + top, "PATH=/nonexistent", "KUBERC=off",
		"HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1"}
	run.WaitDelay = time.Second
	err = run.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return Outcome{Logs: out.String()}, fmt.Errorf("run command: stopped after %v", Timeout)
	case ctx.Err() != nil:
		return Outcome{Logs: out.String()}, fmt.Errorf("run command: stopped: %w", ctx.Err())
	case errors.As(err, &exit):
		return Outcome{ExitCode: exit.ExitCode(), Logs: out.String()}, nil
	case err != nil:
		return Outcome{Logs: out.String()}, fmt.Errorf("run command: %w", err)
	}
	return Outcome{Logs: out.String()}, nil
}

// limited keeps the first MaxOutput bytes and says when more came.
type limited struct {
	mu  sync.Mutex
	buf bytes.Buffer
	cut bool
}

func (l *limited) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	keep := min(len(b), MaxOutput-l.buf.Len())
	l.buf.Write(b[:keep])
	l.cut = l.cut || keep < len(b)
	return len(b), nil
}

func (l *limited) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.ToValidUTF8(l.buf.String(), "\uFFFD")
	if l.cut {
		text += fmt.Sprintf("\n[output cut after %d bytes]\n", MaxOutput)
	}
	return text
}
