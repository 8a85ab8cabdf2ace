package runtime

import (
	"math"
	"math/bits"
	"strconv"
)

// numbers are functions of numbers whose edge cases SQL treats otherwise.
func numbers() []Func {
	one := func(name string, f func(float64) float64) Func {
		return fn(name, "real -> real", strict(func(a []any) any { return f(a[0].(float64)) }))
	}
	return []Func{
		one("gamma", math.Gamma), one("erf", math.Erf), one("erfc", math.Erfc),
		one("loggamma", func(f float64) float64 { v, _ := math.Lgamma(f); return v }),
		one("exp", math.Exp), one("exp2", math.Exp2), one("log", math.Log), one("log2", math.Log2), one("log10", math.Log10),
		one("exp10", func(f float64) float64 { return math.Pow(10, f) }),
		one("sqrt", math.Sqrt), one("sin", math.Sin), one("cos", math.Cos), one("tan", math.Tan), one("asin", math.Asin), one("acos", math.Acos), one("atan", math.Atan),
		one("cot", func(f float64) float64 { return 1 / math.Tan(f) }),
		one("degrees", func(f float64) float64 { return f * 180 / math.Pi }), one("radians", func(f float64) float64 { return f * math.Pi / 180 }),
		fn("atan2", "real real -> real", strict(func(a []any) any { return math.Atan2(a[0].(float64), a[1].(float64)) })),
		fn("pow", "real real -> real", strict(func(a []any) any { return math.Pow(a[0].(float64), a[1].(float64)) })),
		fn("round", "real -> real", strict(func(a []any) any { return math.Round(a[0].(float64)) })),
		fn("round.digits", "real long -> real", strict(func(a []any) any { return roundDigits(a[0].(float64), a[1].(int64)) })),
		fn("bitset_count_ones", "long -> long", strict(func(a []any) any { return int64(bits.OnesCount64(uint64(a[0].(int64)))) })),
		fn("binary_not", "long -> long", strict(func(a []any) any { return ^a[0].(int64) })),
		fn("binary_shift_left", "long long -> long", strict(func(a []any) any { return a[0].(int64) << uint64(a[1].(int64)&63) })),
		fn("binary_shift_right", "long long -> long", strict(func(a []any) any { return a[0].(int64) >> uint64(a[1].(int64)&63) })),
		fn("format_bytes", "real long string -> string", formatBytes),
	}
}

// roundDigits rounds to a number of decimal digits, to tens, hundreds … if it is
// negative; a half goes away from zero. Digits a real does not have leave it as
// it is.
func roundDigits(f float64, digits int64) any {
	switch {
	case digits > 308 || math.IsInf(f, 0):
		return f
	case digits < -308:
		return 0.0
	case digits < 0:
		scale := math.Pow(10, float64(-digits))
		return math.Round(f/scale) * scale
	}
	scale := math.Pow(10, float64(digits))
	if math.IsInf(f*scale, 0) {
		return f
	}
	return math.Round(f*scale) / scale
}

var byteUnits = [...]string{"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"}

// formatBytes writes a size in the unit given or the largest that fits.
func formatBytes(a []any) any {
	f, ok := a[0].(float64)
	precision, ok2 := num(a, 1)
	if !ok || !ok2 || precision < 0 || precision > 15 {
		return ""
	}
	unit := 0
	wanted := str(a, 2)
	for i, u := range byteUnits {
		if u == wanted {
			unit = i
		}
	}
	for i := 0; i < unit; i++ {
		f /= 1024
	}
	for wanted == "" && unit < len(byteUnits)-1 && math.Abs(f) >= 1024 {
		f /= 1024
		unit++
	}
	scale := math.Pow(10, float64(precision))
	return strconv.FormatFloat(math.Round(f*scale)/scale, 'f', -1, 64) + " " + byteUnits[unit]
}
