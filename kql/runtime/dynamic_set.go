package runtime

func sets() []Func {
	return []Func{
		fn("set_has_element", "dynamic dynamic -> bool", func(a []any) any {
			elements, ok := list(a, 0)
			if !ok {
				return nil
			}
			return contains(elements, dyn(a, 1))
		}),
		fn("set_union", "dynamic... -> dynamic", func(a []any) any {
			var all set
			for i := range a {
				elements, _ := list(a, i)
				for _, e := range elements {
					all.add(e)
				}
			}
			return jsonArray(all.list)
		}),
		fn("set_intersect", "dynamic... -> dynamic", func(a []any) any {
			return setFilter(a, func(e value, others [][]value) bool {
				for _, o := range others {
					if !contains(o, e) {
						return false
					}
				}
				return true
			})
		}),
		fn("set_difference", "dynamic... -> dynamic", func(a []any) any {
			return setFilter(a, func(e value, others [][]value) bool {
				for _, o := range others {
					if contains(o, e) {
						return false
					}
				}
				return true
			})
		}),
		fn("jaccard_index", "dynamic dynamic -> real", func(a []any) any {
			x, ok1 := list(a, 0)
			y, ok2 := list(a, 1)
			if !ok1 || !ok2 {
				return nil
			}
			var both, all set
			for _, e := range x {
				all.add(e)
				if contains(y, e) {
					both.add(e)
				}
			}
			for _, e := range y {
				all.add(e)
			}
			if len(all.list) == 0 {
				return nil
			}
			return float64(len(both.list)) / float64(len(all.list))
		}),
	}
}

// set keeps distinct values in the order they came.
type set struct {
	list []value
	seen map[string]bool
}

func (s *set) add(e value) {
	key := string(e.append(nil))
	if _, ok := e.long(); !ok && e.kind == number {
		f, _ := e.real()
		if n, ok := realToLong(f); ok && float64(n) == f {
			key = integer(n).text
		} else {
			key = formatReal(f)
		}
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	if !s.seen[key] {
		s.seen[key] = true
		s.list = append(s.list, e)
	}
}

// setFilter keeps the distinct elements of the first array that keep accepts.
func setFilter(a []any, keep func(e value, others [][]value) bool) any {
	first, ok := list(a, 0)
	if !ok {
		return nil
	}
	var others [][]value
	for i := 1; i < len(a); i++ {
		o, _ := list(a, i)
		others = append(others, o)
	}
	var out set
	for _, e := range first {
		if keep(e, others) {
			out.add(e)
		}
	}
	return jsonArray(out.list)
}
