package rbac

import (
	"cmp"
	"slices"
	"strings"
)

// A box is a rule in the making: every combination of its lists is a grain.
type box [dimensions][]string

// The lists of a box. Names are never empty: the element unnamed stands for all
// objects, and is alone in its list.
const (
	verbs = iota
	groups
	resources
	names
	dimensions
)

const unnamed = "\x00all"

// compact writes grains as few rules. Grains become boxes, and boxes that differ
// in one list only become one; the order in which lists are tried decides what
// comes out, so several are tried and the shortest taken. Each grain is in
// exactly one rule: when no grain covers another, nothing can be left out.
func compact(grains []grain) []Rule {
	var onResources, onURLs []box
	for _, g := range grains {
		if g.urls {
			onURLs = append(onURLs, box{verbs: {g.verb}, groups: {""}, resources: {g.urlText()}, names: {unnamed}})
			continue
		}
		name := unnamed
		if g.named {
			name = g.name
		}
		onResources = append(onResources, box{verbs: {g.verb}, groups: {g.group}, resources: {g.resource}, names: {name}})
	}
	var rules []Rule
	for _, b := range fewest(onResources, [][]int{
		{verbs, names, resources, groups}, {verbs, resources, groups, names}, {resources, verbs, names, groups},
		{resources, groups, verbs, names}, {names, resources, verbs, groups}, {groups, resources, verbs, names},
	}) {
		r := Rule{Verbs: b[verbs], APIGroups: b[groups], Resources: b[resources]}
		if b[names][0] != unnamed {
			r.ResourceNames = b[names]
		}
		rules = append(rules, r)
	}
	for _, b := range fewest(onURLs, [][]int{{verbs, resources}, {resources, verbs}}) {
		rules = append(rules, Rule{Verbs: b[verbs], NonResourceURLs: b[resources]})
	}
	return rules
}

func (g grain) urlText() string {
	if g.prefix {
		return g.url + all
	}
	return g.url
}

func fewest(boxes []box, orders [][]int) (best []box) {
	for i, order := range orders {
		got := merge(slices.Clone(boxes), order)
		if i == 0 || len(got) < len(best) || len(got) == len(best) && words(got) < words(best) {
			best = got
		}
	}
	slices.SortFunc(best, compareBoxes)
	return best
}

func words(boxes []box) (n int) {
	for _, b := range boxes {
		for _, list := range b {
			n += len(list)
		}
	}
	return n
}

// merge joins boxes until none differ in one list only.
func merge(boxes []box, order []int) []box {
	for {
		before := len(boxes)
		for _, along := range order {
			boxes = mergeAlong(boxes, along)
		}
		if len(boxes) == before {
			return boxes
		}
	}
}

// mergeAlong joins the boxes that are alike but for one list.
func mergeAlong(boxes []box, along int) []box {
	at := map[string]int{}
	var out []box
	for _, b := range boxes {
		key := b.keyWithout(along)
		i, found := at[key]
		if !found {
			at[key] = len(out)
			b[along] = slices.Clone(b[along])
			out = append(out, b)
			continue
		}
		out[i][along] = append(out[i][along], b[along]...)
	}
	for i := range out {
		slices.SortFunc(out[i][along], compareWord(along))
		out[i][along] = slices.Compact(out[i][along])
	}
	return out
}

// keyWithout tells boxes apart by all lists but one. Boxes for all objects and
// boxes for named ones are never alike.
func (b box) keyWithout(along int) string {
	var key strings.Builder
	for d, list := range b {
		if d == along {
			if d == names && list[0] == unnamed {
				key.WriteString(unnamed)
			}
		} else {
			for _, word := range list {
				key.WriteString(word)
				key.WriteByte(0)
			}
		}
		key.WriteByte(1)
	}
	return key.String()
}

// compareWord orders verbs as people list them, everything else by the alphabet.
func compareWord(along int) func(a, b string) int {
	return func(a, b string) int {
		if along == verbs {
			return cmp.Or(cmp.Compare(verbRank(a), verbRank(b)), cmp.Compare(a, b))
		}
		return cmp.Compare(a, b)
	}
}

func verbRank(verb string) int {
	common := [...]string{"*", "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	for i, v := range common {
		if v == verb {
			return i
		}
	}
	return len(common)
}

func compareBoxes(a, b box) int {
	return cmp.Or(slices.Compare(a[groups], b[groups]), slices.Compare(a[resources], b[resources]), slices.Compare(a[names], b[names]), slices.Compare(a[verbs], b[verbs]))
}
