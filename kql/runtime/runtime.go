// Package runtime holds the scalar functions whose Kusto semantics SQL cannot
// express. The engine registers each as a scalar function called kql_<name>;
// the table of functions (kql/funcs) says when one is used.
//
// Values are plain Go: bool, int32 (int), int64 (long; ticks of 100 ns for
// datetime and timespan), float64 (real), string (string, guid in lower case,
// decimal as text, dynamic as JSON text), nil for null. The text `null` never
// stands for the dynamic null at top level. Functions are pure: same
// arguments, same value; there is no clock, no environment and no state but
// caches of compiled patterns.
//
// Faults in data are nulls, as in Kusto: no function panics or returns an
// error.
package runtime

import (
	"strings"

	"github.com/postern-dev/postern/kql/types"
)

// Func is one scalar function. Args holds the type of each argument; if
// Variadic the last one repeats, zero or more times. Call gets one value per
// argument and returns a value of Result's representation, or nil. It is called
// with nulls too.
type Func struct {
	Name     string
	Args     []types.Type
	Variadic bool
	Result   types.Type
	Call     func(args []any) any
}

// All lists every function, each family from its own file. Functions of one
// call share their caches.
func All() []Func {
	var all []Func
	for _, family := range [][]Func{
		conversions(), dynamicConversions(), dynamicAccess(), arrays(), arrayOrder(), bags(), sets(), packing(), ranges(), keyValues(), makeSeries(), expansion(),
		terms(), text(), search(), patterns(), codecs(), hashes(), urls(), addresses(), addressText(), versions(),
		datetimes(), datetimeParts(), datetimeText(), numbers(), decimals(), series(), units(), distributions(), compression(), punycodes(), dynamicMore(), zones(),
	} {
		all = append(all, family...)
	}
	return all
}

// fn makes a function of a signature such as "string long -> string"; a last
// type with "..." repeats.
func fn(name, signature string, call func(args []any) any) Func {
	f := Func{Name: name, Call: call}
	args, result, _ := strings.Cut(signature, "->")
	for _, word := range strings.Fields(args) {
		w, more := strings.CutSuffix(word, "...")
		f.Variadic = f.Variadic || more
		f.Args = append(f.Args, typeNamed(w))
	}
	f.Result = typeNamed(strings.TrimSpace(result))
	return f
}

func typeNamed(name string) types.Type {
	t, ok := types.Parse(name)
	if !ok {
		panic("BUG: unknown type in signature: " + name)
	}
	return t
}

// strict makes the result null wherever an argument is.
func strict(call func(args []any) any) func(args []any) any {
	return func(args []any) any {
		for _, a := range args {
			if a == nil {
				return nil
			}
		}
		return call(args)
	}
}

// text argument i; null is the empty string.
func str(args []any, i int) string {
	s, _ := args[i].(string)
	return s
}

// integer argument i.
func num(args []any, i int) (int64, bool) {
	if i >= len(args) {
		return 0, false
	}
	switch v := args[i].(type) {
	case int64:
		return v, true
	case int32:
		return int64(v), true
	}
	return 0, false
}

// maybe is v, or null if !ok.
func maybe[T any](v T, ok bool) any {
	if !ok {
		return nil
	}
	return v
}
