package runtime

import (
	"fmt"
	"testing"
)

func TestParseJSON(t *testing.T) {
	check(t, []row{
		{"parse_json", of(" { \"a\" : [ 1.0 , true , null ] } "), `{"a":[1.0,true,null]}`},
		{"parse_json", of("null"), nil},
		{"parse_json", of(""), nil},
		{"parse_json", of(`{"a":1,"b":"tru`), `"{\"a\":1,\"b\":\"tru"`},
		{"parse_json", of("not json"), `"not json"`},
		{"parse_json", of(`"\u00e9\/\n"`), `"é/\n"`},
		{"parse_json", of(`"\ud83d\ude00\ud800"`), "\"😀\uFFFD\""},
		{"parse_json", of("01"), `"01"`},
		{"parse_json", of(`{"a":1,"a":2}`), `{"a":2}`},
		{"tostring.dynamic", of(`"a\"b"`), `a"b`},
		{"tostring.dynamic", of(`["a", "b"]`), `["a","b"]`},
		{"tostring.dynamic", of(nil), ""},
		{"tostring.dynamic", of("true"), "true"},
		{"dynamic_to_json", of(`{"b":{"d":1,"c":2},"a":[]}`), `{"a":[],"b":{"c":2,"d":1}}`},
		{"gettype.dynamic", of(`1.5`), "double"},
		{"gettype.dynamic", of(nil), "null"},
	})
}

// TestManyProperties: the index of a large bag gives what a small one gives.
func TestManyProperties(t *testing.T) {
	var b, want []byte
	b, want = append(b, '{'), append(want, '{')
	for round := range 2 {
		for i := range 100 {
			b = fmt.Appendf(b, "\"k%d\":%d,", i, round)
			if round == 1 {
				want = fmt.Appendf(want, "\"k%d\":1,", i)
			}
		}
	}
	b[len(b)-1], want[len(want)-1] = '}', '}'
	check(t, []row{{"parse_json", of(string(b)), string(want)}, {"dyn.get", of(string(b), "k99"), "1"}})
}

func TestPaths(t *testing.T) {
	doc := `{"user":{"username":"a","extra":{"x":["y{\"}"]}},"code":201,"n":null,"verb":"get"}`
	check(t, []row{
		{"dyn.get", of(doc, "user"), `{"username":"a","extra":{"x":["y{\"}"]}}`},
		{"dyn.get", of(doc, "verb"), `"get"`},
		{"dyn.get", of(doc, "Verb"), nil},
		{"dyn.get", of(doc, "n"), nil},
		{"dyn.get", of(`"text"`, "n"), nil},
		{"dyn.get", of(`{"\u0061":1}`, "a"), `1`},
		{"dyn.at", of(`[1, [2,3] ,"x"]`, 1), `[2,3]`},
		{"dyn.at", of(`[1,2,3]`, -1), `3`},
		{"dyn.at", of(`[1,2,3]`, 3), nil},
		{"dyn.at", of(`[1,2,3]`, -4), nil},
		{"dyn.index", of(`{"a":1}`, `"a"`), `1`},
		{"dyn.index", of(`[7]`, `0`), `7`},
		{"eq.dyn", of(`{"a":1,"b":2}`, `{"b":2.0,"a":1}`), true},
		{"eq.dyn", of(nil, `1`), false},
		{"eq.dyn", of(nil, nil), nil},
		{"dyn.contains", of(`["a",1]`, `1`), true},
		{"dyn.contains_fold", of(`["a",1]`, `A`), true},
	})
}

