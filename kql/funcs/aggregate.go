package funcs

// Aggregate is one aggregate function. Args are the kinds of its arguments, as
// in Overload; Result and Infer give the type. If Conditional the last argument
// is a condition and the rows it is false for do not count.
type Aggregate struct {
	Name        string
	Naming      Naming
	Prefix      string
	Overloads   []Overload
	Conditional bool
	Obsolete    string
}

// Aggregates lists every aggregate.
func Aggregates() []Aggregate {
	value := func(name, prefix string, sigs ...string) Aggregate {
		a := Aggregate{Name: name, Naming: Prefixed, Prefix: prefix}
		for _, s := range sigs {
			a.Overloads = append(a.Overloads, sig(s, Maybe).as(name))
		}
		return a
	}
	when := func(name, of string, sigs ...string) Aggregate {
		a := Aggregate{Name: name, Naming: Prefixed, Prefix: name, Conditional: true}
		for _, s := range sigs {
			a.Overloads = append(a.Overloads, sig(s, Maybe).as(of))
		}
		return a
	}
	numeric := []string{"long -> long", "real -> real", "decimal -> decimal", "timespan -> timespan"}
	mean := []string{"long -> real", "real -> real", "decimal -> decimal", "timespan -> timespan", "datetime -> datetime"}
	numericIf := []string{"long bool -> long", "real bool -> real", "decimal bool -> decimal", "timespan bool -> timespan"}
	meanIf := []string{"long bool -> real", "real bool -> real", "decimal bool -> decimal", "timespan bool -> timespan"}
	list := []Aggregate{
		{Name: "count", Naming: PrefixAlone, Prefix: "count", Overloads: []Overload{sig("-> long", Never).as("count"), sig("any -> long", Never).as("count")}},
		{Name: "countif", Naming: Prefixed, Prefix: "countif", Overloads: []Overload{sig("bool -> long", Never).as("countif")}},
		value("sum", "sum", numeric...), value("avg", "avg", mean...),
		value("min", "min", "any -> first"), value("max", "max", "any -> first"),
		value("dcount", "dcount", "any -> long", "any long -> long"),
		value("stdev", "stdev", "real -> real"), value("stdevp", "stdevp", "real -> real"),
		value("variance", "variance", "real -> real"), value("variancep", "variancep", "real -> real"),
		value("make_list", "list", "any -> dynamic", "any long -> dynamic"),
		value("make_set", "set", "any -> dynamic", "any long -> dynamic"),
		value("make_list_with_nulls", "list", "any -> dynamic"),
		value("make_bag", "bag", "dynamic -> dynamic", "dynamic long -> dynamic"),
		when("sumif", "sum", numericIf...), when("avgif", "avg", meanIf...),
		when("minif", "min", "any bool -> first"), when("maxif", "max", "any bool -> first"),
		when("dcountif", "dcount", "any bool -> long"),
		when("stdevif", "stdev", "real bool -> real"), when("varianceif", "variance", "real bool -> real"),
		when("variancepif", "variancep", "real bool -> real"),
		{Name: "covariance", Naming: PrefixedPair, Prefix: "covariance", Overloads: []Overload{sig("real real -> real", Maybe).as("covariance")}},
		{Name: "covariancep", Naming: PrefixedPair, Prefix: "covariancep", Overloads: []Overload{sig("real real -> real", Maybe).as("covariancep")}},
		{Name: "covarianceif", Naming: PrefixedPair, Prefix: "covarianceif", Conditional: true, Overloads: []Overload{sig("real real bool -> real", Maybe).as("covariance")}},
		{Name: "covariancepif", Naming: PrefixedPair, Prefix: "covariancepif", Conditional: true, Overloads: []Overload{sig("real real bool -> real", Maybe).as("covariancep")}},
		{Name: "count_distinct", Naming: Prefixed, Prefix: "count_distinct", Overloads: []Overload{sig("any -> long", Maybe).as("dcount")}}, when("count_distinctif", "dcount", "any bool -> long"),
		{Name: "make_list_if", Naming: Prefixed, Prefix: "list", Conditional: true, Overloads: []Overload{sig("any bool -> dynamic", Maybe).as("make_list")}},
		{Name: "make_set_if", Naming: Prefixed, Prefix: "set", Conditional: true, Overloads: []Overload{sig("any bool -> dynamic", Maybe).as("make_set")}},
		{Name: "make_bag_if", Naming: Prefixed, Prefix: "bag", Conditional: true, Overloads: []Overload{sig("dynamic bool -> dynamic", Maybe).as("make_bag")}},
		{Name: "take_any", Naming: FirstArg, Overloads: []Overload{sig("any -> first", Maybe).as("take_any")}},
		{Name: "any", Naming: Prefixed, Prefix: "any", Overloads: []Overload{sig("any -> first", Maybe).as("take_any")}, Obsolete: "take_any"},
		{Name: "anyif", Naming: Prefixed, Prefix: "any", Conditional: true, Overloads: []Overload{sig("any bool -> first", Maybe).as("take_any")}, Obsolete: "take_anyif"},
		{Name: "take_anyif", Naming: FirstArg, Conditional: true, Overloads: []Overload{sig("any bool -> first", Maybe).as("take_any")}},
		{Name: "arg_max", Naming: ArgsOwn}, {Name: "arg_min", Naming: ArgsOwn},
		{Name: "percentile", Naming: Prefixed, Prefix: "percentile"},
		{Name: "percentiles", Naming: Prefixed, Prefix: "percentile"},
		{Name: "binary_all_and", Naming: Prefixed, Prefix: "binary_all_and", Overloads: []Overload{sig("long -> long", Maybe).as("binary_all_and")}},
		{Name: "binary_all_or", Naming: Prefixed, Prefix: "binary_all_or", Overloads: []Overload{sig("long -> long", Maybe).as("binary_all_or")}},
		{Name: "binary_all_xor", Naming: Prefixed, Prefix: "binary_all_xor", Overloads: []Overload{sig("long -> long", Maybe).as("binary_all_xor")}},
	}
	for _, old := range [][2]string{{"makelist", "make_list"}, {"makeset", "make_set"}} {
		for _, a := range list {
			if a.Name == old[1] {
				a.Name, a.Obsolete = old[0], old[1]
				list = append(list, a)
				break
			}
		}
	}
	return list
}

// Window is one function of a row's neighbours; it needs a serialized input.
type Window struct {
	Name      string
	Overloads []Overload
	Naming    Naming
}

// Windows lists them.
func Windows() []Window {
	return []Window{
		{Name: "row_number", Overloads: []Overload{sig("long bool -> long", Never).with(int64(1), false)}},
		{Name: "prev", Overloads: []Overload{sig("any long any -> first", Maybe)}},
		{Name: "next", Overloads: []Overload{sig("any long any -> first", Maybe)}},
		{Name: "row_cumsum", Overloads: []Overload{sig("long bool -> long", Maybe).with(false), sig("real bool -> real", Maybe).with(false), sig("timespan bool -> timespan", Maybe).with(false)}},
		{Name: "row_rank_dense", Overloads: []Overload{sig("any bool -> long", Maybe).with(false)}},
		{Name: "row_rank_min", Overloads: []Overload{sig("any bool -> long", Maybe).with(false)}},
	}
}
