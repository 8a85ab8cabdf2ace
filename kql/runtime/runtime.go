// Package runtime holds the scalar functions whose Kusto semantics SQL cannot
// express. The engine registers each as a scalar function called kql_<name>;
// the table of functions (kql/funcs) says when one is used.
//
// Values are plain Go: bool, int32 (int), int64 (long; ticks of 100 ns for
// datetime and timespan), float64 (real), string (string, guid in lower case,
// decimal as text, dynamic as JSON text), nil for null. The text `null` never
// stands for the dynamic null at top level. Functions are pure: same
// arguments, same value; there is no clock, no environment and no state.
//
// Faults in data are nulls, as in Kusto: no function panics or returns an
// error.
package runtime

import "github.com/postern-dev/postern/kql/types"

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

// All lists every function, each family from its own file.
func All() []Func {
	var all []Func
	for _, family := range [][]Func{} {
		all = append(all, family...)
	}
	return all
}
