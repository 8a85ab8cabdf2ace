package duckdb

import (
	"strings"
	"testing"

	"github.com/postern-dev/postern/kql/funcs"
)

// TestEveryFunctionCanBeComputed: what the table of functions declares has SQL
// or a function of the runtime; a name without would be known and yet refused.
func TestEveryFunctionCanBeComputed(t *testing.T) {
	d := New()
	for _, family := range funcs.Scalars() {
		for i := range family {
			for j := range family[i].Overloads {
				if strings.HasPrefix(family[i].Name, "to") && strings.Contains(family[i].Overloads[j].Op, ".") {
					continue // conversions that make no sense, such as of a guid to a number, are refused
				}
				if op := family[i].Op(&family[i].Overloads[j]); !d.Has(op) {
					t.Errorf("%s: overload %d needs the operation %s, which is not there", family[i].Name, j, op)
				}
			}
		}
	}
	for _, w := range funcs.Windows() {
		if !d.Has("window." + w.Name) {
			t.Errorf("the window function %s is not there", w.Name)
		}
	}
}
