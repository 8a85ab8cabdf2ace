package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/postern-dev/postern/internal/report"
)

// help prints what a command is for, how it is called, and the flags that mean
// something to it; cobra's own would show every global flag everywhere.
func (e *Env) help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	style := report.Style{Colour: e.Colour()}
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(w, "%s\n\n%s\n", text, style.Bold("Usage"))
	fmt.Fprintf(w, "  %s\n", useLine(cmd))
	printCommands(w, style, cmd)
	if cmd.Example != "" {
		fmt.Fprintf(w, "\n%s\n%s\n", style.Bold("Examples"), cmd.Example)
	}
	printFlags(w, style, "Flags", cmd.LocalNonPersistentFlags(), func(f *pflag.Flag) bool { return f.Name != "help" })
	printFlags(w, style, "Global flags", cmd.Root().PersistentFlags(), func(f *pflag.Flag) bool {
		return !cmd.DisableFlagParsing && understood(cmd, f.Name)
	})
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n`%s COMMAND --help` says more of a command.\n", cmd.CommandPath())
	}
}

func useLine(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() {
		return cmd.CommandPath() + " COMMAND [flags]"
	}
	line := cmd.UseLine()
	if !strings.HasSuffix(line, "[flags]") {
		return line
	}
	return line
}

func printCommands(w io.Writer, style report.Style, cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	width := 0
	for _, c := range cmd.Commands() {
		width = max(width, len(c.Name()))
	}
	fmt.Fprintf(w, "\n%s\n", style.Bold("Commands"))
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			fmt.Fprintf(w, "  %-*s  %s\n", width, c.Name(), c.Short)
		}
	}
}

func printFlags(w io.Writer, style report.Style, title string, all *pflag.FlagSet, want func(*pflag.Flag) bool) {
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	shown.SortFlags = false
	all.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && want(f) {
			shown.AddFlag(f)
		}
	})
	if text := shown.FlagUsages(); text != "" {
		fmt.Fprintf(w, "\n%s\n%s", style.Bold(title), text)
	}
}
