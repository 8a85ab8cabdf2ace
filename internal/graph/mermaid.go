package graph

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Mermaid writes the graph as a Mermaid flowchart.
func (g *Graph) Mermaid(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, line := range strings.Split(g.heading(), "\n") {
		fmt.Fprintf(out, "%%%% %s\n", strings.NewReplacer("{", "(", "}", ")", "%", " percent ").Replace(line))
	}
	fmt.Fprintln(out, "flowchart LR")
	numbers := g.numbers()
	for _, c := range g.Clusters {
		if len(g.Clusters) > 1 {
			fmt.Fprintf(out, "  subgraph c%s[%s]\n", c.ID, mermaidString(c.Label()))
		}
		for _, n := range g.Nodes {
			if n.Cluster == c.ID {
				s := n.Kind.style()
				fmt.Fprintf(out, "  %s%s%s%s:::%s\n", numbers[n.ID], s.open, mermaidString(strings.Join(n.lines(), "\n")), s.close, n.class())
			}
		}
		if len(g.Clusters) > 1 {
			fmt.Fprintln(out, "  end")
		}
	}
	var alarms []string
	for i, e := range g.Edges {
		fmt.Fprintf(out, "  %s %s %s\n", numbers[e.From], e.arrow(), numbers[e.To])
		if e.alarming() {
			alarms = append(alarms, fmt.Sprint(i))
		}
	}
	for _, k := range Kinds() {
		if k != RoleBinding && k != Role {
			s := k.style()
			fmt.Fprintf(out, "  classDef %s fill:%s,stroke:%s,color:#111827\n", s.className, s.fill, s.line)
		}
	}
	fmt.Fprintln(out, "  classDef missing fill:#fff,stroke:#b91c1c,stroke-dasharray:4,color:#b91c1c")
	if len(alarms) > 0 {
		fmt.Fprintf(out, "  linkStyle %s stroke:#b91c1c,stroke-width:2px\n", strings.Join(alarms, ","))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write mermaid: %w", err)
	}
	return nil
}

func (n Node) class() string {
	if n.State == Missing {
		return "missing"
	}
	return n.Kind.style().className
}

func (e Edge) arrow() string {
	arrow := "-->"
	if e.faint() {
		arrow = "-.->"
	}
	if text := e.label(); text != "" {
		return arrow + "|" + mermaidString(text) + "|"
	}
	return arrow
}

// mermaidString quotes a text for Mermaid. Its labels are Markdown and HTML, and
// what both make of a character is avoided by writing all but letters, digits
// and spaces as character numbers.
func mermaidString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString("<br>")
		case r == ' ', unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// MermaidEdges and MermaidText are what a Mermaid renderer takes unless its
// owner has raised maxEdges and maxTextSize; a diagram cannot.
const (
	MermaidEdges = 500
	MermaidText  = 50_000
)
