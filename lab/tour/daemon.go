package tour

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/postern-dev/postern/lab/daemon/layout"
)

// daemon is a lab that this tour started and therefore stops.
type daemon struct {
	cmd    *exec.Cmd
	ended  chan struct{}
	stderr bytes.Buffer
}

// startLab runs `postern-lab up` in the foreground as a child, on free ports,
// and returns when it is ready. The child goes with this process, whatever
// happens to it.
func startLab(ctx context.Context, exe string, state layout.Dir, flags []string, progress io.Writer) (*daemon, error) {
	args := append([]string{"up", "--foreground", "--state", string(state), "--api-port", "0", "--proxy-port", "0"}, flags...)
	d := &daemon{cmd: exec.Command(exe, args...), ended: make(chan struct{})}
	d.cmd.Stderr = io.MultiWriter(&until{ctx, progress}, &d.stderr)
	// A group of its own: Ctrl-C reaches the tour alone, which then stops the
	// lab in order.
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start lab: %w", err)
	}
	go func() {
		_ = d.cmd.Wait() // what it said is on stderr
		close(d.ended)
	}()
	return d, d.await(ctx, state.File())
}

// until passes on what is written before ctx ends: after Ctrl-C the tour speaks
// for the lab, too.
type until struct {
	ctx context.Context
	w   io.Writer
}

func (u *until) Write(b []byte) (int, error) {
	if u.ctx.Err() != nil {
		return len(b), nil
	}
	return u.w.Write(b)
}

// await returns when the lab's description is there; otherwise it stops it.
func (d *daemon) await(ctx context.Context, file string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if _, err := os.Stat(file); err == nil {
				return nil
			}
		case <-d.ended:
			return fmt.Errorf("start lab: it ended: %s", lastLine(d.stderr.String()))
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), d.stop())
		}
	}
}

// stop ends the lab and waits for it; its children are its own affair.
func (d *daemon) stop() error {
	select {
	case <-d.ended:
		return nil
	default:
	}
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop lab: %w", err)
	}
	select {
	case <-d.ended:
		return nil
	case <-time.After(30 * time.Second):
		_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL)
		<-d.ended
		return fmt.Errorf("stop lab: pid %d did not end within 30 s and was killed", d.cmd.Process.Pid)
	}
}

// running says whether a lab lives in state.
func running(state layout.Dir) bool {
	l, err := layout.Read(state)
	return err == nil && l.PID > 0 && syscall.Kill(l.PID, 0) == nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
