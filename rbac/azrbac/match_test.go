package azrbac_test

import (
	"strings"
	"testing"

	"github.com/postern-dev/postern/rbac/azrbac"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, action string
		want            bool
	}{
		{"*", "", true},
		{"*", "a/b/c", true},
		{"", "", true},
		{"", "a", false},
		{"*/read", "Microsoft.X/y/READ", true},
		{"*/read", "Microsoft.X/y/ready", false},
		{"a/*/read", "a/b/c/read", true},
		{"a/*/read", "a/read", false},
		{"a/*b*/c", "a/xbxb/c", true},
		{"a/*b*b/c", "a/xb/c", false},
		{"a/**", "a/", true},
		{"pods/*", "pods", false},
		{"abab", "ab", false},
		{"*ab", "aab", true},
	} {
		if got := azrbac.Match(c.pattern, c.action); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.action, got)
		}
	}
}

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"pods/*", "*/read", true},
		{"pods/*", "secrets/*", false},
		{"a*", "*b", true},
		{"*a*", "*b*", true},
		{"abc", "ABC", true},
		{"a*c", "abd", false},
		{"", "*", true},
		{"", "a", false},
	} {
		if got := azrbac.Overlap(c.a, c.b); got != c.want {
			t.Errorf("Overlap(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

// FuzzMatch compares with a regular expression, and holds Overlap to what it
// must be: symmetric, and true where one pattern is an action the other matches.
func FuzzMatch(f *testing.F) {
	f.Add("a/*/read", "a/b/read")
	f.Add("**a*", "bab")
	f.Add("*é*", "É")
	f.Fuzz(func(t *testing.T, pattern, action string) {
		if len(pattern) > 60 || len(action) > 60 || strings.ToLower(pattern+action) != asciiLower(pattern+action) {
			return // beyond ASCII regexp folds other letters than ToLower does
		}
		got := azrbac.Match(pattern, action)
		if want := matches(pattern, action); got != want {
			t.Errorf("Match(%q, %q) = %v, regexp says %v", pattern, action, got, want)
		}
		if azrbac.Overlap(pattern, action) != azrbac.Overlap(action, pattern) {
			t.Errorf("Overlap(%q, %q) is not symmetric", pattern, action)
		}
		if !strings.Contains(action, "*") && azrbac.Overlap(pattern, action) != got {
			t.Errorf("Overlap(%q, %q) is not Match", pattern, action)
		}
	})
}

// asciiLower returns "" for what is not plain ASCII.
func asciiLower(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 || s[i] == 0 {
			return ""
		}
	}
	return strings.ToLower(s)
}
