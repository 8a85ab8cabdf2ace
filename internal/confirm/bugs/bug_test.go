package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"
)

// TestBugsFollowTheCode: each bug can be planted, and what comes out is Go. That
// judge notices it is lab/confirm's to show.
func TestBugsFollowTheCode(t *testing.T) {
	bugs, err := read("testdata/bugs.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(bugs) < 25 {
		t.Errorf("%d bugs, want 25", len(bugs))
	}
	titles := map[string]bool{}
	for _, b := range bugs {
		if titles[b.title] {
			t.Errorf("%s: listed twice", b.title)
		}
		titles[b.title] = true
		b.file = filepath.Join("../../..", b.file)
		text, err := b.planted()
		if err != nil {
			t.Errorf("%s: %v", b.title, err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), b.file, text, 0); err != nil {
			t.Errorf("%s: %v", b.title, err)
		}
	}
}

func TestBadBugs(t *testing.T) {
	for name, text := range map[string]string{
		"no file":   "-- title --\na\n=>\nb\n",
		"no arrow":  "-- title @ match.go --\na\nb\n",
		"no before": "-- title @ match.go --\n=>\nb\n",
	} {
		path := filepath.Join(t.TempDir(), "bugs.txtar")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(path); err == nil {
			t.Errorf("%s: read without an error", name)
		}
	}
}
