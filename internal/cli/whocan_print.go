package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// print writes the answer to stdout and what must be said beside it to stderr.
func (d whoCanDoc) print(env *Env, format string) error {
	said := map[string]bool{}
	once := func(say func(string, ...any), text string) {
		if !said[text] {
			said[text] = true
			say("%s", report.Clean(text))
		}
	}
	for _, a := range d.Clusters {
		for _, r := range a.snapshot.Remarks {
			once(env.Say, r.Text)
		}
		for _, w := range a.Warnings {
			once(env.Warn, w)
		}
	}
	if why := d.nameless(); why != "" && format != "json" && format != "yaml" {
		env.Say("name unknown: %s", why)
	}
	switch format {
	case "json":
		return report.JSON(env.Stdout, d)
	case "yaml":
		return report.YAML(env.Stdout, d)
	case "csv":
		d.sayFooter(env)
		return d.table(true).CSV(env.Stdout)
	case "name":
		d.sayFooter(env)
		return d.printNames(env)
	}
	return d.text(env, format == "wide")
}

func (d whoCanDoc) nameless() string {
	for _, a := range d.Clusters {
		for _, h := range append(slices.Clone(a.Holders), a.Partial...) {
			if u := h.Subject.Unknown; u != "" && u != notInDirectory {
				return u
			}
		}
	}
	return ""
}

// printNames prints who may do all of it, everywhere it was asked about.
func (d whoCanDoc) printNames(env *Env) error {
	seen := map[string]bool{}
	for _, a := range d.Clusters {
		for _, h := range a.Holders {
			if s := h.Subject.String(); !seen[s] {
				seen[s] = true
				if _, err := fmt.Fprintln(env.Stdout, report.Clean(s)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (d whoCanDoc) text(env *Env, wide bool) error {
	style := report.Style{Wide: wide, Colour: env.Colour()}
	if err := d.table(wide).Text(env.Stdout, style); err != nil {
		return err
	}
	var b strings.Builder
	if parts := d.parts(wide); len(parts.Rows) > 0 {
		fmt.Fprintln(&b, "\nIn part only:")
		if err := parts.Text(&b, style); err != nil {
			return err
		}
	}
	for i, line := range d.footer() {
		if i == 0 {
			fmt.Fprintln(&b)
		}
		fmt.Fprintln(&b, style.Faint(report.Clean(line)))
	}
	_, err := fmt.Fprint(env.Stdout, b.String())
	return err
}

// parts are those who may do a part of what was asked.
func (d whoCanDoc) parts(wide bool) report.Table {
	return d.rows([]string{"KIND", "SUBJECT", "NAME", "ONLY", "ROLE", "BINDING", "+RULE", "+AT"}, func(a whoCanAnswer) (rows [][]string) {
		for _, h := range a.Partial {
			row := h.row()
			rows = add(rows, slices.Insert(slices.Delete(row, 4, 5), 3, h.only()), wide)
		}
		return rows
	})
}

// add leaves further rules of one role to wide tables.
func add(rows [][]string, row []string, wide bool) [][]string {
	if !wide && len(rows) > 0 && slices.Equal(rows[len(rows)-1][:6], row[:6]) {
		return rows
	}
	return append(rows, row)
}

// footer is what else must be known: streams, faults, what was not looked at.
func (d whoCanDoc) footer() (lines []string) {
	for _, a := range d.Clusters {
		prefix := ""
		if len(d.Clusters) > 1 {
			prefix = a.Cluster + ": "
		}
		for _, o := range a.Also {
			lines = append(lines, prefix+o.text(a))
		}
		for _, f := range a.Faults {
			lines = append(lines, prefix+"fault: "+f.Msg)
		}
		for _, n := range a.Notes {
			lines = append(lines, prefix+"note: "+n)
		}
		for _, u := range a.snapshot.Unknown {
			switch u.What {
			case snapshot.WhoAmI, snapshot.Namespaces, snapshot.ServerVersion: // nothing here rests on it, or the version says that it is assumed
			case snapshot.Discovery:
				lines = append(lines, prefix+"note: what the server serves could not be read: names are Kubernetes' own")
			default:
				lines = append(lines, prefix+"unknown: "+u.What+" could not be read")
			}
		}
		for _, n := range a.NotExamined {
			lines = append(lines, prefix+"not examined: "+n)
		}
	}
	return unique(lines)
}

func (o whoCanAlso) text(a whoCanAnswer) string {
	version := a.Version
	if a.Assumed {
		version += ", assumed"
	}
	if len(o.Lack) == 0 {
		return fmt.Sprintf("note: %s (server version %s); all of these may", o.Why, version)
	}
	return fmt.Sprintf("note: %s (server version %s); may not %s: %s", o.Why, version, o.Request, few(o.Lack, ", "))
}

// sayFooter is the footer where stdout is for programs.
func (d whoCanDoc) sayFooter(env *Env) {
	if parts := d.parts(true); len(parts.Rows) > 0 {
		env.Say("%d more ways allow a part of it: -o table and -o json show them", len(parts.Rows))
	}
	for _, line := range d.footer() {
		env.Say("%s", report.Clean(line))
	}
}

// table has a row for each way.
func (d whoCanDoc) table(wide bool) report.Table {
	return d.rows([]string{"KIND", "SUBJECT", "NAME", "ROLE", "SCOPE", "BINDING", "+RULE", "+AT"}, func(a whoCanAnswer) (rows [][]string) {
		for _, h := range a.Holders {
			rows = add(rows, h.row(), wide)
		}
		return rows
	})
}

// rows are the rows of all clusters; NAME is in the third column.
func (d whoCanDoc) rows(columns []string, of func(whoCanAnswer) [][]string) report.Table {
	name, several := 2, len(d.Clusters) > 1
	if several {
		columns, name = append([]string{"CLUSTER"}, columns...), 3
	}
	t := report.Table{Columns: report.Columns(columns...)}
	named := false
	for _, a := range d.Clusters {
		for _, row := range of(a) {
			if several {
				row = append([]string{a.Cluster}, row...)
			}
			named = named || row[name] != ""
			t.Rows = append(t.Rows, row)
		}
	}
	if !named { // nothing to show: leave the room to the others
		t.Columns[name].Wide = true
	}
	return t
}

func (h askHolder) row() []string {
	row := []string{string(h.Subject.Kind), h.Subject.Label(), h.Subject.text(), "everything", h.Scope, "none needed", "", ""}
	if h.Assignment != nil {
		row[3], row[5], row[6] = h.Assignment.Role, "Azure role assignment "+h.Assignment.short(), h.Assignment.DataAction
	}
	if h.By == access.ByKubernetes && h.Binding != nil {
		row[3] = string(h.Role.Kind) + "/" + h.Role.Name
		if rbac.Everything([]rbac.Rule{*h.Rule}) {
			row[3] += " (everything)"
		}
		row[5] = h.Binding.Kind + "/" + h.Binding.Name
		row[6] = ruleText(*h.Rule)
		row[7] = strings.Trim(place(h.At), " ()")
	}
	return row
}
