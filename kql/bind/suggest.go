package bind

import (
	"strings"
)

// didYouMean is the hint for a name that is not known: the same name in another
// case, or one a few letters away.
func didYouMean(name string, among []string) string {
	best, dist := "", len(name)/3+2
	for _, s := range among {
		if strings.EqualFold(s, name) {
			return "names are case-sensitive: did you mean " + s + "?"
		}
		if d := distance(strings.ToLower(name), strings.ToLower(s)); d < dist || (d == dist && best != "" && s < best) {
			best, dist = s, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		prev := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cur := row[j]
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j]+1, row[j-1]+1, prev+cost)
			prev = cur
		}
	}
	return row[len(b)]
}
