package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/postern-dev/postern/internal/finding"
)

// waiverForm is a waiver as it is written.
type waiverForm struct {
	Check    string `yaml:"check"`
	Cluster  string `yaml:"cluster"`
	Object   string `yaml:"object"`
	Reason   string `yaml:"reason"`
	Approver string `yaml:"approver"`
	Expires  string `yaml:"expires"` // 2026-12-31: through that day, UTC
}

// readWaivers reads the file of --waivers; "" is none. All faults are told at
// once.
func readWaivers(path string) ([]finding.Waiver, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, usageError("", "read --waivers %s: %w", path, reason(err))
	}
	defer func() { _ = f.Close() }()
	var whole yaml.Node
	err = yaml.NewDecoder(f).Decode(&whole)
	if err == nil && len(whole.Content) == 1 && whole.Content[0].Kind != yaml.SequenceNode {
		err = fmt.Errorf("line %d: a list is wanted here", whole.Content[0].Line)
	}
	var nodes []yaml.Node
	if err == nil {
		err = whole.Decode(&nodes)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, usageError("a list of {check, cluster, object, reason, approver, expires}", "read --waivers %s: %w", path, err)
	}
	var all []finding.Waiver
	var faults []error
	for _, n := range nodes {
		w, err := waiver(n)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s:%d: %w", path, n.Line, err))
		}
		all = append(all, w)
	}
	if len(faults) > 0 {
		return nil, usageError("postern scan --help shows one", "read waivers:\n%w", errors.Join(faults...))
	}
	return all, nil
}

func waiver(n yaml.Node) (w finding.Waiver, err error) {
	var form waiverForm
	if n.Kind == yaml.MappingNode {
		for i := 0; i < len(n.Content); i += 2 {
			switch k := n.Content[i].Value; k {
			case "check", "cluster", "object", "reason", "approver", "expires":
			default:
				return w, fmt.Errorf("unknown field %q", k)
			}
		}
	}
	if err := n.Decode(&form); err != nil {
		return w, err
	}
	for _, s := range []string{form.Check, form.Reason, form.Approver, form.Expires} {
		if strings.TrimSpace(s) == "" {
			return w, errWaiver
		}
	}
	if _, err := pickChecks([]string{form.Check}); err != nil {
		return w, err
	}
	day, err := time.Parse(time.DateOnly, strings.TrimSuffix(form.Expires, "T00:00:00Z"))
	if err != nil {
		return w, fmt.Errorf("expires %q is no day such as 2026-12-31", form.Expires)
	}
	return finding.Waiver{Check: form.Check, Cluster: form.Cluster, Object: form.Object, Reason: form.Reason, Approver: form.Approver, Expires: day.AddDate(0, 0, 1)}, nil
}
