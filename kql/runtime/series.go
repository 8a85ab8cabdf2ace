package runtime

import (
	"maps"
	"math"
	"slices"
)

// series are the functions of arrays of numbers, element by element and as a
// whole. An element that is no number, or is not there because the other array
// is longer, gives null (Kusto documentation, series-functions).
func series() []Func {
	all := []Func{
		fn("series_sum", "dynamic -> real", fold(0, func(a, b float64) float64 { return a + b })),
		fn("series_product", "dynamic -> real", fold(1, func(a, b float64) float64 { return a * b })),
		fn("series_dot_product", "dynamic dynamic -> real", func(a []any) any {
			x, y, ok := pairs(a)
			if !ok {
				return nil
			}
			sum := 0.0
			for i := range x {
				sum += x[i] * y[i]
			}
			return sum
		}),
		fn("series_magnitude", "dynamic -> real", func(a []any) any {
			x, ok := reals(a, 0)
			if !ok {
				return nil
			}
			sum := 0.0
			for _, v := range x {
				sum += v * v
			}
			return math.Sqrt(sum)
		}),
		fn("series_pearson_correlation", "dynamic dynamic -> real", pearson),
		fn("series_stats_dynamic", "dynamic -> dynamic", stats),
		fn("series_fill_const", "dynamic dynamic dynamic -> dynamic", func(a []any) any {
			with := dyn(a, 1)
			return fill(a, 2, func(list []value, missing func(value) bool) {
				for i, v := range list {
					if missing(v) {
						list[i] = with
					}
				}
			})
		}),
		fn("series_fill_forward", "dynamic dynamic -> dynamic", func(a []any) any {
			return fill(a, 1, func(list []value, missing func(value) bool) {
				for i := 1; i < len(list); i++ {
					if missing(list[i]) {
						list[i] = list[i-1]
					}
				}
			})
		}),
		fn("series_fill_backward", "dynamic dynamic -> dynamic", func(a []any) any {
			return fill(a, 1, func(list []value, missing func(value) bool) {
				for i := len(list) - 2; i >= 0; i-- {
					if missing(list[i]) {
						list[i] = list[i+1]
					}
				}
			})
		}),
		fn("series_iir", "dynamic dynamic dynamic -> dynamic", iir),
	}
	one := map[string]func(float64) float64{
		"abs": math.Abs, "sign": sign, "exp": math.Exp, "log": math.Log, "floor": math.Floor, "ceiling": math.Ceil,
		"sin": math.Sin, "cos": math.Cos, "tan": math.Tan, "asin": math.Asin, "acos": math.Acos, "atan": math.Atan,
	}
	for _, name := range slices.Sorted(maps.Keys(one)) {
		of := one[name]
		all = append(all, fn("series_"+name, "dynamic -> dynamic", func(a []any) any {
			in, ok := list(a, 0)
			if !ok {
				return nil
			}
			out := make([]value, len(in))
			for i, v := range in {
				if f, ok := v.real(); ok {
					out[i] = floating(of(f))
				}
			}
			return jsonArray(out)
		}))
	}
	two := map[string]func(a, b value) value{
		"add":            arithmetic(func(a, b int64) (int64, bool) { return a + b, (a+b > a) == (b > 0) }, func(a, b float64) float64 { return a + b }),
		"subtract":       arithmetic(func(a, b int64) (int64, bool) { return a - b, (a-b < a) == (b > 0) }, func(a, b float64) float64 { return a - b }),
		"multiply":       arithmetic(product, func(a, b float64) float64 { return a * b }),
		"divide":         arithmetic(nil, func(a, b float64) float64 { return a / b }),
		"pow":            arithmetic(nil, math.Pow),
		"equals":         comparison(func(a, b float64) bool { return a == b }),
		"not_equals":     comparison(func(a, b float64) bool { return a != b }),
		"less":           comparison(func(a, b float64) bool { return a < b }),
		"less_equals":    comparison(func(a, b float64) bool { return a <= b }),
		"greater":        comparison(func(a, b float64) bool { return a > b }),
		"greater_equals": comparison(func(a, b float64) bool { return a >= b }),
	}
	for _, name := range slices.Sorted(maps.Keys(two)) {
		of := two[name]
		all = append(all, fn("series_"+name, "dynamic dynamic -> dynamic", func(a []any) any {
			x, ok1 := list(a, 0)
			y, ok2 := list(a, 1)
			if !ok1 || !ok2 {
				return nil
			}
			out := make([]value, max(len(x), len(y)))
			for i := range min(len(x), len(y)) {
				out[i] = of(x[i], y[i])
			}
			return jsonArray(out)
		}))
	}
	return all
}

func sign(f float64) float64 {
	switch {
	case f > 0:
		return 1
	case f < 0:
		return -1
	}
	return f
}

