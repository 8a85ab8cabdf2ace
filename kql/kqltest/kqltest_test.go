package kqltest

import (
	"errors"
	"testing"

	"github.com/postern-dev/postern/kql/result"
	"github.com/postern-dev/postern/kql/types"
)

func TestParseAndFormat(t *testing.T) {
	const text = "About.\n-- a.kql --\nprint 1\n-- a.want --\nprint_0:long\n1\n-- b.kql --\nprint x\n-- b.want --\n1:7: unknown\n"
	f, err := Parse("f.txtar", text)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Cases) != 2 || f.Cases[1].Name != "b" || f.Cases[0].Want != "print_0:long\n1\n" {
		t.Errorf("read %+v", f)
	}
	if got := Format(f); got != text {
		t.Errorf("written as %q", got)
	}
	for _, bad := range []string{"", "no sections\n", "-- a.txt --\nx\n", "-- a.want --\nx\n", "-- a.kql --\nx\n-- b.want --\ny\n"} {
		if _, err := Parse("f.txtar", bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestAnswer(t *testing.T) {
	cols := []result.Column{{Name: "s", Type: types.String}, {Name: "n", Type: types.Long}}
	run := func(string) ([]result.Column, [][]any, error) {
		return cols, [][]any{{"b", nil}, {"a", int64(1)}}, nil
	}
	if got, want := Answer(Case{Query: "T"}, run), "s:string | n:long\n\"a\" | 1\n\"b\" | null\n"; got != want {
		t.Errorf("any order: got %q, want %q", got, want)
	}
	if got, want := Answer(Case{Query: "T | sort by s"}, run), "s:string | n:long\n\"b\" | null\n\"a\" | 1\n"; got != want {
		t.Errorf("sorted: got %q, want %q", got, want)
	}
	failing := func(string) ([]result.Column, [][]any, error) { return nil, nil, errors.New("1:1: no\n") }
	if got := Answer(Case{}, failing); got != "1:1: no\n" {
		t.Errorf("error: got %q", got)
	}
}

// TestEveryCaseHasAnAnswer: a case without one would pass by saying nothing.
func TestEveryCaseHasAnAnswer(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range files {
		for _, c := range f.Cases {
			if c.Want == "" {
				t.Errorf("%s: %s has no answer", f.Name, c.Name)
			}
			if key := f.Name + "/" + c.Name; seen[key] {
				t.Errorf("%s: %s is there twice", f.Name, c.Name)
			} else {
				seen[key] = true
			}
		}
	}
}
