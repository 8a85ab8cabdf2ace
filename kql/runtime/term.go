package runtime

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// terms are the operators that match whole words. A term is a run of letters
// and digits of any script; everything else, the underscore included, separates.
func terms() []Func {
	has := func(name string, cs, start, end bool) Func {
		return fn(name, "string string -> bool", func(a []any) any {
			return hasTerm(str(a, 0), str(a, 1), cs, start, end)
		})
	}
	plain := func(name string, f func(s, t string) bool) Func {
		return fn(name, "string string -> bool", func(a []any) any { return f(str(a, 0), str(a, 1)) })
	}
	list := []Func{
		has("has", false, true, true), has("has_cs", true, true, true),
		has("hasprefix", false, true, false), has("hasprefix_cs", true, true, false),
		has("hassuffix", false, false, true), has("hassuffix_cs", true, false, true),
		plain("contains", func(s, t string) bool { return foldIndex(s, t) >= 0 }), plain("contains_cs", strings.Contains),
		plain("startswith", hasPrefixFold), plain("startswith_cs", strings.HasPrefix),
		plain("endswith", hasSuffixFold), plain("endswith_cs", strings.HasSuffix),
		plain("eq.fold", equalFold), plain("ne.fold", func(s, t string) bool { return !equalFold(s, t) }),
		fn("has_any", "string dynamic -> bool", func(a []any) any { return hasEach(a, true) }),
		fn("has_all", "string dynamic -> bool", func(a []any) any { return hasEach(a, false) }),
	}
	return list
}

// hasEach looks for the terms of an array, until one gives the wanted answer.
func hasEach(a []any, want bool) bool {
	terms, ok := list(a, 1)
	if v := dyn(a, 1); v.kind == word {
		terms, ok = []value{v}, true
	}
	if !ok {
		return false
	}
	for _, t := range terms {
		if hasTerm(str(a, 0), t.string(), false, true, true) == want {
			return want
		}
	}
	return !want
}

// hasTerm finds needle in s at the boundaries of terms: where it starts, where
// it ends, or both.
func hasTerm(s, needle string, cs, start, end bool) bool {
	if needle == "" {
		return true
	}
	if !cs && !ascii(needle) {
		s, needle, cs = strings.ToLower(s), strings.ToLower(needle), true
	}
	first, _ := utf8.DecodeRuneInString(needle)
	last, _ := utf8.DecodeLastRuneInString(needle)
	start, end = start && inTerm(first), end && inTerm(last)
	for at := 0; at <= len(s); {
		i := index(s[at:], needle, cs)
		if i < 0 {
			return false
		}
		i += at
		left, _ := utf8.DecodeLastRuneInString(s[:i])
		right, _ := utf8.DecodeRuneInString(s[i+len(needle):])
		if (!start || i == 0 || !inTerm(left)) && (!end || i+len(needle) == len(s) || !inTerm(right)) {
			return true
		}
		at = i + 1
	}
	return false
}

func index(s, needle string, cs bool) int {
	if cs {
		return strings.Index(s, needle)
	}
	return foldIndex(s, needle)
}

func inTerm(r rune) bool {
	if r < utf8.RuneSelf {
		return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldIndex is strings.Index regardless of case. For a needle beyond ASCII the
// result only says whether there is one.
func foldIndex(s, needle string) int {
	if !ascii(needle) {
		return strings.Index(strings.ToLower(s), strings.ToLower(needle))
	}
	if needle == "" {
		return 0
	}
	first := lower(needle[0])
	for i := 0; i+len(needle) <= len(s); i++ {
		if lower(s[i]) == first && equalASCII(s[i:i+len(needle)], needle) {
			return i
		}
	}
	return -1
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// equalASCII compares texts of one length.
func equalASCII(a, b string) bool {
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

func hasPrefixFold(s, t string) bool {
	if ascii(t) {
		return len(s) >= len(t) && equalASCII(s[:len(t)], t)
	}
	return strings.HasPrefix(strings.ToLower(s), strings.ToLower(t))
}

func hasSuffixFold(s, t string) bool {
	if ascii(t) {
		return len(s) >= len(t) && equalASCII(s[len(s)-len(t):], t)
	}
	return strings.HasSuffix(strings.ToLower(s), strings.ToLower(t))
}
