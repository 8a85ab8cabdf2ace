package result

import (
	"bufio"
	"io"
	"strings"
)

type jsonWriter struct {
	out  *bufio.Writer
	cols []Column
	rows int
}

// NewJSON prints {"tables":[{"name":"PrimaryResult","columns":[…],"rows":[[…]]}]},
// the response of the Log Analytics query API with dynamics embedded as JSON.
// Rows are written as they come; the document is whole only after End.
func NewJSON(out io.Writer, cols []Column) Writer {
	w := &jsonWriter{out: bufio.NewWriterSize(out, 64<<10), cols: cols}
	var head strings.Builder
	head.WriteString(`{"tables":[{"name":"PrimaryResult","columns":[`)
	for i, c := range cols {
		if i > 0 {
			head.WriteByte(',')
		}
		head.WriteString(`{"name":` + quote(c.Name) + `,"type":"` + c.Type.String() + `"}`)
	}
	head.WriteString(`],"rows":[`)
	_, _ = w.out.WriteString(head.String()) // a bufio.Writer keeps its first error for Flush
	return w
}

func (w *jsonWriter) Row(values []any) error {
	if w.rows > 0 {
		_ = w.out.WriteByte(',')
	}
	w.rows++
	_, _ = w.out.WriteString("\n[")
	for i, v := range values {
		if i > 0 {
			_ = w.out.WriteByte(',')
		}
		_, _ = w.out.WriteString(jsonText(w.cols[i].Type, v))
	}
	return w.out.WriteByte(']')
}

func (w *jsonWriter) End() error {
	if w.rows > 0 {
		_ = w.out.WriteByte('\n')
	}
	_, _ = w.out.WriteString("]}]}\n")
	return w.out.Flush()
}
