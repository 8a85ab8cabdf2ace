package runtime

import (
	"strconv"

	"github.com/postern-dev/postern/kql/scalar"
)

// conversions are to<type>.<type> between the types other than dynamic.
func conversions() []Func {
	return append(append(toString(), toNumber()...), toTime()...)
}

func toString() []Func {
	from := func(t string, f func(v any) string) Func {
		return fn("tostring."+t, t+" -> string", func(a []any) any {
			if a[0] == nil {
				return ""
			}
			return f(a[0])
		})
	}
	decimal := func(n int64) string { return strconv.FormatInt(n, 10) }
	same := func(v any) string { return v.(string) }
	return []Func{
		from("bool", func(v any) string {
			if v.(bool) {
				return "True"
			}
			return "False"
		}),
		from("int", func(v any) string { return decimal(int64(v.(int32))) }),
		from("long", func(v any) string { return decimal(v.(int64)) }),
		from("real", func(v any) string { return formatReal(v.(float64)) }),
		from("datetime", func(v any) string { return scalar.FormatDateTime(clampTime(v.(int64))) }),
		from("timespan", func(v any) string { return scalar.FormatTimeSpan(v.(int64)) }),
		from("decimal", same), from("guid", same), from("string", same),
	}
}

// clampTime keeps a foreign value within the years that have a text.
func clampTime(t int64) int64 { return min(max(t, 0), scalar.MaxDateTime) }

// fromText is a conversion of a string, null where it cannot be read.
func fromText[T any](target string, read func(string) (T, bool)) Func {
	return fn("to"+target+".string", "string -> "+target, strict(func(a []any) any {
		v, ok := read(str(a, 0))
		return maybe(v, ok)
	}))
}

// convert is a conversion of one value; null stays null.
func convert[S, T any](target, source string, f func(S) (T, bool)) Func {
	return fn("to"+target+"."+source, source+" -> "+target, strict(func(a []any) any {
		s, ok := a[0].(S)
		if !ok {
			return nil
		}
		v, ok := f(s)
		return maybe(v, ok)
	}))
}

func always[S, T any](f func(S) T) func(S) (T, bool) {
	return func(s S) (T, bool) { return f(s), true }
}

func toNumber() []Func {
	oneLong := always(func(b bool) int64 { return bit(b) })
	return []Func{
		fromText("bool", parseBool), fromText("int", parseInt), fromText("long", parseLong), fromText("real", parseReal),
		fromText("guid", scalar.ParseGuid),
		convert("bool", "int", always(func(n int32) bool { return n != 0 })),
		convert("bool", "long", always(func(n int64) bool { return n != 0 })),
		convert("bool", "real", always(func(f float64) bool { return f != 0 })),
		convert("int", "bool", always(func(b bool) int32 { return int32(bit(b)) })),
		convert("int", "long", always(func(n int64) int32 { return int32(n) })),
		convert("int", "real", realToInt),
		convert("int", "datetime", always(func(n int64) int32 { return int32(n) })),
		convert("int", "timespan", always(func(n int64) int32 { return int32(n) })),
		convert("long", "bool", oneLong),
		convert("long", "int", always(func(n int32) int64 { return int64(n) })),
		convert("long", "real", realToLong),
		convert("long", "datetime", always(func(n int64) int64 { return n })),
		convert("long", "timespan", always(func(n int64) int64 { return n })),
		convert("real", "bool", always(func(b bool) float64 { return float64(bit(b)) })),
		convert("real", "int", always(func(n int32) float64 { return float64(n) })),
		convert("real", "long", always(func(n int64) float64 { return float64(n) })),
		convert("real", "datetime", always(func(n int64) float64 { return float64(n) })),
		convert("real", "timespan", always(func(n int64) float64 { return float64(n) })),
	}
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func realToInt(f float64) (int32, bool) {
	n, ok := realToLong(f)
	return int32(n), ok
}

func toTime() []Func {
	tick := func(n int64) (int64, bool) { return n, n >= 0 && n <= scalar.MaxDateTime }
	ticks := func(f float64) (int64, bool) {
		n, ok := realToLong(f)
		return n, ok && n >= 0 && n <= scalar.MaxDateTime
	}
	return []Func{
		fromText("datetime", scalar.ParseDateTime), fromText("timespan", scalar.ParseTimeSpan),
		convert("datetime", "long", tick),
		convert("datetime", "int", func(n int32) (int64, bool) { return tick(int64(n)) }),
		convert("datetime", "real", ticks),
		convert("timespan", "long", always(func(n int64) int64 { return n })),
		convert("timespan", "int", always(func(n int32) int64 { return int64(n) })),
		convert("timespan", "real", realToLong),
	}
}
