package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	known := filepath.Join(dir, "known.md")
	fail := filepath.Join(dir, "fail.jsonl")
	if err := os.WriteFile(known, []byte(`{"id": "a-1", "why": "says x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, fail, want string
		cases            int
	}{
		{"all match", "", "", 10},
		{"listed", `{"id":"a-1","verdict":"rows"}`, "", 100},
		{"refused", `{"id":"b-1","verdict":"refused"}`, "", 2},
		{"unlisted", `{"id":"a-2","verdict":"types"}`, "not listed", 100},
		{"prefix of a listed id", `{"id":"a","verdict":"rows"}`, "not listed", 100},
		{"too many", `{"id":"a-1","verdict":"rows"}`, "more than", 10},
		{"broken", `{"id":"a-1","verdict":"broken"}`, "broke", 100},
		{"no cases", "", "no sense", 0},
	} {
		if err := os.WriteFile(fail, []byte(c.fail), 0o600); err != nil {
			t.Fatal(err)
		}
		err := run(io.Discard, fail, known, c.cases, 3)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want one about %q", c.name, err, c.want)
		}
	}
}
