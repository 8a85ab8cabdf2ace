package scalar

// Ticks per unit of time; a tick is 100 ns.
const (
	Microsecond int64 = 10
	Millisecond       = 1000 * Microsecond
	Second            = 1000 * Millisecond
	Minute            = 60 * Second
	Hour              = 60 * Minute
	Day               = 24 * Hour
)

// MaxDateTime is 9999-12-31T23:59:59.9999999Z; the least datetime is 0.
const MaxDateTime int64 = 3155378975999999999

// UnixEpoch is 1970-01-01 in ticks.
const UnixEpoch int64 = 621355968000000000

// Date is a day of the proleptic Gregorian calendar.
type Date struct{ Year, Month, Day int }

// Leap says whether a year has a 29th of February.
func Leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// DaysIn gives the length of a month.
func DaysIn(year, month int) int {
	switch month {
	case 2:
		if Leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// Valid says whether the day exists and lies in the years 1 to 9999.
func (d Date) Valid() bool {
	return d.Year >= 1 && d.Year <= 9999 && d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= DaysIn(d.Year, d.Month)
}

// Ticks is midnight of the day. Years count from March so that the leap day is
// the last of its year.
func (d Date) Ticks() int64 {
	y, m := d.Year, d.Month
	if m <= 2 {
		y--
		m += 12
	}
	days := 365*y + floorDiv(y, 4) - floorDiv(y, 100) + floorDiv(y, 400) + (153*(m-3)+2)/5 + d.Day - 307
	return int64(days) * Day
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// DateOf gives the day of a datetime.
func DateOf(ticks int64) Date {
	n := int(ticks/Day) + 306 // days since 0000-03-01
	era := n / 146097
	doe := n % 146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d := Date{yoe + era*400, mp + 3, doy - (153*mp+2)/5 + 1}
	if d.Month > 12 {
		d.Month -= 12
		d.Year++
	}
	return d
}

// Weekday counts from Sunday, 0.
func Weekday(ticks int64) int { return int((ticks/Day + 1) % 7) }

// YearDay counts from 1.
func YearDay(ticks int64) int {
	return int((ticks-Date{DateOf(ticks).Year, 1, 1}.Ticks())/Day) + 1
}

// AddMonths moves by whole months; the day is cut to the length of the month.
// ok is false outside the years 1 to 9999.
func AddMonths(ticks int64, months int64) (int64, bool) {
	d := DateOf(ticks)
	if months > 120000 || months < -120000 {
		return 0, false
	}
	n := d.Year*12 + d.Month - 1 + int(months)
	if n < 12 {
		return 0, false
	}
	d.Year, d.Month = n/12, n%12+1
	d.Day = min(d.Day, DaysIn(d.Year, d.Month))
	if !d.Valid() {
		return 0, false
	}
	return d.Ticks() + ticks%Day, true
}
