package runtime

import (
	"regexp"
	"strings"
	"sync"
)

// patternCache keeps compiled expressions: a query applies one to every row.
// Expressions that do not compile are kept as nil.
type patternCache struct {
	mu   sync.Mutex
	byID map[string]*regexp.Regexp
}

const maxPatterns = 256

func (c *patternCache) get(s string) *regexp.Regexp {
	c.mu.Lock()
	defer c.mu.Unlock()
	if re, ok := c.byID[s]; ok {
		return re
	}
	re, err := regexp.Compile(s)
	if err != nil {
		re = nil
	}
	if len(c.byID) >= maxPatterns {
		clear(c.byID)
	}
	c.byID[s] = re
	return re
}

// patterns are the functions of regular expressions (RE2, as in Kusto).
func patterns() []Func {
	c := &patternCache{byID: map[string]*regexp.Regexp{}}
	return []Func{
		fn("matches_regex", "string string -> bool", func(a []any) any {
			re := c.get(str(a, 1))
			return re != nil && re.MatchString(str(a, 0))
		}),
		fn("extract", "string long string -> string", func(a []any) any {
			n, ok := num(a, 1)
			re := c.get(str(a, 0))
			if !ok || re == nil || n < 0 || n > int64(re.NumSubexp()) {
				return ""
			}
			m := re.FindStringSubmatch(str(a, 2))
			if m == nil {
				return ""
			}
			return m[n]
		}),
		fn("extract_all", "string string -> dynamic", func(a []any) any {
			re := c.get(str(a, 0))
			if re == nil {
				return nil
			}
			return extractAll(re, groups(re), str(a, 1))
		}),
		fn("extract_all_groups", "string dynamic string -> dynamic", func(a []any) any {
			re := c.get(str(a, 0))
			wanted, ok := list(a, 1)
			if re == nil || !ok {
				return nil
			}
			return extractAll(re, chosen(re, wanted), str(a, 2))
		}),
		fn("replace_regex", "string string string -> string", func(a []any) any { return replace(c, str(a, 0), str(a, 1), str(a, 2)) }),
		fn("replace_old", "string string string -> string", func(a []any) any { return replace(c, str(a, 2), str(a, 0), str(a, 1)) }),
		fn("trim", "string string -> string", func(a []any) any {
			return trimEnd(c, str(a, 0), trimStart(c, str(a, 0), str(a, 1)))
		}),
		fn("trim_start", "string string -> string", func(a []any) any { return trimStart(c, str(a, 0), str(a, 1)) }),
		fn("trim_end", "string string -> string", func(a []any) any { return trimEnd(c, str(a, 0), str(a, 1)) }),
		fn("countof", "string string string -> long", func(a []any) any {
			if strings.EqualFold(str(a, 2), "regex") {
				re := c.get(str(a, 1))
				if re == nil {
					return nil
				}
				return int64(len(re.FindAllStringIndex(str(a, 0), -1)))
			}
			return countOverlapping(str(a, 0), str(a, 1))
		}),
		fn("indexof_regex", "string string long long long -> long", func(a []any) any {
			if start, ok := num(a, 2); !ok || start < 0 {
				return nil
			}
			re := c.get(str(a, 1))
			if re == nil {
				return nil
			}
			return occurrence(a, func(s string, n int) (int, bool) {
				all := re.FindAllStringIndex(s, n)
				if len(all) < n {
					return 0, false
				}
				return all[n-1][0], true
			})
		}),
		fn("regex_quote", "string -> string", func(a []any) any { return regexp.QuoteMeta(str(a, 0)) }),
	}
}

// countOverlapping counts the places where t starts in s.
func countOverlapping(s, t string) any {
	if t == "" {
		return int64(0)
	}
	var n int64
	for {
		i := strings.Index(s, t)
		if i < 0 {
			return n
		}
		n++
		s = s[i+1:]
	}
}

// groups lists all capture groups, the whole match if there is none.
func groups(re *regexp.Regexp) []int {
	if re.NumSubexp() == 0 {
		return []int{0}
	}
	out := make([]int, re.NumSubexp())
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// chosen lists the groups that an array of numbers and names picks.
func chosen(re *regexp.Regexp, wanted []value) []int {
	var out []int
	for _, w := range wanted {
		i := -1
		if n, ok := w.long(); ok {
			i = int(n)
		} else if w.kind == word {
			i = re.SubexpIndex(w.text)
		}
		if i >= 0 && i <= re.NumSubexp() {
			out = append(out, i)
		}
	}
	return out
}

// extractAll gives the groups of every match: strings if it is one group, else
// arrays; null if nothing matches.
func extractAll(re *regexp.Regexp, groups []int, s string) any {
	var out []value
	for _, m := range re.FindAllStringSubmatch(s, -1) {
		row := make([]value, len(groups))
		for i, g := range groups {
			row[i] = quoted(m[g])
		}
		if len(row) == 1 {
			out = append(out, row[0])
		} else {
			out = append(out, value{kind: array, list: row})
		}
	}
	if out == nil {
		return nil
	}
	return jsonArray(out)
}

// replace rewrites every match; \1 in the new text is a group, \0 the match.
func replace(c *patternCache, s, pattern, with string) string {
	re := c.get(pattern)
	if re == nil {
		return s
	}
	var b strings.Builder
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[last:m[0]])
		expand(&b, with, s, m)
		last = m[1]
	}
	b.WriteString(s[last:])
	return b.String()
}

func expand(b *strings.Builder, with, s string, m []int) {
	for i := 0; i < len(with); i++ {
		if with[i] != '\\' || i+1 == len(with) {
			b.WriteByte(with[i])
			continue
		}
		i++
		switch d := with[i]; {
		case d < '0' || d > '9':
			if d != '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(d)
		case 2*int(d-'0')+1 < len(m) && m[2*(d-'0')] >= 0:
			b.WriteString(s[m[2*(d-'0')]:m[2*(d-'0')+1]])
		}
	}
}

// trimStart takes one match from the start.
func trimStart(c *patternCache, pattern, s string) string {
	re := c.get("^(?:" + pattern + ")")
	if re == nil {
		return s
	}
	if m := re.FindStringIndex(s); m != nil {
		return s[m[1]:]
	}
	return s
}

// trimEnd takes one match from the end.
func trimEnd(c *patternCache, pattern, s string) string {
	re := c.get("(?:" + pattern + ")$")
	if re == nil {
		return s
	}
	if m := re.FindStringIndex(s); m != nil {
		return s[:m[0]]
	}
	return s
}
