package graph

import (
	"strings"

	"github.com/postern-dev/postern/internal/report"
)

// style is how a kind of node looks in dot and Mermaid. The page has its own
// style sheet, in the same hues.
type style struct {
	shape     string // graphviz
	open      string // Mermaid
	close     string
	fill      string
	line      string
	className string
}

func (k NodeKind) style() style {
	switch k {
	case User:
		return style{"ellipse", "([", "])", "#dbeafe", "#1d4ed8", "user"}
	case Group:
		return style{"hexagon", "{{", "}}", "#e0e7ff", "#4338ca", "group"}
	case ServiceAccount:
		return style{"ellipse", "([", "])", "#cffafe", "#0e7490", "account"}
	case ClusterRoleBinding, RoleBinding:
		return style{"box", "[", "]", "#f3f4f6", "#4b5563", "binding"}
	case ClusterRole, Role:
		return style{"note", "[[", "]]", "#dcfce7", "#15803d", "role"}
	case Namespace:
		return style{"folder", "[/", "/]", "#fef9c3", "#a16207", "namespace"}
	case Ability:
		return style{"octagon", "{{", "}}", "#ffedd5", "#c2410c", "power"}
	}
	return style{"doubleoctagon", "{{", "}}", "#fee2e2", "#b91c1c", "everything"}
}

// lines are what a node says, kind first: names from a cluster may hold anything,
// and come without what could steer a terminal or a renderer.
func (n Node) lines() []string {
	text := []string{string(n.Kind), report.Clean(n.Label())}
	if n.Kind == Power || n.Kind == Ability {
		text = []string{report.Clean(n.Name)}
	}
	if n.Display != "" {
		text = append(text, report.Clean(n.Display))
	}
	switch {
	case n.State == Missing:
		text = append(text, "does not exist")
	case n.State == Unread:
		text = append(text, "rules unknown")
	case n.Everything:
		text = append(text, "everything")
	}
	return text
}

// label is what an edge says; the obvious kinds say nothing.
func (e Edge) label() string {
	switch e.Kind {
	case BoundBy, Grants, HoldsIn:
		return ""
	case MemberOf:
		return "in"
	case Escalates:
		return report.Clean(e.How)
	case Dangling:
		return "dangling"
	}
	return string(e.Kind)
}

// alarming edges are drawn so that nobody overlooks them.
func (e Edge) alarming() bool { return e.Kind == Everywhere || e.Kind == Escalates || e.OnPath }

// faint edges do not grant anything.
func (e Edge) faint() bool {
	return e.Kind == MemberOf || e.Kind == HoldsIn || e.Kind == Dangling || e.Kind == Aggregates
}

// Title is what a picture of these clusters is called: their names, LAB where
// one is the laboratory's.
func (g *Graph) Title() string {
	var names []string
	for _, c := range g.Clusters {
		names = append(names, report.Clean(c.Label()))
	}
	return "RBAC of " + strings.Join(names, ", ")
}

// Label is the cluster's name, LAB before the laboratory's.
func (c Cluster) Label() string {
	if c.Source.Lab && !strings.HasPrefix(c.Name, "LAB ") {
		return "LAB " + c.Name
	}
	return c.Name
}

// Limits are what the picture does not show, one sentence each.
func (g *Graph) Limits() []string {
	var lines []string
	for _, c := range g.Clusters {
		of := ""
		if len(g.Clusters) > 1 {
			of = " of " + report.Clean(c.Label())
		}
		for _, u := range c.Unknown {
			lines = append(lines, report.Clean("unknown"+of+": "+u.What+": "+u.Why))
		}
		if c.Hidden.Sum() > 0 {
			lines = append(lines, c.Hidden.String()+of+" not drawn: --system draws them")
		}
		for _, n := range c.NotExamined {
			lines = append(lines, "not examined"+of+": "+report.Clean(n))
		}
	}
	return lines
}
