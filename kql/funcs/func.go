package funcs

import (
	"strings"

	"github.com/postern-dev/postern/kql/types"
)

// Naming says which column name a call gives when the query gives none.
type Naming uint8

// The naming rules.
const (
	NoName       Naming = iota // Column1, print_0 …
	FirstArg                   // the first argument's name: tostring(a.b) is a_b
	Prefixed                   // Prefix_argument: dcount_x, list_x
	PrefixAlone                // Prefix_, e.g. count_
	ArgsOwn                    // each argument names a column: arg_max
	NameAndArg                 // Prefix_argument, the function's name if there is no Prefix
	PrefixedPair               // Prefix_argument_argument: covariance_x_y
)

// Null says when a result can be null. String results never are.
type Null uint8

// The null rules.
const (
	Maybe  Null = iota // null for some arguments
	Strict             // null exactly if an argument is
	Never              // never null
)

// Infer says how a result type follows from argument types where Result does
// not fix it.
type Infer uint8

// The inference rules.
const (
	Fixed  Infer = iota // Result
	First               // the first argument's type
	Common              // all arguments are brought to one type, which is the result's
)

// Any in Args accepts every scalar type as it is; Number accepts int, long,
// real and decimal as they are.
const (
	Any    types.Type = 100
	Number types.Type = 101
)

// Overload is one signature. An argument of another type is converted where
// Kusto does so implicitly (int to long to real, dynamic to the wanted type,
// anything to string if Text). Missing trailing arguments take Defaults (the
// last ones first): a Go value, or nil for null.
type Overload struct {
	Args     []types.Type
	Variadic bool // the last of Args repeats, once or more
	Defaults []any
	Result   types.Type
	Infer    Infer
	Text     bool // any type is accepted where string is wanted, by tostring
	Null     Null
	Op       string // "" is the function's name
}

// Func is one scalar function.
type Func struct {
	Name      string
	Naming    Naming
	Prefix    string // of NameAndArg
	Overloads []Overload
	Obsolete  string // the name to use today
}

// Set finds functions by name.
type Set struct {
	scalars    map[string]*Func
	aggregates map[string]*Aggregate
	windows    map[string]*Window
}

// Load builds the lookup of the whole table.
func Load() *Set {
	s := &Set{map[string]*Func{}, map[string]*Aggregate{}, map[string]*Window{}}
	for _, family := range Scalars() {
		for i := range family {
			s.scalars[family[i].Name] = &family[i]
		}
	}
	for i, list := 0, Aggregates(); i < len(list); i++ {
		s.aggregates[list[i].Name] = &list[i]
	}
	for i, list := 0, Windows(); i < len(list); i++ {
		s.windows[list[i].Name] = &list[i]
	}
	return s
}

// Scalar finds a scalar function, nil if there is none.
func (s *Set) Scalar(name string) *Func { return s.scalars[name] }

// Aggregate finds an aggregate, nil if there is none.
func (s *Set) Aggregate(name string) *Aggregate { return s.aggregates[name] }

// Window finds a window function, nil if there is none.
func (s *Set) Window(name string) *Window { return s.windows[name] }

// Names lists every name, for suggestions.
func (s *Set) Names() []string {
	var out []string
	for n := range s.scalars {
		out = append(out, n)
	}
	for n := range s.aggregates {
		out = append(out, n)
	}
	for n := range s.windows {
		out = append(out, n)
	}
	return out
}

// Op is the operation an overload of f computes.
func (f *Func) Op(o *Overload) string {
	if o.Op != "" {
		return o.Op
	}
	return f.Name
}

// fn is the short form of an entry with one overload. Signature reads
// "string long -> string": types by their Kusto names, "any" and "number", a
// last type with "..." repeats.
func fn(name, signature string, null Null) Func {
	return Func{Name: name, Overloads: []Overload{sig(signature, null)}}
}

// named is fn for functions that keep their first argument's name.
func named(name, signature string, null Null) Func {
	f := fn(name, signature, null)
	f.Naming = FirstArg
	return f
}

// sig reads a signature.
func sig(signature string, null Null) Overload {
	o := Overload{Null: null}
	args, result, ok := strings.Cut(signature, "->")
	if !ok {
		panic("BUG: signature without result: " + signature)
	}
	for _, word := range strings.Fields(args) {
		if w, more := strings.CutSuffix(word, "..."); more {
			o.Variadic, word = true, w
		}
		o.Args = append(o.Args, typeWord(word))
	}
	switch r := strings.TrimSpace(result); r {
	case "first":
		o.Infer = First
	case "common":
		o.Infer = Common
	default:
		o.Result = typeWord(r)
	}
	return o
}

func typeWord(word string) types.Type {
	switch word {
	case "any":
		return Any
	case "number":
		return Number
	}
	t, ok := types.Parse(word)
	if !ok {
		panic("BUG: unknown type in signature: " + word)
	}
	return t
}

// with gives an overload default values for its last arguments.
func (o Overload) with(defaults ...any) Overload {
	o.Defaults = defaults
	return o
}

// as names the overload's operation.
func (o Overload) as(op string) Overload {
	o.Op = op
	return o
}

// over adds overloads to an entry.
func (f Func) over(more ...Overload) Func {
	f.Overloads = append(f.Overloads, more...)
	return f
}

// texts makes strings of arguments of other types.
func (o Overload) texts() Overload {
	o.Text = true
	return o
}
