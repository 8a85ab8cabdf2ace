package result

import (
	"encoding/csv"
	"io"
)

type csvWriter struct {
	out    *csv.Writer
	cols   []Column
	fields []string
	err    error
}

// NewCSV prints RFC 4180 records under a header; null is the empty field.
func NewCSV(out io.Writer, cols []Column) Writer {
	w := &csvWriter{out: csv.NewWriter(out), cols: cols, fields: make([]string, len(cols))}
	for i, c := range cols {
		w.fields[i] = c.Name
	}
	w.err = w.out.Write(w.fields)
	return w
}

func (w *csvWriter) Row(values []any) error {
	if w.err != nil {
		return w.err
	}
	for i, v := range values {
		w.fields[i] = Text(w.cols[i].Type, v)
	}
	return w.out.Write(w.fields)
}

func (w *csvWriter) End() error {
	w.out.Flush()
	if w.err != nil {
		return w.err
	}
	return w.out.Error()
}
