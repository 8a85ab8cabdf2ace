package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this binary",
		Args:  atMost(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := env.format(cmd, "table", "json", "yaml")
			if err != nil {
				return err
			}
			version := "devel"
			if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
				version = info.Main.Version
			}
			fmt.Fprintf(env.Stdout, "postern %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
	return uses(cmd)
}
