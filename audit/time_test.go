package audit

import (
	"math/rand"
	"testing"
	"time"
)

func TestTimesAgreeWithPackageTime(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	first, last := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
	for range 50000 {
		when := time.Unix(first+r.Int63n(last-first), int64(r.Intn(1e6))*1000).UTC()
		text := when.Format("2006-01-02T15:04:05.000000Z")
		got := ParseTime(text)
		if got.Text != "" || got.Ticks != TicksOf(when) || !got.Ticks.Time().Equal(when) || got.Spelled() != text {
			t.Fatalf("%s is read as %+v, spelled %s", text, got, got.Spelled())
		}
	}
	if TicksOf(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)) != 0 {
		t.Fatal("ticks do not start with the year 1")
	}
}

func TestOddTimesKeepTheirSpelling(t *testing.T) {
	for _, c := range []struct {
		text  string
		known bool
	}{
		{"2026-02-29T00:00:00.000000Z", false},
		{"2024-02-29T00:00:00.000000Z", true},
		{"2026-11-23T17:58:21Z", true},
		{"2026-11-23T17:58:21.9609961Z", true},
		{"2026-11-23T17:58:21.960996+01:00", true},
		{"2026-11-23T24:58:21.960996Z", false},
		{"", false},
		{"0000-11-23T17:58:21.960996Z", false},
	} {
		got := ParseTime(c.text)
		if got.Known != c.known || got.Spelled() != c.text {
			t.Errorf("%q is read as %+v, spelled %q", c.text, got, got.Spelled())
		}
	}
}
