package runtime

import (
	"math/big"
	"strings"

	"github.com/postern-dev/postern/kql/scalar"
)

// decimalDigits is the precision of decimal.
const decimalDigits = 34

// decimals compute with decimal text.
func decimals() []Func {
	two := func(name string, f func(x, y *big.Rat) *big.Rat) Func {
		return fn(name+".decimal", "decimal decimal -> decimal", func(a []any) any {
			x, ok1 := rat(a[0])
			y, ok2 := rat(a[1])
			if !ok1 || !ok2 {
				return nil
			}
			if r := f(x, y); r != nil {
				return decimalText(r)
			}
			return nil
		})
	}
	compare := func(name string, f func(c int) bool) Func {
		return fn(name+".decimal", "decimal decimal -> bool", func(a []any) any {
			x, ok1 := rat(a[0])
			y, ok2 := rat(a[1])
			if !ok1 || !ok2 {
				return nil
			}
			return f(x.Cmp(y))
		})
	}
	of := func(source string) Func {
		return fn("todecimal."+source, source+" -> decimal", func(a []any) any {
			switch v := a[0].(type) {
			case float64:
				return maybe(scalar.ParseDecimal(strings.TrimSuffix(formatReal(v), ".0")))
			case bool:
				return formatLong(bit(v))
			}
			if n, ok := num(a, 0); ok {
				return formatLong(n)
			}
			return nil
		})
	}
	return []Func{
		two("add", func(x, y *big.Rat) *big.Rat { return x.Add(x, y) }),
		two("sub", func(x, y *big.Rat) *big.Rat { return x.Sub(x, y) }),
		two("mul", func(x, y *big.Rat) *big.Rat { return x.Mul(x, y) }),
		two("div", func(x, y *big.Rat) *big.Rat {
			if y.Sign() == 0 {
				return nil
			}
			return x.Quo(x, y)
		}),
		two("mod", modulo),
		compare("eq", func(c int) bool { return c == 0 }), compare("ne", func(c int) bool { return c != 0 }),
		compare("lt", func(c int) bool { return c < 0 }), compare("le", func(c int) bool { return c <= 0 }),
		compare("gt", func(c int) bool { return c > 0 }), compare("ge", func(c int) bool { return c >= 0 }),
		fn("neg.decimal", "decimal -> decimal", func(a []any) any {
			x, ok := rat(a[0])
			if !ok {
				return nil
			}
			return decimalText(x.Neg(x))
		}),
		of("bool"), of("int"), of("long"), of("real"),
		fromText("decimal", func(s string) (string, bool) { return scalar.ParseDecimal(strings.TrimSpace(s)) }),
		fn("todecimal.dynamic", "dynamic -> decimal", func(a []any) any {
			v := dyn(a, 0)
			return maybe(decimalOf(v))
		}),
		decimalTo("real", func(x *big.Rat) any { f, _ := x.Float64(); return f }),
		decimalTo("long", func(x *big.Rat) any { return maybe(whole(x)) }),
		decimalTo("int", func(x *big.Rat) any { n, ok := whole(x); return maybe(int32(n), ok) }),
		decimalTo("bool", func(x *big.Rat) any { return x.Sign() != 0 }),
	}
}

func formatLong(n int64) string { return integer(n).text }

func decimalOf(v value) (string, bool) {
	if v.kind != number && v.kind != word {
		return "", false
	}
	return scalar.ParseDecimal(v.text)
}

func decimalTo(target string, f func(*big.Rat) any) Func {
	return fn("to"+target+".decimal", "decimal -> "+target, func(a []any) any {
		x, ok := rat(a[0])
		if !ok {
			return nil
		}
		return f(x)
	})
}

// rat reads decimal text. The bound on the exponent keeps the fraction small.
func rat(v any) (*big.Rat, bool) {
	s, ok := v.(string)
	if !ok {
		return nil, false
	}
	if _, ok := scalar.ParseDecimal(s); !ok {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// modulo is never negative, as % of the other numbers.
func modulo(x, y *big.Rat) *big.Rat {
	if y.Sign() == 0 {
		return nil
	}
	y = new(big.Rat).Abs(y)
	q := new(big.Rat).Quo(x, y)
	floor := new(big.Int).Div(q.Num(), q.Denom())
	return x.Sub(x, y.Mul(y, new(big.Rat).SetInt(floor)))
}

func whole(x *big.Rat) (int64, bool) {
	q := new(big.Int).Quo(x.Num(), x.Denom())
	return q.Int64(), q.IsInt64()
}

// decimalText writes 34 significant digits at most, without zeros at the end.
func decimalText(x *big.Rat) any {
	digits := len(new(big.Int).Quo(x.Num(), x.Denom()).String())
	if digits > decimalDigits+6144 {
		return nil
	}
	s := x.FloatString(max(0, decimalDigits-digits))
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
