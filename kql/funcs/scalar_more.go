package funcs

// arrays are the functions of dynamic arrays and bags beyond the common ones.
func arrays() []Func {
	opt := func(name, signature string, defaults ...any) Func {
		return Func{Name: name, Overloads: []Overload{sig(signature, Maybe).with(defaults...)}}
	}
	return []Func{
		fn("array_rotate_left", "dynamic long -> dynamic", Maybe),
		fn("array_rotate_right", "dynamic long -> dynamic", Maybe),
		opt("array_shift_left", "dynamic long dynamic -> dynamic", nil),
		opt("array_shift_right", "dynamic long dynamic -> dynamic", nil),
		fn("array_split", "dynamic any -> dynamic", Maybe).json(),
		fn("array_iff", "dynamic any any -> dynamic", Maybe).json(),
		fn("array_iif", "dynamic any any -> dynamic", Maybe).json().op("array_iff"),
		fn("bag_remove_keys", "dynamic dynamic -> dynamic", Maybe),
		fn("bag_set_key", "dynamic string any -> dynamic", Maybe).json(),
		fn("bag_zip", "dynamic dynamic -> dynamic", Maybe),
		fn("jaccard_index", "dynamic dynamic -> real", Maybe),
		fn("parse_csv", "string -> dynamic", Maybe),
		fn("unicode_codepoints_from_string", "string -> dynamic", Maybe),
		fn("base64_decode_toarray", "string -> dynamic", Maybe),
		fn("base64_encode_fromarray", "dynamic -> string", Never),
		fn("parse_url", "string -> dynamic", Maybe),
		fn("parse_urlquery", "string -> dynamic", Maybe),
		fn("parse_path", "string -> dynamic", Maybe),
		fn("parse_version", "string -> decimal", Maybe),
	}
}

// text are the functions of strings beyond the common ones.
func text() []Func {
	return []Func{
		fn("replace_strings", "string dynamic dynamic -> string", Never),
		fn("translate", "string string string -> string", Never),
		fn("isascii", "string -> bool", Never),
		fn("isutf8", "string -> bool", Never),
		{Name: "indexof_regex", Overloads: []Overload{sig("string string long long long -> long", Maybe).with(int64(0), int64(-1), int64(1))}},
		fn("regex_quote", "string -> string", Never),
		fn("base64_decode_toguid", "string -> guid", Maybe),
		fn("base64_encode_fromguid", "guid -> string", Never),
		fn("bitset_count_ones", "long -> long", Strict),
		fn("binary_not", "long -> long", Strict),
		fn("binary_shift_left", "long long -> long", Strict),
		fn("binary_shift_right", "long long -> long", Strict),
		{Name: "format_bytes", Overloads: []Overload{sig("real long string -> string", Never).with(int64(0), "")}},
	}
}

// addresses are the functions of IP addresses.
func addresses() []Func {
	prefix := func(name, result string, full int64) Func {
		return Func{Name: name, Overloads: []Overload{sig("string string long -> "+result, Maybe).with(full)}}
	}
	return []Func{
		prefix("ipv4_compare", "long", 32), prefix("ipv4_is_match", "bool", 32),
		prefix("ipv6_compare", "long", 128), prefix("ipv6_is_match", "bool", 128),
		fn("ipv4_is_in_range", "string string -> bool", Maybe),
		fn("ipv6_is_in_range", "string string -> bool", Maybe),
		fn("ipv4_is_in_any_range", "string dynamic -> bool", Maybe),
		fn("ipv6_is_in_any_range", "string dynamic -> bool", Maybe),
		fn("ipv4_is_private", "string -> bool", Maybe),
		fn("parse_ipv4", "string -> long", Maybe),
		fn("parse_ipv4_mask", "string long -> long", Maybe),
		fn("parse_ipv6", "string -> string", Never),
		fn("parse_ipv6_mask", "string long -> string", Never),
		fn("ipv4_netmask_suffix", "string -> long", Maybe),
		{Name: "format_ipv4", Overloads: []Overload{sig("string long -> string", Never).with(int64(32))}},
		{Name: "format_ipv4_mask", Overloads: []Overload{sig("string long -> string", Never).with(int64(32))}},
		fn("ipv4_range_to_cidr_list", "string string -> dynamic", Maybe),
		fn("has_ipv4", "string string -> bool", Maybe),
		fn("has_ipv4_prefix", "string string -> bool", Maybe),
		fn("has_any_ipv4", "string any... -> bool", Maybe).json(),
		fn("has_any_ipv4_prefix", "string any... -> bool", Maybe).json(),
	}
}
