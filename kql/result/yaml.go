package result

import (
	"bufio"
	"io"
)

type yamlWriter struct {
	out  *bufio.Writer
	cols []Column
	rows int
}

// NewYAML prints a list of mappings, one a row. Scalars are written as JSON
// writes them, which YAML reads alike.
func NewYAML(out io.Writer, cols []Column) Writer {
	return &yamlWriter{out: bufio.NewWriter(out), cols: cols}
}

func (w *yamlWriter) Row(values []any) error {
	w.rows++
	for i, v := range values {
		lead := "  "
		if i == 0 {
			lead = "- "
		}
		_, _ = w.out.WriteString(lead + quote(w.cols[i].Name) + ": " + jsonText(w.cols[i].Type, v) + "\n")
	}
	if len(values) == 0 {
		_, _ = w.out.WriteString("- {}\n")
	}
	return nil
}

func (w *yamlWriter) End() error {
	if w.rows == 0 {
		_, _ = w.out.WriteString("[]\n")
	}
	return w.out.Flush()
}
