package cli

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (e *Env) addGlobalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVarP(&e.Flags.Output, "output", "o", "", "output format: table, wide, json, yaml, csv or name, as the command allows (default table)")
	f.StringVar(&e.Flags.Kubeconfig, "kubeconfig", "", "kubeconfig file (default $KUBECONFIG, then ~/.kube/config)")
	f.StringVar(&e.Flags.Context, "context", "", "kubeconfig context (default the current one)")
	f.StringVarP(&e.Flags.Namespace, "namespace", "n", "", "look at this namespace only")
	f.BoolVarP(&e.Flags.AllNamespaces, "all-namespaces", "A", false, "look at all namespaces")
	f.StringArrayVarP(&e.Flags.Filename, "filename", "f", nil, "read manifests or snapshots from a directory, a file or - (stdin) instead of a live cluster; may be repeated")
	f.StringVar(&e.Flags.Store, "store", "", "event store, e.g. duckdb:PATH (default below the XDG data home)")
	f.BoolVarP(&e.Flags.Quiet, "quiet", "q", false, "no progress and no remarks on stderr")
	f.CountVarP(&e.Flags.Verbose, "verbose", "v", "say more on stderr; -vv more still")
	f.BoolVar(&e.Flags.NoColor, "no-color", false, "no colours, even on a terminal")
	completeFixed(root, "output", formats...)
	e.completeContexts(root)
}

// formats are all output formats; a command has some of them.
var formats = []string{"table", "wide", "json", "yaml", "csv", "name", "dot", "mermaid", "html"}

// usesAnnotation names the global flags that mean something to a command. A
// command without it is taken to use them all.
const usesAnnotation = "postern.uses"

// everywhere are the global flags no command has to ask for.
var everywhere = []string{"quiet", "verbose", "no-color", "output"}

// uses declares which global flags a command understands; others are refused,
// because an option that is silently ignored misleads.
func uses(cmd *cobra.Command, flags ...string) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[usesAnnotation] = strings.Join(flags, ",")
	return cmd
}

// understood reports whether a global flag means something to a command.
func understood(cmd *cobra.Command, flag string) bool {
	list, declared := cmd.Annotations[usesAnnotation]
	return !declared || slices.Contains(everywhere, flag) || slices.Contains(strings.Split(list, ","), flag)
}

// prepare runs before every command: it refuses options without meaning, reads
// the configuration and opens the log.
func (e *Env) prepare(cmd *cobra.Command) error {
	var refused []string
	global := cmd.Root().PersistentFlags()
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if global.Lookup(f.Name) == f && !understood(cmd, f.Name) {
			refused = append(refused, "--"+f.Name)
		}
	})
	if len(refused) > 0 {
		return usageError("", "%s does not use %s", cmd.Name(), strings.Join(refused, ", "))
	}
	if e.Flags.Quiet && e.Flags.Verbose > 0 {
		return usageError("", "-q and -v exclude each other")
	}
	if e.Flags.AllNamespaces && e.Flags.Namespace != "" {
		return usageError("", "-A and -n exclude each other")
	}
	if err := e.loadConfig(); err != nil {
		return err
	}
	e.applyConfig()
	e.azureMode(cmd)
	e.Log = slog.New(slog.NewTextHandler(e.Stderr, &slog.HandlerOptions{Level: e.logLevel()}))
	e.started = true
	return nil
}

// logLevel: without -v the log is silent, because errors come back to Main.
func (e *Env) logLevel() slog.Level {
	switch e.Flags.Verbose {
	case 0:
		return slog.LevelWarn
	case 1:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// format is the chosen output format if the command has it. The first one
// allowed is the default.
func (e *Env) format(cmd *cobra.Command, allowed ...string) (string, error) {
	switch {
	case e.Flags.Output == "" && slices.Contains(allowed, e.Config.Output):
		return e.Config.Output, nil // a preference: commands without that format print their own
	case e.Flags.Output == "":
		return allowed[0], nil
	}
	if slices.Contains(allowed, e.Flags.Output) {
		return e.Flags.Output, nil
	}
	return "", usageError("", "%s cannot print %q: use -o %s", cmd.Name(), e.Flags.Output, strings.Join(allowed, ", "))
}

// atMost refuses surplus arguments by name.
func atMost(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= n {
			return nil
		}
		if n == 0 {
			return fmt.Errorf("%s takes no arguments, got %q", cmd.Name(), args[0])
		}
		return fmt.Errorf("%s takes one %s, got a second argument %q", cmd.Name(), what, args[n])
	}
}
