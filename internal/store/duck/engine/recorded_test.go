package engine_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/result"
)

// recorded is a query with the answer of a Kusto engine.
type recorded struct {
	ID      string
	Query   string
	Columns []string
	Types   []string
	Rows    [][]any
}

// differences is the list of known differences: an answer that differs without
// being listed fails, and so does an entry that no longer differs.
const differences = "../../../../docs/kql-differences.jsonl"

// TestRecordedAnswers compares with answers recorded from a Kusto engine, where
// POSTERN_KQL_CORPUS names a directory with them. They are not part of the
// project; the list of differences is.
func TestRecordedAnswers(t *testing.T) {
	known := knownDifferences(t)
	dir := os.Getenv("POSTERN_KQL_CORPUS")
	if dir == "" {
		t.Logf("POSTERN_KQL_CORPUS is not set: no recorded answers to compare with; %d differences are listed", len(known))
		return
	}
	db := newEngine(t)
	matched, refused, listed := 0, 0, 0
	cases := readRecorded(t, dir)
	for _, c := range cases {
		verdict := judge(t, db, c)
		why, isKnown := known[c.ID+"\x00"+key(c.Query)]
		if !isKnown {
			why, isKnown = known[c.ID]
		}
		switch {
		case verdict == "refused":
			refused++
		case verdict == "" && isKnown:
			t.Errorf("%s matches, but %s lists it (%s)", c.ID, differences, why)
		case verdict == "":
			matched++
		case isKnown:
			listed++
		default:
			t.Errorf("%s (query %s) differs and is not listed: %s\n%s", c.ID, key(c.Query), verdict, c.Query)
		}
	}
	t.Logf("%d recorded answers: %d match, %d refused, %d known differences", len(cases), matched, refused, listed)
	if matched*100 < 70*len(cases) {
		t.Errorf("only %d of %d match", matched, len(cases))
	}
}

// key tells apart cases that share an id: a checksum of the query.
func key(query string) string {
	h := uint32(2166136261)
	for i := 0; i < len(query); i++ {
		h = (h ^ uint32(query[i])) * 16777619
	}
	return fmt.Sprintf("%08x", h)
}

func knownDifferences(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(differences)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		var d struct{ ID, Query, Why string }
		if err := json.Unmarshal([]byte(line), &d); err != nil || d.ID == "" || d.Why == "" {
			t.Fatalf("%s:%d: want {\"id\",\"why\"}: %v", differences, i+1, err)
		}
		if d.Query != "" {
			d.ID += "\x00" + d.Query
		}
		known[d.ID] = d.Why
	}
	return known
}

func readRecorded(t *testing.T, dir string) []recorded {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []recorded
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(b))
		lines.Buffer(nil, 8<<20)
		for lines.Scan() {
			var c recorded
			d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
			d.UseNumber()
			if err := d.Decode(&c); err != nil {
				t.Fatal(err)
			}
			if c.Columns != nil {
				out = append(out, c)
			}
		}
	}
	return out
}

var ordered = regexp.MustCompile(`(?s)\|\s*(sort|order|top|serialize|scan|range)\b[^|]*(\|\s*(project|extend|project-away|project-rename|project-reorder|take|limit|where|serialize)\b[^|]*)*$`)

// judge says how an answer differs, "" if it does not.
func judge(t *testing.T, db *engine.DB, c recorded) string {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := kql.Compile(nil, c.Query, kql.Options{Now: now, Look: db.Look(ctx)})
	if err != nil {
		return "refused"
	}
	for i, col := range p.Columns {
		if len(p.Columns) != len(c.Columns) || col.Name != c.Columns[i] || col.Type.String() != c.Types[i] {
			return fmt.Sprintf("columns %v, want %v %v", p.Columns, c.Columns, c.Types)
		}
	}
	rows, err := db.Query(ctx, p, engine.Limits{})
	if err != nil {
		return "broken: " + err.Error()
	}
	defer rows.Close()
	var out bytes.Buffer
	w := result.NewJSON(&out, p.Columns)
	for rows.Next(ctx) {
		if err := w.Row(rows.Row()); err != nil {
			t.Fatal(err)
		}
	}
	if rows.Err() != nil {
		return "broken: " + rows.Err().Error()
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	var answer struct{ Tables []struct{ Rows [][]any } }
	d := json.NewDecoder(&out)
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return "broken: " + err.Error()
	}
	got, want := normal(c.Types, answer.Tables[0].Rows), normal(c.Types, c.Rows)
	if !ordered.MatchString(c.Query) {
		sort.Strings(got)
		sort.Strings(want)
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		return "got:\n" + g + "\nwant:\n" + w
	}
	return ""
}

// normal writes rows so that equal values have equal texts: reals to nine
// digits, times without trailing zeros, documents with sorted keys.
func normal(types []string, rows [][]any) []string {
	var out []string
	for _, r := range rows {
		var cells []string
		for i, v := range r {
			cells = append(cells, normalValue(types[i], v))
		}
		out = append(out, strings.Join(cells, " | "))
	}
	return out
}

func normalValue(typ string, v any) string {
	if v == nil {
		return "null"
	}
	switch typ {
	case "dynamic":
		if s, ok := v.(string); ok {
			var parsed any
			d := json.NewDecoder(strings.NewReader(s))
			d.UseNumber()
			if d.Decode(&parsed) == nil && !d.More() {
				v = parsed
			}
		}
		b, _ := json.Marshal(deep(v))
		return string(b)
	case "real":
		return number(v)
	case "datetime", "timespan":
		return trimmed(fmt.Sprint(v))
	case "guid":
		return strings.ToLower(fmt.Sprint(v))
	}
	return fmt.Sprint(v)
}

func deep(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = deep(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = deep(e)
		}
		return out
	case json.Number:
		return number(v)
	case string:
		return trimmed(v)
	}
	return v
}

func number(v any) string {
	s := fmt.Sprint(v)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return s
	}
	if f == 0 {
		f = 0 // not minus zero
	}
	return strconv.FormatFloat(f, 'e', 9, 64)
}

var timeText = regexp.MustCompile(`^-?[\dT:. -]+Z?$`)

// trimmed cuts the zeros that a time may end with.
func trimmed(s string) string {
	if !timeText.MatchString(s) || !strings.Contains(s, ":") {
		return s
	}
	s = strings.TrimSuffix(s, "Z")
	if strings.Contains(s[strings.LastIndexByte(s, ':'):], ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
