package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/azure"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

// runTenantSnapshot writes the tenant and everything in it to one file.
func runTenantSnapshot(cmd *cobra.Command, env *Env, o snapshotOptions) (err error) {
	for _, name := range []string{"name", "context", "namespace", "all-namespaces", "azure"} {
		if cmd.Flags().Changed(name) {
			return usageError("", "--all-clusters reads every cluster: --%s has no meaning with it", name)
		}
	}
	if o.resume && o.fresh {
		return usageError("", "--resume and --fresh exclude each other")
	}
	if o.resume && o.out == "-" {
		return usageError("", "--resume needs a file: what was read is kept beside it")
	}
	file, err := o.check(cmd, env)
	if err != nil {
		return err
	}
	if env.Flags.Cluster != "" {
		o.tenant.clusters = []string{env.Flags.Cluster}
	}
	tape, err := env.openTape(o)
	if err != nil {
		return err
	}
	done := false
	if tape != nil {
		defer func() {
			switch {
			case done:
				err = errors.Join(err, tape.Remove())
			case tapeHolds(o.out):
				err = errors.Join(err, tape.Close())
				env.Say("what was read is kept in %s for an hour; the same command goes on from there", report.Clean(tapePath(o.out)))
			default:
				err = errors.Join(err, tape.Remove())
			}
		}()
	}
	t, err := env.collectTenant(cmd.Context(), o.tenant, tape)
	if err != nil {
		return err
	}
	madeBy := "postern " + buildVersion()
	if o.out == "-" {
		if err := snapshot.EncodeTenant(env.Stdout, t, madeBy); err != nil {
			return err
		}
		env.Say("%s", tenantContents(t))
	} else {
		size, err := file.WriteTenant(t, madeBy)
		if err != nil {
			return err
		}
		env.Say("%s\nwritten to %s (%s), readable by you only", tenantContents(t), report.Clean(o.out), bytesText(size))
	}
	done = true
	if lines := tenantUnread(t); len(lines) > 0 {
		const most = 30
		if len(lines) > most {
			lines = append(lines[:most], fmt.Sprintf("and %d more; the file has all", len(lines)-most))
		}
		return &ExitError{Code: ExitUnknown, Err: errors.New("the snapshot is incomplete and says so, this could not be read:\n" + strings.Join(lines, "\n"))}
	}
	return nil
}

func tapePath(out string) string { return out + ".part" }

func tapeHolds(out string) bool {
	info, err := os.Stat(tapePath(out))
	return err == nil && info.Size() > 0
}

// openTape keeps answers beside the file, so that a run that is cut off need not
// begin anew.
func (e *Env) openTape(o snapshotOptions) (*azure.Tape, error) {
	if o.out == "-" {
		return nil, nil
	}
	path := tapePath(o.out)
	if o.fresh {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("remove %s: %w", path, reason(err))
		}
	}
	tape, err := azure.OpenTape(path, e.Now)
	switch {
	case err != nil:
		return nil, err
	case tape.Kept > 0:
		e.Say("going on with %s of less than an hour ago (%s); --fresh begins anew", count(tape.Kept, "answer"), report.Clean(path))
	case o.resume:
		e.Warn("there is nothing to go on from (%s): reading everything", report.Clean(path))
	}
	return tape, nil
}

// tenantContents says what is in a tenant's snapshot.
func tenantContents(t *snapshot.Tenant) string {
	name := t.Name
	if name == "" {
		name = t.ID
	}
	if t.Lab {
		name = "LAB " + strings.TrimPrefix(name, "LAB ")
	}
	asked := 0
	for _, c := range t.Clusters {
		if c.Kubernetes != nil {
			asked++
		}
	}
	return report.Clean(fmt.Sprintf("%s, read as %s:", name, t.Reader.Name)) + "\n" + strings.Join([]string{
		count(len(t.Subscriptions), "subscription"), fmt.Sprintf("%s (%d with their Kubernetes part)", count(len(t.Clusters), "cluster"), asked),
		count(len(t.Assignments), "role assignment"), count(len(t.Eligible), "eligible one"), count(len(t.Principals), "principal"), count(len(t.Activity), "record") + " of the Activity Log",
	}, ", ")
}

// tenantUnread is a line for everything that could not be read.
func tenantUnread(t *snapshot.Tenant) (lines []string) {
	for _, u := range t.Unread {
		line := string(u.Piece)
		if u.Scope != "" {
			line += " of " + u.Scope
		}
		line += ": " + u.Why
		if u.Needs != "" {
			line += " (needs " + u.Needs + ")"
		}
		lines = append(lines, report.Clean(line))
	}
	for i := range t.Clusters {
		c := &t.Clusters[i]
		if c.Kubernetes == nil {
			continue
		}
		for _, u := range c.Kubernetes.Unknown {
			if u.What != snapshot.Azure {
				lines = append(lines, report.Clean(u.What+" of "+c.Name()+": "+u.Why))
			}
		}
	}
	return lines
}
