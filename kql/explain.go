package kql

import (
	"fmt"
	"strings"

	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/syntax"
)

// Phases are the stages Explain prints. The plan is the engine's to tell.
func Phases() []string { return []string{"syntax", "bind", "ir", "rewrite", "sql"} }

// Explain prints what a stage made of a query.
func Explain(cat *schema.Catalog, text, phase string, o Options) (string, error) {
	if phase == "syntax" {
		q, err := syntax.Parse(text)
		if err != nil {
			return "", err
		}
		return syntax.Format(q) + "\n", nil
	}
	s, err := stages(cat, text, o)
	if err != nil {
		return "", err
	}
	switch phase {
	case "bind":
		return s.bound, nil
	case "ir":
		return s.passes[len(s.passes)-1].text, nil
	case "rewrite":
		var b strings.Builder
		before := s.bound
		for _, p := range s.passes {
			if p.text == before {
				fmt.Fprintf(&b, "-- %s: nothing to do\n", p.name)
				continue
			}
			fmt.Fprintf(&b, "-- %s\n%s", p.name, p.text)
			before = p.text
		}
		return b.String(), nil
	case "sql":
		var b strings.Builder
		b.WriteString(s.program.SQL + "\n")
		for i, v := range s.program.Params {
			fmt.Fprintf(&b, "-- $%d = %#v\n", i+1, v)
		}
		return b.String(), nil
	}
	return "", fmt.Errorf("explain: unknown phase %s", phase)
}
