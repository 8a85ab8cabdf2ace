package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// Main runs one command line and returns the exit code.
func Main(ctx context.Context, env *Env) int {
	root := newRootCmd(env)
	root.SetArgs(env.Args[1:])
	return env.exitCode(ctx, root.ExecuteContext(ctx))
}

// newRootCmd lists every command by hand: what is not here does not exist.
func newRootCmd(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "postern",
		Short: "Who can get into an AKS cluster, by which door, and who did what there",
		Long: `Postern audits and secures access to AKS clusters: who a credential really is,
which bindings give whom which power, and what was done with it.`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: env.displayName()},
		Args:          env.noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return env.prepare(cmd)
		},
	}
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.CompletionOptions.DisableDefaultCmd = true
	env.addGlobalFlags(root)
	root.SetHelpFunc(env.help)
	root.AddCommand(
		newWhoamiCmd(env),
		newLookupCmd(env),
		newWhoCanCmd(env),
		newCanICmd(env),
		newWhyCmd(env),
		newRulesCmd(env),
		newAccessCmd(env),
		newGraphCmd(env),
		newDoorsCmd(env),
		newHardenCmd(env),
		newScanCmd(env),
		newSnapshotCmd(env),
		newDiffCmd(env),
		newQueryCmd(env),
		newIngestCmd(env),
		newLabCmd(env),
		newConfigCmd(env),
		newVersionCmd(env),
		newCompletionCmd(env),
	)
	return root
}

// noSuchCommand refuses arguments of the root: they are misspelt commands.
func (e *Env) noSuchCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "`" + e.displayName() + " --help` lists commands and flags"
	root.SuggestionsMinimumDistance = 2
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "? " + hint
	}
	return usageError(hint, "unknown command %q", args[0])
}

// displayName is how the user reached us: `postern`, or `kubectl postern`.
func (e *Env) displayName() string {
	if e.isPlugin() {
		return "kubectl postern"
	}
	return "postern"
}

func (e *Env) isPlugin() bool {
	name := strings.TrimSuffix(filepath.Base(e.Args[0]), ".exe")
	return strings.HasPrefix(name, "kubectl-") || strings.HasPrefix(name, "kubectl_")
}
