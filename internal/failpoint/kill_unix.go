//go:build unix

package failpoint

import "syscall"

// killSelf does not return: the signal is delivered before the call ends, and
// the loop covers a kernel that is slower than that.
func killSelf() {
	for {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGKILL); err != nil {
			panic("BUG: a process may always kill itself: " + err.Error())
		}
	}
}
