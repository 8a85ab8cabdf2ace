package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/report"
)

// markSet is how the cells of a matrix look.
type markSet map[access.Cell]string

func marks(ascii bool) markSet {
	if ascii {
		return markSet{access.CellYes: "+", access.CellNames: "~", access.CellNo: ".", access.CellUnknown: "?", access.CellNone: ""}
	}
	return markSet{access.CellYes: "✓", access.CellNames: "◐", access.CellNo: "·", access.CellUnknown: "?", access.CellNone: ""}
}

// words are for programs.
func words() markSet {
	return markSet{access.CellYes: "yes", access.CellNames: "names", access.CellNo: "no", access.CellUnknown: "unknown", access.CellNone: ""}
}

// print writes a table whose cells are marks, and below it what the marks mean.
func (m markSet) print(env *Env, t report.Table, style report.Style, verbs int) error {
	first := slices.IndexFunc(t.Columns, titled("RESOURCE")) + 1
	t.Paint = func(style report.Style, _, column int, cell string) string {
		if column < first || column >= first+verbs {
			return cell
		}
		return m.paint(style, cell)
	}
	if err := t.Text(env.Stdout, style); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, row := range t.Rows {
		for _, cell := range row[first : first+verbs] {
			for _, mark := range cell {
				seen[string(mark)] = true
			}
		}
	}
	var legend []string
	for _, l := range []struct {
		cell access.Cell
		text string
	}{{access.CellYes, "yes"}, {access.CellNames, "some names only"}, {access.CellNo, "no"}, {access.CellUnknown, "unknown"}} {
		if seen[m[l.cell]] {
			legend = append(legend, m.paint(style, m[l.cell])+" "+l.text)
		}
	}
	_, err := fmt.Fprintln(env.Stdout, "\n"+strings.Join(legend, "   "))
	return err
}

// paint colours each mark of a cell.
func (m markSet) paint(style report.Style, cell string) string {
	var b strings.Builder
	for _, mark := range cell {
		switch text := string(mark); text {
		case m[access.CellYes]:
			b.WriteString(style.Good(text))
		case m[access.CellNames], m[access.CellUnknown]:
			b.WriteString(style.Doubt(text))
		default:
			b.WriteString(style.Faint(text))
		}
	}
	return b.String()
}
