package kusto

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/kql"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/syntax"
)

// Verdict is the outcome of one comparison.
type Verdict int

// The verdicts. Only Differ is at odds with Kusto.
const (
	Same        Verdict = iota // both accept, with the same columns
	BothReject                 // both reject
	Unsupported                // the compiler says that it has not this part of the language
	Differ
)

// Compiler is the compiler with what it needs to judge a query.
type Compiler struct {
	Catalog *schema.Catalog
	Look    func(*kql.Program) ([][]any, error) // columns that depend on the rows
	Known   map[string]bool                     // Kusto's built-in functions: one that is not here is unsupported
}

// now of every compilation, 2026-11-20T10:00:00Z: names and types do not depend on it.
const now = 639_307_656_000_000_000

// Compare holds the compiler against an answer. What says how they differ.
func (c Compiler) Compare(query string, theirs Answer) (v Verdict, what string) {
	ours, err := kql.Schema(c.Catalog, query, kql.Options{Now: now, Look: c.Look})
	rejected := len(theirs.Errors) > 0 || !theirs.Tabular
	switch {
	case err != nil && rejected:
		return BothReject, ""
	case err != nil && c.unsupported(err):
		return Unsupported, ""
	case err != nil:
		return Differ, "rejected: " + first(err)
	case rejected && len(theirs.Errors) == 0:
		return Differ, "accepted: no table for Kusto"
	case rejected:
		return Differ, "accepted: " + said(query, theirs.Errors[:1])
	}
	if got, want := columns(ours), theirs.columns(); !same(got, want, theirs.Open) {
		return Differ, "columns: " + apart(got, want)
	}
	return Same, ""
}

var unknownFunction = regexp.MustCompile(`^unknown or unsupported function (\w+)$`)

// unsupported: the first fault names a part of the language that is not there;
// what follows it in the text may be its consequence.
func (c Compiler) unsupported(err error) bool {
	e, ok := foremost(err)
	if !ok {
		return false
	}
	if m := unknownFunction.FindStringSubmatch(e.Msg); m != nil {
		return c.Known[m[1]]
	}
	return strings.Contains(e.Msg, "not supported")
}

func foremost(err error) (syntax.Error, bool) {
	var list *syntax.ErrorList
	if !errors.As(err, &list) || len(list.List) == 0 {
		return syntax.Error{}, false
	}
	first := list.List[0]
	for _, e := range list.List {
		if e.Start < first.Start {
			first = e
		}
	}
	return first, true
}

func first(err error) string {
	e, ok := foremost(err)
	if !ok {
		return err.Error()
	}
	return e.Msg
}

func columns(cols []kql.Column) []string {
	var out []string
	for _, c := range cols {
		out = append(out, c.Name+":"+c.Type.String())
	}
	return out
}

func (a Answer) columns() []string {
	var out []string
	for _, c := range a.Columns {
		out = append(out, c.Name+":"+c.Type)
	}
	return out
}

// same: of an open result Kusto knows some of the columns, in their order. A
// column that only the data knows has the type unknown there.
func same(ours, theirs []string, open bool) bool {
	if !open {
		return slices.EqualFunc(ours, theirs, alike)
	}
	i := 0
	for _, c := range ours {
		if i < len(theirs) && alike(c, theirs[i]) {
			i++
		}
	}
	return i == len(theirs)
}

func alike(ours, theirs string) bool {
	name, unknown := strings.CutSuffix(theirs, ":unknown")
	return ours == theirs || unknown && strings.HasPrefix(ours, name+":")
}

// apart names the first columns that differ, and how many there are.
func apart(ours, theirs []string) string {
	at := func(list []string, i int) string {
		if i < len(list) {
			return list[i]
		}
		return "none"
	}
	for i := range max(len(ours), len(theirs)) {
		if a, b := at(ours, i), at(theirs, i); !alike(a, b) {
			return fmt.Sprintf("%s of %d, for Kusto %s of %d", a, len(ours), b, len(theirs))
		}
	}
	return fmt.Sprintf("%d, for Kusto %d", len(ours), len(theirs))
}

func said(query string, errs []Diagnostic) string {
	var out []string
	for _, e := range errs {
		pos := syntax.PositionOf(query, e.Start)
		out = append(out, fmt.Sprintf("%d:%d %s %s", pos.Line, pos.Column, e.Code, e.Message))
	}
	return strings.Join(out, "; ")
}
