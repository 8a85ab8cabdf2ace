package runtime

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// keyValues read a text of keys and values into a bag of strings; of a key that
// stands twice the first value counts. Blanks around keys and values are left
// out. See the operator parse-kv.
func keyValues() []Func {
	c := &patternCache{byID: map[string]*regexp.Regexp{}}
	return []Func{
		fn("parse_kv", "string string string string string bool -> dynamic", func(a []any) any {
			if str(a, 1) == "" || str(a, 2) == "" {
				return nil
			}
			greedy, _ := a[5].(bool)
			r := kvReader{rest: str(a, 0), pair: str(a, 1), kv: str(a, 2), quotes: str(a, 3), escapes: str(a, 4), greedy: greedy}
			return r.read()
		}),
		fn("parse_kv_regex", "string string -> dynamic", func(a []any) any {
			re := c.get(str(a, 1))
			if re == nil || re.NumSubexp() != 2 {
				return nil
			}
			out := firsts{}
			for _, m := range re.FindAllStringSubmatch(str(a, 0), -1) {
				out.add(strings.TrimSpace(m[1]), strings.TrimSpace(m[2]))
			}
			return out.bag.json()
		}),
	}
}

// firsts is a bag that keeps the first value of a key.
type firsts struct {
	bag  value
	seen map[string]bool
}

func (f *firsts) add(key, text string) {
	if f.seen == nil {
		f.bag.kind, f.seen = bag, map[string]bool{}
	}
	if !f.seen[key] {
		f.seen[key] = true
		f.bag.set(key, quoted(text))
	}
}

// kvReader takes a text apart. Quotes and escapes are lists of characters or
// pairs, divided by NUL.
type kvReader struct {
	rest            string
	pair, kv        string
	quotes, escapes string
	greedy          bool
}

func (r *kvReader) read() any {
	out := firsts{bag: value{kind: bag}, seen: map[string]bool{}}
	for {
		r.skip()
		if r.rest == "" {
			return out.bag.json()
		}
		key, ok := r.key()
		if ok {
			out.add(key, r.value())
		}
	}
}

// skip passes over blanks and delimiters before a key.
func (r *kvReader) skip() {
	for {
		before := r.rest
		r.rest = strings.TrimLeftFunc(strings.TrimPrefix(r.rest, r.pair), unicode.IsSpace)
		if r.rest == before {
			return
		}
	}
}

// key reads up to and with the delimiter after a key; a piece without one is
// passed over.
func (r *kvReader) key() (string, bool) {
	key, quoted := r.quoted()
	if !quoted {
		end, next := strings.Index(r.rest, r.kv), strings.Index(r.rest, r.pair)
		if end < 0 {
			r.rest = ""
			return "", false
		}
		if next >= 0 && next < end {
			end = next
		}
		key, r.rest = strings.TrimSpace(r.rest[:end]), r.rest[end:]
	}
	after := r.rest
	if !strings.HasPrefix(after, r.kv) {
		after = strings.TrimLeftFunc(after, unicode.IsSpace)
	}
	if rest, ok := strings.CutPrefix(after, r.kv); ok {
		r.rest = rest
		return key, true
	}
	if i := strings.Index(r.rest, r.pair); quoted && i >= 0 {
		r.rest = r.rest[i:]
	} else if quoted {
		r.rest = ""
	}
	return "", false
}

func (r *kvReader) value() string {
	r.rest = strings.TrimLeftFunc(r.rest, unicode.IsSpace)
	if v, ok := r.quoted(); ok {
		return v
	}
	end := strings.Index(r.rest, r.pair)
	if r.greedy {
		end = r.last()
	}
	if end < 0 {
		end = len(r.rest)
	}
	v := strings.TrimSpace(r.rest[:end])
	r.rest = r.rest[end:]
	return v
}

// last is the last pair delimiter before the next key's delimiter, -1 if no
// key follows.
func (r *kvReader) last() int {
	for from := 0; ; {
		i := strings.Index(r.rest[from:], r.kv)
		if i < 0 {
			return -1
		}
		if at := strings.LastIndex(strings.TrimRightFunc(r.rest[:from+i], unicode.IsSpace), r.pair); at >= 0 {
			return at
		}
		from += i + len(r.kv)
	}
}

// quoted reads a text in quotes, without them. Within, an escape character
// takes the next one as it is.
func (r *kvReader) quoted() (string, bool) {
	if r.quotes == "" {
		return "", false
	}
	for _, q := range strings.Split(r.quotes, "\x00") {
		first, n := utf8.DecodeRuneInString(q)
		closing := first
		if n < len(q) {
			closing, _ = utf8.DecodeRuneInString(q[n:])
		}
		body, ok := strings.CutPrefix(r.rest, string(first))
		if !ok {
			continue
		}
		var out strings.Builder
		escaped := false
		for i, c := range body {
			switch {
			case escaped:
				out.WriteRune(c)
				escaped = false
			case c != 0 && strings.ContainsRune(r.escapes, c):
				escaped = true
			case c == closing && c != utf8.RuneError:
				r.rest = body[i+utf8.RuneLen(c):]
				return out.String(), true
			default:
				out.WriteRune(c)
			}
		}
	}
	return "", false
}
