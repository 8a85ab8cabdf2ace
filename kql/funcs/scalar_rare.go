package funcs

// rare are functions of measures, distributions, packed text and local time.
func rare() []Func {
	var list []Func
	for _, quantity := range []string{"angle", "energy", "force", "length", "mass", "speed", "temperature", "volume"} {
		list = append(list, fn("convert_"+quantity, "real string string -> real", Maybe))
	}
	for _, name := range []string{"beta_cdf", "beta_inv", "beta_pdf"} {
		list = append(list, fn(name, "real real real -> real", Maybe))
	}
	for _, name := range []string{
		"gzip_compress_to_base64_string", "gzip_decompress_from_base64_string", "zlib_compress_to_base64_string", "zlib_decompress_from_base64_string",
		"punycode_from_string", "punycode_to_string", "punycode_domain_from_string", "punycode_domain_to_string",
	} {
		list = append(list, fn(name, "string -> string", Never))
	}
	return append(list,
		fn("welch_test", "real real real real real real -> real", Maybe),
		fn("datetime_utc_to_local", "datetime string -> datetime", Maybe),
		fn("datetime_local_to_utc", "datetime string -> datetime", Maybe),
		fn("datetime_list_timezones", "-> dynamic", Never),
		fn("set_equals", "dynamic dynamic -> bool", Maybe),
		Func{Name: "treepath", Naming: NameAndArg, Prefix: "tree", Overloads: []Overload{sig("dynamic -> dynamic", Maybe)}},
		alias("array_strcat", "dynamic string -> string", Never, "strcat_array"),
		alias("base64_encodestring", "string -> string", Never, "base64_encode_tostring"),
		alias("base64_decodestring", "string -> string", Never, "base64_decode_tostring"),
		alias("parseurl", "string -> dynamic", Maybe, "parse_url"),
		alias("parseurlquery", "string -> dynamic", Maybe, "parse_urlquery"),
		alias("datepart", "string datetime -> int", Maybe, "datetime_part"),
		alias("arraylength", "dynamic -> long", Maybe, "array_length"),
	)
}

// alias is an old name of a function.
func alias(name, signature string, null Null, today string) Func {
	f := fn(name, signature, null).op(today)
	f.Obsolete = today
	return f
}
