package runtime

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzJSON: what is JSON is what encoding/json says; the compact form means the
// same; and a path read by scanning is what parsing gives.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"c\u00e9\ud83d\ude00"}],"a":2}`, `[[],{},"",0,-1.5e+3,true,null]`, `{"a":`, `"\ud800"`, ` 1 `, `01`, `"\x"`, `{"":{"\"":[]}}`, `[1,]`} {
		f.Add(s, "a", int64(-1))
	}
	f.Fuzz(func(t *testing.T, s, key string, n int64) {
		if !utf8.ValidString(s) || strings.Count(s, "[")+strings.Count(s, "{") > maxNesting {
			return
		}
		v, ok := parse(s)
		if ok != json.Valid([]byte(s)) {
			t.Fatalf("parse(%q) is %v, encoding/json says %v", s, ok, !ok)
		}
		if !ok {
			return
		}
		compact := string(v.append(nil))
		var a, b any
		if err := json.Unmarshal([]byte(s), &a); err != nil {
			return // a number beyond float64
		}
		if err := json.Unmarshal([]byte(compact), &b); err != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%q became %q: %v", s, compact, err)
		}
		again, ok := parse(compact)
		if !ok || !same(v, again) {
			t.Fatalf("%q does not read back as itself", compact)
		}
		for _, text := range []string{s, compact} {
			checkScan(t, v, text, key, n)
		}
	})
}

func checkScan(t *testing.T, v value, text, key string, n int64) {
	if v.kind == bag {
		want, has := v.get(key)
		got, ok := member(text, key)
		if parsed, _ := parse(got); ok != has || ok && !same(parsed, want) {
			t.Fatalf("member(%q, %q) = %q, %v", text, key, got, ok)
		}
	}
	if v.kind == array {
		size := int64(len(v.list))
		if countElements(text) != size {
			t.Fatalf("countElements(%q) = %d, want %d", text, countElements(text), size)
		}
		at := n
		if n < 0 {
			at += size
		}
		got, ok := element(text, n)
		has := at >= 0 && at < size
		if ok != has {
			t.Fatalf("element(%q, %d) is %v", text, n, ok)
		}
		if parsed, _ := parse(got); ok && !same(parsed, v.list[at]) {
			t.Fatalf("element(%q, %d) = %q", text, n, got)
		}
	}
}

// FuzzTerm: a term found at its boundaries is contained, and a text has itself.
func FuzzTerm(f *testing.F) {
	f.Add("pods/exec in kube-system", "exec")
	f.Add("МИР привет", "Привет")
	f.Add("ſtraße K", "k")
	f.Fuzz(func(t *testing.T, s, needle string) {
		if !utf8.ValidString(s) || !utf8.ValidString(needle) {
			return
		}
		if hasTerm(s, needle, true, true, true) && !strings.Contains(s, needle) {
			t.Fatalf("%q has_cs %q but does not contain it", s, needle)
		}
		if hasTerm(s, needle, true, true, true) && !hasTerm(s, needle, false, true, true) {
			t.Fatalf("%q has_cs %q but not has", s, needle)
		}
		if !hasTerm(s, s, false, true, true) {
			t.Fatalf("%q has not itself", s)
		}
	})
}

// FuzzCanonical: what passes for canonical is its own dynamic.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1,"b":[true,null,"x\n"]}`, `{"a":1,"a":2}`, `"\u003c"`, `[1 ]`, `{"a":{"a":1},"b":{"a":1}}`, `-0.0e+5`, `"\/"`, `01`, `[`, `"a`, `{"a"`, "nulls", `null`, `[[],{}]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !canonical(s) {
			return
		}
		v, ok := parse(s)
		if !ok || v.json() != s {
			t.Errorf("%q: parsed %v, written %v", s, ok, v.json())
		}
	})
}
