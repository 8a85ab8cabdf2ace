package tour

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// reply is what a client answered.
type reply struct {
	Command string
	Stdout  string
	Stderr  string
	Exit    int
}

func (r reply) ok() bool { return r.Exit == 0 }

// text is everything that was printed, as on a terminal.
func (r reply) text() string {
	if r.Stdout != "" && r.Stderr != "" {
		return strings.TrimRight(r.Stderr, "\n") + "\n" + r.Stdout
	}
	return r.Stdout + r.Stderr
}

// execute runs a program to its end in a process group of its own, so that a
// cancelled context takes its children (kubelogin under kubectl) with it. The
// error is about running it; that it failed stands in reply.Exit. watch, where
// given, sees stderr as it comes.
func execute(ctx context.Context, dir string, env []string, watch func(string), program string, args ...string) (reply, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Stdout = &stdout
	cmd.Stderr = &stderr
	if watch != nil {
		cmd.Stderr = io.MultiWriter(&stderr, &lineWatcher{watch: watch})
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	r := reply{Command: program, Stdout: stdout.String(), Stderr: stderr.String()}
	if ctx.Err() != nil {
		return r, fmt.Errorf("run %s: %w", program, context.Cause(ctx))
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.Exit = exit.ExitCode()
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("run %s: %w", program, err)
	}
	return r, nil
}

// lineWatcher calls watch for each complete line.
type lineWatcher struct {
	mu    sync.Mutex
	rest  []byte
	watch func(string)
}

func (w *lineWatcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, b...)
	for {
		i := bytes.IndexByte(w.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		w.watch(string(w.rest[:i]))
		w.rest = w.rest[i+1:]
	}
}

// shellLine shows a command as it would be typed.
func shellLine(program string, args []string) string {
	words := append([]string{program}, args...)
	for i, w := range words {
		if strings.ContainsAny(w, " \t\"'{}$*|&;<>()[]?") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}
