package kql

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/postern-dev/postern/kql/bind"
	"github.com/postern-dev/postern/kql/funcs"
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/rewrite"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/sqlgen"
	"github.com/postern-dev/postern/kql/sqlgen/duckdb"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// Options are the circumstances of a compilation.
type Options struct {
	Now int64 // now(), in ticks
	// Without names rewrite passes to leave out: the answer must be the same,
	// which is how tests find a pass at fault. "carry" is not left out where a
	// table has built columns.
	Without []string
	// Look runs a program of the compiler's own and gives its rows: the columns of
	// some plugins (bag_unpack, pivot) depend on the data. Without it they are
	// refused, with ErrorList.Rows set, unless the query names the columns.
	Look func(*Program) ([][]any, error)
}

// Parse reads a query. The error is a *syntax.ErrorList.
func Parse(text string) (*syntax.Query, error) { return syntax.Parse(text) }

// Check reports the faults of a query without compiling it.
func Check(cat *schema.Catalog, text string, o Options) error {
	_, err := Compile(cat, text, o)
	return err
}

// Compile makes a program of a query. The error is a *syntax.ErrorList.
func Compile(cat *schema.Catalog, text string, o Options) (*Program, error) {
	s, err := stages(cat, text, o)
	if err != nil {
		return nil, err
	}
	return s.program, nil
}

// Schema is what Compile's program returns, with the types the query gives its
// columns: int and decimal, which leave the engine as long and real, are kept.
func Schema(cat *schema.Catalog, text string, o Options) ([]Column, error) {
	s, err := stages(cat, text, o)
	if err != nil {
		return nil, err
	}
	return s.schema, nil
}

// staged holds what each stage made, for Explain and Schema.
type staged struct {
	query   *syntax.Query
	schema  []Column
	bound   string
	passes  []passText
	program *Program
}

type passText struct{ name, text string }

func stages(cat *schema.Catalog, text string, o Options) (*staged, error) {
	s := &staged{}
	if err := encoded(text); err != nil {
		return nil, err
	}
	var err error
	s.query, err = syntax.Parse(text)
	d := duckdb.New()
	options := bind.Options{Now: o.Now, Has: d.Has, Funcs: funcs.Load()}
	if err != nil {
		if !errors.As(err, &options.Faults) {
			return nil, err
		}
		_, err = bind.Bind(cat, s.query, options)
		return nil, err
	}
	if o.Look != nil {
		options.Look = func(root *ir.Output, next ir.ID) ([][]any, error) {
			q := &rewrite.Query{Root: root, Next: next, Call: evaluator(d)}
			rewrite.Run(q)
			p := &Program{Tables: tables(q.Root)}
			for _, c := range q.Root.Cols {
				p.Columns = append(p.Columns, Column{Name: c.Name, Type: c.X.Type()})
			}
			var err error
			if p.SQL, p.Params, err = generate(q, d); err != nil {
				return nil, err
			}
			return o.Look(p)
		}
	}
	b, err := bind.Bind(cat, s.query, options)
	if err != nil {
		return nil, err
	}
	for _, c := range b.Root.Cols {
		s.schema = append(s.schema, Column{Name: c.Name, Type: c.X.Type()})
	}
	s.bound = ir.Print(b.Root)
	q := &rewrite.Query{Root: b.Root, Next: b.Next, Call: evaluator(d)}
	for _, p := range rewrite.Passes() {
		if slices.Contains(o.Without, p.Name) {
			continue
		}
		p.Apply(q)
		s.passes = append(s.passes, passText{p.Name, ir.Print(q.Root)})
	}
	p := &Program{Tables: tables(q.Root)}
	for _, c := range q.Root.Cols {
		p.Columns = append(p.Columns, Column{Name: c.Name, Type: returned(c.X.Type())})
	}
	for i := range q.Root.Cols {
		q.Root.Cols[i].X = widen(q.Root.Cols[i].X)
	}
	for _, n := range b.Notes {
		p.Notes = append(p.Notes, fmt.Sprintf("%s: %s", at(text, n.Start), n.Text))
	}
	if p.SQL, p.Params, err = generate(q, d); err != nil {
		return nil, refused(s.query, err)
	}
	s.program = p
	return s, nil
}

