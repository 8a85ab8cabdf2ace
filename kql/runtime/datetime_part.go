package runtime

import "github.com/postern-dev/postern/kql/scalar"

// datetimeParts are functions that give numbers of datetimes.
func datetimeParts() []Func {
	part := func(name string, f func(t int64) int) Func {
		return fn(name, "datetime -> int", func(a []any) any {
			t, ok := num(a, 0)
			if !ok {
				return nil
			}
			return int32(f(clampTime(t)))
		})
	}
	return []Func{
		part("getyear", func(t int64) int { return scalar.DateOf(t).Year }),
		part("getmonth", func(t int64) int { return scalar.DateOf(t).Month }),
		part("monthofyear", func(t int64) int { return scalar.DateOf(t).Month }),
		part("dayofmonth", func(t int64) int { return scalar.DateOf(t).Day }),
		part("dayofyear", scalar.YearDay),
		part("hourofday", func(t int64) int { return int(t % scalar.Day / scalar.Hour) }),
		part("week_of_year", isoWeek), part("weekofyear", isoWeek),
		fn("dayofweek", "datetime -> timespan", func(a []any) any {
			t, ok := num(a, 0)
			return maybe(int64(scalar.Weekday(t))*scalar.Day, ok)
		}),
		fn("datetime_part", "string datetime -> int", func(a []any) any {
			t, ok := num(a, 1)
			if !ok {
				return nil
			}
			if n, ok := datetimePart(str(a, 0), clampTime(t)); ok {
				return int32(n)
			}
			return nil
		}),
		fn("datetime_diff", "string datetime datetime -> long", func(a []any) any {
			t, ok1 := num(a, 1)
			u, ok2 := num(a, 2)
			if !ok1 || !ok2 {
				return nil
			}
			return datetimeDiff(str(a, 0), t, u)
		}),
	}
}

// isoWeek is the week of ISO 8601: weeks start on Monday, the first has the
// year's first Thursday.
func isoWeek(t int64) int {
	weekday := (scalar.Weekday(t) + 6) % 7 // from Monday
	thursday := t/scalar.Day + int64(3-weekday)
	if thursday < 0 {
		return 1
	}
	return (scalar.YearDay(thursday*scalar.Day)-1)/7 + 1
}

func datetimePart(part string, t int64) (n int64, ok bool) {
	d := scalar.DateOf(t)
	switch part {
	case "year", "Year":
		return int64(d.Year), true
	case "quarter", "Quarter":
		return int64((d.Month-1)/3 + 1), true
	case "month", "Month":
		return int64(d.Month), true
	case "week_of_year", "weekOfYear", "week", "Week":
		return int64(isoWeek(t)), true
	case "day", "Day":
		return int64(d.Day), true
	case "dayOfYear", "DayOfYear":
		return int64(scalar.YearDay(t)), true
	case "hour", "Hour":
		return t % scalar.Day / scalar.Hour, true
	case "minute", "Minute":
		return t % scalar.Hour / scalar.Minute, true
	case "second", "Second":
		return t % scalar.Minute / scalar.Second, true
	case "millisecond", "Millisecond":
		return t % scalar.Second / scalar.Millisecond, true
	case "microsecond", "Microsecond":
		return t % scalar.Second / scalar.Microsecond, true
	case "nanosecond", "Nanosecond":
		return t % scalar.Second * 100, true
	}
	return 0, false
}

// datetimeDiff counts the boundaries of a unit between u and t.
func datetimeDiff(unit string, t, u int64) any {
	d, e := scalar.DateOf(clampTime(t)), scalar.DateOf(clampTime(u))
	switch unit {
	case "year":
		return int64(d.Year - e.Year)
	case "quarter":
		return int64((d.Year*12+d.Month-1)/3 - (e.Year*12+e.Month-1)/3)
	case "month":
		return int64(d.Year*12 + d.Month - e.Year*12 - e.Month)
	case "week":
		return (t/scalar.Day+1)/7 - (u/scalar.Day+1)/7
	case "nanosecond":
		return (t - u) * 100
	}
	per, ok := unitTicks(unit)
	if !ok {
		return nil
	}
	return t/per - u/per
}
