package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/postern-dev/postern/internal/graph"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
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
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Kind != graph.User && n.Kind != graph.Group {
			continue
		}
		if found := known.of(n.Name); found.Unknown == "" || found.Unknown == notInDirectory {
			n.Display = found.text()
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