func TestConversions(t *testing.T) {
	check(t, []row{
		{"toint.string", of(" 42 "), 42},
		{"toint.string", of("5.9"), nil},
		{"toint.string", of("2147483648"), nil},
		{"toint.string", of("0x7FFFFFFF"), 2147483647},
		{"tolong.string", of("0xFFFFFFFFFFFFFFFF"), -1},
		{"tolong.string", of("-0x10"), nil},
		{"tolong.string", of("1_000"), nil},
		{"toint.long", of(2147483648), -2147483648},
		{"tobool.string", of("tRuE"), true},
		{"tobool.string", of(" true"), nil},
		{"tobool.string", of("-1"), true},
		{"tobool.string", of("1.0"), nil},
		{"tostring.bool", of(true), "True"},
		{"tostring.real", of(1500.0), "1500.0"},
		{"tostring.real", of(0.30000000000000004), "0.30000000000000004"},
		{"tostring.long", of(nil), ""},
		{"toint.dynamic", of(`1.9`), 1},
		{"toint.dynamic", of(`"0x10"`), 16},
		{"toint.dynamic", of(`"3.14"`), nil},
		{"tolong.dynamic", of(`[1]`), nil},
		{"toreal.dynamic", of(`true`), 1.0},
		{"todatetime.dynamic", of(`"2020-01-01"`), 637134336000000000},
		{"todatetime.string", of("not a date"), nil},
		{"dyn.of.string", of("a\tb"), `"a\tb"`},
		{"dyn.of.timespan", of(864000000000), `"1.00:00:00"`},
	})
}

func TestArraysBagsSets(t *testing.T) {
	check(t, []row{
		{"array_length", of(`{}`), nil},
		{"array_length", of(`[ ]`), 0},
		{"array_concat", of(`[1]`, nil, `{"a":1}`, `[2]`), `[1,2]`},
		{"array_slice", of(`[1,2,3,4,5]`, 2, -1), `[3,4,5]`},
		{"array_slice", of(`[1,2,3]`, -2, -2), `[2]`},
		{"array_sum", of(`[1.5,2]`), 3.5},
		{"array_sum", of(`[1,null]`), 1.0},
		{"array_sum", of(`["x"]`), nil},
		{"array_sum", of(`[]`), nil},
		{"array_rotate_left", of(`[1,2,3,4,5]`, -2), `[4,5,1,2,3]`},
		{"array_shift_left", of(`[1,2,3]`, 2, `-1`), `[3,-1,-1]`},
		{"array_shift_right", of(`[1,2,3]`, 1, nil), `[null,1,2]`},
		{"array_split", of(`[1,2,3,4,5]`, `[1,3]`), `[[1],[2,3],[4,5]]`},
		{"array_iff", of(`[1,0,"x"]`, `"yes"`, `["a","b"]`), `["yes","b",null]`},
		{"array_sort_asc", of(`[null,"b","a",null]`), `["a","b",null,null]`},
		{"array_sort_desc", of(`[1,10,2]`), `[10,2,1]`},
		{"array_sort_asc_by", of(`["a","b","c"]`, `[3,1,2]`), `["b","c","a"]`},
		{"zip", of(`[1,3]`, `[2]`), `[[1,2],[3,null]]`},
		{"strcat_array", of(`["a",null,1]`, "|"), "a||1"},
		{"bag_keys", of(`{"a":1,"b":2}`), `["a","b"]`},
		{"bag_keys", of(`[]`), nil},
		{"bag_merge", of(`{"a":1}`, `{"a":2,"b":3}`), `{"a":1,"b":3}`},
		{"bag_has_key", of(`{"a":{"b":1}}`, "$.a.b"), true},
		{"bag_remove_keys", of(`{"a":{"b":1,"c":2},"d":3}`, `["$.a.b","d"]`), `{"a":{"c":2}}`},
		{"bag_set_key", of(`{"a":1}`, "$.k.p", `"x"`), `{"a":1,"k":{"p":"x"}}`},
		{"bag_zip", of(`["a",8,"b"]`, `[1,2]`), `{"a":1,"b":null}`},
		{"set_union", of(`[1,2]`, `[2.0,"2"]`), `[1,2,"2"]`},
		{"set_intersect", of(`[1,2,2]`, `[2,3]`), `[2]`},
		{"set_difference", of(`[1,2,3]`, `[3]`), `[1,2]`},
		{"set_has_element", of(`["a"]`, `"b"`), false},
		{"jaccard_index", of(`[1,2,3]`, `[1,2,3,4]`), 0.75},
		{"bag_pack", of("a", `1`, "b", nil), `{"a":1,"b":null}`},
		{"pack_array", of(`1`, nil, `"x"`), `[1,null,"x"]`},
		{"range.long", of(1, 7, 3), `[1,4,7]`},
		{"range.long", of(3, 1, -1), `[3,2,1]`},
	})
}
