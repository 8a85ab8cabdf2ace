package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

func newDiffCmd(env *Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "What changed between two snapshots: doors, holders, keys; bindings and roles",
		Long: `Compare two files of postern snapshot --all-clusters: clusters that came and
went, doors whose state changed, holders and keys that appeared and went. What
one of the two could not read is not comparable, and said.

Two files of postern snapshot, of one cluster, are compared by what they hold:
bindings, what roles allow, tokens without end, certificates, the client CA.

Exit code 3: there is a new door, a new holder or a new
key; in one cluster, somebody has more than before. 5: nothing new was
found, but something that decides could not be compared. 0: nothing new.`,
		Example: `  postern diff yesterday.json today.json
  postern diff yesterday.json.gz today.json.gz -o json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError("postern diff yesterday.json today.json", "diff needs two snapshots, OLD and NEW, got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runDiff(cmd, env, args[0], args[1]) },
	}
	return uses(cmd)
}

func runDiff(cmd *cobra.Command, env *Env, oldPath, newPath string) error {
	format, err := env.format(cmd, "table", "wide", "json", "yaml", "csv", "name")
	if err != nil {
		return err
	}
	if oldPath == "-" && newPath == "-" {
		return usageError("", "only one of the two can be stdin")
	}
	old, oldCluster, err := env.diffSide(cmd.Context(), oldPath)
	if err != nil {
		return err
	}
	new, newCluster, err := env.diffSide(cmd.Context(), newPath)
	if err != nil {
		return err
	}
	switch {
	case oldCluster != nil && newCluster != nil:
		return env.diffClusters(oldCluster, newCluster, oldPath, newPath, format)
	case oldCluster != nil || newCluster != nil:
		return usageError("", "of %s and %s one is a snapshot of a tenant, the other of one cluster", report.Clean(oldPath), report.Clean(newPath))
	}
	if !strings.EqualFold(old.ID, new.ID) {
		return usageError("", "%s is of tenant %s, %s of tenant %s", report.Clean(oldPath), report.Clean(old.ID), report.Clean(newPath), report.Clean(new.ID))
	}
	if new.Taken.Before(old.Taken) {
		env.Warn("%s is older than %s: what is called new is what went", report.Clean(newPath), report.Clean(oldPath))
	}
	d := doors.Compare(doors.Find(old, doors.Options{Now: env.Now()}), doors.Find(new, doors.Options{Now: env.Now()}))
	if err := env.writeDiff(d, format); err != nil {
		return err
	}
	switch {
	case d.Worse():
		return &ExitError{Code: ExitFindings}
	case len(d.NotComparable) > 0:
		return &ExitError{Code: ExitUnknown, Err: fmt.Errorf("nothing new was found, but %d things could not be compared", len(d.NotComparable))}
	}
	return nil
}

// diffSide is one of the two files: a tenant's, or one cluster's.
func (e *Env) diffSide(ctx context.Context, path string) (*snapshot.Tenant, *snapshot.Snapshot, error) {
	tenants, snaps, _, err := snapshot.Reader{Stdin: e.Stdin}.ReadTenants(ctx, []string{path}, e.Now())
	if err != nil {
		return nil, nil, readError(ctx, err)
	}
	const made = "postern snapshot --all-clusters --out FILE makes one"
	switch {
	case len(tenants) == 0 && len(snaps) == 1:
		return nil, snaps[0], nil
	case len(tenants) == 0 && len(snaps) > 1:
		return nil, nil, usageError("", "%s holds several snapshots; name the file", report.Clean(path))
	case len(tenants) == 0:
		return nil, nil, usageError(made, "%s: no tenant's snapshot", report.Clean(path))
	case len(tenants) > 1:
		return nil, nil, usageError("", "%s holds several tenants' snapshots; name the file", report.Clean(path))
	}
	t := tenants[0].Tenant
	for _, s := range t.Join(snaps) {
		e.Warn("%s left aside: no cluster of the tenant has the address %s", report.Clean(s.File), report.Clean(s.Source.Server))
	}
	return t, nil, nil
}

// diffTable is one change a row; cells of tables are made safe by the table.
func diffTable(d doors.Diff) report.Table {
	t := report.Table{Columns: report.Columns("CHANGE", "CLUSTER", "DOOR", "WHAT", "+WHY", "+CLUSTER_ID")}
	t.Paint = func(s report.Style, row, column int, cell string) string {
		if column == 0 && (strings.HasPrefix(cell, "new") || cell == "opened") {
			return s.Alarm(cell)
		}
		return cell
	}
	name := func(id string) string {
		if id == "" {
			return "tenant"
		}
		c := snapshot.AzureCluster{ID: id}
		return c.Name()
	}
	add := func(change, cluster string, kind doors.Kind, what, why string) {
		t.Rows = append(t.Rows, []string{change, name(cluster), string(kind), what, why, cluster})
	}
	for _, id := range d.AddedClusters {
		add("new cluster", id, "", id, "")
	}
	for _, id := range d.RemovedClusters {
		add("cluster gone", id, "", id, "it was deleted, or is no longer seen")
	}
	for _, s := range d.States {
		change := "changed"
		switch {
		case s.New == doors.Open && s.Old != doors.Unknown:
			change = "opened"
		case s.Old == doors.Open && s.New != doors.Unknown:
			change = "closed"
		}
		add(change, s.Cluster, s.Kind, fmt.Sprintf("%s, was %s", s.New, s.Old), s.Why)
	}
	for _, h := range d.Holders {
		change := "holder gone"
		if h.Added {
			change = "new holder"
		}
		what := holderText(h.Holder)
		if h.Unsure != "" {
			change += " (not sure)"
		}
		var path []string
		for _, s := range h.Holder.Path {
			path = append(path, s.What)
		}
		why := strings.Join(path, " → ")
		if h.Unsure != "" {
			why = strings.TrimPrefix(why+"; "+h.Unsure, "; ")
		}
		add(change, h.Cluster, h.Kind, what, why)
	}
	for _, k := range d.Keys {
		change := "key gone"
		if k.Added {
			change = "new key"
		}
		t.Rows = append(t.Rows, []string{change, "", "", principalText(k.Key.Who) + " can become " + principalText(k.Key.Of) + ": " + k.Key.Via, k.Key.Unsure, ""})
	}
	return t
}

func (e *Env) writeDiff(d doors.Diff, format string) error {
	t := diffTable(d)
	switch format {
	case "json":
		return report.JSON(e.Stdout, d)
	case "yaml":
		return report.YAML(e.Stdout, d)
	case "csv":
		return t.CSV(e.Stdout)
	case "name":
		w := &errWriter{w: e.Stdout}
		for _, s := range d.States {
			if s.New == doors.Open && s.Old != doors.Unknown {
				fmt.Fprintln(w, report.Clean(strings.TrimPrefix(s.Cluster+"/"+string(s.Kind), "/")))
			}
		}
		return w.err
	}
	style := report.Style{Wide: format == "wide", Colour: e.Colour()}
	if len(t.Rows) == 0 {
		e.Say("nothing changed between %s and %s", d.Old.UTC().Format("2006-01-02 15:04:05Z"), d.New.UTC().Format("2006-01-02 15:04:05Z"))
	} else if err := t.Text(e.Stdout, style); err != nil {
		return err
	}
	var errs error
	for _, text := range d.NotComparable {
		_, err := fmt.Fprintln(e.Stdout, style.Faint("not comparable: "+report.Clean(text)))
		errs = errors.Join(errs, err)
	}
	return errs
}
