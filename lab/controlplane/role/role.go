// Package role holds what a child process of the control plane runs: etcd,
// kube-apiserver, or the controllers. They are processes of their own because
// each keeps process-global state (flags, feature gates, metrics) and expects
// to be alone; they are roles of one binary so that there is one to build.
//
// A child runs in the directory of its cluster, takes its configuration from
// its arguments, logs to stderr and ends on SIGTERM. File descriptor 3 is the
// read end of a pipe that its parent holds open: when the parent is gone, in
// whatever way, the child ends at once.
package role

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// Descriptors that the parent hands over.
const (
	lifelineFD = 3
	listenerFD = 4
)

// Main runs a role until it is told to stop and returns the exit code.
func Main(args []string) int {
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "postern-lab: role: name missing")
		return 2
	}
	watchParent()
	var err error
	switch name := args[0]; name {
	case "etcd":
		err = etcd(args[1:])
	case "kube-apiserver":
		err = apiserver(args[1:])
	case "controllers":
		err = controllers(args[1:])
	default:
		fmt.Fprintf(os.Stderr, "postern-lab: role: unknown name %q\n", name)
		return 2
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", args[0], err)
		return 1
	}
	return 0
}

// watchParent ends the process when the parent's end of the pipe is closed.
// The kernel's parent-death signal does the same, but is bound to a thread of
// the parent; this holds for the process.
func watchParent() {
	pipe := os.NewFile(lifelineFD, "lifeline")
	go func() {
		_, err := io.Copy(io.Discard, pipe)
		fmt.Fprintf(os.Stderr, "parent is gone (%v), ending\n", err)
		os.Exit(1)
	}()
}

// spareMemory trades some processor time for a smaller lab.
func spareMemory() { debug.SetGCPercent(75) }
