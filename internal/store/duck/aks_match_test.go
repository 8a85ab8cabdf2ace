package duck_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// matching holds rows against expected ones, of which cells may be special.
type matching struct {
	names []string
	want  [][]any
	take  int // so many of from are there as well
	from  [][]any
}

// match says how got differs, "" if it does not. order is nil, "exact", or the
// columns whose sequence must be the same.
func (m *matching) match(got [][]any, order any) string {
	left := slices.Clone(got)
	for _, w := range m.want {
		i := slices.IndexFunc(left, func(g []any) bool { return sameRow(w, g) })
		if i < 0 {
			return fmt.Sprintf("%d rows, want %d; missing\n%s\nthere is\n%s", len(got), len(m.want)+m.take, m.print(w), m.print(near(left, w)))
		}
		left = slices.Delete(left, i, i+1)
	}
	open := slices.Clone(m.from)
	for _, g := range left {
		i := slices.IndexFunc(open, func(w []any) bool { return sameRow(w, g) })
		if i < 0 {
			return fmt.Sprintf("%d rows, want %d; must not be there\n%s", len(got), len(m.want)+m.take, m.print(g))
		}
		open = slices.Delete(open, i, i+1)
	}
	if len(left) != m.take {
		return fmt.Sprintf("%d rows, want %d", len(got), len(m.want)+m.take)
	}
	return m.sequence(got, order)
}

// sequence compares the order, of the rows that are certain.
func (m *matching) sequence(got [][]any, order any) string {
	same := sameRow
	if names, ok := order.([]any); ok {
		var at []int
		for _, n := range names {
			at = append(at, slices.IndexFunc(m.names, func(c string) bool { return strings.HasPrefix(c, n.(string)+":") }))
		}
		same = func(a, b []any) bool {
			return !slices.ContainsFunc(at, func(i int) bool { return canonical(a[i]) != canonical(b[i]) })
		}
	} else if order != "exact" {
		return ""
	}
	for i, w := range m.want {
		if !same(w, got[i]) {
			return fmt.Sprintf("row %d of the order is\n%s\nwant\n%s", i, m.print(got[i]), m.print(w))
		}
	}
	return ""
}

func sameRow(want, got []any) bool {
	if len(want) != len(got) {
		return false
	}
	for i, w := range want {
		if !sameCell(w, got[i]) {
			return false
		}
	}
	return true
}

func sameCell(want, got any) bool {
	if s, ok := want.(special); ok {
		return s.allows(got)
	}
	if a, ok := want.(string); ok {
		if b, ok := got.(string); ok && a == b {
			return true
		}
	}
	return canonical(want) == canonical(got)
}

// near is the row most like w, nil if there is none.
func near(rows [][]any, w []any) []any {
	var best []any
	most := -1
	for _, r := range rows {
		n := 0
		for i := range r {
			if i < len(w) && sameCell(w[i], r[i]) {
				n++
			}
		}
		if n > most {
			best, most = r, n
		}
	}
	return best
}

func (m *matching) print(row []any) string {
	var b strings.Builder
	for i, v := range row {
		if s, ok := v.(special); ok {
			v = append([]any{s.kind}, s.values...)
		}
		fmt.Fprintf(&b, "  %s = %s\n", m.names[i], canonical(v))
	}
	return b.String()
}

// TestMatching: the comparison sees what it is for.
func TestMatching(t *testing.T) {
	row := func(v ...any) []any { return v }
	for _, c := range []struct {
		name  string
		m     matching
		got   [][]any
		order any
		want  string
	}{
		{"same", matching{want: [][]any{row("a"), row("b")}}, [][]any{row("b"), row("a")}, nil, ""},
		{"order", matching{want: [][]any{row("a"), row("b")}}, [][]any{row("b"), row("a")}, "exact", "row 0"},
		{"column's order", matching{names: []string{"x:string"}, want: [][]any{row("a"), row("b")}}, [][]any{row("b"), row("a")}, []any{"x"}, "row 0"},
		{"missing", matching{want: [][]any{row("a")}}, nil, nil, "missing"},
		{"too many", matching{want: [][]any{row("a")}}, [][]any{row("a"), row("a")}, nil, "must not be there"},
		{"case", matching{want: [][]any{row("a")}}, [][]any{row("A")}, nil, "missing"},
		{"null is not empty", matching{want: [][]any{row("")}}, [][]any{row(nil)}, nil, "missing"},
		{"any", matching{want: [][]any{row(special{"§any", []any{"a", "b"}})}}, [][]any{row("b")}, nil, ""},
		{"none of any", matching{want: [][]any{row(special{"§any", []any{"a", "b"}})}}, [][]any{row("c")}, nil, "missing"},
		{"set", matching{want: [][]any{row(special{"§set", []any{"a", "b"}})}}, [][]any{row([]any{"b", "a"})}, nil, ""},
		{"set with more", matching{want: [][]any{row(special{"§set", []any{"a"}})}}, [][]any{row([]any{"b", "a"})}, nil, "missing"},
		{"document", matching{want: [][]any{row(special{"§document", []any{map[string]any{"a": "b"}}})}}, [][]any{row(`{ "a": "b" }`)}, nil, ""},
		{"open", matching{take: 1, from: [][]any{row("a"), row("b")}}, [][]any{row("b")}, nil, ""},
		{"not of the open ones", matching{take: 1, from: [][]any{row("a")}}, [][]any{row("c")}, nil, "must not be there"},
		{"too few of the open ones", matching{take: 2, from: [][]any{row("a"), row("b")}}, [][]any{row("b")}, nil, "1 rows, want 2"},
	} {
		c.m.names = append(c.m.names, "x:string")
		if got := c.m.match(c.got, c.order); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
