package syntax

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// seeds are the sources of all goldens and a few texts that broke parsers.
func seeds(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range strings.Split(string(data), " --\n") {
			body, _, _ := strings.Cut(part, "\n-- ")
			f.Add(body)
		}
	}
	for _, s := range []string{"", ")", "((((", "[[[[", "T|", "let", "let f = (", "print h@\"", "print 1..2", "print -9223372036854775808",
		"T | where a !b c", "print dynamic({\"a\":", "print datetime(", "union *, a*", "print \"\\u", "T | scan with (step", "```", "print 0x", "print-1 x", "print 1 )"} {
		f.Add(s)
	}
}

// FuzzLex: tokens lie in the text, in order, and cover everything but blanks and
// comments.
func FuzzLex(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		errs := &ErrorList{Source: src}
		toks := Lex(src, errs)
		reported := map[int]bool{} // && is read as and
		for _, e := range errs.List {
			reported[e.Start] = true
		}
		at := 0
		for _, tok := range toks {
			if tok.Start < at && tok.Kind != EOF || tok.End < tok.Start || tok.End > len(src) {
				t.Fatalf("token %+v lies wrong", tok)
			}
			if tok.Kind != EOF && tok.Text != src[tok.Start:tok.End] && !reported[tok.Start] {
				t.Fatalf("token %+v is not the text there", tok)
			}
			at = tok.End
		}
		if n := len(toks); n == 0 || toks[n-1].Kind != EOF {
			t.Fatal("no EOF")
		}
	})
}

// FuzzParsePrint: nothing panics, faults have a place and a text, spans lie in
// the text, and a valid query's printed form has the same tree.
func FuzzParsePrint(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		q, err := Parse(src)
		Walk(q, func(n Node) bool {
			if s := n.At(); s.Start < 0 || s.End < s.Start || s.End > len(src) {
				t.Fatalf("%T lies at %v of %d", n, s, len(src))
			}
			return true
		})
		_ = Format(q)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("fault without a text")
			}
			return
		}
		checkRoundTrip(t, q)
	})
}
