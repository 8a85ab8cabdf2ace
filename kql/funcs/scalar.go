package funcs

// Scalars lists the families of scalar functions.
func Scalars() [][]Func {
	return [][]Func{conversions(), nulls(), strings_(), numbers(), datetimes(), dynamics(), arrays(), series(), text(), addresses(), hashes(), rare(), obsolete()}
}

func conversions() []Func {
	to := func(name, result string) Func {
		f := Func{Name: name, Naming: FirstArg}
		for _, from := range []string{"bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "guid", "dynamic"} {
			f = f.over(sig(from+" -> "+result, Maybe).as("to" + result + "." + from))
		}
		return f
	}
	list := []Func{
		to("tostring", "string"), to("tobool", "bool"), to("toint", "int"), to("tolong", "long"),
		to("toreal", "real"), to("todecimal", "decimal"), to("todatetime", "datetime"),
		to("totimespan", "timespan"), to("toguid", "guid"),
		named("parse_json", "string -> dynamic", Maybe).over(sig("dynamic -> dynamic", Maybe).as("same")),
		{Name: "tohex", Overloads: []Overload{sig("long long -> string", Never).with(int64(0)), sig("int long -> string", Never).with(int64(0)).as("tohex.int")}},
	}
	for _, alias := range [][2]string{{"toboolean", "bool"}, {"todouble", "real"}, {"totime", "timespan"}} {
		list = append(list, to(alias[0], alias[1]))
	}
	return list
}

func nulls() []Func {
	return []Func{
		fn("isnull", "any -> bool", Never),
		fn("isnotnull", "any -> bool", Never),
		fn("isempty", "string -> bool", Never).over(sig("dynamic -> bool", Never).as("isempty.dynamic"), sig("any -> bool", Never).as("isnull")),
		fn("isnotempty", "string -> bool", Never).over(sig("dynamic -> bool", Never).as("isnotempty.dynamic"), sig("any -> bool", Never).as("isnotnull")),
		fn("coalesce", "any... -> common", Maybe),
		fn("iff", "bool any any -> common", Maybe),
		fn("iif", "bool any any -> common", Maybe).op("iff"),
		fn("not", "bool -> bool", Strict),
		fn("max_of", "any... -> common", Maybe),
		fn("min_of", "any... -> common", Maybe),
	}
}

func (f Func) op(name string) Func {
	for i := range f.Overloads {
		f.Overloads[i].Op = name
	}
	return f
}

func strings_() []Func {
	return []Func{
		fn("tolower", "string -> string", Never),
		fn("toupper", "string -> string", Never),
		Func{Name: "strlen", Naming: NameAndArg, Overloads: []Overload{sig("string -> long", Never)}},
		Func{Name: "string_size", Naming: NameAndArg, Overloads: []Overload{sig("string -> long", Never)}},
		{Name: "strcat", Overloads: []Overload{{Args: sig("string... -> string", Never).Args, Variadic: true, Result: sig("-> string", Never).Result, Text: true, Null: Never}}},
		fn("reverse", "string -> string", Never),
		{Name: "substring", Overloads: []Overload{sig("string long long -> string", Never).with(int64(1 << 62))}},
		fn("replace_string", "string string string -> string", Never),
		fn("replace_regex", "string string string -> string", Never),
		{Name: "indexof", Overloads: []Overload{sig("string string long long long -> long", Maybe).with(int64(0), int64(-1), int64(1)).texts()}},
		{Name: "countof", Overloads: []Overload{sig("string string string -> long", Maybe).with("normal")}},
		{Name: "split", Overloads: []Overload{sig("string string long -> dynamic", Maybe).with(nil)}},
		{Name: "extract", Overloads: []Overload{sig("string long string -> string", Never)}},
		{Name: "extract_all", Overloads: []Overload{sig("string string -> dynamic", Maybe), sig("string dynamic string -> dynamic", Maybe).as("extract_all_groups")}},
		fn("trim", "string string -> string", Never),
		fn("trim_start", "string string -> string", Never),
		fn("trim_end", "string string -> string", Never),
		{Name: "strrep", Overloads: []Overload{{Args: sig("string long string -> string", Never).Args, Defaults: []any{""}, Result: sig("-> string", Never).Result, Text: true, Null: Never}}},
		fn("strcmp", "string string -> long", Never),
		fn("url_decode", "string -> string", Never),
		fn("url_encode", "string -> string", Never),
		fn("url_encode_component", "string -> string", Never),
		fn("base64_encode_tostring", "string -> string", Never),
		fn("base64_decode_tostring", "string -> string", Never),
	}
}

