package tour

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// printer is where a walk is told, live.
type printer interface {
	note(text string)
	title(name string)
	command(who, line string)
	output(text string)
	means(text string)
	pending(clause, instead string)
	end(err error)
	summary(results []Result) error
}

// textPrinter writes the walk as a reader of the article would see it.
type textPrinter struct {
	w     io.Writer
	color bool
}

func (p *textPrinter) paint(code, s string) string {
	if !p.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *textPrinter) note(text string)  { fmt.Fprintf(p.w, "%s\n", text) }
func (p *textPrinter) title(name string) { fmt.Fprintf(p.w, "\n%s\n", p.paint("1", name)) }

func (p *textPrinter) command(who, line string) {
	fmt.Fprintf(p.w, "  %s %s\n", p.paint("36", who+"$"), line)
}

func (p *textPrinter) output(text string) {
	for l := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(p.w, "    %s\n", p.paint("2", l))
	}
}

func (p *textPrinter) means(text string) { fmt.Fprintf(p.w, "  → %s\n", text) }

func (p *textPrinter) pending(clause, instead string) {
	fmt.Fprintf(p.w, "  %s %s (here: %s)\n", p.paint("33", "pending:"), clause, instead)
}

func (p *textPrinter) end(err error) {
	if err != nil {
		fmt.Fprintf(p.w, "  %s %v\n", p.paint("31", "FAILED:"), err)
		return
	}
	fmt.Fprintf(p.w, "  %s\n", p.paint("32", "ok"))
}

func (p *textPrinter) summary(results []Result) error {
	_, err := fmt.Fprintf(p.w, "\n%s\n", p.paint("1", summaryLine(results)))
	return err
}

// jsonPrinter says nothing until the end.
type jsonPrinter struct{ w io.Writer }

func (jsonPrinter) note(string)            {}
func (jsonPrinter) title(string)           {}
func (jsonPrinter) command(string, string) {}
func (jsonPrinter) output(string)          {}
func (jsonPrinter) means(string)           {}
func (jsonPrinter) pending(string, string) {}
func (jsonPrinter) end(error)              {}

func (p jsonPrinter) summary(results []Result) error {
	enc := json.NewEncoder(p.w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(results)
}

// summaryLine is the last line of the text form.
func summaryLine(results []Result) string {
	ok, pending := 0, 0
	for _, r := range results {
		if r.OK {
			ok++
		}
		pending += len(r.Pending)
	}
	return fmt.Sprintf("tour: %d/%d steps, %d clauses pending", ok, len(results), pending)
}
