package funcs

// series are the functions of arrays of numbers. Of those that give several
// columns, and those whose answer could not be held against a recorded one, there
// is none.
func series() (all []Func) {
	unnamed := func(name, signature string, defaults ...any) {
		all = append(all, Func{Name: name, Overloads: []Overload{sig(signature, Maybe).with(defaults...)}})
	}
	for _, name := range []string{"abs", "sign", "exp", "log", "floor", "ceiling", "sin", "cos", "tan", "asin", "acos", "atan"} {
		unnamed("series_"+name, "dynamic -> dynamic")
	}
	for _, name := range []string{"add", "subtract", "multiply", "divide", "pow", "equals", "not_equals", "less", "less_equals", "greater", "greater_equals"} {
		unnamed("series_"+name, "dynamic dynamic -> dynamic")
	}
	unnamed("series_sum", "dynamic -> real")
	unnamed("series_product", "dynamic -> real")
	unnamed("series_magnitude", "dynamic -> real")
	unnamed("series_dot_product", "dynamic dynamic -> real")
	unnamed("series_pearson_correlation", "dynamic dynamic -> real")
	unnamed("series_stats_dynamic", "dynamic -> dynamic")
	named := func(name, signature string, defaults ...any) {
		f := fn(name, signature, Maybe).json()
		f.Overloads[0] = f.Overloads[0].with(defaults...)
		all = append(all, f)
	}
	named("series_fill_const", "dynamic any dynamic -> dynamic", nil)
	named("series_fill_forward", "dynamic any -> dynamic", nil)
	named("series_fill_backward", "dynamic any -> dynamic", nil)
	named("series_iir", "dynamic dynamic dynamic -> dynamic")
	return all
}
