package main

import (
	"path/filepath"
	"testing"
)

// TestModelled: the generator's fields are as varied as the lab's.
func TestModelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := modelled(path, 20_000, 1); err != nil {
		t.Fatal(err)
	}
	text, err := compareEntropies(path, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(text)
	if err := generate(path, 20_000, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := compareEntropies(path, 20_000); err == nil {
		t.Error("a log of mostly leases passes for the lab's")
	}
}
