package scalar

import "testing"

// FuzzTimes: what is read is in range, and its text reads back as the same.
func FuzzTimes(f *testing.F) {
	for _, s := range []string{"2026-11-23T17:58:21.96Z", "Sun, 06 Nov 1994 08:49:37 GMT", "1.02:03:04.5", "-3ms", "12/31/2020 1:05 PM", "2020-01-01 +02:00", "99999999d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, ok := ParseDateTime(s); ok {
			if again, ok := ParseDateTime(FormatDateTime(v)); !ok || again != v || v < 0 || v > MaxDateTime {
				t.Fatalf("%q is %d, written %s", s, v, FormatDateTime(v))
			}
		}
		if v, ok := ParseTimeSpan(s); ok {
			if again, ok := ParseTimeSpan(FormatTimeSpan(v)); !ok || again != v {
				t.Fatalf("%q is %d, written %s", s, v, FormatTimeSpan(v))
			}
		}
	})
}
