package duck

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Columns that are alike in all rows of a batch are written another way: every
// text must come back whichever way its columns went.
func TestAlikeColumnsGiveTheSameBytes(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
	users := []string{"a", `a\u0000b`, "ü", strings.Repeat("long", longest), "", `x\ud800`}
	for n, user := range users {
		for _, rows := range []int{1, 3, 5000} {
			s := open(t, "")
			var texts, want []string
			for i := range rows {
				texts = append(texts, event(id(i), "get", user))
			}
			if rows == 3 { // the last one alone differs
				texts[2] = event(id(2), "get", users[(n+1)%len(users)])
			}
			if c := put(t, s, records(texts...)); c.Stored != int64(rows) {
				t.Fatalf("user %.20q: counts %+v", user, c)
			}
			for _, text := range logs(t, s) {
				category, log, _ := strings.Cut(text, "\t")
				if category == "kube-audit" {
					want = append(want, log)
				}
			}
			slices.Sort(want)
			slices.Sort(texts)
			if !slices.Equal(want, texts) {
				t.Fatalf("user %.20q, %d rows: texts differ", user, rows)
			}
		}
	}
}
