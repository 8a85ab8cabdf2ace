package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/graph"
	"github.com/postern-dev/postern/internal/lookup"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// edgeTable is the graph as a list of its edges.
func edgeTable(g *graph.Graph) report.Table {
	t := report.Table{Columns: report.Columns("FROM", "EDGE", "TO", "CLUSTER", "+WHY", "+AT")}
	if len(g.Clusters) < 2 {
		t.Columns[3].Wide = true
	}
	nodes := map[string]graph.Node{}
	for _, n := range g.Nodes {
		nodes[n.ID] = n
	}
	names := map[string]string{}
	for _, c := range g.Clusters {
		names[c.ID] = c.Label()
	}
	for _, e := range g.Edges {
		from, to := nodes[e.From], nodes[e.To]
		kind := string(e.Kind)
		if e.How != "" {
			kind += " (" + e.How + ")"
		}
		at := ""
		if to.At.File != "" {
			at = to.At.String()
		}
		t.Rows = append(t.Rows, []string{nodeText(from), kind, nodeText(to), names[from.Cluster], e.Text, at})
	}
	return t
}

// nodeText is a node in a table: subjects as users type them, objects as KIND/NAME.
func nodeText(n graph.Node) string {
	text := string(n.Kind) + "/" + n.Label()
	switch n.Kind {
	case graph.User:
		text = "user:" + n.Name
	case graph.Group:
		text = "group:" + n.Name
	case graph.ServiceAccount:
		text = "sa:" + n.Label()
	case graph.Power, graph.Ability:
		text = n.Name
	}
	if n.Display != "" {
		text += " " + n.Display
	}
	switch {
	case n.State == graph.Missing:
		text += " (does not exist)"
	case n.State == graph.Unread:
		text += " (rules unknown)"
	case n.Everything:
		text += " (everything)"
	}
	return text
}

func (e *Env) writeEdges(w io.Writer, g *graph.Graph, wide bool) error {
	style := report.Style{Wide: wide, Colour: e.Colour()}
	if len(g.Edges) > 0 {
		if err := edgeTable(g).Text(w, style); err != nil {
			return err
		}
	} else {
		e.Say("nothing leads anywhere: no binding was found")
	}
	if err := e.writePaths(w, g, style); err != nil {
		return err
	}
	for i, line := range g.Limits() {
		if i == 0 && len(g.Edges) > 0 {
			fmt.Fprintln(w)
		}
		if _, err := fmt.Fprintln(w, style.Faint(line)); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
	}
	return nil
}

// fewPaths are shown in a table; JSON has all of them.
const fewPaths = 25

// writePaths prints the ways to everything, a hop a line with what allows it.
func (e *Env) writePaths(w io.Writer, g *graph.Graph, style report.Style) error {
	nodes := map[string]string{}
	for _, n := range g.Nodes {
		nodes[n.ID] = nodeText(n)
	}
	var b strings.Builder
	for i, p := range g.Paths {
		if i == fewPaths {
			fmt.Fprintf(&b, "\n%d more paths: -o json or html has them\n", len(g.Paths)-fewPaths)
			break
		}
		needs := ""
		if !p.Sure {
			needs = ", if what it needs beyond RBAC is there"
		}
		fmt.Fprintf(&b, "\n%s reaches everything%s:\n", style.Alarm(report.Clean(nodes[p.From])), needs)
		for _, h := range p.Hops {
			fmt.Fprintf(&b, "  %s → %s: %s\n", h.How, report.Clean(nodes[h.To]), report.Clean(h.Text))
			for _, text := range h.Evidence {
				fmt.Fprintf(&b, "    by %s\n", report.Clean(text))
			}
			for _, text := range h.Needs {
				fmt.Fprintf(&b, "    needs %s\n", report.Clean(text))
			}
		}
		if p.Alike > 0 {
			fmt.Fprintf(&b, "  and %d more alike, through others\n", p.Alike)
		}
	}
	if g.Question.Paths && len(g.Paths) == 0 {
		b.WriteString("\nno path to everything was found from what is drawn\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// nodeNames prints the subjects, ready for other commands.
func nodeNames(w io.Writer, g *graph.Graph) error {
	for _, n := range g.Nodes {
		switch n.Kind {
		case graph.User, graph.Group, graph.ServiceAccount:
			n.Display = ""
			if _, err := fmt.Fprintln(w, report.Clean(nodeText(n))); err != nil {
				return fmt.Errorf("write names: %w", err)
			}
		}
	}
	return nil
}

// nameNodes gives object ids the names the directory has for them.
func (e *Env) nameNodes(ctx context.Context, mode string, snaps []*snapshot.Snapshot, g *graph.Graph) {
	tenant := ""
	for _, s := range snaps {
		if tenant == "" {
			tenant = s.Tenant
		}
	}
	var ids []string
	for _, n := range g.Nodes {
		if n.Kind == graph.User || n.Kind == graph.Group {
			ids = append(ids, n.Name)
		}
	}
	known := e.resolveNames(ctx, mode, tenant, ids)
	if known.why != "" {
		e.Say("name unknown: %s", known.why)
	}
	at := map[string]*graph.Node{}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		at[n.ID] = n
		if n.Kind != graph.User && n.Kind != graph.Group {
			continue
		}
		if found := known.of(n.Name); found.Unknown == "" || found.Unknown == notInDirectory {
			n.Display = found.text()
		}
	}
	for _, edge := range g.Edges {
		if edge.Kind == graph.BoundBy {
			warnMisnamed(g, at[edge.From], at[edge.To], known)
		}
	}
}

// warnMisnamed marks subjects that a binding names as what they are not.
func warnMisnamed(g *graph.Graph, who, by *graph.Node, known names) {
	row := lookup.Row{
		Subject: rbac.Subject{Kind: rbac.SubjectKind(who.Kind), Namespace: who.Namespace, Name: who.Name},
		Grant:   rbac.Grant{Binding: &rbac.Binding{Namespace: by.Namespace, Name: by.Name}},
	}
	warning := misnamed(row, known.of(who.Name))
	if warning == "" {
		return
	}
	for _, list := range []*[]string{&who.Warnings, &by.Warnings, &g.Warnings} {
		if !slices.Contains(*list, warning) {
			*list = append(*list, warning)
		}
	}
}

// sayGraph says beside the picture what is wrong with what it shows, and where
// the picture has no room for it, what it does not show.
func (e *Env) sayGraph(g *graph.Graph, snaps []*snapshot.Snapshot, format string) {
	for _, s := range snaps {
		for _, r := range s.Remarks {
			e.Say("%s", report.Clean(r.Text))
		}
	}
	for _, w := range g.Warnings {
		e.Warn("%s", report.Clean(w))
	}
	if format == "table" || format == "wide" {
		return // it ends with them
	}
	for _, line := range g.Limits() {
		e.Say("%s", line)
	}
}
