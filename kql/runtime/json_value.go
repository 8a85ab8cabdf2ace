package runtime

import (
	"math"
	"strconv"
	"strings"
)

// get finds a property, false if there is none.
func (v value) get(key string) (value, bool) {
	for i, k := range v.keys {
		if k == key {
			return v.list[i], true
		}
	}
	return value{}, false
}

// set adds a property or replaces it where it stands: of two with one name the
// later counts.
func (v *value) set(key string, e value) {
	for i, k := range v.keys {
		if k == key {
			v.list[i] = e
			return
		}
	}
	v.keys = append(v.keys, key)
	v.list = append(v.list, e)
}

// manyKeys is from when on an index is quicker than a look at every key.
const manyKeys = 32

// setIn is set with an index of the places of all properties, which it builds
// when they become many.
func (v *value) setIn(places map[string]int, key string, e value) map[string]int {
	if len(v.keys) < manyKeys {
		v.set(key, e)
		return nil
	}
	if places == nil {
		places = make(map[string]int, 2*manyKeys)
		for i, k := range v.keys {
			places[k] = i
		}
	}
	if i, ok := places[key]; ok {
		v.list[i] = e
		return places
	}
	places[key] = len(v.keys)
	v.keys = append(v.keys, key)
	v.list = append(v.list, e)
	return places
}

// append writes v as compact JSON.
func (v value) append(b []byte) []byte {
	switch v.kind {
	case null:
		return append(b, "null"...)
	case word:
		return appendQuoted(b, v.text)
	case array:
		b = append(b, '[')
		for i, e := range v.list {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.append(b)
		}
		return append(b, ']')
	case bag:
		b = append(b, '{')
		for i, e := range v.list {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendQuoted(b, v.keys[i]), ':')
			b = e.append(b)
		}
		return append(b, '}')
	}
	return append(b, v.text...)
}

// json is v as a dynamic: nil for null.
func (v value) json() any {
	if v.kind == null {
		return nil
	}
	return string(v.append(nil))
}

func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= 0x20:
			b = append(b, c)
		default:
			if j := strings.IndexByte("\b\f\n\r\t", c); j >= 0 {
				b = append(b, '\\', "bfnrt"[j])
			} else {
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
		}
	}
	return append(b, '"')
}

func quoted(s string) value { return value{kind: word, text: s} }

func integer(n int64) value { return value{kind: number, text: strconv.FormatInt(n, 10)} }

func truth(b bool) value { return value{kind: boolean, text: strconv.FormatBool(b)} }

// floating is a number; NaN and the infinities, which JSON has not, are strings.
func floating(f float64) value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return quoted(formatReal(f))
	}
	return value{kind: number, text: formatReal(f)}
}

// long gives a number without fraction that fits.
func (v value) long() (int64, bool) {
	if v.kind != number {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil
}

func (v value) real() (float64, bool) {
	if v.kind != number {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.text, 64)
	return f, err == nil || math.IsInf(f, 0)
}

// string is v as tostring gives it.
func (v value) string() string {
	switch v.kind {
	case null:
		return ""
	case word:
		return v.text
	}
	return string(v.append(nil))
}

// same says whether two values are equal: numbers by value, bags by property.
func same(a, b value) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case number:
		x, ok1 := a.long()
		y, ok2 := b.long()
		if ok1 && ok2 {
			return x == y
		}
		f, _ := a.real()
		g, _ := b.real()
		return f == g
	case bag:
		return sameBag(a, b)
	case array:
		if len(a.list) != len(b.list) {
			return false
		}
		for i := range a.list {
			if !same(a.list[i], b.list[i]) {
				return false
			}
		}
		return true
	}
	return a.text == b.text
}

func sameBag(a, b value) bool {
	if len(a.keys) != len(b.keys) {
		return false
	}
	for i, k := range a.keys {
		e, ok := b.get(k)
		if !ok || !same(a.list[i], e) {
			return false
		}
	}
	return true
}

// dynamic argument i, parsed; null if it is null or not JSON.
func dyn(args []any, i int) value {
	if i >= len(args) {
		return value{}
	}
	s, ok := args[i].(string)
	if !ok {
		return value{}
	}
	v, _ := parse(s)
	return v
}

// an array argument; false if it is something else.
func list(args []any, i int) ([]value, bool) {
	v := dyn(args, i)
	return v.list, v.kind == array
}

func jsonArray(list []value) any { return value{kind: array, list: list}.json() }
