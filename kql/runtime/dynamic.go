package runtime

import (
	"sort"
	"strings"

	"github.com/postern-dev/postern/kql/scalar"
)

// dynamicConversions are parse_json, to<type>.dynamic and dyn.of.<type>.
func dynamicConversions() []Func {
	return append([]Func{
		fn("parse_json", "string -> dynamic", func(a []any) any { return parseJSON(a[0]) }),
		fn("tostring.dynamic", "dynamic -> string", func(a []any) any { return dynText(a[0]) }),
		fn("dynamic_to_json", "dynamic -> string", func(a []any) any {
			if a[0] == nil {
				return ""
			}
			return string(ordered(dyn(a, 0)).append(nil))
		}),
		fn("gettype.dynamic", "dynamic -> string", func(a []any) any { return typeOf(dyn(a, 0)) }),
		fn("tobool.dynamic", "dynamic -> bool", func(a []any) any { return maybe(dynBool(dyn(a, 0))) }),
		fn("toint.dynamic", "dynamic -> int", func(a []any) any { return dynInt(dyn(a, 0)) }),
		fn("tolong.dynamic", "dynamic -> long", func(a []any) any { return maybe(dynLong(dyn(a, 0))) }),
		fn("toreal.dynamic", "dynamic -> real", func(a []any) any { return maybe(dynReal(dyn(a, 0))) }),
		fn("todatetime.dynamic", "dynamic -> datetime", func(a []any) any {
			return maybe(dynTicks(dyn(a, 0), scalar.ParseDateTime))
		}),
		fn("totimespan.dynamic", "dynamic -> timespan", func(a []any) any {
			return maybe(dynTicks(dyn(a, 0), scalar.ParseTimeSpan))
		}),
		fn("toguid.dynamic", "dynamic -> guid", func(a []any) any {
			v := dyn(a, 0)
			g, ok := scalar.ParseGuid(v.text)
			return maybe(g, ok && v.kind == word)
		}),
	}, ofDynamic()...)
}

// ParseJSON is parse_json of a string or nil: JSON text, or nil for null.
func ParseJSON(text any) any { return parseJSON(text) }

// parseJSON is the dynamic of a text: compact JSON, or the text itself as a
// dynamic string if it is not JSON, as a cut document is not.
func parseJSON(v any) any {
	s, ok := v.(string)
	if !ok || strings.TrimSpace(s) == "" {
		return nil
	}
	if canonical(s) {
		return s
	}
	doc, ok := parse(s)
	if !ok {
		return quoted(s).json()
	}
	return doc.json()
}

// ordered gives v with the properties of every bag in the order of their names.
func ordered(v value) value {
	out := value{kind: v.kind, text: v.text, list: make([]value, len(v.list))}
	for i, e := range v.list {
		out.list[i] = ordered(e)
	}
	if v.kind != bag {
		return out
	}
	out.keys = append([]string(nil), v.keys...)
	sort.Sort(byName{&out})
	return out
}

type byName struct{ v *value }

func (b byName) Len() int           { return len(b.v.keys) }
func (b byName) Less(i, j int) bool { return b.v.keys[i] < b.v.keys[j] }
func (b byName) Swap(i, j int) {
	b.v.keys[i], b.v.keys[j] = b.v.keys[j], b.v.keys[i]
	b.v.list[i], b.v.list[j] = b.v.list[j], b.v.list[i]
}

func dynText(v any) string {
	s, ok := v.(string)
	if !ok {
		return ""
	}
	doc, ok := parse(s)
	if !ok {
		return s
	}
	return doc.string()
}

// typeOf names the type of a dynamic value as gettype does.
func typeOf(v value) string {
	switch v.kind {
	case boolean:
		return "bool"
	case number:
		if _, ok := v.long(); ok {
			return "long"
		}
		return "double"
	case word:
		return "string"
	case array:
		return "array"
	case bag:
		return "dictionary"
	}
	return "null"
}

func dynBool(v value) (bool, bool) {
	switch v.kind {
	case boolean:
		return v.text == "true", true
	case number:
		f, ok := v.real()
		return f != 0, ok
	case word:
		return parseBool(v.text)
	}
	return false, false
}

func dynInt(v value) any {
	if v.kind == word {
		return maybe(parseInt(v.text))
	}
	n, ok := dynLong(v)
	return maybe(int32(n), ok)
}

func dynLong(v value) (int64, bool) {
	switch v.kind {
	case boolean:
		return bit(v.text == "true"), true
	case number:
		if n, ok := v.long(); ok {
			return n, true
		}
		f, ok := v.real()
		n, fits := realToLong(f)
		return n, ok && fits
	case word:
		return parseLong(v.text)
	}
	return 0, false
}

func dynReal(v value) (float64, bool) {
	switch v.kind {
	case boolean:
		return float64(bit(v.text == "true")), true
	case number:
		return v.real()
	case word:
		return parseReal(v.text)
	}
	return 0, false
}

func dynTicks(v value, read func(string) (int64, bool)) (int64, bool) {
	switch v.kind {
	case number:
		return dynLong(v)
	case word:
		return read(v.text)
	}
	return 0, false
}

// ofDynamic are the conversions of the other types into dynamic.
func ofDynamic() []Func {
	of := func(t string, f func(v any) value) Func {
		return fn("dyn.of."+t, t+" -> dynamic", strict(func(a []any) any { return f(a[0]).json() }))
	}
	return []Func{
		of("bool", func(v any) value { return truth(v.(bool)) }),
		of("int", func(v any) value { return integer(int64(v.(int32))) }),
		of("long", func(v any) value { return integer(v.(int64)) }),
		of("real", func(v any) value { return floating(v.(float64)) }),
		of("string", func(v any) value { return quoted(v.(string)) }),
		of("guid", func(v any) value { return quoted(v.(string)) }),
		of("decimal", func(v any) value { return quoted(v.(string)) }),
		of("datetime", func(v any) value { return quoted(scalar.FormatDateTime(clampTime(v.(int64)))) }),
		of("timespan", func(v any) value { return quoted(scalar.FormatTimeSpan(v.(int64))) }),
	}
}
