package runtime

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// text are functions that make strings of strings. Positions and lengths count
// characters.
func text() []Func {
	one := func(name string, f func(string) string) Func {
		return fn(name, "string -> string", func(a []any) any { return f(str(a, 0)) })
	}
	return []Func{
		one("tolower", strings.ToLower), one("toupper", strings.ToUpper), one("reverse", reverse),
		fn("strlen", "string -> long", func(a []any) any { return int64(utf8.RuneCountInString(str(a, 0))) }),
		fn("string_size", "string -> long", func(a []any) any { return int64(len(str(a, 0))) }),
		fn("substring", "string long long -> string", func(a []any) any {
			start, ok1 := num(a, 1)
			length, ok2 := num(a, 2)
			if !ok1 || !ok2 {
				return ""
			}
			return substring(str(a, 0), start, length)
		}),
		fn("strcat", "string... -> string", func(a []any) any {
			var b strings.Builder
			for i := range a {
				b.WriteString(str(a, i))
			}
			return b.String()
		}),
		fn("strrep", "string long string -> string", repeat),
		fn("replace_string", "string string string -> string", func(a []any) any {
			if str(a, 1) == "" {
				return str(a, 0)
			}
			return strings.ReplaceAll(str(a, 0), str(a, 1), str(a, 2))
		}),
		fn("replace_strings", "string dynamic dynamic -> string", replaceStrings),
		fn("strcmp", "string string -> long", func(a []any) any { return int64(strings.Compare(str(a, 0), str(a, 1))) }),
		fn("translate", "string string string -> string", func(a []any) any { return translate(str(a, 2), str(a, 0), str(a, 1)) }),
		fn("unicode_codepoints_from_string", "string -> dynamic", func(a []any) any {
			var out []value
			for _, r := range str(a, 0) {
				out = append(out, integer(int64(r)))
			}
			return jsonArray(out)
		}),
		fn("unicode_codepoints_to_string", "dynamic... -> string", codepoints),
		fn("isascii", "string -> bool", func(a []any) any { return ascii(str(a, 0)) }),
		fn("isutf8", "string -> bool", func(a []any) any { return utf8.ValidString(str(a, 0)) }),
	}
}

func reverse(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

// substring takes length characters from start, which counts from the end if it
// is negative.
func substring(s string, start, length int64) string {
	if length <= 0 {
		return ""
	}
	if start < 0 {
		start = max(0, start+int64(utf8.RuneCountInString(s)))
	}
	from := offset(s, start)
	return s[from : from+offset(s[from:], length)]
}

// offset gives the byte at which character n starts, the length if there are
// fewer.
func offset(s string, n int64) int {
	if n >= int64(len(s)) {
		return len(s)
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// maxRepeat bounds what strrep makes, in copies and bytes.
const maxRepeat, maxRepeatBytes = 1024, 1 << 20

func repeat(a []any) any {
	n, ok := num(a, 1)
	s, delimiter := str(a, 0), str(a, 2)
	if !ok || n <= 0 {
		return ""
	}
	n = min(n, maxRepeat)
	if int64(len(s)+len(delimiter))*n > maxRepeatBytes {
		return ""
	}
	return strings.Repeat(s+delimiter, int(n)-1) + s
}

// replaceStrings replaces each text of one array by that of another, in the
// order of the array; what a text matched is not looked at again. A replacement
// that is no string leaves the match as it is.
func replaceStrings(a []any) any {
	from, ok1 := list(a, 1)
	to, ok2 := list(a, 2)
	if !ok1 || !ok2 || len(from) != len(to) {
		return ""
	}
	// Pieces at even places are still open, those at odd places are done.
	pieces := []string{str(a, 0)}
	for i := range from {
		old, with := from[i].text, to[i].text
		if from[i].kind != word || old == "" {
			continue
		}
		if to[i].kind != word {
			with = old
		}
		var next []string
		for j, piece := range pieces {
			if j%2 == 1 {
				next = append(next, piece)
				continue
			}
			for k, open := range strings.Split(piece, old) {
				if k > 0 {
					next = append(next, with)
				}
				next = append(next, open)
			}
		}
		pieces = next
	}
	return strings.Join(pieces, "")
}

// translate maps characters one to one; the last of to stands for those it
// lacks.
func translate(s, from, to string) string {
	f, t := []rune(from), []rune(to)
	if len(t) == 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		for i, c := range f {
			if c == r {
				return t[min(i, len(t)-1)]
			}
		}
		return r
	}, s)
}

// codepoints makes characters of numbers and of arrays of numbers.
func codepoints(a []any) any {
	var b strings.Builder
	var add func(v value)
	add = func(v value) {
		for _, e := range v.list {
			add(e)
		}
		if n, ok := v.long(); ok && n >= 0 && n <= unicode.MaxRune {
			b.WriteRune(rune(n))
		}
	}
	for i := range a {
		add(dyn(a, i))
	}
	return b.String()
}