func numbers() []Func {
	var list []Func
	for _, f := range []string{"sqrt", "exp", "exp2", "exp10", "log", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "cot", "degrees", "radians", "gamma", "loggamma", "erf", "erfc"} {
		list = append(list, fn(f, "real -> real", Maybe))
	}
	return append(list,
		fn("abs", "long -> long", Strict).op("abs.long").over(sig("real -> real", Strict).as("abs.real"), sig("timespan -> timespan", Strict).as("abs.long")),
		fn("sign", "real -> real", Strict),
		fn("pow", "real real -> real", Strict),
		fn("atan2", "real real -> real", Strict),
		fn("ceiling", "long -> long", Strict).op("same").over(sig("real -> real", Strict).as("ceiling")),
		Func{Name: "round", Overloads: []Overload{sig("int -> int", Strict).as("same"), sig("long -> long", Strict).as("same"), sig("real -> real", Strict).as("round"), sig("real long -> real", Strict).as("round.digits")}},
		fn("isnan", "real -> bool", Maybe),
		fn("isinf", "real -> bool", Maybe),
		fn("isfinite", "real -> bool", Maybe),
		fn("pi", "-> real", Never),
		binLike("bin"), binLike("floor"),
		Func{Name: "binary_and", Overloads: []Overload{sig("long long -> long", Strict)}},
		Func{Name: "binary_or", Overloads: []Overload{sig("long long -> long", Strict)}},
		Func{Name: "binary_xor", Overloads: []Overload{sig("long long -> long", Strict)}},
	)
}

// binLike keeps the name of what is rounded.
func binLike(name string) Func {
	return Func{Name: name, Naming: FirstArg, Overloads: []Overload{
		sig("long long -> long", Maybe).as("bin.long"),
		sig("datetime timespan -> datetime", Maybe).as("bin.long"),
		sig("timespan timespan -> timespan", Maybe).as("bin.long"),
		sig("datetime long -> datetime", Maybe).as("bin.long"),
		sig("timespan long -> timespan", Maybe).as("bin.long"),
		sig("real real -> real", Maybe).as("bin.real"),
	}}
}

func datetimes() []Func {
	var list []Func
	for _, unit := range []string{"day", "week", "month", "year"} {
		list = append(list,
			Func{Name: "startof" + unit, Overloads: []Overload{sig("datetime long -> datetime", Maybe).with(int64(0))}},
			Func{Name: "endof" + unit, Overloads: []Overload{sig("datetime long -> datetime", Maybe).with(int64(0))}})
	}
	for _, part := range []string{"getyear", "getmonth", "monthofyear", "dayofmonth", "dayofyear", "hourofday", "week_of_year", "weekofyear"} {
		list = append(list, fn(part, "datetime -> int", Maybe))
	}
	return append(list,
		fn("dayofweek", "datetime -> timespan", Maybe),
		fn("datetime_add", "string long datetime -> datetime", Maybe),
		fn("datetime_diff", "string datetime datetime -> long", Maybe),
		fn("datetime_part", "string datetime -> int", Maybe),
		fn("format_datetime", "datetime string -> string", Never),
		fn("format_timespan", "timespan string -> string", Never),
		Func{Name: "make_datetime", Overloads: []Overload{
			sig("long long long long long real -> datetime", Maybe).with(int64(0), int64(0), float64(0))}},
		Func{Name: "make_timespan", Overloads: []Overload{
			sig("long long -> timespan", Maybe).as("make_timespan_hm"), sig("long long real -> timespan", Maybe).as("make_timespan_hms"),
			sig("long long long real -> timespan", Maybe).as("make_timespan")}},
		fn("unixtime_seconds_todatetime", "real -> datetime", Maybe),
		fn("unixtime_milliseconds_todatetime", "real -> datetime", Maybe),
		fn("unixtime_microseconds_todatetime", "real -> datetime", Maybe),
		fn("unixtime_nanoseconds_todatetime", "real -> datetime", Maybe),
		Func{Name: "bin_at", Naming: FirstArg, Overloads: []Overload{
			sig("datetime timespan datetime -> datetime", Maybe).as("bin_at.long"),
			sig("timespan timespan timespan -> timespan", Maybe).as("bin_at.long"),
			sig("long long long -> long", Maybe).as("bin_at.long"),
			sig("real real real -> real", Maybe).as("bin_at.real")}},
	)
}

