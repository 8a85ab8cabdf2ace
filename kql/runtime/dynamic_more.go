package runtime

import (
	"strconv"
	"strings"
)

// dynamicMore are the rarer functions of dynamics.
func dynamicMore() []Func {
	return []Func{
		fn("treepath", "dynamic -> dynamic", func(a []any) any {
			v := dyn(a, 0)
			if v.kind != bag {
				return nil
			}
			var out []value
			treePaths(v, "", &out)
			return jsonArray(out)
		}),
		fn("set_equals", "dynamic dynamic -> bool", func(a []any) any {
			x, ok1 := list(a, 0)
			y, ok2 := list(a, 1)
			if !ok1 || !ok2 {
				return nil
			}
			return eachIn(x, y) && eachIn(y, x)
		}),
		fn("extract_json", "string string -> dynamic", func(a []any) any { return extractJSON(str(a, 0), str(a, 1)) }),
	}
}

func eachIn(x, y []value) bool {
	for _, e := range x {
		if !contains(y, e) {
			return false
		}
	}
	return true
}

// treePaths lists the paths of a bag: [0] stands for any element of an array,
// and a path comes once.
func treePaths(v value, path string, out *[]value) {
	add := func(p string) {
		for _, e := range *out {
			if e.text == p {
				return
			}
		}
		*out = append(*out, quoted(p))
	}
	for i, e := range v.list {
		p := path + "[0]"
		if v.kind == bag {
			p = path + "['" + v.keys[i] + "']"
		}
		if e.kind == bag {
			treePaths(e, p, out)
			continue
		}
		add(p)
		if e.kind == array {
			treePaths(e, p, out)
		}
	}
}

// extractJSON follows a path such as $.a['b'][0] into a document; a wildcard or
// a condition in the path is not understood and gives null.
func extractJSON(path, text string) any {
	canonical, ok := parse(text)
	if !ok || !strings.HasPrefix(path, "$") {
		return nil
	}
	v := canonical
	for path = path[1:]; path != ""; {
		switch {
		case strings.HasPrefix(path, "['") || strings.HasPrefix(path, `["`):
			end := strings.Index(path[2:], path[1:2]+"]")
			if end < 0 {
				return nil
			}
			if v, ok = v.get(path[2 : 2+end]); !ok {
				return nil
			}
			path = path[4+end:]
		case path[0] == '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return nil
			}
			n, err := strconv.Atoi(path[1:end])
			if err != nil || v.kind != array {
				return nil
			}
			if n < 0 {
				n += len(v.list)
			}
			if n < 0 || n >= len(v.list) {
				return nil
			}
			v, path = v.list[n], path[end+1:]
		case path[0] == '.':
			end := strings.IndexAny(path[1:], ".[")
			if end < 0 {
				end = len(path) - 1
			}
			if v, ok = v.get(path[1 : 1+end]); !ok {
				return nil
			}
			path = path[1+end:]
		default:
			return nil
		}
	}
	return v.json()
}
