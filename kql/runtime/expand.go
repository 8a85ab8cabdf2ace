package runtime

// expansion takes arrays and bags apart, row by row for mv-expand, and puts
// together what aggregates collected. The engine hands aggregates over as the
// text of an array.
func expansion() []Func {
	return []Func{
		fn("expand_count", "dynamic -> long", func(a []any) any {
			switch s := str(a, 0); kindOf(s) {
			case array:
				return countElements(s)
			case bag:
				return int64(len(dyn(a, 0).keys))
			}
			return int64(1)
		}),
		fn("expand_at", "dynamic long -> dynamic", func(a []any) any {
			return expanded(a, func(key string, v value) value {
				return value{kind: bag, keys: []string{key}, list: []value{v}}
			})
		}),
		fn("expand_pair", "dynamic long -> dynamic", func(a []any) any {
			return expanded(a, func(key string, v value) value {
				return value{kind: array, list: []value{quoted(key), v}}
			})
		}),
		fn("list_from_array", "dynamic long -> dynamic", func(a []any) any {
			elements, _ := list(a, 0)
			return jsonArray(first(a, flat(elements)))
		}),
		fn("set_from_array", "dynamic long -> dynamic", func(a []any) any {
			elements, _ := list(a, 0)
			var all set
			for _, e := range flat(elements) {
				if e.kind != null {
					all.add(e)
				}
			}
			return jsonArray(first(a, all.list))
		}),
		fn("bag_from_array", "dynamic long -> dynamic", func(a []any) any {
			elements, _ := list(a, 0)
			out := value{kind: bag}
			for _, e := range elements {
				for i, k := range e.keys {
					if _, ok := out.get(k); !ok {
						out.set(k, e.list[i])
					}
				}
			}
			return out.json()
		}),
	}
}

// expanded is one position of a value: an element, a property as pair makes
// one, or the value itself at position 0.
func expanded(a []any, pair func(string, value) value) any {
	n, ok := num(a, 1)
	if !ok || n < 0 {
		return nil
	}
	switch s := str(a, 0); kindOf(s) {
	case array:
		return raw(element(s, n))
	case bag:
		v := dyn(a, 0)
		if n >= int64(len(v.keys)) {
			return nil
		}
		return pair(v.keys[n], v.list[n]).json()
	}
	if n > 0 {
		return nil
	}
	return a[0]
}

// flat opens arrays one level: collecting arrays collects their elements.
func flat(list []value) []value {
	var out []value
	for _, e := range list {
		if e.kind == array {
			out = append(out, e.list...)
		} else {
			out = append(out, e)
		}
	}
	return out
}

// first cuts to the number of elements that argument 1 allows.
func first(a []any, list []value) []value {
	if n, ok := num(a, 1); ok && n >= 0 && int64(len(list)) > n {
		return list[:n]
	}
	return list
}
