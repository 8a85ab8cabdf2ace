package syntax

import (
	"strings"
	"unicode/utf8"
)

// Span is a half-open range of byte offsets into the query text. Nodes embed
// it, so every node has At.
type Span struct{ Start, End int }

// At gives the span itself.
func (s Span) At() Span { return s }

// To spans from s to the end of o.
func (s Span) To(o Span) Span { return Span{s.Start, max(s.End, o.End)} }

// Position is a place for people: both counts start at 1, columns count
// characters, not bytes.
type Position struct{ Line, Column int }

// PositionOf computes the position of a byte offset in src.
func PositionOf(src string, offset int) Position {
	offset = min(max(offset, 0), len(src))
	head := src[:offset]
	bol := strings.LastIndexByte(head, '\n') + 1
	return Position{strings.Count(head, "\n") + 1, utf8.RuneCountInString(head[bol:]) + 1}
}

// LineAt gives the whole source line around a byte offset, without its end.
func LineAt(src string, offset int) string {
	offset = min(max(offset, 0), len(src))
	bol := strings.LastIndexByte(src[:offset], '\n') + 1
	line := src[bol:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	return strings.TrimSuffix(line, "\r")
}

func lineStart(src string, offset int) int {
	return strings.LastIndexByte(src[:min(offset, len(src))], '\n') + 1
}
