package runtime

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

func urls() []Func {
	one := func(name string, f func(string) string) Func {
		return fn(name, "string -> string", func(a []any) any { return f(str(a, 0)) })
	}
	return []Func{
		one("url_decode", urlDecode),
		one("url_encode", func(s string) string { return urlEncode(s, "-_.!*()", "+") }),
		one("url_encode_component", func(s string) string { return urlEncode(s, "-_.~", "%20") }),
		fn("parse_url", "string -> dynamic", func(a []any) any { return parseURL(str(a, 0)).json() }),
		fn("parse_urlquery", "string -> dynamic", func(a []any) any {
			v := value{kind: bag}
			v.set("Query Parameters", queryBag(strings.TrimPrefix(str(a, 0), "?")))
			return v.json()
		}),
		fn("parse_path", "string -> dynamic", func(a []any) any { return parsePath(str(a, 0)).json() }),
	}
}

// urlDecode resolves %xx and +; what is no valid sequence stays.
func urlDecode(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	if !utf8.Valid(b) {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(b)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func urlEncode(s, safe, blank string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c < utf8.RuneSelf && (inTerm(rune(c)) || strings.IndexByte(safe, c) >= 0):
			b.WriteByte(c)
		case c == ' ':
			b.WriteString(blank)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func stringBag(pairs ...string) value {
	v := value{kind: bag}
	for i := 0; i < len(pairs); i += 2 {
		v.set(pairs[i], quoted(pairs[i+1]))
	}
	return v
}

func parseURL(s string) value {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" && u.Scheme == "" {
		u = &url.URL{}
	}
	password, _ := u.User.Password()
	v := stringBag("Scheme", u.Scheme, "Host", u.Hostname(), "Port", u.Port(), "Path", u.EscapedPath(),
		"Username", u.User.Username(), "Password", password)
	v.set("Query Parameters", queryBag(u.RawQuery))
	v.set("Fragment", quoted(u.Fragment))
	return v
}

func queryBag(s string) value {
	v := value{kind: bag}
	for _, pair := range strings.Split(s, "&") {
		if k, e, _ := strings.Cut(pair, "="); pair != "" {
			v.set(urlDecode(k), quoted(urlDecode(e)))
		}
	}
	return v
}

// parsePath takes a Windows, Unix or file: path apart.
func parsePath(s string) value {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		scheme, rest = "", s
	}
	stream := ""
	if i := strings.LastIndexByte(rest, ':'); i > 1 {
		rest, stream = rest[:i], rest[i+1:]
	}
	root := ""
	switch {
	case len(rest) >= 2 && rest[1] == ':':
		root = rest[:2]
		if len(rest) > 2 {
			root = rest[:3]
		}
	case strings.HasPrefix(rest, `\\`) || strings.HasPrefix(rest, "/"):
		root = ""
	}
	directory, file := "", rest
	if i := strings.LastIndexAny(rest, `/\`); i >= 0 {
		directory, file = rest[:i], rest[i+1:]
	}
	name := directory
	if i := strings.LastIndexAny(directory, `/\`); i >= 0 {
		name = directory[i+1:]
	}
	extension := ""
	if i := strings.LastIndexByte(file, '.'); i >= 0 {
		extension = file[i+1:]
	}
	return stringBag("Scheme", scheme, "RootPath", root, "DirectoryPath", directory, "DirectoryName", name,
		"Filename", file, "Extension", extension, "AlternateDataStreamName", stream)
}
