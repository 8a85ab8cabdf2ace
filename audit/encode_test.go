package audit

import (
	"encoding/json"
	"math/rand"
	"testing"
)

func TestStringsAreWrittenAsEncodingJSONDoes(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	alphabet := []string{"a", "é", "😀", "\"", "\\", "/", "<", ">", "&", "\x00", "\x1f", "\b", "\f", "\n", "\r", "\t", "\x7f", "\u2028", "\u2029", "\ufffd", "\xff", "\xe2\x80", "'"}
	for range 20000 {
		s := ""
		for range r.Intn(12) {
			s += alphabet[r.Intn(len(alphabet))]
		}
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendString(nil, s); string(got) != string(want) {
			t.Fatalf("%q is written %s, encoding/json writes %s", s, got, want)
		}
		sc := scanner{s: string(want)}
		back, st := sc.str()
		var whole string
		if err := json.Unmarshal(want, &whole); err != nil {
			t.Fatal(err)
		}
		if st != scanOK || back != whole {
			t.Fatalf("%s is read as %q, encoding/json reads %q", want, back, whole)
		}
	}
}
