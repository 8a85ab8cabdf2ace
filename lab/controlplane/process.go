package controlplane

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// spawner starts children from one thread that lives as long as the process:
// the parent-death signal goes out when the starting thread ends, not the
// process.
type spawner struct {
	calls chan func()
}

func newSpawner() *spawner {
	s := &spawner{calls: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for call := range s.calls {
			call()
		}
		// The thread ends with the goroutine; close comes after the last
		// child was waited for.
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	s.calls <- func() { done <- cmd.Start() }
	return <-done
}

func (s *spawner) close() { close(s.calls) }

// child is one running role.
type child struct {
	role     string
	log      string
	cmd      *exec.Cmd
	lifeline *os.File
	// stopping is set before the child is told to end.
	stopping atomic.Bool
	done     chan struct{}
	err      error
}

// launch starts a role in dir, its output appended to dir/ROLE.log.
func launch(s *spawner, executable, dir, role string, args []string, files ...*os.File) (*child, error) {
	c := &child{role: role, log: filepath.Join(dir, role+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", role, err)
	}
	defer log.Close()
	remote, lifeline, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	defer remote.Close()
	c.lifeline = lifeline
	c.cmd = exec.Command(executable, append([]string{"role", role}, args...)...)
	c.cmd.Dir = dir
	c.cmd.Stdout = log
	c.cmd.Stderr = log
	c.cmd.ExtraFiles = append([]*os.File{remote}, files...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		// Ctrl-C at the terminal is for the parent, which stops them in order.
		Setpgid: true,
	}
	if err := s.start(c.cmd); err != nil {
		lifeline.Close()
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	go func() {
		c.err = c.cmd.Wait()
		lifeline.Close()
		close(c.done)
	}()
	return c, nil
}

// stop asks the child to end, insists after patience, and waits until it is
// gone.
func (c *child) stop(patience time.Duration, log *slog.Logger) {
	if c == nil {
		return
	}
	c.stopping.Store(true)
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		log.Warn("cannot signal child", "role", c.role, "error", err)
	}
	select {
	case <-c.done:
		return
	case <-time.After(patience):
	}
	log.Warn("child did not end in time, killing it", "role", c.role, "after", patience)
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		log.Warn("cannot kill child", "role", c.role, "error", err)
	}
	<-c.done
}

func (c *child) running() bool {
	if c == nil {
		return false
	}
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

// ended is the error of a child that ended although nobody asked it to.
func (c *child) ended() error {
	cause := c.err
	if cause == nil {
		cause = errors.New("exit status 0")
	}
	return fmt.Errorf("%s ended: %w (last line of %s: %s)", c.role, cause, c.log, lastLine(c.log))
}

// lastLine reads the end of a log, where the reason usually stands.
func lastLine(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	const window = 4096
	if info, err := file.Stat(); err == nil && info.Size() > window {
		if _, err := file.Seek(-window, 2); err != nil {
			return err.Error()
		}
	}
	buffer := make([]byte, window)
	n, _ := file.Read(buffer)
	text := buffer[:n]
	for len(text) > 0 && text[len(text)-1] == '\n' {
		text = text[:len(text)-1]
	}
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] == '\n' {
			return string(text[i+1:])
		}
	}
	return string(text)
}
