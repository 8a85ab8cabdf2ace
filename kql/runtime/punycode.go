package runtime

import (
	"math"
	"strings"
	"unicode/utf8"
)

// punycodes write text in the letters of host names (RFC 3492).
func punycodes() []Func {
	domain := func(name string, label func(string) (string, bool)) Func {
		return fn(name, "string -> string", func(a []any) any {
			labels := strings.Split(str(a, 0), ".")
			for i, l := range labels {
				var ok bool
				if labels[i], ok = label(l); !ok {
					return ""
				}
			}
			return strings.Join(labels, ".")
		})
	}
	return []Func{
		fn("punycode_from_string", "string -> string", func(a []any) any {
			s, _ := punyEncode(str(a, 0))
			return s
		}),
		fn("punycode_to_string", "string -> string", func(a []any) any {
			s, _ := punyDecode(str(a, 0))
			return s
		}),
		// The names of these two are the other way round in Kusto: _from_string
		// reads an encoded name.
		domain("punycode_domain_from_string", func(l string) (string, bool) {
			if len(l) < 4 || !strings.EqualFold(l[:4], "xn--") {
				return l, true
			}
			return punyDecode(l[4:])
		}),
		domain("punycode_domain_to_string", func(l string) (string, bool) {
			if ascii(l) {
				return l, true
			}
			s, ok := punyEncode(l)
			return "xn--" + s, ok
		}),
	}
}

// The parameters of RFC 3492, section 5.
const (
	punyBase, punyMin, punyMax   = 36, 1, 26
	punySkew, punyDamp, punyBias = 38, 700, 72
)

func punyAdapt(delta, points int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > (punyBase-punyMin)*punyMax/2; k += punyBase {
		delta /= punyBase - punyMin
	}
	return k + (punyBase-punyMin+1)*delta/(delta+punySkew)
}

func punyThreshold(k, bias int) int { return min(max(k-bias, punyMin), punyMax) }

func punyEncode(s string) (string, bool) {
	const digits = "abcdefghijklmnopqrstuvwxyz0123456789"
	var b strings.Builder
	points := []rune(s)
	for _, r := range points {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		}
	}
	basic := b.Len()
	if basic > 0 && basic < len(points) {
		b.WriteByte('-')
	}
	n, delta, bias := rune(utf8.RuneSelf), 0, punyBias
	for done := basic; done < len(points); {
		next := rune(math.MaxInt32)
		for _, r := range points {
			if r >= n {
				next = min(next, r)
			}
		}
		if delta += int(next-n) * (done + 1); delta > math.MaxInt32 {
			return "", false
		}
		n = next
		for _, r := range points {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := punyBase; ; k += punyBase {
				t := punyThreshold(k, bias)
				if q < t {
					break
				}
				b.WriteByte(digits[t+(q-t)%(punyBase-t)])
				q = (q - t) / (punyBase - t)
			}
			b.WriteByte(digits[q])
			bias = punyAdapt(delta, done+1, done == basic)
			delta = 0
			done++
		}
		delta++
		n++
	}
	return b.String(), true
}

func punyDecode(s string) (string, bool) {
	var out []rune
	if i := strings.LastIndexByte(s, '-'); i > 0 {
		out, s = []rune(s[:i]), s[i+1:]
	} else if i == 0 {
		s = s[1:]
	}
	for _, r := range out {
		if r >= utf8.RuneSelf {
			return "", false
		}
	}
	n, i, bias := utf8.RuneSelf, 0, punyBias
	for len(s) > 0 {
		before, w := i, 1
		for k := punyBase; ; k += punyBase {
			if len(s) == 0 {
				return "", false
			}
			d := punyDigit(s[0])
			s = s[1:]
			if d < 0 || d > (math.MaxInt32-i)/w {
				return "", false
			}
			i += d * w
			t := punyThreshold(k, bias)
			if d < t {
				break
			}
			if w *= punyBase - t; w > math.MaxInt32 {
				return "", false
			}
		}
		size := len(out) + 1
		bias = punyAdapt(i-before, size, before == 0)
		n += i / size
		i %= size
		if !utf8.ValidRune(rune(n)) {
			return "", false
		}
		out = append(out, 0)
		copy(out[i+1:], out[i:])
		out[i] = rune(n)
		i++
	}
	return string(out), true
}

func punyDigit(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c - 'a')
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= '0' && c <= '9':
		return int(c-'0') + 26
	}
	return -1
}
