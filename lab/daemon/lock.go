package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/postern-dev/postern/lab/daemon/layout"
)

// lock is the right to be the daemon of a state directory. The kernel gives
// it back when the process ends in whatever way, so a lab that crashed needs
// no cleaning up by hand.
type lock struct{ file *os.File }

// heldError says who has the lock.
type heldError struct{ pid int }

func (e *heldError) Error() string { return fmt.Sprintf("a lab is running here (pid %d)", e.pid) }

// prepareDir makes the state directory, closed to other users.
func prepareDir(d layout.Dir) error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return hint(fmt.Errorf("make state directory: %w", err), "choose another directory with --state DIR")
	}
	return nil
}

// acquire takes the lock or returns a *heldError. A command that looks whether
// a lab runs holds it for a moment too, so a refusal is not believed at once.
func acquire(d layout.Dir) (*lock, error) {
	var held *heldError
	for attempt := 0; ; attempt++ {
		l, err := try(d, syscall.LOCK_EX)
		if errors.As(err, &held) && attempt < 10 {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := l.sign(); err != nil {
			l.release()
			return nil, fmt.Errorf("write %s: %w", d.Lock(), err)
		}
		return l, nil
	}
}

func try(d layout.Dir, how int) (*lock, error) {
	file, err := os.OpenFile(d.Lock(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, hint(fmt.Errorf("take state directory: %w", err), "choose another directory with --state DIR")
	}
	if err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", d.Lock(), err)
		}
		text, err := io.ReadAll(file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", d.Lock(), err)
		}
		// 0 in the instant before the holder has written its pid.
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		return nil, &heldError{pid: pid}
	}
	return &lock{file: file}, nil
}

func (l *lock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// release gives the directory free. The file stays: removing it would let two
// daemons lock two files of one name.
func (l *lock) release() { l.file.Close() }

// holder finds the daemon of a directory. Its pid is 0 in the instant before
// it was written.
func holder(d layout.Dir) (pid int, runs bool, err error) {
	if _, err := os.Stat(d.Lock()); errors.Is(err, os.ErrNotExist) {
		return 0, false, nil
	}
	// Shared, so that two that look do not take each other for the daemon.
	l, err := try(d, syscall.LOCK_SH)
	var held *heldError
	switch {
	case errors.As(err, &held):
		return held.pid, true, nil
	case err != nil:
		return 0, false, err
	}
	l.release()
	return 0, false, nil
}
