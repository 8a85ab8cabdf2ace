package runtime

// dynamicAccess are paths, comparisons and the reading of a dynamic as one kind
// of value.
func dynamicAccess() []Func {
	return []Func{
		fn("dyn.get", "dynamic string -> dynamic", func(a []any) any {
			return raw(member(str(a, 0), str(a, 1)))
		}),
		fn("dyn.at", "dynamic long -> dynamic", func(a []any) any {
			n, ok := num(a, 1)
			if !ok {
				return nil
			}
			return raw(element(str(a, 0), n))
		}),
		fn("dyn.index", "dynamic dynamic -> dynamic", func(a []any) any {
			switch i := dyn(a, 1); i.kind {
			case word:
				return raw(member(str(a, 0), i.text))
			case number:
				if n, ok := i.long(); ok {
					return raw(element(str(a, 0), n))
				}
			}
			return nil
		}),
		fn("dyn.text", "dynamic -> string", func(a []any) any {
			v := dyn(a, 0)
			return maybe(v.text, v.kind == word)
		}),
		fn("dyn.number", "dynamic -> real", func(a []any) any { return maybe(dyn(a, 0).real()) }),
		fn("dyn.bool", "dynamic -> bool", func(a []any) any {
			v := dyn(a, 0)
			return maybe(v.text == "true", v.kind == boolean)
		}),
		fn("eq.dyn", "dynamic dynamic -> bool", func(a []any) any { return equalDynamic(a) }),
		fn("ne.dyn", "dynamic dynamic -> bool", func(a []any) any {
			if eq, ok := equalDynamic(a).(bool); ok {
				return !eq
			}
			return nil
		}),
		fn("dyn.contains", "dynamic dynamic -> bool", func(a []any) any {
			elements, _ := list(a, 0)
			return contains(elements, dyn(a, 1))
		}),
		fn("dyn.contains_fold", "dynamic string -> bool", func(a []any) any {
			elements, _ := list(a, 0)
			for _, e := range elements {
				if e.kind == word && equalFold(e.text, str(a, 1)) {
					return true
				}
			}
			return false
		}),
	}
}

// raw is the text of a part of a document; JSON null is null.
func raw(s string, ok bool) any {
	if !ok || s == "null" {
		return nil
	}
	return s
}

// equalDynamic is total except for two nulls.
func equalDynamic(a []any) any {
	if a[0] == nil && a[1] == nil {
		return nil
	}
	if a[0] == nil || a[1] == nil {
		return false
	}
	return same(dyn(a, 0), dyn(a, 1))
}

func contains(list []value, v value) bool {
	for _, e := range list {
		if same(e, v) {
			return true
		}
	}
	return false
}
