package cli

import (
	"regexp"
	"regexp/syntax"
	"testing"
)

func TestPatternFaultIsPointedAt(t *testing.T) {
	for pattern, want := range map[string]int{
		"ab(c": 2, "a(b)(c": 4, "a)b": 1, `\(a(`: 3, "[(](": 3, "[](](": 4, "[a": 0, "x[b-a]": 2, "a**": 1, "ab\\": 2, "é(": 2, "(?P<n": 0,
	} {
		_, err := regexp.Compile(pattern)
		fault, ok := err.(*syntax.Error)
		if !ok {
			t.Errorf("%q: %v, want a syntax error", pattern, err)
			continue
		}
		if got := faultAt(pattern, fault); got != want {
			t.Errorf("%q (%s): byte %d, want %d", pattern, fault, got, want)
		}
	}
}

// FuzzPattern: whatever is wrong with a pattern, the position lies within it.
func FuzzPattern(f *testing.F) {
	f.Add("ab(c")
	f.Add("[](")
	f.Add("\\")
	f.Fuzz(func(t *testing.T, pattern string) {
		_, err := regexp.Compile(pattern)
		if fault, ok := err.(*syntax.Error); ok {
			if at := faultAt(pattern, fault); at < 0 || at > len(pattern) {
				t.Errorf("%q: byte %d", pattern, at)
			}
			_ = patternError(pattern, err).Error()
		}
	})
}
