package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/postern-dev/postern/internal/report"
)

func (e *Env) writeHarden(view hardenView, format string, applied bool) error {
	switch format {
	case "json":
		return report.JSON(e.Stdout, view)
	case "yaml":
		return report.YAML(e.Stdout, view)
	}
	return e.printPlan(e.Stdout, view, applied)
}

// printPlan writes a plan for people, or what became of it: then who breaks and
// what is to be known before are left out, since they were shown with the plan.
func (e *Env) printPlan(w io.Writer, view hardenView, applied bool) error {
	var b strings.Builder
	for i, c := range view.Clusters {
		if i > 0 {
			b.WriteString("\n")
		}
		lab := ""
		if view.Lab {
			lab = "LAB "
		}
		fmt.Fprintf(&b, "%s%s  (subscription %s)\n", lab, c.Name, c.Subscription)
		switch {
		case c.Unknown != "":
			fmt.Fprintf(&b, "  unknown: %s\n", report.Clean(c.Unknown))
			continue
		case len(c.Differences) == 0:
			b.WriteString("  nothing to change\n")
		}
		for _, d := range c.Differences {
			fmt.Fprintf(&b, "  %s: %s\n    - %s\n    + %s\n", d.Check, report.Clean(d.Path), value(d.Before), value(d.After))
		}
		if applied {
			c.Notes, c.Breaks, c.Remain = nil, nil, nil
		}
		for _, n := range c.Notes {
			fmt.Fprintf(&b, "  note: %s\n", n)
		}
		if len(c.Breaks) > 0 {
			b.WriteString("  who breaks, because they use the shared account:\n")
		}
		for _, u := range c.Breaks {
			fmt.Fprintf(&b, "    %s  %s  %s (%s), %s, last %s\n", report.Clean(u.Name), u.What, u.Kind, u.KindWhy, count(u.Count, "time"), u.Last.UTC().Format("2006-01-02 15:04"))
		}
		if len(c.Remain) > 0 {
			fmt.Fprintf(&b, "  who reaches cluster-admin without it: %s\n", report.Clean(strings.Join(c.Remain, ", ")))
		}
		for _, line := range []struct{ word, text string }{
			{"refused", c.Refused}, {"proved", c.Proved}, {"not proved", c.Wanting}, {"undo file", c.Undo},
		} {
			if line.text != "" {
				fmt.Fprintf(&b, "  %s: %s\n", line.word, report.Clean(line.text))
			}
		}
		if c.Changed {
			b.WriteString("  changed, and settled\n")
		}
		if p := c.Proof; p != nil {
			word := "not proved"
			if p.Proved {
				word = "proved"
			}
			fmt.Fprintf(&b, "  %s: asking for the admin credential was answered %d %s\n", word, p.Status, report.Clean(p.Words))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func value(v json.RawMessage) string {
	if string(v) == "null" {
		return "(absent)"
	}
	var line bytes.Buffer
	if json.Compact(&line, v) != nil {
		return report.Clean(string(v))
	}
	return report.Clean(line.String())
}
