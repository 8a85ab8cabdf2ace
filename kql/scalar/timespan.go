package scalar

import (
	"math"
	"strconv"
	"strings"
)

// Unit gives the ticks of a duration suffix as literals write it: d, h, m, s,
// ms, tick and the longer names. Nanoseconds, a part of a tick, are not here.
func Unit(name string) (int64, bool) {
	switch name {
	case "d", "day", "days":
		return Day, true
	case "h", "hr", "hrs", "hour", "hours":
		return Hour, true
	case "m", "min", "minute", "minutes":
		return Minute, true
	case "s", "sec", "second", "seconds":
		return Second, true
	case "ms", "milli", "millis", "millisecond", "milliseconds":
		return Millisecond, true
	case "micro", "micros", "microsecond", "microseconds":
		return Microsecond, true
	case "tick", "ticks":
		return 1, true
	}
	return 0, false
}

// ParseDuration reads a number with a unit, such as 1h or -2.5 days.
func ParseDuration(s string) (int64, bool) {
	i := strings.LastIndexAny(s, "0123456789.") + 1
	number, unit := s[:i], strings.TrimSpace(s[i:])
	if per, ok := Unit(unit); ok {
		return scale(number, per)
	}
	if unit == "nano" || unit == "nanos" || unit == "nanosecond" || unit == "nanoseconds" {
		v, ok := scale(number, 1)
		return v / 100, ok
	}
	return 0, false
}

func scale(number string, per int64) (int64, bool) {
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		v := n * per
		return v, n == 0 || v/n == per
	}
	if number == "" || strings.ContainsAny(number, "xXpPeEiInN_") {
		return 0, false
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, false
	}
	f = math.Round(f * float64(per))
	if math.Abs(f) >= math.MaxInt64 {
		return 0, false
	}
	return int64(f), true
}

// ParseTimeSpan reads a duration or [-][d.]hh:mm[:ss[.fffffff]].
func ParseTimeSpan(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if v, ok := ParseDuration(s); ok {
		return v, true
	}
	body, neg := strings.CutPrefix(s, "-")
	parts := strings.Split(body, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	var days int64
	if d, h, found := strings.Cut(parts[0], "."); found {
		n, ok := natural(d, 10675199)
		if !ok {
			return 0, false
		}
		days, parts[0] = n, h
	}
	v, ok := clockParts(parts)
	if !ok || days > (math.MaxInt64-v)/Day {
		return 0, false
	}
	v += days * Day
	if neg {
		v = -v
	}
	return v, true
}

// clockParts reads hours, minutes and, if there, seconds with a fraction.
func clockParts(parts []string) (int64, bool) {
	h, ok1 := natural(parts[0], 23)
	m, ok2 := natural(parts[1], 59)
	v := h*Hour + m*Minute
	if len(parts) == 2 {
		return v, ok1 && ok2
	}
	sec, frac, dotted := strings.Cut(parts[2], ".")
	s, ok3 := natural(sec, 59)
	f, ok4 := fraction(frac)
	return v + s*Second + f, ok1 && ok2 && ok3 && (ok4 || !dotted)
}

// fraction reads the digits after the point as ticks; what is finer than a tick
// is cut.
func fraction(s string) (int64, bool) {
	if s == "" {
		return 0, false
	}
	var v int64
	for i := 0; i < len(s) || i < 7; i++ {
		var d int64
		if i < len(s) {
			if s[i] < '0' || s[i] > '9' {
				return 0, false
			}
			d = int64(s[i] - '0')
		}
		if i < 7 {
			v = v*10 + d
		}
	}
	return v, true
}

func natural(s string, most int64) (int64, bool) {
	if s == "" || len(s) > 9 {
		return 0, false
	}
	var v int64
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		v = v*10 + int64(s[i]-'0')
	}
	return v, v <= most
}
