package posture

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestReferences: whatever a check refers to was looked up, and stands in
// testdata/references.txt with the place where it was found.
func TestReferences(t *testing.T) {
	text, err := os.ReadFile("testdata/references.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, " | ")
		if len(parts) != 3 || strings.TrimSpace(parts[2]) == "" {
			t.Errorf("line %d is not scheme | id | where it was found: %s", i+1, line)
			continue
		}
		known[parts[0]+" "+parts[1]] = false
	}
	want := func(check, reference string) {
		if _, ok := known[reference]; !ok {
			t.Errorf("%s refers to %s, which nobody has looked up", check, reference)
		}
		known[reference] = true
	}
	for _, c := range Checks() {
		want(c.ID, "doc "+c.Doc)
		for _, r := range c.References {
			want(c.ID, r.Scheme+" "+r.ID)
		}
	}
	for _, reference := range slices.Sorted(maps.Keys(known)) {
		if !known[reference] {
			t.Errorf("no check refers to %s", reference)
		}
	}
}
