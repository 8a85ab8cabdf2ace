package scalar

import "strconv"

// FormatDateTime writes 2026-11-23T17:58:21.9609960Z.
func FormatDateTime(ticks int64) string {
	d := DateOf(ticks)
	t := ticks % Day
	b := make([]byte, 0, 28)
	b = digits(b, int64(d.Year), 4)
	b = digits(append(b, '-'), int64(d.Month), 2)
	b = digits(append(b, '-'), int64(d.Day), 2)
	b = clock(append(b, 'T'), t)
	b = digits(append(b, '.'), t%Second, 7)
	return string(append(b, 'Z'))
}

// FormatTimeSpan writes [-][d.]hh:mm:ss[.fffffff].
func FormatTimeSpan(ticks int64) string {
	b := make([]byte, 0, 32)
	u := uint64(ticks)
	if ticks < 0 {
		b = append(b, '-')
		u = -u
	}
	if days := u / uint64(Day); days > 0 {
		b = append(strconv.AppendUint(b, days, 10), '.')
	}
	rest := int64(u % uint64(Day))
	b = clock(b, rest)
	if f := rest % Second; f != 0 {
		b = digits(append(b, '.'), f, 7)
	}
	return string(b)
}

func clock(b []byte, t int64) []byte {
	b = digits(b, t/Hour, 2)
	b = digits(append(b, ':'), t/Minute%60, 2)
	return digits(append(b, ':'), t/Second%60, 2)
}

func digits(b []byte, v int64, width int) []byte {
	s := strconv.FormatInt(v, 10)
	for i := len(s); i < width; i++ {
		b = append(b, '0')
	}
	return append(b, s...)
}
