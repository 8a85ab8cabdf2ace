package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/cluster"
)

// kubectlCompletion is what kubectl runs to complete a plugin's arguments
// (kubectl looks for kubectl_complete-NAME on PATH since 1.26).
const kubectlCompletion = `#!/bin/sh
# Save as kubectl_complete-postern on PATH and make it executable.
exec kubectl-postern __complete "$@"
`

func newCompletionCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell|kubectl",
		Short: "Print a script that completes commands, flags and values",
		Long: `Print a completion script for a shell, or for kubectl's plugin completion.

  bash        source <(postern completion bash)
  zsh         postern completion zsh > "${fpath[1]}/_postern"
  fish        postern completion fish > ~/.config/fish/completions/postern.fish
  powershell  postern completion powershell | Out-String | Invoke-Expression
  kubectl     postern completion kubectl > ~/.local/bin/kubectl_complete-postern
              chmod +x ~/.local/bin/kubectl_complete-postern`,
		ValidArgs: []string{"bash", "zsh", "fish", "powershell", "kubectl"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("", "completion needs one of bash, zsh, fish, powershell, kubectl")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(env.Stdout, true)
			case "zsh":
				return root.GenZshCompletion(env.Stdout)
			case "fish":
				return root.GenFishCompletion(env.Stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(env.Stdout)
			case "kubectl":
				_, err := fmt.Fprint(env.Stdout, kubectlCompletion)
				return err
			}
			return usageError("", "completion for %q: want bash, zsh, fish, powershell or kubectl", args[0])
		},
	}
	return uses(cmd)
}

// completeFixed offers a flag's only values.
func completeFixed(cmd *cobra.Command, flag string, values ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic("BUG: complete --" + flag + ": " + err.Error())
	}
}

// completeContexts offers the kubeconfig's contexts for --context.
func (e *Env) completeContexts(root *cobra.Command) {
	err := root.RegisterFlagCompletionFunc("context", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		names := cluster.Contexts(cluster.Options{Kubeconfig: e.Flags.Kubeconfig, Getenv: e.Getenv})
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic("BUG: complete --context: " + err.Error())
	}
}