func product(a, b int64) (int64, bool) {
	p := a * b
	return p, a == 0 || p/a == b && !(a == -1 && b == math.MinInt64)
}

// arithmetic stays within whole numbers where both are, and whole says how.
func arithmetic(whole func(a, b int64) (int64, bool), of func(a, b float64) float64) func(a, b value) value {
	return func(a, b value) value {
		m, ok1 := a.long()
		n, ok2 := b.long()
		if whole != nil && ok1 && ok2 {
			if v, fits := whole(m, n); fits {
				return integer(v)
			}
		}
		x, ok1 := a.real()
		y, ok2 := b.real()
		if !ok1 || !ok2 {
			return value{}
		}
		return floating(of(x, y))
	}
}

func comparison(of func(a, b float64) bool) func(a, b value) value {
	return func(a, b value) value {
		x, ok1 := a.real()
		y, ok2 := b.real()
		if !ok1 || !ok2 {
			return value{}
		}
		return truth(of(x, y))
	}
}

// reals are the numbers of an array; false where an element is none.
func reals(a []any, i int) ([]float64, bool) {
	in, ok := list(a, i)
	out := make([]float64, len(in))
	for j, v := range in {
		var is bool
		if out[j], is = v.real(); !is {
			return nil, false
		}
	}
	return out, ok
}

// pairs are the numbers of two arrays of one length.
func pairs(a []any) (x, y []float64, ok bool) {
	x, ok1 := reals(a, 0)
	y, ok2 := reals(a, 1)
	return x, y, ok1 && ok2 && len(x) == len(y)
}

func fold(start float64, of func(a, b float64) float64) func(a []any) any {
	return func(a []any) any {
		in, ok := reals(a, 0)
		if !ok {
			return nil
		}
		out := start
		for _, v := range in {
			out = of(out, v)
		}
		return out
	}
}

func pearson(a []any) any {
	x, y, ok := pairs(a)
	if !ok || len(x) == 0 {
		return nil
	}
	var sx, sy float64
	for i := range x {
		sx, sy = sx+x[i], sy+y[i]
	}
	n := float64(len(x))
	var xy, xx, yy float64
	for i := range x {
		dx, dy := x[i]-sx/n, y[i]-sy/n
		xy, xx, yy = xy+dx*dy, xx+dx*dx, yy+dy*dy
	}
	r := xy / math.Sqrt(xx*yy)
	return maybe(r, !math.IsNaN(r))
}

// stats of an array of numbers; the variance is a sample's. Of several elements
// with the same value the first one's index counts.
func stats(a []any) any {
	in, ok := reals(a, 0)
	if !ok || len(in) < 2 {
		return nil
	}
	least, most, sum := 0, 0, 0.0
	for i, v := range in {
		if v < in[least] {
			least = i
		}
		if v > in[most] {
			most = i
		}
		sum += v
	}
	n := float64(len(in))
	squares := 0.0
	for _, v := range in {
		squares += (v - sum/n) * (v - sum/n)
	}
	variance := squares / (n - 1)
	out := value{kind: bag}
	for _, p := range []struct {
		name string
		v    value
	}{
		{"min", floating(in[least])}, {"min_idx", integer(int64(least))}, {"max", floating(in[most])}, {"max_idx", integer(int64(most))},
		{"avg", floating(sum / n)}, {"stdev", floating(math.Sqrt(variance))}, {"variance", floating(variance)},
		{"sum", floating(sum)}, {"len", integer(int64(len(in)))},
	} {
		out.set(p.name, p.v)
	}
	return out.json()
}

// fill hands over a copy of the array and what counts as missing in it: null, or
// the value of argument i.
func fill(a []any, i int, with func([]value, func(value) bool)) any {
	in, ok := list(a, 0)
	if !ok {
		return nil
	}
	placeholder := dyn(a, i)
	out := append([]value(nil), in...)
	with(out, func(v value) bool {
		if placeholder.kind == null {
			return v.kind == null
		}
		return same(v, placeholder)
	})
	return jsonArray(out)
}

// iir is the filter y[i] = (Σ b[j]·x[i-j] − Σ a[j]·y[i-j], j ≥ 1) / a[0].
func iir(args []any) any {
	x, ok1 := reals(args, 0)
	b, ok2 := reals(args, 1)
	a, ok3 := reals(args, 2)
	if !ok1 || !ok2 || !ok3 || len(a) == 0 || a[0] == 0 {
		return nil
	}
	y := make([]float64, len(x))
	out := make([]value, len(x))
	for i := range x {
		for j := 0; j < len(b) && j <= i; j++ {
			y[i] += b[j] * x[i-j]
		}
		for j := 1; j < len(a) && j <= i; j++ {
			y[i] -= a[j] * y[i-j]
		}
		y[i] /= a[0]
		out[i] = floating(y[i])
	}
	return jsonArray(out)
}
