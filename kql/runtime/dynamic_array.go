package runtime

import "math"

func arrays() []Func {
	return []Func{
		fn("array_length", "dynamic -> long", func(a []any) any {
			if s := str(a, 0); kindOf(s) == array {
				return countElements(s)
			}
			return nil
		}),
		fn("array_concat", "dynamic... -> dynamic", arrayConcat),
		fn("array_slice", "dynamic long long -> dynamic", arraySlice),
		fn("array_sum", "dynamic -> real", arraySum),
		fn("array_reverse", "dynamic -> dynamic", func(a []any) any {
			elements, ok := list(a, 0)
			if !ok {
				return nil
			}
			out := make([]value, len(elements))
			for i, e := range elements {
				out[len(out)-1-i] = e
			}
			return jsonArray(out)
		}),
		fn("array_index_of", "dynamic dynamic -> long", func(a []any) any {
			elements, ok := list(a, 0)
			if !ok {
				return nil
			}
			v := dyn(a, 1)
			for i, e := range elements {
				if same(e, v) {
					return int64(i)
				}
			}
			return int64(-1)
		}),
		fn("array_rotate_left", "dynamic long -> dynamic", func(a []any) any { return rotate(a, 1) }),
		fn("array_rotate_right", "dynamic long -> dynamic", func(a []any) any { return rotate(a, -1) }),
		fn("array_shift_left", "dynamic long dynamic -> dynamic", func(a []any) any { return shift(a, 1) }),
		fn("array_shift_right", "dynamic long dynamic -> dynamic", func(a []any) any { return shift(a, -1) }),
		fn("array_split", "dynamic dynamic -> dynamic", arraySplit),
		fn("array_iff", "dynamic dynamic dynamic -> dynamic", arrayIff),
		fn("zip", "dynamic... -> dynamic", zip),
		fn("strcat_array", "dynamic string -> string", func(a []any) any {
			elements, ok := list(a, 0)
			if !ok {
				return ""
			}
			var b []byte
			for i, e := range elements {
				if i > 0 {
					b = append(b, str(a, 1)...)
				}
				b = append(b, e.string()...)
			}
			return string(b)
		}),
	}
}

// arrayConcat joins arrays; other values are left out, except that null
// arguments alone give null.
func arrayConcat(a []any) any {
	var out []value
	any := false
	for i := range a {
		if elements, ok := list(a, i); ok {
			out = append(out, elements...)
			any = true
		}
	}
	if !any {
		return nil
	}
	return jsonArray(out)
}

// arraySlice takes the elements from start to end, both included, negative ones
// counting from the end.
func arraySlice(a []any) any {
	elements, ok := list(a, 0)
	start, ok1 := num(a, 1)
	end, ok2 := num(a, 2)
	if !ok || !ok1 || !ok2 {
		return nil
	}
	n := int64(len(elements))
	if start < 0 {
		start = max(0, start+n)
	}
	if end < 0 {
		end += n
	}
	end = min(end, n-1)
	if start > end {
		return "[]"
	}
	return jsonArray(elements[start : end+1])
}

func arraySum(a []any) any {
	elements, ok := list(a, 0)
	if !ok || len(elements) == 0 {
		return nil
	}
	sum := 0.0
	for _, e := range elements {
		f, ok := e.real()
		if !ok && e.kind != null {
			return nil
		}
		sum += f
	}
	return sum
}

func rotate(a []any, sign int64) any {
	elements, ok := list(a, 0)
	n, ok1 := num(a, 1)
	if !ok || !ok1 {
		return nil
	}
	size := int64(len(elements))
	if size == 0 {
		return "[]"
	}
	by := ((n%size)*sign%size + size) % size
	return jsonArray(append(append([]value(nil), elements[by:]...), elements[:by]...))
}

func shift(a []any, sign int64) any {
	elements, ok := list(a, 0)
	n, ok1 := num(a, 1)
	if !ok || !ok1 || n == math.MinInt64 {
		return nil
	}
	fill := dyn(a, 2)
	out := make([]value, len(elements))
	for i := range out {
		out[i] = fill
		if from := int64(i) + n*sign; from >= 0 && from < int64(len(elements)) {
			out[i] = elements[from]
		}
	}
	return jsonArray(out)
}

// arraySplit cuts an array at an index or at several.
func arraySplit(a []any) any {
	elements, ok := list(a, 0)
	if !ok {
		return nil
	}
	at := dyn(a, 1)
	cuts := at.list
	if at.kind == number {
		cuts = []value{at}
	} else if at.kind != array {
		return nil
	}
	size := int64(len(elements))
	from := int64(0)
	var out []value
	for _, c := range cuts {
		n, ok := c.long()
		if !ok {
			return nil
		}
		if n < 0 {
			n += size
		}
		n = min(max(n, from), size)
		out = append(out, value{kind: array, list: elements[from:n]})
		from = n
	}
	out = append(out, value{kind: array, list: elements[from:]})
	return jsonArray(out)
}

// arrayIff picks element by element; a condition that is no bool or number gives
// null, as does an index beyond the end of the chosen array.
func arrayIff(a []any) any {
	conditions, ok := list(a, 0)
	if !ok {
		return nil
	}
	yes, no := dyn(a, 1), dyn(a, 2)
	out := make([]value, len(conditions))
	for i, c := range conditions {
		if c.kind != boolean && c.kind != number {
			continue
		}
		from := no
		if b, _ := dynBool(c); b {
			from = yes
		}
		if from.kind != array {
			out[i] = from
		} else if i < len(from.list) {
			out[i] = from.list[i]
		}
	}
	return jsonArray(out)
}

func zip(a []any) any {
	size := 0
	lists := make([][]value, len(a))
	for i := range a {
		elements, ok := list(a, i)
		if !ok {
			return nil
		}
		lists[i] = elements
		size = max(size, len(elements))
	}
	out := make([]value, size)
	for i := range out {
		row := make([]value, len(lists))
		for j, l := range lists {
			if i < len(l) {
				row[j] = l[i]
			}
		}
		out[i] = value{kind: array, list: row}
	}
	return jsonArray(out)
}
