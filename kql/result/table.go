package result

import (
	"bufio"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-dev/postern/kql/types"
)

// Table says how a table is laid out. The zero value cuts nothing.
type Table struct {
	Text    int // longest cell of a string column in characters, 0 for no limit
	Dynamic int // the same for dynamic columns
}

// held is how many rows decide the column widths; later rows are written as
// they come and may stick out.
const held = 1000

type tableWriter struct {
	layout Table
	out    *bufio.Writer
	cols   []Column
	width  []int
	rows   [][]string
	fixed  bool
}

// NewTable prints aligned columns under a header: numbers to the right, long
// cells cut with …, control characters spelt out so that a log line cannot
// drive the terminal.
func NewTable(out io.Writer, cols []Column, layout Table) Writer {
	w := &tableWriter{layout: layout, out: bufio.NewWriter(out), cols: cols, width: make([]int, len(cols))}
	for i, c := range cols {
		w.width[i] = utf8.RuneCountInString(printable(c.Name))
	}
	return w
}

func (w *tableWriter) Row(values []any) error {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = w.cell(w.cols[i].Type, v)
	}
	if w.fixed {
		return w.line(row)
	}
	for i, s := range row {
		w.width[i] = max(w.width[i], utf8.RuneCountInString(s))
	}
	w.rows = append(w.rows, row)
	if len(w.rows) == held {
		return w.fix()
	}
	return nil
}

func (w *tableWriter) End() error {
	if !w.fixed {
		if err := w.fix(); err != nil {
			return err
		}
	}
	return w.out.Flush()
}

// fix settles the widths and writes the header and the rows held back.
func (w *tableWriter) fix() error {
	w.fixed = true
	head := make([]string, len(w.cols))
	for i, c := range w.cols {
		head[i] = printable(c.Name)
	}
	if err := w.line(head); err != nil {
		return err
	}
	for _, row := range w.rows {
		if err := w.line(row); err != nil {
			return err
		}
	}
	w.rows = nil
	return nil
}

func (w *tableWriter) line(row []string) error {
	var b strings.Builder
	for i, s := range row {
		if i > 0 {
			b.WriteString("  ")
		}
		pad := strings.Repeat(" ", max(0, w.width[i]-utf8.RuneCountInString(s)))
		if w.cols[i].Type.Numeric() {
			b.WriteString(pad + s)
			continue
		}
		b.WriteString(s + pad)
	}
	_, err := w.out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	return err
}

func (w *tableWriter) cell(t types.Type, v any) string {
	s := printable(Text(t, v))
	limit := 0
	switch t {
	case types.String:
		limit = w.layout.Text
	case types.Dynamic:
		limit = w.layout.Dynamic
	}
	if limit > 0 && utf8.RuneCountInString(s) > limit {
		return string([]rune(s)[:limit-1]) + "…"
	}
	return s
}

// printable spells out what would move the cursor or colour the screen.
func printable(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x` + hex(s[i]))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < utf8.RuneSelf && !unicode.IsPrint(r):
			b.WriteString(`\x` + hex(s[i]))
		case !unicode.IsPrint(r) && !unicode.IsSpace(r):
			b.WriteString(`\u{` + runeHex(r) + `}`)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

func runeHex(r rune) string {
	var b []byte
	for shift := 20; shift >= 0; shift -= 4 {
		d := byte(r>>shift) & 15
		if d == 0 && len(b) == 0 && shift > 0 {
			continue
		}
		b = append(b, hex(d)[1])
	}
	return string(b)
}
