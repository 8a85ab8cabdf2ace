package arm

import "testing"

func TestSkipToken(t *testing.T) {
	if from, length, err := parseSkipToken(skipToken(7, 30)); from != 7 || length != 30 || err != nil {
		t.Errorf("%d %d %v", from, length, err)
	}
}

func FuzzSkipToken(f *testing.F) {
	for _, s := range []string{"", skipToken(1, 2), "bGFiOi0xOjA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		from, length, err := parseSkipToken(token)
		if err == nil && (from < 0 || length < 0 || skipToken(from, length) != token) {
			t.Errorf("%q: %d %d", token, from, length)
		}
	})
}
