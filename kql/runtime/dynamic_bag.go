package runtime

import "strings"

func bags() []Func {
	return []Func{
		// of each property its type and name, "long count"; null is of no type
		fn("bag_types", "dynamic -> dynamic", func(a []any) any {
			v := dyn(a, 0)
			if v.kind != bag {
				return nil
			}
			out := make([]value, len(v.keys))
			for i, e := range v.list {
				t := "dynamic"
				switch e.kind {
				case null:
					t = "null"
				case boolean:
					t = "bool"
				case word:
					t = "string"
				case number:
					t = "real"
					if _, ok := e.long(); ok {
						t = "long"
					}
				}
				out[i] = quoted(t + " " + v.keys[i])
			}
			return jsonArray(out)
		}),
		fn("bag_keys", "dynamic -> dynamic", func(a []any) any {
			v := dyn(a, 0)
			if v.kind != bag {
				return nil
			}
			out := make([]value, len(v.keys))
			for i, k := range v.keys {
				out[i] = quoted(k)
			}
			return jsonArray(out)
		}),
		fn("bag_merge", "dynamic... -> dynamic", bagMerge),
		fn("bag_has_key", "dynamic string -> bool", func(a []any) any {
			v := dyn(a, 0)
			if v.kind != bag {
				return nil
			}
			for _, k := range jsonPath(str(a, 1)) {
				next, ok := v.get(k)
				if !ok {
					return false
				}
				v = next
			}
			return true
		}),
		fn("bag_remove_keys", "dynamic dynamic -> dynamic", func(a []any) any {
			v := dyn(a, 0)
			keys, ok := list(a, 1)
			if v.kind != bag || !ok {
				return nil
			}
			for _, k := range keys {
				if k.kind == word {
					v = remove(v, jsonPath(k.text))
				}
			}
			return v.json()
		}),
		fn("bag_set_key", "dynamic string dynamic -> dynamic", func(a []any) any {
			v := dyn(a, 0)
			if v.kind != bag {
				return nil
			}
			return place(v, jsonPath(str(a, 1)), dyn(a, 2)).json()
		}),
		fn("bag_zip", "dynamic dynamic -> dynamic", func(a []any) any {
			keys, ok1 := list(a, 0)
			values, ok2 := list(a, 1)
			if !ok1 || !ok2 {
				return nil
			}
			out := value{kind: bag}
			for i, k := range keys {
				switch {
				case k.kind != word:
				case i < len(values):
					out.set(k.text, values[i])
				default:
					out.set(k.text, value{})
				}
			}
			return out.json()
		}),
	}
}

// bagMerge joins bags; of properties with one name the first counts.
func bagMerge(a []any) any {
	out := value{kind: bag}
	any := false
	for i := range a {
		v := dyn(a, i)
		if v.kind != bag {
			continue
		}
		any = true
		for j, k := range v.keys {
			if _, ok := out.get(k); !ok {
				out.set(k, v.list[j])
			}
		}
	}
	if !any {
		return nil
	}
	return out.json()
}

// jsonPath reads a key or a path such as $.a.b or $['a'].
func jsonPath(s string) []string {
	rest, ok := strings.CutPrefix(s, "$")
	if !ok || rest == "" || rest[0] != '.' && rest[0] != '[' {
		return []string{s}
	}
	var out []string
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, "['") || strings.HasPrefix(rest, `["`):
			end := strings.Index(rest[2:], rest[1:2]+"]")
			if end < 0 {
				return []string{s}
			}
			out = append(out, rest[2:2+end])
			rest = rest[2+end+2:]
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			out = append(out, rest[1:1+end])
			rest = rest[1+end:]
		default:
			return []string{s}
		}
	}
	return out
}

// remove gives v without the property at path; v itself is not changed.
func remove(v value, path []string) value {
	if v.kind != bag {
		return v
	}
	out := value{kind: bag}
	for i, k := range v.keys {
		switch {
		case k != path[0]:
			out.set(k, v.list[i])
		case len(path) > 1:
			out.set(k, remove(v.list[i], path[1:]))
		}
	}
	return out
}

// place gives v with the property at path set; it comes last.
func place(v value, path []string, e value) value {
	old, _ := v.get(path[0])
	if len(path) == 1 {
		out := remove(v, path)
		out.set(path[0], e)
		return out
	}
	out := value{kind: bag}
	inner := value{kind: bag}
	if old.kind == bag {
		inner = old
	}
	for i, k := range v.keys {
		if k != path[0] {
			out.set(k, v.list[i])
		}
	}
	out.set(path[0], place(inner, path[1:], e))
	return out
}
