// Command postern audits and secures access to AKS clusters. Linked as
// kubectl-postern it is the kubectl plugin of the same name.
//
// Everything happens in internal/cli; this file only hands over what belongs to
// the process: arguments, streams, environment, clock and signals.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/postern-dev/postern/internal/cli"
)

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The second Ctrl-C ends the process the hard way.
	context.AfterFunc(ctx, stop)
	return cli.Main(ctx, &cli.Env{
		Args:           os.Args,
		Stdin:          os.Stdin,
		Stdout:         os.Stdout,
		Stderr:         os.Stderr,
		Getenv:         os.Getenv,
		Now:            time.Now,
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		StdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
	})
}
