package cli

import (
	"context"
	"errors"
	"fmt"
)

// Exit codes are part of the contract; scripts rely on them.
const (
	ExitOK          = 0   // yes, fine
	ExitBroken      = 1   // something broke
	ExitUsage       = 2   // the command line or the KQL is wrong
	ExitFindings    = 3   // findings, or the answer is no
	ExitRefused     = 4   // refused before anything could be answered
	ExitUnknown     = 5   // the answer is unknown or incomplete
	ExitInterrupted = 130 // Ctrl-C
)

// ExitError is an error that knows how the process should end and what the user
// can do about it.
type ExitError struct {
	Code int
	Err  error  // nil: everything has been said, only the code matters
	Hint string // one or more lines; empty: none
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

// usageError is a command line that cannot be carried out.
func usageError(hint, format string, args ...any) error {
	return &ExitError{Code: ExitUsage, Err: fmt.Errorf(format, args...), Hint: hint}
}

// exitCode says an error on stderr, once, and returns the code to end with.
func (e *Env) exitCode(ctx context.Context, err error) int {
	if err == nil {
		return ExitOK
	}
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		e.speak("postern: ", "interrupted")
		return ExitInterrupted
	}
	var exit *ExitError
	if !errors.As(err, &exit) {
		exit = &ExitError{Code: ExitBroken}
		if !e.started {
			exit = &ExitError{Code: ExitUsage, Hint: "`" + e.displayName() + " --help` lists commands and flags"}
		}
	}
	if exit.Err != nil || !errors.As(err, new(*ExitError)) {
		e.speak("postern: ", err.Error())
	}
	if exit.Hint != "" {
		e.speak("  hint: ", exit.Hint)
	}
	return exit.Code
}
