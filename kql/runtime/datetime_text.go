package runtime

import (
	"strconv"
	"strings"

	"github.com/postern-dev/postern/kql/scalar"
)

func datetimeText() []Func {
	return []Func{
		fn("format_datetime", "datetime string -> string", func(a []any) any {
			t, ok := num(a, 0)
			if !ok {
				return ""
			}
			return formatDateTime(clampTime(t), str(a, 1))
		}),
		fn("format_timespan", "timespan string -> string", func(a []any) any {
			t, ok := num(a, 0)
			if !ok {
				return ""
			}
			return formatTimeSpan(t, str(a, 1))
		}),
	}
}

// run gives the length of the run of one character at the start, at most most.
func run(s string, most int) int {
	n := 1
	for n < len(s) && n < most && s[n] == s[0] {
		n++
	}
	return n
}

func padded(b []byte, v int64, width int) []byte {
	s := strconv.FormatInt(v, 10)
	for i := len(s); i < width; i++ {
		b = append(b, '0')
	}
	return append(b, s...)
}

// fraction writes the first n digits of the ticks within a second; F leaves out
// zeros at the end.
func fraction(b []byte, ticks int64, n int, trim bool) []byte {
	s := string(padded(nil, ticks, 7))[:n]
	if trim {
		s = strings.TrimRight(s, "0")
	}
	return append(b, s...)
}

// formatDateTime knows y yy yyyy M MM d dd h hh H HH m mm s ss f… F… tt; a
// longer run is read as several, everything else stands for itself.
func formatDateTime(t int64, format string) string {
	d := scalar.DateOf(t)
	var b []byte
	for format != "" {
		c := format[0]
		n := run(format, map[byte]int{'y': 4, 'f': 7, 'F': 7}[c])
		if strings.IndexByte("MdhHmst", c) >= 0 {
			n = run(format, 2)
		}
		switch c {
		case 'y':
			b = year(b, int64(d.Year), n)
		case 'M':
			b = padded(b, int64(d.Month), n)
		case 'd':
			b = padded(b, int64(d.Day), n)
		case 'h':
			b = padded(b, (t%scalar.Day/scalar.Hour+11)%12+1, n)
		case 'H', 'm', 's', 'f', 'F':
			b = clockField(b, t%scalar.Day, c, n)
		case 't':
			b = append(b, "AMPM"[t%scalar.Day/(12*scalar.Hour)*2:][:n]...)
		default:
			n = 1
			b = append(b, c)
		}
		format = format[n:]
	}
	return string(b)
}

func year(b []byte, y int64, n int) []byte {
	if n <= 2 {
		return padded(b, y%100, n)
	}
	return padded(b, y, n)
}

func clockField(b []byte, t int64, c byte, n int) []byte {
	switch c {
	case 'H', 'h':
		return padded(b, t/scalar.Hour%24, n)
	case 'm':
		return padded(b, t/scalar.Minute%60, n)
	case 's':
		return padded(b, t/scalar.Second%60, n)
	}
	return fraction(b, t%scalar.Second, n, c == 'F')
}

// formatTimeSpan knows d… h hh H HH m mm s ss f… F….
func formatTimeSpan(t int64, format string) string {
	var b []byte
	u := uint64(t)
	if t < 0 {
		b = append(b, '-')
		u = -u
	}
	days, rest := u/uint64(scalar.Day), int64(u%uint64(scalar.Day))
	for format != "" {
		c := format[0]
		n := 1
		switch c {
		case 'd':
			n = run(format, 8)
			b = padded(b, int64(days), n)
		case 'h', 'H', 'm', 's':
			n = run(format, 2)
			b = clockField(b, rest, c, n)
		case 'f', 'F':
			n = run(format, 7)
			b = clockField(b, rest, c, n)
		default:
			b = append(b, c)
		}
		format = format[n:]
	}
	return string(b)
}
