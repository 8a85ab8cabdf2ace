package audit

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzDecode: no input makes the decoder panic; it accepts exactly the objects
// that encoding/json accepts; what was decoded and written is decoded to the
// same; every prefix of what is accepted is cut, not wrong.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(create), 100)
	f.Add([]byte(`{"a":"\ud800","verb":"\u0000","user":{"groups":[]}}`), 9)
	f.Add([]byte(`{"annotations":{"b":"","a":"","authorization.k8s.io/reason":"x"}}`), 5)
	f.Fuzz(func(t *testing.T, text []byte, n int) {
		e, misfits, err := Decode(text)
		var m map[string]json.RawMessage
		trusted := json.Unmarshal(text, &m) == nil && m != nil
		if (err == nil) != trusted {
			t.Fatalf("err %v, encoding/json accepts: %v", err, trusted)
		}
		if err != nil {
			Salvage(text)
			return
		}
		out := e.AppendJSON(nil)
		if !json.Valid(out) {
			t.Fatalf("not JSON: %s", out)
		}
		if utf8.Valid(text) && len(misfits) == 0 {
			again, _, err := Decode(out)
			if err != nil {
				t.Fatalf("own output: %v", err)
			}
			if twice := again.AppendJSON(nil); string(twice) != string(out) {
				t.Fatalf("written\n%s\nand again\n%s", out, twice)
			}
		}
		end := len(text)
		for end > 0 && (text[end-1] == ' ' || text[end-1] == '\n' || text[end-1] == '\t' || text[end-1] == '\r') {
			end--
		}
		start := 0
		for text[start] != '{' {
			start++
		}
		if n > start && n < end {
			if _, _, cut, err := Salvage(text[:n]); !cut || err == nil {
				t.Fatalf("prefix of %d bytes: cut %v, err %v", n, cut, err)
			}
		}
	})
}
