package runtime

import (
	"math"

	"github.com/postern-dev/postern/kql/scalar"
)

// datetimes are functions that give datetimes and timespans.
func datetimes() []Func {
	list := []Func{
		fn("datetime_add", "string long datetime -> datetime", func(a []any) any {
			n, ok1 := num(a, 1)
			t, ok2 := num(a, 2)
			if !ok1 || !ok2 {
				return nil
			}
			return addUnits(str(a, 0), n, t)
		}),
		fn("make_datetime", "long long long long long real -> datetime", strict(func(a []any) any {
			d := scalar.Date{Year: small(a[0]), Month: small(a[1]), Day: small(a[2])}
			t, ok := clock(0, a[3].(int64), a[4].(int64), a[5].(float64))
			if !ok || !d.Valid() {
				return nil
			}
			return d.Ticks() + t
		})),
		fn("make_timespan_hm", "long long -> timespan", strict(func(a []any) any {
			return maybe(clock(0, a[0].(int64), a[1].(int64), 0))
		})),
		fn("make_timespan_hms", "long long real -> timespan", strict(func(a []any) any {
			return maybe(clock(0, a[0].(int64), a[1].(int64), a[2].(float64)))
		})),
		fn("make_timespan", "long long long real -> timespan", strict(func(a []any) any {
			return maybe(clock(a[0].(int64), a[1].(int64), a[2].(int64), a[3].(float64)))
		})),
		unixTime("seconds", float64(scalar.Second)), unixTime("milliseconds", float64(scalar.Millisecond)),
		unixTime("microseconds", float64(scalar.Microsecond)), unixTime("nanoseconds", 0.01),
	}
	for _, unit := range []string{"day", "week", "month", "year"} {
		list = append(list, bound("startof"+unit, unit, 0), bound("endof"+unit, unit, 1))
	}
	return list
}

func small(v any) int {
	n, _ := v.(int64)
	return int(min(max(n, -1), 100000))
}

// clock makes ticks of parts, each within its bounds.
func clock(d, h, m int64, s float64) (int64, bool) {
	if d < 0 || d > 10675198 || h < 0 || h > 23 || m < 0 || m > 59 || !(s >= 0 && s < 60) {
		return 0, false
	}
	return d*scalar.Day + h*scalar.Hour + m*scalar.Minute + int64(math.Round(s*float64(scalar.Second))), true
}

func unixTime(unit string, per float64) Func {
	return fn("unixtime_"+unit+"_todatetime", "real -> datetime", strict(func(a []any) any {
		n, ok := realToLong(math.Round(a[0].(float64) * per))
		if !ok || n < -scalar.UnixEpoch || n > scalar.MaxDateTime-scalar.UnixEpoch {
			return nil
		}
		return n + scalar.UnixEpoch
	}))
}

func inYears(t int64) any { return maybe(t, t >= 0 && t <= scalar.MaxDateTime) }

// addUnits moves t by n calendar or clock units.
func addUnits(unit string, n, t int64) any {
	months := map[string]int64{"year": 12, "quarter": 3, "month": 1}
	if k, ok := months[unit]; ok {
		if n > 1e6 || n < -1e6 {
			return nil
		}
		return maybe(scalar.AddMonths(t, n*k))
	}
	per, ok := unitTicks(unit)
	if unit == "nanosecond" {
		per, n, ok = 1, n/100, true
	}
	if !ok {
		return nil
	}
	d := n * per
	if n != 0 && d/n != per || d > scalar.MaxDateTime || d < -scalar.MaxDateTime {
		return nil
	}
	return inYears(t + d)
}

func unitTicks(unit string) (int64, bool) {
	switch unit {
	case "week":
		return 7 * scalar.Day, true
	case "day":
		return scalar.Day, true
	case "hour":
		return scalar.Hour, true
	case "minute":
		return scalar.Minute, true
	case "second":
		return scalar.Second, true
	case "millisecond":
		return scalar.Millisecond, true
	case "microsecond":
		return scalar.Microsecond, true
	}
	return 0, false
}

// bound is the start of a period moved by whole periods, or the tick before the
// start of the next.
func bound(name, unit string, next int64) Func {
	return fn(name, "datetime long -> datetime", func(a []any) any {
		t, ok1 := num(a, 0)
		n, ok2 := num(a, 1)
		if !ok1 || !ok2 || n > 1e7 || n < -1e7 {
			return nil
		}
		v, ok := periodStart(unit, t, n+next)
		if ok && next == 1 {
			v--
		}
		if !ok || v < 0 || v > scalar.MaxDateTime {
			return nil
		}
		return v
	})
}

func periodStart(unit string, t, n int64) (int64, bool) {
	d := scalar.DateOf(clampTime(t))
	switch unit {
	case "day":
		return (t/scalar.Day + n) * scalar.Day, true
	case "week":
		return (t/scalar.Day - int64(scalar.Weekday(t)) + 7*n) * scalar.Day, true
	case "year":
		n *= 12
		d.Month = 1
	}
	d.Day = 1
	if int64(d.Year)*12+int64(d.Month)-1+n == 10000*12 {
		return scalar.MaxDateTime + 1, true
	}
	return scalar.AddMonths(d.Ticks(), n)
}
