package resource

import (
	"slices"
	"strings"
)

// Near are the names of resources that a misspelt one may mean, at most three.
func (t *Table) Near(name string) (names []string) {
	const most = 3
	name = strings.ToLower(name)
	for _, r := range t.all {
		for _, word := range append([]string{r.Name, r.Singular}, r.ShortNames...) {
			if near(name, word) && !slices.Contains(names, r.String()) && len(names) < most {
				names = append(names, r.String())
			}
		}
	}
	return names
}

// near reports whether b is what somebody who typed a may have meant: one slip
// in a short word, two in a longer one.
func near(a, b string) bool {
	if len(a) < 3 || len(b) < 3 || a == b {
		return false
	}
	return distance(a, b) <= min(2, len(b)/3)
}

// distance counts the letters to insert, delete, replace or swap with the next.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
