package daemon

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/controlplane"
	"github.com/postern-dev/postern/lab/daemon/layout"
)

// Ports that a lab takes unless told otherwise.
const (
	DefaultAPIPort   = 16443
	DefaultProxyPort = 16480
)

// Options say how a lab is started.
type Options struct {
	Dir layout.Dir
	// APIPort and ProxyPort are on 127.0.0.1; 0 is any free one.
	APIPort   int
	ProxyPort int
	// World replaces the world that the state directory holds; nil keeps it.
	World *cloud.World
	// Fresh forgets what an earlier lab left in the directory.
	Fresh  bool
	Faults []string
	// Executable runs the control plane's roles.
	Executable string
	// Progress is told what is being done.
	Progress func(string)
}

// knownFaults are those that the daemon itself can plant.
var knownFaults = []string{string(controlplane.RotationNoop)}

// Check returns what is wrong with the options, all of it.
func (o Options) Check() error {
	var faults []error
	for flag, port := range map[string]int{"--api-port": o.APIPort, "--proxy-port": o.ProxyPort} {
		if port < 0 || port > 65535 {
			faults = append(faults, fmt.Errorf("%s %d: not a port (0 to 65535)", flag, port))
		}
	}
	if o.APIPort != 0 && o.APIPort == o.ProxyPort {
		faults = append(faults, fmt.Errorf("--api-port and --proxy-port are both %d", o.APIPort))
	}
	for _, name := range o.Faults {
		if !slices.Contains(knownFaults, name) {
			faults = append(faults, fmt.Errorf("--fault %s: no such fault (there is %s)", name, strings.Join(knownFaults, ", ")))
		}
	}
	return errors.Join(faults...)
}

// readWorld reads a world file.
func readWorld(path string) (*cloud.World, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read world: %w", err)
	}
	world, err := cloud.ParseWorld(text)
	if err != nil {
		return nil, fmt.Errorf("read world %s: %w", path, err)
	}
	if len(world.Clusters) == 0 {
		return nil, fmt.Errorf("read world %s: it has no cluster", path)
	}
	return world, nil
}

// Hinted is an error with what to do about it.
type Hinted struct {
	Err  error
	Hint string
}

func (h *Hinted) Error() string { return h.Err.Error() }
func (h *Hinted) Unwrap() error { return h.Err }

func hint(err error, format string, args ...any) error {
	return &Hinted{Err: err, Hint: fmt.Sprintf(format, args...)}
}
