package kql

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/postern-dev/postern/kql/syntax"
)

// FuzzBind: any text either compiles or is refused with faults that lie within
// it, once each.
func FuzzBind(f *testing.F) {
	files, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range ar.Files {
			if strings.HasSuffix(part.Name, ".kql") {
				f.Add(strings.TrimSuffix(string(part.Data), "\n"))
			}
		}
	}
	for _, s := range []string{
		"print pack_all(x)", "AKSAudit | mv-apply User on (where x == 1 | take)", "AKSAudit | scan with (step a: Verb == ; )",
		"AKSAudit | partition by nope (top 1 by )", "AKSAudit | top-nested of nope by count()", "AKSAudit | parse nope with 'a' b:",
		"AKSAudit | make-series on nope from 1 to 2 step", "AKSAudit | evaluate pivot(nope", "T | as x | join (x | where ) on", "search in (", "union isfuzzy=true nope, (",
	} {
		f.Add(s)
	}
	cat := testCatalog()
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Compile(cat, text, Options{})
		if err == nil {
			return
		}
		var list *syntax.ErrorList
		if !errors.As(err, &list) || len(list.List) == 0 {
			t.Fatalf("no fault has a place: %v", err)
		}
		type fault struct {
			at  int
			msg string
		}
		seen := map[fault]bool{}
		for _, e := range list.List {
			if e.Start < 0 || e.Start > len(text) || e.Msg == "" || strings.Contains(e.Msg, "\x00") && !strings.Contains(text, "\x00") {
				t.Fatalf("a fault lies wrong: %+v", e)
			}
			if seen[fault{e.Start, e.Msg}] {
				t.Fatalf("reported twice: %+v", e)
			}
			seen[fault{e.Start, e.Msg}] = true
		}
		if err.Error() == "" {
			t.Fatal("no message")
		}
	})
}
