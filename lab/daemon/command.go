package daemon

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/postern-dev/postern/lab/daemon/layout"
)

// Exit codes, as postern's.
const (
	exitFine        = 0
	exitBroken      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// Command is postern-lab's command line.
type Command struct {
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	// Executable is this program's path: the daemon and the control plane's
	// processes are started from it.
	Executable string
	// Tour runs the tour; it is a package of its own that this one does not
	// know.
	Tour func(ctx context.Context, args []string, stdout, stderr io.Writer) int
}

const usage = `postern-lab runs a real kube-apiserver behind an Azure-shaped access plane, on loopback.

  postern-lab up [--foreground] [--fresh] [--world FILE] [--api-port N] [--proxy-port N]
                        start the lab; returns when it is ready
  postern-lab down      stop it and wait until nothing of it runs
  postern-lab status    what runs where, and what the exporter delivered (-o json)
  postern-lab env       shell exports for kubectl, kubelogin, az and postern:
                        eval "$(postern-lab env)"
  postern-lab world     who and what there is; FILE loads another world,
                        --default prints the default one to start from
  postern-lab tour      the walk through the reference document (--help for more)

Each takes --state DIR (default $POSTERN_LAB, then ~/.local/state/postern/lab).
`

// Main runs a command and returns its exit code. Data goes to Stdout,
// everything else to Stderr.
func (c Command) Main(ctx context.Context, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(c.Stderr, usage)
		return exitUsage
	}
	var run func(context.Context, []string) error
	switch name := args[0]; name {
	case "up":
		run = c.up
	case "down":
		run = c.down
	case "status":
		run = c.status
	case "env":
		run = c.env
	case "world":
		run = c.world
	case "daemon":
		run = c.daemon
	case "tour":
		return c.Tour(ctx, args[1:], c.Stdout, c.Stderr)
	case "help", "--help", "-h":
		fmt.Fprint(c.Stdout, usage)
		return exitFine
	default:
		c.say("unknown command %q", name)
		fmt.Fprint(c.Stderr, "  postern-lab help lists them\n")
		return exitUsage
	}
	return c.report(run(ctx, args[1:]))
}

// say writes one message for people.
func (c Command) say(format string, args ...any) {
	fmt.Fprintf(c.Stderr, "postern-lab: "+format+"\n", args...)
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errInterrupted ends a command that a signal broke off and that said so.
var errInterrupted = errors.New("interrupted")

// report tells an error with its hint and chooses the exit code.
func (c Command) report(err error) int {
	var bad usageError
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(c.Stdout, usage)
		return exitFine
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	}
	c.say("%s", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	var hinted *Hinted
	if errors.As(err, &hinted) {
		fmt.Fprintf(c.Stderr, "  %s\n", hinted.Hint)
	}
	if errors.As(err, &bad) {
		return exitUsage
	}
	return exitBroken
}

// flags starts a flag set with --state.
func (c Command) flags(name string) (*flag.FlagSet, *string) {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return set, set.String("state", "", "directory of the lab's state")
}

// parse reads the flags and finds the state directory. At most operands
// arguments may follow.
func (c Command) parse(set *flag.FlagSet, args []string, state *string, operands int) (layout.Dir, error) {
	// The flag package stops at the first operand; postern's users do not.
	var rest []string
	for {
		if err := set.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return "", err
			}
			return "", usagef("%s: %w", set.Name(), err)
		}
		if args = set.Args(); len(args) == 0 {
			break
		}
		rest = append(rest, args[0])
		args = args[1:]
	}
	if len(rest) > operands {
		return "", usagef("%s: unexpected argument %q", set.Name(), rest[operands])
	}
	if err := set.Parse(rest); err != nil {
		return "", usagef("%s: %w", set.Name(), err)
	}
	if *state != "" {
		return layout.Absolute(*state)
	}
	return layout.Default(c.Getenv)
}

// running finds the lab of a directory, or says that there is none.
func running(d layout.Dir) (layout.Lab, error) {
	pid, runs, err := holder(d)
	if err != nil {
		return layout.Lab{}, err
	}
	if !runs {
		return layout.Lab{}, hint(fmt.Errorf("no lab is running in %s", d), "start it with: postern-lab up")
	}
	lab, err := layout.Read(d)
	if errors.Is(err, os.ErrNotExist) {
		return layout.Lab{}, hint(fmt.Errorf("the lab in %s (pid %d) is starting or stopping", d, pid), "its log is %s", d.Log())
	}
	return lab, err
}
