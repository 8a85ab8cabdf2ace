package report_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v3"

	"github.com/postern-dev/postern/internal/report"
)

func table() report.Table {
	return report.Table{
		Columns: report.Columns("SUBJECT", "+KIND", "ROLE"),
		Rows:    [][]string{{"ann", "User", "view"}, {"Žofie-long", "Group", "\x1b[31mred\u202e"}},
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		name  string
		style report.Style
		want  string
	}{
		{"narrow", report.Style{}, "SUBJECT      ROLE\nann          view\nŽofie-long   \\x1b[31mred\\u202e\n"},
		{"wide", report.Style{Wide: true}, "SUBJECT      KIND    ROLE\nann          User    view\nŽofie-long   Group   \\x1b[31mred\\u202e\n"},
		{"colour", report.Style{Colour: true}, "\x1b[1mSUBJECT      ROLE\x1b[0m\nann          view\nŽofie-long   \\x1b[31mred\\u202e\n"},
	} {
		var b strings.Builder
		if err := table().Text(&b, c.style); err != nil || b.String() != c.want {
			t.Errorf("%s: %v\ngot  %q\nwant %q", c.name, err, b.String(), c.want)
		}
	}
}

// TestPaintKeepsWidths: colours come after spacing and only where colours are on.
func TestPaintKeepsWidths(t *testing.T) {
	painted := table()
	painted.Paint = func(style report.Style, row, column int, cell string) string {
		if row == 0 && column == 0 {
			return style.Good(cell)
		}
		return cell
	}
	for colour, want := range map[bool]string{
		false: "SUBJECT      ROLE\nann          view\nŽofie-long   \\x1b[31mred\\u202e\n",
		true:  "\x1b[1mSUBJECT      ROLE\x1b[0m\n\x1b[32mann\x1b[0m          view\nŽofie-long   \\x1b[31mred\\u202e\n",
	} {
		var b strings.Builder
		if err := painted.Text(&b, report.Style{Colour: colour}); err != nil || b.String() != want {
			t.Errorf("colour %v: %v\ngot  %q\nwant %q", colour, err, b.String(), want)
		}
	}
}

func TestCSVCarriesTextExactly(t *testing.T) {
	var b strings.Builder
	if err := table().CSV(&b); err != nil {
		t.Fatal(err)
	}
	if want := "subject,kind,role\nann,User,view\nŽofie-long,Group,\x1b[31mred\u202e\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// TestYAMLSaysWhatJSONSays: both formats of one value read back as the same,
// whatever the strings look like.
func TestYAMLSaysWhatJSONSays(t *testing.T) {
	value := map[string]any{
		"strings": []any{"", "yes", "0123", "1e3", "null", "~", "a: b", "- x", "# no", "\u2028<&>", "tab\there", "two\nlines", "\x00", "😀", "2026-01-01", " lead"},
		"number":  1.5, "none": nil, "flag": true, "nested": map[string]any{"empty": []any{}},
	}
	var asJSON, asYAML strings.Builder
	if err := report.JSON(&asJSON, value); err != nil {
		t.Fatal(err)
	}
	if err := report.YAML(&asYAML, value); err != nil {
		t.Fatal(err)
	}
	var fromJSON, fromYAML map[string]any
	if err := json.Unmarshal([]byte(asJSON.String()), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(asYAML.String()), &fromYAML); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(fromJSON, fromYAML) {
		t.Errorf("json %v\nyaml %v\n%s", fromJSON, fromYAML, asYAML.String())
	}
}

func TestCleanLeavesOrdinaryTextAlone(t *testing.T) {
	for _, s := range []string{"hshahin@contoso.example", "Žofie", "组", "a\uFFFDb"} {
		if got := report.Clean(s); got != s {
			t.Errorf("Clean(%q) = %q", s, got)
		}
	}
	if got := report.Clean("a\xffb\n"); got != `a\xffb\x0a` {
		t.Errorf("Clean = %q", got)
	}
}
