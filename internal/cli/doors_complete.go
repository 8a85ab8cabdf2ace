package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/snapshot"
)

// completeClusters offers the clusters of -f for --cluster.
func (e *Env) completeClusters(cmd *cobra.Command) {
	err := cmd.RegisterFlagCompletionFunc("cluster", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		var names []string
		tenants, _, _, err := snapshot.Reader{Stdin: e.Stdin}.ReadTenants(cmd.Context(), e.Flags.Filename, e.Now())
		if err != nil || slices.Contains(e.Flags.Filename, "-") {
			return nil, cobra.ShellCompDirectiveNoFileComp // whoever completes is not told why there are none
		}
		for _, t := range tenants {
			for i := range t.Tenant.Clusters {
				names = append(names, t.Tenant.Clusters[i].Name())
			}
		}
		slices.Sort(names)
		return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic("BUG: complete --cluster: " + err.Error())
	}
}
