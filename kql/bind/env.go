package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
)

// env holds the let-names visible at a point. A definition sees the names before
// it, so every binding keeps the environment it was made in.
type env struct {
	up    *env
	name  string
	value any // *letValue, *letTable, *letFunc, *boundValue, *boundTable
}

type letValue struct {
	x   syntax.Expr
	env *env
}

type letTable struct {
	x   syntax.Expr
	env *env
}

type letFunc struct {
	f    *syntax.Func
	env  *env
	view bool
}

// boundValue is a parameter of a function: an expression bound in the caller's
// scope.
type boundValue struct{ x ir.Expr }

// boundTable is a tabular parameter, or an `as` name: bound anew at each use.
type boundTable struct{ bind func() *rel }

func (e *env) set(name string, value any) {
	old := *e
	*e = env{&old, name, value}
}

func (e *env) snapshot() *env {
	c := *e
	return &c
}

func (e *env) lookup(name string) any {
	for ; e != nil; e = e.up {
		if e.value != nil && e.name == name {
			return e.value
		}
	}
	return nil
}

func (e *env) names() []string {
	var out []string
	for ; e != nil; e = e.up {
		if e.value != nil {
			out = append(out, e.name)
		}
	}
	return out
}

// views lists the functions without parameters that count as tables, as they
// were defined.
func (e *env) views() []string {
	var out []string
	seen := map[string]bool{}
	for ; e != nil; e = e.up {
		if f, ok := e.value.(*letFunc); ok && f.view && !seen[e.name] {
			out = append([]string{e.name}, out...)
		}
		if e.value != nil {
			seen[e.name] = true
		}
	}
	return out
}
