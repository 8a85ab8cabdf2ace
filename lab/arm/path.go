package arm

import "strings"

// A path is a resource path in pieces, matched without regard to case and
// remembered as written.
type path []string

func parsePath(p string) path {
	p = strings.Trim(p, "/")
	if p == "" {
		return nil
	}
	return strings.Split(p, "/")
}

func (p path) String() string { return "/" + strings.Join(p, "/") }

// match compares with a pattern whose {x} pieces stand for any one piece, and
// returns these in order.
func (p path) match(pattern string) ([]string, bool) {
	want := parsePath(pattern)
	if len(want) != len(p) {
		return nil, false
	}
	var vars []string
	for i, w := range want {
		switch {
		case strings.HasPrefix(w, "{"):
			if p[i] == "" {
				return nil, false
			}
			vars = append(vars, p[i])
		case !strings.EqualFold(w, p[i]):
			return nil, false
		}
	}
	return vars, true
}

// extension splits the path of an extension resource at its last
// "providers/<namespace>": the scope it extends, and the rest.
func (p path) extension(namespace string) (scope string, rest path, ok bool) {
	for i := len(p) - 2; i >= 0; i-- {
		if strings.EqualFold(p[i], "providers") && strings.EqualFold(p[i+1], namespace) {
			if i == 0 {
				return "/", p[i+2:], true
			}
			return p[:i].String(), p[i+2:], true
		}
	}
	return "", nil, false
}
