package runtime

import "testing"

func TestTerms(t *testing.T) {
	check(t, []row{
		{"has", of("pods/exec in kube-system", "EXEC"), true},
		{"has", of("podsexec", "exec"), false},
		{"has", of("my_secret", "secret"), true},
		{"has", of("kube-system", "kube-system"), true},
		{"has", of("kube-systems", "kube-system"), false},
		{"has", of("anything", ""), true},
		{"has", of("ПриветМир", "привет"), false},
		{"has", of("МИР привет", "Привет"), true},
		{"has", of("NAÏVE", "naïve"), true},
		{"has_cs", of("Hello", "hello"), false},
		{"hasprefix", of("say Hello", "hel"), true},
		{"hasprefix", of("xhello", "hel"), false},
		{"hassuffix", of("Hello World", "orld"), true},
		{"hassuffix", of("worlds", "orld"), false},
		{"contains", of("O'Brien", "'b"), true},
		{"startswith", of("CAFÉ", "caf"), true},
		{"endswith", of("CAFÉ", "fé"), true},
		{"eq.fold", of("Straße", "strasse"), false},
		{"eq.fold", of("CAFÉ", "café"), true},
		{"has_any", of("kubectl exec", `["attach","exec"]`), true},
		{"has_all", of("kubectl exec", `["attach","exec"]`), false},
		{"has_all", of("kubectl exec", `["kubectl","exec"]`), true},
	})
}

func TestText(t *testing.T) {
	check(t, []row{
		{"substring", of("hello", -2, 2), "lo"},
		{"substring", of("hello", 1, -1), ""},
		{"substring", of("x", -1, 2), "x"},
		{"substring", of("abc", 10, 5), ""},
		{"substring", of("𝓗ello", 0, 2), "𝓗e"},
		{"strlen", of("emoji😀here"), 10},
		{"string_size", of("café"), 5},
		{"reverse", of("aé😀"), "😀éa"},
		{"strrep", of("ab", 3, "-"), "ab-ab-ab"},
		{"replace_string", of("aaa", "", "X"), "aaa"},
		{"replace_strings", of("a magic cat", `["cat","dog"]`, `["dog","pigeon"]`), "a magic dog"},
		{"replace_strings", of("This is it", `["is","This"]`, `["was","That"]`), "Thwas was it"},
		{"replace_strings", of("This is it", `["This","is"]`, `[1,"was"]`), "This was it"},
		{"translate", of("krasp", "otsku", "spark"), "kusto"},
		{"split", of("a,,b", ",", nil), `["a","","b"]`},
		{"split", of("", "_", nil), `[""]`},
		{"split", of("aaa_bbb", "_", 1), `["bbb"]`},
		{"indexof", of("abcdefg", "cde", 1, 1, 1), -1},
		{"indexof", of("abcdefg", "cde", 1, 2, 1), 2},
		{"indexof", of("abcdefg", "cde", -5, -1, 1), 2},
		{"indexof", of("abcdefgabcdefg", "cde", 1, 10, 2), 9},
		{"indexof", of("it''s", "'", 3, -1, 1), 3},
		{"parse_csv", of("aa,\"b,b\",c\"\nnext"), `["aa","b,b","c\""]`},
		{"tohex", of(-256, nil), "ffffffffffffff00"},
		{"tohex.int", of(int32(-256), 8), "ffffff00"},
		{"tohex", of(256, 8), "00000100"},
	})
}

