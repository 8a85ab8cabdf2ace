package result

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/postern-dev/postern/kql/types"
)

var columns = []Column{
	{"b", types.Bool}, {"i", types.Int}, {"l", types.Long}, {"r", types.Real}, {"d", types.Decimal}, {"s", types.String},
	{"t", types.DateTime}, {"ts", types.TimeSpan}, {"g", types.Guid}, {"dyn", types.Dynamic},
}

var rows = [][]any{
	{true, int32(-1), int64(1) << 62, 2.0, "1.50", "a<b>\n\"é", int64(638995175019609960), int64(-864000000000), "8e2c5d3a-0000-0000-0000-000000000000", `{"a":[1,2.50]}`},
	{nil, nil, nil, math.NaN(), nil, "", nil, nil, nil, nil},
	{false, int32(0), int64(0), math.Inf(-1), "0", "\x1b[31mred\xff\u202e", int64(0), int64(1), "", `cut {"a":`},
}

func write(t *testing.T, w Writer) {
	t.Helper()
	for _, r := range rows {
		if err := w.Row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	write(t, NewJSON(&b, columns))
	var doc struct {
		Tables []struct {
			Name    string
			Columns []struct{ Name, Type string }
			Rows    [][]json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(b.String()), &doc); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	table := doc.Tables[0]
	if table.Name != "PrimaryResult" || len(table.Rows) != 3 || table.Columns[7].Type != "timespan" {
		t.Errorf("shape: %+v", table)
	}
	want := []string{
		`true -1 4611686018427387904 2.0 "1.50" "a<b>\n\"é" "2025-11-23T17:58:21.9609960Z" "-1.00:00:00" "8e2c5d3a-0000-0000-0000-000000000000" {"a":[1,2.50]}`,
		`null null null "NaN" null "" null null null null`,
		`false 0 0 "-Infinity" "0" "\u001b[31mred\ufffd` + "\u202e" + `" "0001-01-01T00:00:00.0000000Z" "00:00:00.0000001" "" "cut {\"a\":"`,
	}
	for i, r := range table.Rows {
		var cells []string
		for _, c := range r {
			cells = append(cells, string(c))
		}
		if got := strings.Join(cells, " "); got != want[i] {
			t.Errorf("row %d:\n got %s\nwant %s", i, got, want[i])
		}
	}
}

func TestTable(t *testing.T) {
	var b strings.Builder
	w := NewTable(&b, []Column{{"n", types.Long}, {"text", types.String}, {"d", types.Dynamic}}, Table{Text: 6, Dynamic: 4})
	for _, r := range [][]any{{int64(5), "short", `[1]`}, {int64(12345), "\x1b[2Jmuch longer", `[1,2,3]`}, {nil, "a\nb", nil}} {
		if err := w.Row(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	want := "    n  text    d\n    5  short   [1]\n12345  \\x1b[…  [1,…\n       a\\nb\n"
	if b.String() != want {
		t.Errorf("got\n%q\nwant\n%q", b.String(), want)
	}
}

// TestTableStreams: after the rows that decide the widths, rows are not held.
func TestTableStreams(t *testing.T) {
	var b strings.Builder
	w := NewTable(&b, []Column{{"n", types.Long}}, Table{}).(*tableWriter)
	for i := range int64(held + 500) {
		if err := w.Row([]any{i}); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.rows) != 0 {
		t.Errorf("%d rows held", len(w.rows))
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n != held+501 {
		t.Errorf("%d lines", n)
	}
}

func TestNothingDrivesTheTerminal(t *testing.T) {
	if got := printable("\x1b[31m\xff\u202e\u200b\t"); got != `\x1b[31m\xff\u{202e}\u{200b}\t` {
		t.Errorf("got %q", got)
	}
}

func TestCSVAndYAML(t *testing.T) {
	var c, y strings.Builder
	write(t, NewCSV(&c, columns))
	write(t, NewYAML(&y, columns))
	if !strings.HasPrefix(c.String(), "b,i,l,r,d,s,t,ts,g,dyn\n") || !strings.Contains(c.String(), `"{""a"":[1,2.50]}"`) {
		t.Errorf("csv:\n%s", c.String())
	}
	if !strings.HasPrefix(y.String(), "- \"b\": true\n  \"i\": -1\n") || strings.Count(y.String(), "\n- ") != 2 {
		t.Errorf("yaml:\n%s", y.String())
	}
	var empty strings.Builder
	if err := NewYAML(&empty, columns).End(); err != nil || empty.String() != "[]\n" {
		t.Errorf("empty: %q %v", empty.String(), err)
	}
}
