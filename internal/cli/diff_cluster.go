package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// diffClusters compares two snapshots of one cluster.
func (e *Env) diffClusters(old, new *snapshot.Snapshot, oldPath, newPath, format string) error {
	if a, b := clusterOfSnapshot(old), clusterOfSnapshot(new); !strings.EqualFold(a, b) {
		e.Warn("%s is of %s, %s of %s: two clusters are compared", report.Clean(oldPath), report.Clean(a), report.Clean(newPath), report.Clean(b))
	}
	if new.Taken.Before(old.Taken) {
		e.Warn("%s is older than %s: what is called new is what went", report.Clean(newPath), report.Clean(oldPath))
	}
	c := access.Changes(old, new)
	if err := e.writeComparison(c, format); err != nil {
		return err
	}
	switch {
	case c.More():
		return &ExitError{Code: ExitFindings}
	case len(c.NotComparable) > 0:
		return &ExitError{Code: ExitUnknown, Err: fmt.Errorf("nobody is known to have more, but %d things could not be compared", len(c.NotComparable))}
	}
	return nil
}

// clusterOfSnapshot is what tells one cluster from another.
func clusterOfSnapshot(s *snapshot.Snapshot) string {
	switch {
	case s.Azure != nil && s.Azure.ClusterID != "":
		return s.Azure.ClusterID
	case s.Source.Server != "" && !strings.HasPrefix(s.Name, "/"):
		return s.Source.Server
	}
	return s.Name
}

func comparisonTable(c access.Comparison) report.Table {
	t := report.Table{Columns: report.Columns("CHANGE", "NAMESPACE", "NAME", "WHAT")}
	t.Paint = func(s report.Style, row, column int, cell string) string {
		if column == 0 && c.Changes[row].More() {
			return s.Alarm(cell)
		}
		return cell
	}
	for _, x := range c.Changes {
		change := x.Kind + " changed"
		switch {
		case x.Added:
			change = "new " + x.Kind
		case x.Gone:
			change = x.Kind + " gone"
		}
		t.Rows = append(t.Rows, []string{change, x.Namespace, x.Name, changeText(x)})
	}
	return t
}

func changeText(x access.Change) string {
	switch x.Kind {
	case "binding":
		return x.Subject.String() + " to " + string(x.Role.Kind) + " " + x.Role.Name
	case "role":
		var parts []string
		for _, list := range []struct {
			what  string
			rules []rbac.Rule
		}{{"allows now", x.Gained}, {"no longer", x.Lost}} {
			if len(list.rules) == 0 || x.Gone {
				continue
			}
			var rules []string
			for _, r := range list.rules {
				rules = append(rules, ruleText(r))
			}
			parts = append(parts, list.what+": "+strings.Join(rules, ", "))
		}
		return strings.Join(parts, "; ")
	}
	return x.Text
}

func (e *Env) writeComparison(c access.Comparison, format string) error {
	t := comparisonTable(c)
	switch format {
	case "json":
		return report.JSON(e.Stdout, c)
	case "yaml":
		return report.YAML(e.Stdout, c)
	case "csv":
		return t.CSV(e.Stdout)
	case "name":
		w := &errWriter{w: e.Stdout}
		for _, x := range c.Changes {
			if x.More() {
				fmt.Fprintln(w, report.Clean(x.Kind+"/"+strings.TrimPrefix(x.Namespace+"/"+x.Name, "/")))
			}
		}
		return w.err
	}
	style := report.Style{Wide: format == "wide", Colour: e.Colour()}
	if len(t.Rows) == 0 {
		e.Say("nothing changed between %s and %s", c.Old.UTC().Format("2006-01-02 15:04:05Z"), c.New.UTC().Format("2006-01-02 15:04:05Z"))
	} else if err := t.Text(e.Stdout, style); err != nil {
		return err
	}
	var errs error
	for _, text := range c.NotComparable {
		_, err := fmt.Fprintln(e.Stdout, style.Faint("not comparable: "+report.Clean(text)))
		errs = errors.Join(errs, err)
	}
	return errs
}
