package runtime

import "github.com/postern-dev/postern/kql/scalar"

// packing builds dynamics of values that are dynamics already. The arguments of
// bag_pack are keys and values in turn.
func packing() []Func {
	return []Func{
		fn("bag_pack", "dynamic... -> dynamic", func(a []any) any {
			out := value{kind: bag}
			for i := 0; i+1 < len(a); i += 2 {
				out.set(str(a, i), dyn(a, i+1))
			}
			return out.json()
		}),
		fn("pack_array", "dynamic... -> dynamic", func(a []any) any {
			out := make([]value, len(a))
			for i := range a {
				out[i] = dyn(a, i)
			}
			return jsonArray(out)
		}),
	}
}

// maxRange is how many elements range() gives at most, as in Kusto.
const maxRange = 1 << 20

func ranges() []Func {
	ticks := func(format func(int64) string) func(a []any) any {
		return func(a []any) any {
			return steps(a, func(n int64) value { return quoted(format(n)) })
		}
	}
	return []Func{
		fn("range.long", "long long long -> dynamic", func(a []any) any { return steps(a, integer) }),
		fn("range.datetime", "datetime datetime timespan -> dynamic", ticks(func(n int64) string { return scalar.FormatDateTime(clampTime(n)) })),
		fn("range.timespan", "timespan timespan timespan -> dynamic", ticks(scalar.FormatTimeSpan)),
		fn("range.real", "real real real -> dynamic", strict(func(a []any) any {
			from, to, step := a[0].(float64), a[1].(float64), a[2].(float64)
			var out []value
			if step == 0 || from != from || to != to || step != step {
				return nil
			}
			for i := 0; i < maxRange; i++ {
				v := from + float64(i)*step
				if step > 0 && v > to || step < 0 && v < to {
					break
				}
				out = append(out, floating(v))
			}
			return jsonArray(out)
		})),
	}
}

func steps(a []any, make func(int64) value) any {
	from, ok1 := num(a, 0)
	to, ok2 := num(a, 1)
	step, ok3 := num(a, 2)
	if !ok1 || !ok2 || !ok3 || step == 0 {
		return nil
	}
	var out []value
	for v := from; len(out) < maxRange && (step > 0 && v <= to || step < 0 && v >= to); {
		out = append(out, make(v))
		next := v + step
		if step > 0 && next < v || step < 0 && next > v {
			break
		}
		v = next
	}
	return jsonArray(out)
}