// encoded refuses text that is not UTF-8: the engine's strings are.
func encoded(text string) error {
	if utf8.ValidString(text) {
		return nil
	}
	i := 0
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	list := &syntax.ErrorList{Source: strings.ToValidUTF8(text, "?")}
	list.Add(syntax.Span{Start: i, End: i + 1}, "save the query as UTF-8", "the text is not valid UTF-8")
	return list
}

func at(text string, offset int) string {
	pos := syntax.PositionOf(text, offset)
	return fmt.Sprintf("%d:%d", pos.Line, pos.Column)
}

// generate turns the dialect's "cannot spell this" into an error.
func generate(q *rewrite.Query, d *duckdb.Dialect) (sql string, params []any, err error) {
	defer func() {
		if m, ok := recover().(duckdb.Missing); ok {
			err = fmt.Errorf("the operation %s is not supported", m.Op)
		}
	}()
	return sqlgen.Generate(q.Root, q.Next, d)
}

// refused reports a fault of the whole query at its last statement.
func refused(q *syntax.Query, err error) error {
	list := &syntax.ErrorList{Source: q.Source}
	span := syntax.Span{}
	if n := len(q.Statements); n > 0 {
		span = q.Statements[n-1].At()
	}
	switch {
	case errors.Is(err, sqlgen.ErrTooLarge):
		list.Add(span, "split the expression over several extend steps", "the query is too large")
	case errors.Is(err, sqlgen.ErrText):
		list.Add(span, "a lone surrogate, \\ud800 to \\udfff, is no character", "a string of the query is not valid Unicode")
	default:
		list.Add(span, "", "%s", err.Error())
	}
	return list
}

// evaluator folds constants by the same Go functions the engine would call.
func evaluator(d *duckdb.Dialect) func(string, []any) (any, bool) {
	return func(op string, args []any) (any, bool) {
		f, ok := d.Function(op)
		if !ok {
			return nil, false
		}
		return f.Call(args), true
	}
}

// returned is the type a column has in the result: int and decimal leave the
// engine as long and real, as in the recorded answers.
func returned(t types.Type) types.Type {
	switch t {
	case types.Int:
		return types.Long
	case types.Decimal:
		return types.Real
	}
	return t
}

func widen(x ir.Expr) ir.Expr {
	t := returned(x.Type())
	if t == x.Type() {
		return x
	}
	return &ir.Call{Op: "to" + t.String() + "." + x.Type().String(), T: t, Args: []ir.Expr{x}}
}

// Tables names the tables of a catalog that a query may read: all that it
// mentions. The error is a *syntax.ErrorList.
func Tables(cat *schema.Catalog, text string) ([]string, error) {
	q, err := syntax.Parse(text)
	if err != nil {
		return nil, err
	}
	var out []string
	seen := map[string]bool{}
	syntax.Walk(q, func(n syntax.Node) bool {
		if n, ok := n.(*syntax.Name); ok && cat.Table(n.Text) != nil && !seen[n.Text] {
			seen[n.Text] = true
			out = append(out, n.Text)
		}
		return true
	})
	return out, nil
}

func tables(n ir.Node) []string {
	var out []string
	seen := map[string]bool{}
	var walk func(ir.Node)
	walk = func(n ir.Node) {
		if s, ok := n.(*ir.Scan); ok && !seen[s.Table.Name] {
			seen[s.Table.Name] = true
			out = append(out, s.Table.Name)
		}
		for _, in := range ir.Inputs(n) {
			walk(in)
		}
		ir.VisitExprs(n, func(e ir.Expr) {
			for _, sub := range ir.Subtrees(e) {
				walk(sub)
			}
		})
	}
	walk(n)
	return out
}
