package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/postern-dev/postern/lab/daemon/layout"
)

// stopPatience is more than the daemon's own patience with its parts.
const stopPatience = 30 * time.Second

// down stops the lab of a directory and waits until nothing of it runs.
func (c Command) down(ctx context.Context, args []string) error {
	set, state := c.flags("down")
	dir, err := c.parse(set, args, state, 0)
	if err != nil {
		return err
	}
	pid, runs, err := holder(dir)
	if err != nil {
		return err
	}
	if !runs {
		c.say("no lab is running in %s", dir)
		// Left by a daemon that was killed.
		return layout.Forget(dir)
	}
	if pid, err = stopDaemon(ctx, dir, pid); err != nil {
		return err
	}
	c.say("the lab in %s is down (was pid %d)", dir, pid)
	return nil
}

// awaitGone waits for the last instant of a daemon, between giving the
// directory free and its exit. A zombie is gone: its parent has not looked yet.
func awaitGone(ctx context.Context, pid int) error {
	for {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return nil
		}
		if _, rest, _ := strings.Cut(string(text), ") "); strings.HasPrefix(rest, "Z") {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// stopDaemon asks the daemon to end, and kills it when it does not: its
// children then end with it.
func stopDaemon(ctx context.Context, d layout.Dir, pid int) (int, error) {
	asked := 0
	deadline := time.Now().Add(stopPatience)
	for {
		if pid != 0 && pid != asked {
			if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
				return pid, fmt.Errorf("stop daemon (pid %d): %w", pid, err)
			}
			asked = pid
		}
		select {
		case <-ctx.Done():
			return pid, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		now, runs, err := holder(d)
		if err != nil {
			return asked, err
		}
		if !runs {
			return asked, awaitGone(ctx, asked)
		}
		pid = now
		if time.Now().After(deadline) {
			break
		}
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return pid, fmt.Errorf("kill daemon (pid %d): %w", pid, err)
	}
	return pid, hint(fmt.Errorf("the daemon (pid %d) did not end within %s and was killed", pid, stopPatience), "its log is %s", d.Log())
}
