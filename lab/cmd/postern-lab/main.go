// Command postern-lab is the lab: a real kube-apiserver behind an
// Azure-shaped access plane, on loopback. See docs/lab.md.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/postern-dev/postern/lab/controlplane/role"
	"github.com/postern-dev/postern/lab/daemon"
	"github.com/postern-dev/postern/lab/tour"
)

func main() {
	// A process of the control plane; not for people.
	if len(os.Args) > 1 && os.Args[1] == "role" {
		os.Exit(role.Main(os.Args[2:]))
	}
	executable, err := os.Executable()
	if err != nil {
		fmt.Fprintf(os.Stderr, "postern-lab: find own executable: %v\n", err)
		os.Exit(1)
	}
	command := daemon.Command{
		Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Executable: executable, Tour: tour.Main,
	}
	os.Exit(command.Main(context.Background(), os.Args[1:]))
}