func TestPatterns(t *testing.T) {
	check(t, []row{
		{"extract", of(`(\d+)-(\d+)`, 2, "10-20"), "20"},
		{"extract", of(`(\d+)`, 2, "10"), ""},
		{"extract", of(`(`, 1, "10"), ""},
		{"extract_all", of(`([a-z])(\d)?`, "a1b"), `[["a","1"],["b",""]]`},
		{"extract_all", of(`(x)`, "a1b"), nil},
		{"extract_all_groups", of(`(?P<f>\w)(\w)`, `[2,"f"]`, "abcd"), `[["b","a"],["d","c"]]`},
		{"replace_regex", of("wordword", `(\w)(\w)`, `\2\1`), "owdrowdr"},
		{"replace_old", of(`\s+`, "-", "one two"), "one-two"},
		{"trim", of("x", "xxabcxx"), "xabcx"},
		{"trim", of(`[^\w]+`, "-  Te st1// $"), "Te st1"},
		{"trim_end", of("_", "__world__"), "__world_"},
		{"countof", of("aaaa", "aa", "normal"), 3},
		{"countof", of("aaaa", "aa", "regex"), 2},
		{"indexof_regex", of("abcabcdefg", "a.c", 0, 9, 2), 3},
		{"indexof_regex", of("abc", "a", -1, -1, 1), nil},
		{"matches_regex", of("2020-01-15", `^\d{4}-\d{2}-\d{2}$`), true},
	})
}

func TestCodecs(t *testing.T) {
	check(t, []row{
		{"base64_encode_tostring", of("Kusto"), "S3VzdG8="},
		{"base64_decode_tostring", of("U3RyaW5n0KHR0tGA0L7Rh9C60LA="), ""},
		{"base64_decode_toguid", of("JpbpECu8dUy7Pv5gbeJXAA=="), "10e99626-bc2b-4c75-bb3e-fe606de25700"},
		{"hash_sha1", of("World"), "70c07ec18ef89c5309bbb0937f3a6342411e1fdd"},
		{"hash_xxhash64.string", of("World", nil), 1846988464401551951},
		{"hash_xxhash64.string", of("World", 100), 51},
		{"url_encode", of("https://www.bing.com/hello world"), "https%3a%2f%2fwww.bing.com%2fhello+world"},
		{"url_encode_component", of("a b"), "a%20b"},
		{"url_decode", of("https%3a%2f%2fx%2fa+b%zz"), "https://x/a b%zz"},
		{"parse_urlquery", of("?a=1&b=x%20y"), `{"Query Parameters":{"a":"1","b":"x y"}}`},
		{"parse_version", of("1.2.3.4"), "1000000020000000300000004"},
		{"parse_version", of("0.0.0.5"), "5"},
		{"parse_version", of("1.x"), nil},
	})
}

func TestAddresses(t *testing.T) {
	check(t, []row{
		{"ipv4_compare", of("192.168.1.1/24", "192.168.1.255", 32), 0},
		{"ipv4_compare", of("10.0.0.1", "10.0.0.2", 32), -1},
		{"ipv4_compare", of("10.0.0.1", "x", 32), nil},
		{"ipv4_is_in_range", of("10.1.2.3", "10.0.0.0/8"), true},
		{"ipv4_is_in_any_range", of("11.1.2.3", `["10.0.0.0/8"]`), false},
		{"ipv4_is_private", of("172.31.0.4"), true},
		{"ipv4_is_private", of("8.8.8.8"), false},
		{"ipv6_is_match", of("192.168.1.1", "::ffff:c0a8:0101", 128), true},
		{"ipv6_is_match", of("fe80::1/120", "fe80::101", 128), false},
		{"parse_ipv4", of("192.168.1.1/24"), 3232235776},
		{"parse_ipv6_mask", of("fe80::85d:e82c:9446:7994/120", 124), "fe80:0000:0000:0000:085d:e82c:9446:7900"},
		{"format_ipv4_mask", of("192.168.1.1", 24), "192.168.1.0/24"},
		{"ipv4_range_to_cidr_list", of("1.1.128.0", "1.1.140.255"), `["1.1.128.0/21","1.1.136.0/22","1.1.140.0/24"]`},
		{"has_ipv4", of("at 127.0.0.1 GET", "127.0.0.1"), true},
		{"has_ipv4", of("at 127.0.0.256 GET", "127.0.0.256"), false},
		{"has_any_ipv4_prefix", of("at 127.0.0.1 GET", `"127.0"`), false},
		{"has_any_ipv4_prefix", of("at 127.0.0.1 GET", `["10.","127.0."]`), true},
	})
}
