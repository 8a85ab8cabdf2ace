package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/report"
)

// version is the answer as docs/schema/version.json describes it.
type version struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersionCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this binary",
		Args:  atMost(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			format, err := env.format(cmd, "table", "json", "yaml")
			if err != nil {
				return err
			}
			v := version{Version: buildVersion(), Commit: buildCommit(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			switch format {
			case "json":
				return report.JSON(env.Stdout, v)
			case "yaml":
				return report.YAML(env.Stdout, v)
			}
			_, err = fmt.Fprintf(env.Stdout, "postern %s (%s, %s)\n", v.Version, v.Go, v.Platform)
			return err
		},
	}
	return uses(cmd)
}

// buildVersion is the module's version, devel for a build from a checkout.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func buildCommit() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return ""
}
