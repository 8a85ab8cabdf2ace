package graph

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Dot writes the graph in graphviz's language. Nodes are numbered, so that no
// name is ever anything but the text of a label.
func (g *Graph) Dot(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "digraph %s {\n", dotString("postern"))
	fmt.Fprintf(out, "  label=%s; labelloc=t; fontname=Helvetica; fontsize=11; rankdir=LR; ranksep=1.1; nodesep=0.18;\n", dotString(g.heading()))
	fmt.Fprintln(out, `  node [fontname="Helvetica", fontsize=10, style="filled", margin="0.12,0.06"];`)
	fmt.Fprintln(out, `  edge [fontname="Helvetica", fontsize=8, color="#6b7280"];`)
	numbers := g.numbers()
	for _, c := range g.Clusters {
		indent := "  "
		if len(g.Clusters) > 1 {
			fmt.Fprintf(out, "  subgraph %s {\n    label=%s; color=\"#9ca3af\";\n", dotString("cluster_"+c.ID), dotString(c.Label()))
			indent = "    "
		}
		for _, n := range g.Nodes {
			if n.Cluster == c.ID {
				fmt.Fprintf(out, "%s%s [%s];\n", indent, numbers[n.ID], n.dot())
			}
		}
		if len(g.Clusters) > 1 {
			fmt.Fprintln(out, "  }")
		}
	}
	for _, e := range g.Edges {
		fmt.Fprintf(out, "  %s -> %s%s;\n", numbers[e.From], numbers[e.To], e.dot())
	}
	fmt.Fprintln(out, "}")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write dot: %w", err)
	}
	return nil
}

func (g *Graph) heading() string {
	return strings.Join(append([]string{g.Title()}, g.Limits()...), "\n")
}

// numbers are the names of nodes in languages that would misread their own.
func (g *Graph) numbers() map[string]string {
	names := make(map[string]string, len(g.Nodes))
	for i, n := range g.Nodes {
		names[n.ID] = fmt.Sprintf("n%d", i+1)
	}
	return names
}

func (n Node) dot() string {
	s := n.Kind.style()
	line, width := s.line, "1"
	look := "filled"
	switch {
	case n.State == Missing:
		look, line = "filled,dashed", "#b91c1c"
	case n.State == Unread:
		look = "filled,dotted"
	case n.Everything:
		line, width = "#b91c1c", "2"
	}
	if n.Focus {
		width = "3"
	}
	return fmt.Sprintf("label=%s, shape=%s, style=%s, fillcolor=%s, color=%s, penwidth=%s", dotString(strings.Join(n.lines(), "\n")),
		s.shape, dotString(look), dotString(s.fill), dotString(line), width)
}

func (e Edge) dot() string {
	var attributes []string
	if text := e.label(); text != "" {
		attributes = append(attributes, "label="+dotString(text))
	}
	switch {
	case e.alarming():
		attributes = append(attributes, `color="#b91c1c"`, `fontcolor="#b91c1c"`, "penwidth=2")
	case e.faint():
		attributes = append(attributes, "style=dashed")
	}
	if e.Kind == Escalates {
		attributes = append(attributes, "constraint=false")
	}
	if len(attributes) == 0 {
		return ""
	}
	return " [" + strings.Join(attributes, ", ") + "]"
}

// dotString quotes a text for graphviz, where a backslash begins an escape and
// an ampersand an HTML entity.
func dotString(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;", "\n", `\n`).Replace(text) + `"`
}
