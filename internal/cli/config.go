package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	yaml "go.yaml.in/yaml/v3"

	"github.com/postern-dev/postern/internal/report"
)

// Config is the configuration file. Flags override it; it holds no secrets.
type Config struct {
	Store   string  `yaml:"store" json:"store"`     // URL of the event store
	Output  string  `yaml:"output" json:"output"`   // output format; empty: each command's own
	Names   string  `yaml:"names" json:"names"`     // auto or never: ask the directory for names
	NoColor bool    `yaml:"noColor" json:"noColor"` // no colours, even on a terminal
	Timeout Timeout `yaml:"timeout" json:"timeout"`
}

// Timeout is how long to wait for others.
type Timeout struct {
	Server Duration `yaml:"server" json:"server"` // one answer of an API server
	Names  Duration `yaml:"names" json:"names"`   // the directory, sign-in included
}

// Duration is written as 5s, 1m30s.
type Duration time.Duration

// MarshalText writes a Duration as it is read.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads 5s, 1m30s.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// defaultConfig is what holds where the file says nothing.
func (e *Env) defaultConfig() Config {
	return Config{
		Store:   "duckdb:" + filepath.Join(e.xdg("XDG_DATA_HOME", ".local/share"), "postern", "postern.duckdb"),
		Names:   namesAuto,
		Timeout: Timeout{Server: Duration(15 * time.Second), Names: Duration(8 * time.Second)},
	}
}

// validate returns all faults at once.
func (c Config) validate() []string {
	var faults []string
	if !slices.Contains([]string{namesAuto, namesNever}, c.Names) {
		faults = append(faults, fmt.Sprintf("names is %q, want auto or never", c.Names))
	}
	if c.Output != "" && !slices.Contains(formats, c.Output) {
		faults = append(faults, fmt.Sprintf("output is %q, want one of %s", c.Output, strings.Join(formats, ", ")))
	}
	for name, d := range map[string]Duration{"timeout.server": c.Timeout.Server, "timeout.names": c.Timeout.Names} {
		if d <= 0 {
			faults = append(faults, fmt.Sprintf("%s is %s, want a positive duration such as 10s", name, time.Duration(d)))
		}
	}
	slices.Sort(faults)
	return faults
}

// configFile is $POSTERN_CONFIG, else config.yaml below the XDG config home.
func (e *Env) configFile() (path string, chosen bool) {
	if path := e.Getenv("POSTERN_CONFIG"); path != "" {
		return path, true
	}
	return filepath.Join(e.xdg("XDG_CONFIG_HOME", ".config"), "postern", "config.yaml"), false
}

// loadConfig reads the file; one that was not asked for by name may be absent.
func (e *Env) loadConfig() error {
	e.Config = e.defaultConfig()
	path, chosen := e.configFile()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !chosen {
		return nil
	}
	if err != nil {
		return usageError("", "read configuration: %w", err)
	}
	if err := decodeStrict(data, &e.Config); err != nil {
		return usageError("`postern config show` prints every key there is", "read configuration %s: %s", path, err)
	}
	if faults := e.Config.validate(); len(faults) > 0 {
		return usageError("", "configuration %s: %s", path, strings.Join(faults, "; "))
	}
	return nil
}

// decodeStrict refuses keys that do not exist; an empty file is fine.
func decodeStrict(data []byte, into any) error {
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	dec.KnownFields(true)
	err := dec.Decode(into)
	var typeErr *yaml.TypeError
	switch {
	case err != nil && err.Error() == "EOF":
		return nil
	case errors.As(err, &typeErr):
		return errors.New(strings.Join(typeErr.Errors, "; "))
	case err != nil:
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return nil
}

// applyConfig gives flags that were not set the configuration's value.
func (e *Env) applyConfig() {
	if e.Flags.Store == "" {
		e.Flags.Store = e.Config.Store
	}
	e.Flags.NoColor = e.Flags.NoColor || e.Config.NoColor
}

func newConfigCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "The configuration in force",
		Args:  cobra.NoArgs,
		RunE:  needsSubcommand,
	}
	show := &cobra.Command{
		Use:   "show",
		Short: "Print the configuration in force: defaults, then the file, then flags",
		Long: `Print the configuration in force: defaults, then the file, then flags.

The file is $POSTERN_CONFIG, or postern/config.yaml below $XDG_CONFIG_HOME
(~/.config). What this prints is a valid file.`,
		Args: atMost(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return showConfig(cmd, env) },
	}
	cmd.AddCommand(uses(show, "store"))
	return uses(cmd)
}

func showConfig(cmd *cobra.Command, env *Env) error {
	format, err := env.format(cmd, "yaml", "json")
	if err != nil {
		return err
	}
	shown := env.Config
	shown.Store, shown.NoColor = env.Flags.Store, env.Flags.NoColor
	path, _ := env.configFile()
	if _, err := os.Stat(path); err == nil {
		env.Say("read %s", path)
	} else {
		env.Say("no file %s: these are the defaults", path)
	}
	if format == "json" {
		return report.JSON(env.Stdout, shown)
	}
	return report.YAML(env.Stdout, shown)
}

// needsSubcommand is a command that only groups others.
func needsSubcommand(cmd *cobra.Command, _ []string) error {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return usageError("", "%s needs one of: %s", cmd.Name(), strings.Join(names, ", "))
}
