package tour

import (
	"fmt"
	"strings"
)

// Result is one step as `tour -o json` prints it.
type Result struct {
	Name     string   `json:"name"`
	Commands []string `json:"commands"`
	Observed []string `json:"observed"`
	OK       bool     `json:"ok"`
	Pending  []string `json:"pending"`
}

// transcript collects what a step did and tells the printer as it happens.
type transcript struct {
	Result
	out printer
	// short are long words that a reader knows by a variable's name.
	short *strings.Replacer
}

func newTranscript(s step, out printer, short *strings.Replacer) *transcript {
	t := &transcript{out: out, short: short, Result: Result{
		Name: fmt.Sprintf("%d. %s", s.n, s.name), Commands: []string{}, Observed: []string{}, Pending: []string{},
	}}
	out.title(t.Name)
	return t
}

// command notes a command line as its person would type it.
func (t *transcript) command(who, line string) {
	line = t.short.Replace(line)
	t.Commands = append(t.Commands, who+"$ "+line)
	t.out.command(who, line)
}

// output notes what a client printed, shortened to its first lines.
func (t *transcript) output(text string) {
	text = strings.TrimRight(text, "\n ")
	if text == "" {
		return
	}
	lines := strings.Split(text, "\n")
	if len(lines) > maxLines {
		lines = append(lines[:maxLines:maxLines], fmt.Sprintf("… %d more lines", len(lines)-maxLines))
	}
	for i, l := range lines {
		if r := []rune(l); len(r) > maxColumns {
			lines[i] = string(r[:maxColumns]) + "…"
		}
	}
	text = strings.Join(lines, "\n")
	t.Observed = append(t.Observed, text)
	t.out.output(text)
}

const (
	maxLines   = 12
	maxColumns = 300
)

// means notes what was proved, in a sentence.
func (t *transcript) means(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	t.Observed = append(t.Observed, text)
	t.out.means(text)
}

// pend notes a clause whose command does not exist yet, and what stood in.
func (t *transcript) pend(clause, instead string) {
	t.Pending = append(t.Pending, clause)
	t.out.pending(clause, instead)
}

// end closes the step.
func (t *transcript) end(err error) Result {
	t.OK = err == nil
	if err != nil {
		t.Observed = append(t.Observed, "FAILED: "+err.Error())
	}
	t.out.end(err)
	return t.Result
}
