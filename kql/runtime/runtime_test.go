package runtime

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-dev/postern/kql/types"
)

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range All() {
		if seen[f.Name] {
			t.Errorf("%s is there twice", f.Name)
		}
		seen[f.Name] = true
	}
}

// TestNothingPanics calls every function with every combination of awkward
// values in its first three arguments, and checks the kind of what comes back.
func TestNothingPanics(t *testing.T) {
	for _, f := range All() {
		n := len(f.Args)
		if f.Variadic {
			n++
		}
		args := make([]any, n)
		var fill func(i int)
		fill = func(i int) {
			if i == n {
				checkKind(t, f, args, f.Call(append([]any(nil), args...)))
				return
			}
			values := awkward(f.Args[min(i, len(f.Args)-1)])
			if i >= 3 || strings.HasPrefix(f.Name, "range.") && i < 2 {
				values = values[:2]
			}
			for _, v := range values {
				args[i] = v
				fill(i + 1)
			}
		}
		fill(0)
	}
}

func awkward(t types.Type) []any {
	switch t {
	case types.Bool:
		return []any{nil, true, false}
	case types.Int:
		return []any{nil, int32(3), int32(math.MinInt32), int32(-1)}
	case types.Long, types.DateTime, types.TimeSpan:
		return []any{nil, int64(3), int64(0), int64(-1), int64(math.MaxInt64), int64(math.MinInt64), int64(637134336000000000)}
	case types.Real:
		return []any{nil, 1.5, math.NaN(), math.Inf(-1), 1e300, math.Copysign(0, -1)}
	case types.Decimal:
		return []any{nil, "1.5", "-0", "1e400", "x"}
	case types.Dynamic:
		return []any{nil, `[1,"a",null]`, `{"a":[1],"b":{}}`, `"x"`, `-1.5e3`, `true`, `{"a":`, `[`, ``, `"\ud800"`}
	}
	return []any{nil, "a.b/c 10.0.0.1", "", "(", "é😀\xff", strings.Repeat("a", 100), "['", "$.a["}
}

func checkKind(t *testing.T, f Func, args []any, got any) {
	t.Helper()
	ok := got == nil && f.Result != types.String
	switch got := got.(type) {
	case bool:
		ok = f.Result == types.Bool
	case int32:
		ok = f.Result == types.Int
	case int64:
		ok = f.Result == types.Long || f.Result == types.DateTime || f.Result == types.TimeSpan
	case float64:
		ok = f.Result == types.Real
	case string:
		ok = f.Result == types.String || f.Result == types.Guid || f.Result == types.Decimal || f.Result == types.Dynamic
		if f.Result == types.Dynamic && got == "null" {
			ok = false
		}
	}
	if f.Name == "dyn.text" && got == nil {
		ok = true // null says that the value is no string
	}
	if !ok {
		t.Errorf("%s(%#v) = %#v, not a %s", f.Name, args, got, f.Result)
	}
}

type row struct {
	name string
	args []any
	want any
}

func of(args ...any) []any { return args }

func check(t *testing.T, rows []row) {
	t.Helper()
	byName := map[string]Func{}
	for _, f := range All() {
		byName[f.Name] = f
	}
	for _, r := range rows {
		f, ok := byName[r.name]
		if !ok {
			t.Errorf("no function %s", r.name)
			continue
		}
		want := r.want
		if n, ok := want.(int); ok {
			want = int64(n)
			if f.Result == types.Int {
				want = int32(n)
			}
		}
		args := append([]any(nil), r.args...)
		for i, a := range args {
			if n, ok := a.(int); ok {
				args[i] = int64(n)
			}
		}
		if got := f.Call(args); !reflect.DeepEqual(got, want) {
			t.Errorf("%s(%#v) = %#v, want %#v", r.name, r.args, got, want)
		}
	}
}
