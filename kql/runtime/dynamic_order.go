package runtime

import (
	"sort"
	"strings"
)

// arrayOrder are the sorts of one array. Sorting several in the order of the
// first gives several columns and is not a function of one value.
func arrayOrder() []Func {
	return []Func{
		fn("array_sort_asc", "dynamic -> dynamic", func(a []any) any { return sorted(a, 1) }),
		fn("array_sort_desc", "dynamic -> dynamic", func(a []any) any { return sorted(a, -1) }),
		fn("array_sort_asc_by", "dynamic dynamic -> dynamic", func(a []any) any { return sortedBy(a, 1) }),
		fn("array_sort_desc_by", "dynamic dynamic -> dynamic", func(a []any) any { return sortedBy(a, -1) }),
	}
}

// sorted orders an array; nulls are last in both directions.
func sorted(a []any, sign int) any {
	elements, ok := list(a, 0)
	if !ok {
		return nil
	}
	out := append([]value(nil), elements...)
	sort.SliceStable(out, func(i, j int) bool { return before(out[i], out[j], sign) })
	return jsonArray(out)
}

// sortedBy orders the first array in the order of the second.
func sortedBy(a []any, sign int) any {
	elements, ok1 := list(a, 0)
	keys, ok2 := list(a, 1)
	if !ok1 || !ok2 || len(elements) != len(keys) {
		return nil
	}
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return before(keys[order[i]], keys[order[j]], sign) })
	out := make([]value, len(order))
	for i, o := range order {
		out[i] = elements[o]
	}
	return jsonArray(out)
}

func before(a, b value, sign int) bool {
	if a.kind == null || b.kind == null {
		return a.kind != null && b.kind == null
	}
	return order(a, b)*sign < 0
}

// order compares two values: by kind first, numbers by value, strings by bytes.
func order(a, b value) int {
	if a.kind != b.kind {
		return int(a.kind) - int(b.kind)
	}
	if a.kind == number {
		x, _ := a.real()
		y, _ := b.real()
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(a.string(), b.string())
}
