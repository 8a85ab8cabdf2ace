// Package report prints results: aligned tables for eyes, JSON, YAML, CSV and
// bare names for programs.
//
// It owns spacing, colour, quoting and the order of keys; what a result means
// and which columns it has belongs to the command. Text from a cluster is not
// trusted: in tables, characters that could steer a terminal are shown as
// escapes. The other formats carry it exactly.
//
//	t := report.Table{Columns: report.Columns("SUBJECT", "ROLE", "+BINDING"), Rows: rows}
//	err := t.Text(w, report.Style{Wide: true})
package report

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Column is a column of a Table; Wide ones appear in wide tables and in CSV.
type Column struct {
	Name string
	Wide bool
}

// Columns is shorthand: a name that begins with + is a wide column.
func Columns(names ...string) []Column {
	var all []Column
	for _, name := range names {
		bare, wide := strings.CutPrefix(name, "+")
		all = append(all, Column{bare, wide})
	}
	return all
}

// Table is rows under columns; every row has a cell for each column, wide ones included.
type Table struct {
	Columns []Column
	Rows    [][]string
	// Paint, where set, colours a cell of a Text table; it must not change the
	// cell's width.
	Paint func(style Style, row, column int, cell string) string
}

// Style says how a table looks.
type Style struct {
	Wide   bool
	Colour bool
}

const gap = "   "

// Text prints the table aligned, headers first. The last column is not padded.
func (t Table) Text(w io.Writer, style Style) error {
	var shown []int
	for i, c := range t.Columns {
		if !c.Wide || style.Wide {
			shown = append(shown, i)
		}
	}
	width := make([]int, len(t.Columns))
	for _, i := range shown {
		width[i] = Width(t.Columns[i].Name)
		for _, row := range t.Rows {
			width[i] = max(width[i], Width(Clean(row[i])))
		}
	}
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c.Name
	}
	out := bufio.NewWriter(w)
	plain := func(_ int, cell string) string { return cell }
	fmt.Fprintln(out, style.Bold(align(head, shown, width, plain)))
	for n, row := range t.Rows {
		paint := plain
		if t.Paint != nil {
			paint = func(column int, cell string) string { return t.Paint(style, n, column, cell) }
		}
		fmt.Fprintln(out, align(row, shown, width, paint))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

func align(row []string, shown []int, width []int, paint func(column int, cell string) string) string {
	var b strings.Builder
	for at, i := range shown {
		cell := Clean(row[i])
		b.WriteString(paint(i, cell))
		if at < len(shown)-1 {
			b.WriteString(strings.Repeat(" ", width[i]-Width(cell)) + gap)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// CSV prints all columns, RFC 4180, with a header.
func (t Table) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = strings.ToLower(c.Name)
	}
	if err := out.Write(head); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	if err := out.WriteAll(t.Rows); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// Width is how many columns of a terminal a text takes, near enough: marks that
// sit on the letter before them take none.
func Width(text string) int {
	n := 0
	for _, r := range text {
		if !unicode.Is(unicode.Mn, r) {
			n++
		}
	}
	return n
}

// Clean makes text safe for a terminal: control characters, invisible direction
// marks and broken UTF-8 become escapes.
func Clean(text string) string {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, steers) {
		var b strings.Builder
		for i, r := range text {
			switch {
			case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
				fmt.Fprintf(&b, `\x%02x`, text[i])
			case steers(r) && r < 0x80:
				fmt.Fprintf(&b, `\x%02x`, r)
			case steers(r):
				fmt.Fprintf(&b, `\u%04x`, r)
			default:
				b.WriteRune(r)
			}
		}
		return b.String()
	}
	return text
}

func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}
