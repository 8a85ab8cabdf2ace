package report

import (
	"fmt"
	"io"
	"strings"
)

// Properties is one thing described line by line: a label, then its value. The
// values are printed as given; Clean what is not trusted.
type Properties struct {
	Style Style
	rows  []property
}

type property struct {
	label string
	lines Lines
}

// Lines are the lines of one value; the cells of a line are aligned with those
// of the lines around it.
type Lines [][]string

// Add appends a line.
func (l *Lines) Add(cells ...string) { *l = append(*l, cells) }

// Add appends a property of one line.
func (p *Properties) Add(label string, cells ...string) {
	p.rows = append(p.rows, property{label, Lines{cells}})
}

// AddLines appends a property of several lines; of none, nothing.
func (p *Properties) AddLines(label string, lines Lines) {
	if len(lines) > 0 {
		p.rows = append(p.rows, property{label, lines})
	}
}

// Write prints everything.
func (p *Properties) Write(w io.Writer) error {
	label := 0
	for _, r := range p.rows {
		label = max(label, Width(r.label))
	}
	for _, r := range p.rows {
		first := 0
		for _, cells := range r.lines {
			if len(cells) > 1 {
				first = max(first, Width(cells[0]))
			}
		}
		for i, cells := range r.lines {
			head := ""
			if i == 0 {
				head = r.label
			}
			pad := strings.Repeat(" ", label-Width(head))
			if _, err := fmt.Fprintln(w, strings.TrimRight(p.Style.Bold(head)+pad+gap+join(cells, first), " ")); err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
	}
	return nil
}

func join(cells []string, first int) string {
	if len(cells) < 2 {
		return strings.Join(cells, "")
	}
	return cells[0] + strings.Repeat(" ", first-Width(cells[0])) + gap + strings.Join(cells[1:], gap)
}
