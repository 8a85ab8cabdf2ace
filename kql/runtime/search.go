package runtime

import (
	"strings"
	"unicode/utf8"
)

// search are functions that look for plain text.
func search() []Func {
	return []Func{
		fn("split", "string string long -> dynamic", func(a []any) any {
			parts := split(str(a, 0), str(a, 1))
			if n, ok := num(a, 2); ok {
				if n < 0 || n >= int64(len(parts)) {
					return nil
				}
				parts = parts[n : n+1]
			}
			return jsonArray(quotedAll(parts))
		}),
		fn("indexof", "string string long long long -> long", func(a []any) any {
			return occurrence(a, func(s string, n int) (int, bool) {
				at, size := 0, max(1, len(str(a, 1)))
				for ; ; n-- {
					i := strings.Index(s[at:], str(a, 1))
					if i < 0 || n == 1 {
						return at + i, i >= 0
					}
					if at += i + size; at > len(s) {
						return 0, false
					}
				}
			})
		}),
		fn("parse_csv", "string -> dynamic", func(a []any) any {
			if str(a, 0) == "" {
				return nil
			}
			return jsonArray(quotedAll(csvRecord(str(a, 0))))
		}),
	}
}

func quotedAll(list []string) []value {
	out := make([]value, len(list))
	for i, s := range list {
		out[i] = quoted(s)
	}
	return out
}

func split(s, delimiter string) []string {
	if delimiter == "" {
		return []string{s}
	}
	return strings.Split(s, delimiter)
}

// occurrence finds a place in argument 0 from character start (argument 2, from
// the end if negative) on; the match must start within length characters
// (argument 3, -1 for no limit). Argument 4 says which match counts. nth gives
// the byte at which the nth match of a text starts.
func occurrence(a []any, nth func(s string, n int) (int, bool)) any {
	s := str(a, 0)
	start, ok1 := num(a, 2)
	length, ok2 := num(a, 3)
	n, ok3 := num(a, 4)
	if !ok1 || !ok2 || !ok3 || n < 1 || length < -1 {
		return nil
	}
	if start < 0 {
		start = max(0, start+int64(utf8.RuneCountInString(s)))
	}
	rest := s[offset(s, start):]
	if n > int64(len(rest))+1 {
		return int64(-1)
	}
	at, ok := nth(rest, int(n))
	if !ok {
		return int64(-1)
	}
	before := int64(utf8.RuneCountInString(rest[:at]))
	if length >= 0 && before >= length {
		return int64(-1)
	}
	return start + before
}

// csvRecord reads the first record of a text.
func csvRecord(s string) []string {
	var out []string
	for {
		field, rest, more := csvField(s)
		out = append(out, field)
		if !more {
			return out
		}
		s = rest
	}
}

func csvField(s string) (field, rest string, more bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ",\r\n")
		if end < 0 {
			return s, "", false
		}
		return s[:end], s[end+1:], s[end] == ','
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '"':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		default:
			rest := s[i+1:]
			if strings.HasPrefix(rest, ",") {
				return b.String(), rest[1:], true
			}
			return b.String(), "", false
		}
	}
	return b.String(), "", false
}
