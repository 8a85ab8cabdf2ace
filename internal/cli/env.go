// Package cli is Postern's command line: one file a command, all of them wired
// in root.go.
//
// It owns flags, exit codes, the speech on stderr and the choice of printers. It
// owns no knowledge of clusters, stores or languages: commands call the packages
// that do and turn their results into reports. Commands never touch the process
// itself; what they need of it stands in Env, so that every command runs in a
// test as it runs in a terminal:
//
//	code := cli.Main(ctx, &cli.Env{Args: []string{"postern", "version"}, Stdout: &out, …})
//
// Data goes to Env.Stdout, messages to Env.Stderr as `postern: …`, a hint on a
// line of its own.
package cli

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"
)

// Env is what a command may know of the process it runs in.
type Env struct {
	Args   []string // Args[0] is the program's name; kubectl-postern makes it the plugin
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Now    func() time.Time

	StdinTerminal  bool
	StdoutTerminal bool
	StderrTerminal bool

	// Flags and Config are filled before a command runs; flags that were not
	// given carry the configuration's value.
	Flags  Flags
	Config Config
	// Log speaks on stderr at the level chosen by -v and -q.
	Log *slog.Logger

	saidUnserved bool // that the live cluster did not tell what it serves

	started bool // a command's own code has begun: later errors are not usage errors
}

// Flags are the global flags.
type Flags struct {
	Output        string
	Kubeconfig    string
	Context       string
	Namespace     string
	AllNamespaces bool
	Filename      []string
	Store         string
	Quiet         bool
	Verbose       int
	NoColor       bool
	Azure         string // of commands with azureFlags
	Cluster       string // the same
	AssumeVersion string // of the commands that have --assume-version
}

// StoreURL is the store the user chose: the flag, the configuration, or the
// file below the XDG data home.
func (e *Env) StoreURL() string { return e.Flags.Store }

// Colour reports whether stdout may carry colours: a terminal, and neither the
// user nor NO_COLOR objects.
func (e *Env) Colour() bool { return e.StdoutTerminal && e.colourAllowed() }

func (e *Env) colourAllowed() bool {
	return !e.Flags.NoColor && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
}

// xdg follows the base directory specification: relative values are ignored.
func (e *Env) xdg(variable, fallback string) string {
	if dir := e.Getenv(variable); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(e.Getenv("HOME"), fallback)
}

// Say writes a message to stderr unless -q asks for silence.
func (e *Env) Say(format string, args ...any) {
	if !e.Flags.Quiet {
		e.speak("postern: ", fmt.Sprintf(format, args...))
	}
}

// Warn writes a warning to stderr; -q does not silence it.
func (e *Env) Warn(format string, args ...any) {
	e.speak("postern: warning: ", fmt.Sprintf(format, args...))
}

// Hint writes the line that tells how to go on.
func (e *Env) Hint(format string, args ...any) {
	e.speak("  hint: ", fmt.Sprintf(format, args...))
}

// speak keeps a message of several lines recognisable as one message.
func (e *Env) speak(prefix, message string) {
	indent := "\n" + strings.Repeat(" ", len(prefix))
	fmt.Fprintln(e.Stderr, prefix+strings.ReplaceAll(strings.TrimRight(message, "\n"), "\n", indent))
}