func dynamics() []Func {
	return []Func{
		fn("array_length", "dynamic -> long", Maybe),
		fn("bag_keys", "dynamic -> dynamic", Maybe),
		fn("array_concat", "dynamic... -> dynamic", Maybe),
		fn("array_slice", "dynamic long long -> dynamic", Maybe),
		fn("array_sum", "dynamic -> real", Maybe),
		fn("array_reverse", "dynamic -> dynamic", Maybe),
		fn("array_index_of", "dynamic any -> long", Maybe).json(),
		fn("set_has_element", "dynamic any -> bool", Maybe).json(),
		fn("set_union", "dynamic... -> dynamic", Maybe),
		fn("set_intersect", "dynamic... -> dynamic", Maybe),
		fn("set_difference", "dynamic... -> dynamic", Maybe),
		fn("strcat_array", "dynamic string -> string", Never),
		fn("bag_merge", "dynamic... -> dynamic", Maybe),
		fn("bag_has_key", "dynamic string -> bool", Maybe),
		fn("zip", "dynamic... -> dynamic", Maybe),
		fn("dynamic_to_json", "dynamic -> string", Never),
	}
}

// json marks functions whose arguments of any type are handed over as JSON.
func (f Func) json() Func {
	for i := range f.Overloads {
		for j, a := range f.Overloads[i].Args {
			if a == Any {
				f.Overloads[i].Args[j] = sig("-> dynamic", Maybe).Result
			}
		}
	}
	return f
}

// obsolete are names that Kusto still takes.
func obsolete() []Func {
	return []Func{
		{Name: "todynamic", Naming: FirstArg, Overloads: named("parse_json", "string -> dynamic", Maybe).over(sig("dynamic -> dynamic", Maybe).as("same")).op2("parse_json"), Obsolete: ""},
		{Name: "parsejson", Naming: FirstArg, Overloads: named("parse_json", "string -> dynamic", Maybe).over(sig("dynamic -> dynamic", Maybe).as("same")).op2("parse_json"), Obsolete: "parse_json"},
		{Name: "notnull", Overloads: []Overload{sig("any -> bool", Never).as("isnotnull")}, Obsolete: "isnotnull"},
		{Name: "notempty", Overloads: []Overload{sig("string -> bool", Never).as("isnotempty"), sig("dynamic -> bool", Never).as("isnotempty.dynamic"), sig("any -> bool", Never).as("isnotnull")}, Obsolete: "isnotempty"},
		{Name: "replace", Overloads: []Overload{sig("string string string -> string", Never).as("replace_old")}, Obsolete: "replace_regex"},
		{Name: "extractall", Overloads: []Overload{sig("string string -> dynamic", Maybe).as("extract_all")}, Obsolete: "extract_all"},
	}
}

func (f Func) op2(name string) []Overload {
	for i := range f.Overloads {
		if f.Overloads[i].Op == "" {
			f.Overloads[i].Op = name
		}
	}
	return f.Overloads
}
