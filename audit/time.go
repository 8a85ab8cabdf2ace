package audit

import "time"

// Ticks counts 100 ns since 0001-01-01T00:00:00Z, as Kusto's datetime does.
type Ticks int64

const (
	ticksPerSecond = 10_000_000
	unixEpoch      = 62_135_596_800 // seconds from year 1 to 1970
)

// TicksOf gives the ticks of a time; what is finer than 100 ns is cut off.
func TicksOf(t time.Time) Ticks {
	return Ticks((t.Unix()+unixEpoch)*ticksPerSecond + int64(t.Nanosecond())/100)
}

// Time is the inverse of TicksOf, in UTC.
func (t Ticks) Time() time.Time {
	sec, sub := int64(t)/ticksPerSecond, int64(t)%ticksPerSecond
	if sub < 0 {
		sec, sub = sec-1, sub+ticksPerSecond
	}
	return time.Unix(sec-unixEpoch, sub*100).UTC()
}

// Time is a timestamp of an event. Text is how it was written when that is not
// the form kube-apiserver writes (six decimals, Z); then Ticks may have lost
// digits, and is meaningless unless Known.
type Time struct {
	Set   bool
	Known bool
	Ticks Ticks
	Text  string
}

// At makes a Time from ticks that are whole microseconds.
func At(t Ticks) Time { return Time{Set: true, Known: true, Ticks: t} }

// Spelled is the timestamp as written.
func (t Time) Spelled() string {
	if !t.Set || t.Text != "" || !t.Known {
		return t.Text
	}
	return string(appendMicro(nil, t.Ticks))
}

// ParseTime reads RFC 3339 with any number of decimals.
func ParseTime(s string) Time {
	if t, ok := parseMicro(s); ok {
		return At(t)
	}
	when, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || when.UTC().Year() < 1 || when.UTC().Year() > 9999 {
		return Time{Set: true, Text: s}
	}
	return Time{Set: true, Known: true, Ticks: TicksOf(when), Text: s}
}

// parseMicro reads exactly 2006-01-02T15:04:05.000000Z.
func parseMicro(s string) (Ticks, bool) {
	if len(s) != 27 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != '.' || s[26] != 'Z' {
		return 0, false
	}
	year, ok1 := number(s[0:4])
	month, ok2 := number(s[5:7])
	day, ok3 := number(s[8:10])
	hour, ok4 := number(s[11:13])
	minute, ok5 := number(s[14:16])
	second, ok6 := number(s[17:19])
	micro, ok7 := number(s[20:26])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) || year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	if day > 28 && time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day {
		return 0, false
	}
	secs := int64(days(year, month, day))*86400 + int64(hour*3600+minute*60+second)
	return Ticks(secs*ticksPerSecond + int64(micro)*10), true
}

func number(s string) (int, bool) {
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// days counts from 0001-01-01 in the proleptic Gregorian calendar; the year is
// taken to begin in March so that the leap day comes last.
func days(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - 306
}

// appendMicro writes the form parseMicro reads. Only for years 1 to 9999.
func appendMicro(dst []byte, t Ticks) []byte {
	secs := int64(t) / ticksPerSecond
	year, month, day := date(int(secs / 86400))
	secs %= 86400
	dst = append(digits(dst, year, 4), '-')
	dst = append(digits(dst, month, 2), '-')
	dst = append(digits(dst, day, 2), 'T')
	dst = append(digits(dst, int(secs/3600), 2), ':')
	dst = append(digits(dst, int(secs/60%60), 2), ':')
	dst = append(digits(dst, int(secs%60), 2), '.')
	return append(digits(dst, int(int64(t)%ticksPerSecond/10), 6), 'Z')
}

// date is the inverse of days: years of 365.2425 days that begin in March, then
// months by the same line that days uses.
func date(n int) (year, month, day int) {
	n += 306
	century := (4*n + 3) / 146097
	n -= century * 146097 / 4
	year = (4*n + 3) / 1461
	n -= year * 1461 / 4
	year += century * 100
	month = (5*n + 2) / 153
	day = n - (153*month+2)/5 + 1
	if month += 3; month > 12 {
		month, year = month-12, year+1
	}
	return year, month, day
}

func digits(dst []byte, n, width int) []byte {
	var b [8]byte
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, b[:width]...)
}
