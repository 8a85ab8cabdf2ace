package syntax

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// Error is one fault of a query. Hint, if there is one, says what to write
// instead.
type Error struct {
	Span
	Msg  string
	Hint string
}

// ErrorList holds the faults of one query together with its text. The parser
// and the binder fill the same kind of list.
type ErrorList struct {
	Source string
	List   []Error
	Rows   bool // a fault is that the schema depends on rows nobody could look at
}

// Add appends a fault; the same message at the same place is kept once.
func (l *ErrorList) Add(at Span, hint, format string, args ...any) {
	e := Error{at, fmt.Sprintf(format, args...), hint}
	for _, old := range l.List {
		if old.Start == e.Start && old.Msg == e.Msg {
			return
		}
	}
	l.List = append(l.List, e)
}

// Err is the list as an error, nil if it is empty.
func (l *ErrorList) Err() error {
	if l == nil || len(l.List) == 0 {
		return nil
	}
	return l
}

// Error prints every fault in the order of the text: `line:col: message`, the
// source line, a caret, and the hint.
func (l *ErrorList) Error() string {
	list := append([]Error(nil), l.List...)
	sort.SliceStable(list, func(i, j int) bool { return list[i].Start < list[j].Start })
	var b strings.Builder
	for i, e := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == maxPrinted {
			fmt.Fprintf(&b, "and %d more", len(list)-i)
			break
		}
		e.write(&b, l.Source)
	}
	return b.String()
}

func (e Error) write(b *strings.Builder, src string) {
	pos := PositionOf(src, e.Start)
	fmt.Fprintf(b, "%d:%d: %s", pos.Line, pos.Column, e.Msg)
	line := LineAt(src, e.Start)
	shown, col := clip(line, pos.Column-1)
	width := 1
	if e.End > e.Start && e.End <= len(src) {
		text := src[e.Start:e.End]
		if i := strings.IndexByte(text, '\n'); i >= 0 {
			text = text[:i]
		}
		width = max(1, utf8.RuneCountInString(text))
	}
	width = max(1, min(width, utf8.RuneCountInString(shown)-col))
	fmt.Fprintf(b, "\n  %s\n  %s%s", shown, pad(shown, col), strings.Repeat("^", width))
	if e.Hint != "" {
		fmt.Fprintf(b, "\n  hint: %s", e.Hint)
	}
}

// maxPrinted bounds the faults that are printed.
const maxPrinted = 20

// maxShown bounds the part of a source line that is printed around a fault.
const maxShown = 160

// clip cuts a long line to the part around column col (in characters).
func clip(line string, col int) (string, int) {
	r := []rune(line)
	if len(r) <= maxShown {
		return line, col
	}
	from := max(0, col-maxShown/2)
	to := min(len(r), from+maxShown)
	return string(r[from:to]), col - from
}

// pad is blank space as wide as the first n characters of line, tabs kept.
func pad(line string, n int) string {
	var b strings.Builder
	for i, c := range []rune(line) {
		if i == n {
			break
		}
		if c == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
