package runtime

import (
	"testing"

	"github.com/postern-dev/postern/kql/scalar"
)

func when(t *testing.T, s string) int64 {
	t.Helper()
	v, ok := scalar.ParseDateTime(s)
	if !ok {
		t.Fatalf("no datetime: %s", s)
	}
	return v
}

func TestDatetimes(t *testing.T) {
	at := func(s string) int64 { return when(t, s) }
	mid := at("2020-06-15 13:45:09.1234567")
	check(t, []row{
		{"startofweek", of(mid, 0), at("2020-06-14")},
		{"endofweek", of(mid, 2), at("2020-07-05") - 1},
		{"startofmonth", of(mid, -13), at("2019-05-01")},
		{"endofmonth", of(at("2020-01-31"), 1), at("2020-03-01") - 1},
		{"endofyear", of(mid, -1), at("2020-01-01") - 1},
		{"endofyear", of(at("9999-05-05"), 0), scalar.MaxDateTime},
		{"startofday", of(at("0001-01-01"), -1), nil},
		{"datetime_add", of("month", 1, at("2020-01-31")), at("2020-02-29")},
		{"datetime_add", of("quarter", -3, at("2020-02-29 12:00")), at("2019-05-29 12:00")},
		{"datetime_add", of("day", -1, at("0001-01-01")), nil},
		{"datetime_add", of("fortnight", 1, mid), nil},
		{"datetime_diff", of("month", at("2021-03-15"), at("2020-01-01")), 14},
		{"datetime_diff", of("quarter", at("2024-03-31"), at("2020-04-01")), 15},
		{"datetime_diff", of("week", at("2020-12-31"), at("2020-01-01")), 52},
		{"datetime_diff", of("day", at("1969-12-25"), at("1970-01-01")), -7},
		{"datetime_diff", of("second", at("2020-01-01 00:00:01.9999999"), at("2020-01-01")), 1},
		{"make_datetime", of(2021, 2, 29, 0, 0, 0.0), nil},
		{"make_datetime", of(2017, 10, 1, 12, 11, 0.1234567), at("2017-10-01 12:11:00.1234567")},
		{"make_timespan_hm", of(25, 10), nil},
		{"make_timespan", of(1, 2, 3, 4.5), 937845000000},
		{"unixtime_seconds_todatetime", of(1546300800.0), at("2019-01-01")},
		{"week_of_year", of(at("2016-01-01")), 53},
		{"week_of_year", of(at("2020-06-15")), 25},
		{"week_of_year", of(int64(0)), 1},
		{"dayofweek", of(mid), scalar.Day},
		{"dayofyear", of(at("2024-12-31")), 366},
		{"hash_xxhash64.long", of(at("2015-01-01"), nil), 1380966698541616202},
		{"datetime_part", of("millisecond", mid), 123},
	})
}

func TestDatetimeText(t *testing.T) {
	mid := when(t, "2020-06-05 13:45:09.1200000")
	check(t, []row{
		{"format_datetime", of(mid, "yyyy-MM-dd HH:mm:ss.fff"), "2020-06-05 13:45:09.120"},
		{"format_datetime", of(mid, "M/d/yy h:m:s tt"), "6/5/20 1:45:9 PM"},
		{"format_datetime", of(mid, "FFFFFFF"), "12"},
		{"format_datetime", of(mid, "ddd"), "055"},
		{"format_datetime", of(mid-13*scalar.Hour, "hh:mm tt"), "12:45 AM"},
		{"format_datetime", of(nil, "yyyy"), ""},
		{"format_timespan", of(-scalar.Hour, "hh:mm:ss"), "-01:00:00"},
		{"format_timespan", of(scalar.Day+2*scalar.Hour+5*scalar.Millisecond, "dd.h:mm:ss.fff"), "01.2:00:00.005"},
	})
}

func TestDecimals(t *testing.T) {
	check(t, []row{
		{"add.decimal", of("0.1", "0.2"), "0.3"},
		{"div.decimal", of("1", "3"), "0.333333333333333333333333333333333"},
		{"div.decimal", of("1", "0"), nil},
		{"mod.decimal", of("-7", "3"), "2"},
		{"eq.decimal", of("1.0", "1"), true},
		{"lt.decimal", of("9", "10"), true},
		{"toint.decimal", of("9.99"), 9},
		{"toreal.decimal", of("1.5"), 1.5},
		{"todecimal.string", of("3.14159"), "3.14159"},
		{"todecimal.real", of(0.1), "0.1"},
		{"format_bytes", of(10332.0, 1, ""), "10.1 KB"},
		{"format_bytes", of(20010332.0, 0, "KB"), "19541 KB"},
		{"format_bytes", of(564.0, 0, ""), "564 Bytes"},
	})
}
