package azrbac

import "strings"

// Match matches an action against a pattern of a role: * stands for any run of
// characters, slashes included, and case does not matter.
func Match(pattern, action string) bool {
	pattern, action = strings.ToLower(pattern), strings.ToLower(action)
	p, a := 0, 0
	star, retry := -1, 0 // the last * seen, and where it was tried to end
	for a < len(action) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, a
			p++
		case p < len(pattern) && pattern[p] == action[a]:
			p++
			a++
		case star >= 0:
			retry++
			p, a = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// Overlap reports whether any action matches both patterns.
func Overlap(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	// reach[j] tells whether what is left of a, from i on, and b[j:] have an
	// action in common; i goes down.
	reach := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		below := reach // of i+1
		reach = make([]bool, len(b)+1)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				reach[j] = true
			case i < len(a) && a[i] == '*':
				reach[j] = below[j] || j < len(b) && reach[j+1]
			case j < len(b) && b[j] == '*':
				reach[j] = reach[j+1] || i < len(a) && below[j]
			case i < len(a) && j < len(b) && a[i] == b[j]:
				reach[j] = below[j+1]
			}
		}
	}
	return reach[0]
}

// first is the pattern of a list that matches.
func first(patterns []string, match func(string) bool) (string, bool) {
	for _, p := range patterns {
		if match(p) {
			return p, true
		}
	}
	return "", false
}
