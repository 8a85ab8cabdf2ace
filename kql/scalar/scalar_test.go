package scalar

import (
	"testing"
	"time"
)

// Go's calendar is the oracle for ours.
func TestCalendarAgreesWithTime(t *testing.T) {
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := int64(0); day.Year() < 10000; i++ {
		want := Date{day.Year(), int(day.Month()), day.Day()}
		if got := DateOf(i*Day + 5); got != want {
			t.Fatalf("DateOf(%d) = %v, want %v", i, got, want)
		}
		if got := want.Ticks(); got != i*Day {
			t.Fatalf("%v.Ticks() = %d days, want %d", want, got/Day, i)
		}
		if Weekday(i*Day) != int(day.Weekday()) || YearDay(i*Day) != day.YearDay() {
			t.Fatalf("weekday or day of year of %v is wrong", want)
		}
		day = day.AddDate(0, 0, 1)
	}
}

func TestParseDateTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-23":                     "2026-11-23T00:00:00.0000000Z",
		"2026-11":                        "2026-11-01T00:00:00.0000000Z",
		"2026":                           "2026-01-01T00:00:00.0000000Z",
		"2026-11-23T17:58:21.960996Z":    "2026-11-23T17:58:21.9609960Z",
		"2026-11-23T17:58:21.123456789Z": "2026-11-23T17:58:21.1234567Z",
		"2026-11-23 17:58":               "2026-11-23T17:58:00.0000000Z",
		"2026-11-23T17:58:21+02:00":      "2026-11-23T15:58:21.0000000Z",
		"Sun, 06 Nov 1994 08:49:37 GMT":  "1994-11-06T08:49:37.0000000Z",
		"Sunday, 06-Nov-94 08:49:37 GMT": "1994-11-06T08:49:37.0000000Z",
		"12/31/2020 1:05:00 PM":          "2020-12-31T13:05:00.0000000Z",
		"12-02-2022":                     "2022-12-02T00:00:00.0000000Z",
		"0001-01-01":                     "0001-01-01T00:00:00.0000000Z",
		"9999-12-31 23:59:59.9999999":    "9999-12-31T23:59:59.9999999Z",
		"2021-02-29":                     "", "x": "", "": "", "2020-13-01": "", "2020-01-01T25:00": "", "2020-01-01 junk": "",
	} {
		v, ok := ParseDateTime(in)
		got := ""
		if ok {
			got = FormatDateTime(v)
		}
		if got != want {
			t.Errorf("ParseDateTime(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParseTimeSpan(t *testing.T) {
	for in, want := range map[string]string{
		"1d": "1.00:00:00", "90s": "00:01:30", "-1d": "-1.00:00:00", "1.5h": "01:30:00", "3ms": "00:00:00.0030000",
		"15 seconds": "00:00:15", "1.02:03:04.5": "1.02:03:04.5000000", "-00:30:00": "-00:30:00", "13:00": "13:00:00",
		"0:0:0.001": "00:00:00.0010000", "1tick": "00:00:00.0000001", "1.5": "", "24:00:00": "", "": "", "99999999999d": "",
	} {
		v, ok := ParseTimeSpan(in)
		got := ""
		if ok {
			got = FormatTimeSpan(v)
		}
		if got != want {
			t.Errorf("ParseTimeSpan(%q) = %q, want %q", in, got, want)
		}
	}
}
