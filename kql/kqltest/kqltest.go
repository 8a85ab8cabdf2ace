// Package kqltest holds queries with the answers they must give, and runs them
// over any engine.
//
// Cases are text archives under testdata: a file is a family, each case two
// sections, `name.kql` and `name.want`. What is wanted is either a table, a line
// of name:type and a line a row, or the faults of a query that must be refused.
// The package knows no engine: a test that has one calls Answer for every case
// and compares. Rows of queries that do not sort are compared in any order.
//
//	for _, f := range kqltest.Files() {
//		for _, c := range f.Cases { got := kqltest.Answer(c, engine) … }
//	}
package kqltest

import (
	"embed"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/postern-dev/postern/kql/result"
	"github.com/postern-dev/postern/kql/types"
)

// Case is one query and its answer.
type Case struct {
	Name  string
	Query string
	Want  string
}

// File is one family of cases. Comment is the text before the first.
type File struct {
	Name    string
	Comment string
	Cases   []Case
}

// Engine answers a query: its columns and rows in the values of kql/runtime, or
// the error that refuses it.
type Engine func(query string) ([]result.Column, [][]any, error)

//go:embed testdata/*.txtar
var data embed.FS

// Files lists the families in the order of their names.
func Files() ([]File, error) {
	entries, err := data.ReadDir("testdata")
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	var out []File
	for _, e := range entries {
		text, err := data.ReadFile("testdata/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read cases: %w", err)
		}
		f, err := Parse(e.Name(), string(text))
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

var marker = regexp.MustCompile(`(?m)^-- (.+) --\n`)

// Parse reads an archive.
func Parse(name, text string) (File, error) {
	f := File{Name: name}
	at := marker.FindAllStringSubmatchIndex(text, -1)
	if len(at) == 0 {
		return f, fmt.Errorf("read %s: no cases", name)
	}
	f.Comment = text[:at[0][0]]
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		section, body := text[m[2]:m[3]], text[m[1]:end]
		switch base, kind := cutLast(section, "."); kind {
		case "kql":
			f.Cases = append(f.Cases, Case{Name: base, Query: body})
		case "want":
			last := len(f.Cases) - 1
			if last < 0 || f.Cases[last].Name != base {
				return f, fmt.Errorf("read %s: %s does not follow its query", name, section)
			}
			f.Cases[last].Want = body
		default:
			return f, fmt.Errorf("read %s: section %s is neither .kql nor .want", name, section)
		}
	}
	return f, nil
}

func cutLast(s, sep string) (string, string) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}

// Format writes an archive.
func Format(f File) string {
	var b strings.Builder
	b.WriteString(f.Comment)
	for _, c := range f.Cases {
		fmt.Fprintf(&b, "-- %s.kql --\n%s-- %s.want --\n%s", c.Name, c.Query, c.Name, c.Want)
	}
	return b.String()
}

var ordered = regexp.MustCompile(`\|\s*(sort|order|top|serialize)\b`)

// Answer runs a case and writes what came back in the form of Want.
func Answer(c Case, run Engine) string {
	cols, rows, err := run(c.Query)
	if err != nil {
		return strings.TrimRight(err.Error(), "\n") + "\n"
	}
	head := make([]string, len(cols))
	for i, col := range cols {
		head[i] = col.Name + ":" + col.Type.String()
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, v := range row {
			cells[j] = cell(cols[j].Type, v)
		}
		lines[i] = strings.Join(cells, " | ") + "\n"
	}
	if !ordered.MatchString(c.Query) {
		sort.Strings(lines)
	}
	return strings.Join(head, " | ") + "\n" + strings.Join(lines, "")
}

// cell writes one value; strings are quoted, so that the empty string, null and
// blanks can be told apart.
func cell(t types.Type, v any) string {
	if v == nil {
		return "null"
	}
	if s, ok := v.(string); ok && t == types.String {
		return fmt.Sprintf("%q", s)
	}
	return result.Text(t, v)
}
