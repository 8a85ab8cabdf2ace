package arm

import (
	"reflect"
	"testing"
	"time"
)

func TestParseFilter(t *testing.T) {
	for text, want := range map[string]filter{
		"":                                      nil,
		"atScope()":                             {{"atScope", "()", ""}},
		"assignedTo( 'a''b')":                   {{"assignedTo", "()", "a'b"}},
		"roleName eq 'A and B' and atScope()":   {{"roleName", "eq", "A and B"}, {"atScope", "()", ""}},
		"t ge 2026-01-01T00:00:00 AND t LE '2'": {{"t", "ge", "2026-01-01T00:00:00"}, {"t", "le", "2"}},
	} {
		if got, err := parseFilter(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "x eq", "x eq ", "x ne 'a'", "x eq 'a", "f(", "f('a'", "x eq 'a' or y eq 'b'", "x eq 'a' and ", "and", "x eq 'a'b"} {
		if got, err := parseFilter(text); err == nil {
			t.Errorf("%q: parsed as %v", text, got)
		}
	}
}

func TestFilterCovers(t *testing.T) {
	f, err := parseFilter("eventTimestamp ge '2026-11-23T10:00:00Z' and eventTimestamp le '2026-11-23T11:00:00Z'")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for shift, want := range map[time.Duration]bool{-time.Second: false, 0: true, time.Hour: true, time.Hour + 1: false} {
		if got, err := f.covers("eventTimestamp", at.Add(shift)); err != nil || got != want {
			t.Errorf("%v: %v %v", shift, got, err)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{"atScope()", "a eq 'b' and c ge 2026-01-01", "f('x''y')"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms, err := parseFilter(text)
		if err != nil {
			return
		}
		for _, x := range terms {
			if x.field == "" || x.op == "" {
				t.Errorf("%q: empty term %+v", text, x)
			}
		}
	})
}
