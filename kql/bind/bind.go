package bind

import (
	"github.com/postern-dev/postern/kql/funcs"
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// Options are the circumstances of a query.
type Options struct {
	Now   int64                // now(), in ticks
	Has   func(op string) bool // whether the engine has an operation; nil: all
	Funcs *funcs.Set
	// Look answers a query of the binder's own over the input of a plugin whose
	// columns depend on the rows; next is the first free column id. nil: refused.
	Look func(root *ir.Output, next ir.ID) ([][]any, error)
	// Faults are those of the syntax: what the query says besides them is still
	// checked, and reported together with them.
	Faults *syntax.ErrorList
}

// Note is a remark about a valid query, such as an obsolete name.
type Note struct {
	syntax.Span
	Text string
}

// Bound is a query with names and types.
type Bound struct {
	Root  *ir.Output
	Notes []Note
	Next  ir.ID // the first free column id, for rewriting
}

// Bind resolves a query against a catalog. The error is a *syntax.ErrorList.
func Bind(cat *schema.Catalog, q *syntax.Query, opts Options) (*Bound, error) {
	b := &binder{cat: cat, opts: opts, fns: opts.Funcs, errs: &syntax.ErrorList{Source: q.Source}, next: 1}
	if b.fns == nil {
		b.fns = funcs.Load()
	}
	if f := opts.Faults; f != nil {
		b.faults = f.List
		b.errs.List = append(b.errs.List, f.List...)
	}
	top := &env{}
	root := b.query(q.Statements, top)
	b.check(q.Statements, top)
	if err := b.errs.Err(); err != nil {
		return nil, err
	}
	b.advise(q)
	return &Bound{Root: root, Notes: b.notes, Next: b.next}, nil
}

type binder struct {
	cat   *schema.Catalog
	opts  Options
	fns   *funcs.Set
	errs  *syntax.ErrorList
	notes []Note
	next  ir.ID
	work  int // expressions bound, to stop queries that explode through lets
	depth int

	faults   []syntax.Error // of the syntax
	used     map[syntax.Expr]bool
	checking int // within a definition that nothing uses

	applied *applied // within the body of mv-apply
	shares  []*ir.Share
	drawn   map[drawing]*shared
}

// budget bounds what one query may unfold to; lets and functions are inlined at
// every use, so a short text can mean a tree without end.
const (
	budget   = 200_000
	maxDepth = 64
)

func (b *binder) id() ir.ID {
	b.next++
	return b.next - 1
}

func (b *binder) errorf(n syntax.Node, hint, format string, args ...any) {
	if !b.follows(n, args) {
		b.errs.Add(n.At(), hint, format, args...)
	}
}

// refuse reports what the language has and Postern does not.
func (b *binder) refuse(n syntax.Node, hint, what string) {
	b.errorf(n, hint, "%s is not supported", what)
}

func (b *binder) note(n syntax.Node, text string) {
	for _, old := range b.notes {
		if old.Span == n.At() && old.Text == text {
			return
		}
	}
	b.notes = append(b.notes, Note{n.At(), text})
}

func (b *binder) query(list []syntax.Statement, e *env) *ir.Output {
	r := b.statements(list, e)
	if r == nil {
		return &ir.Output{}
	}
	if len(r.cols) == 0 && b.errs.Err() == nil {
		b.errorf(list[len(list)-1], "", "the query leaves no column")
	}
	out := &ir.Output{In: r.node}
	for _, c := range r.cols {
		out.Cols = append(out.Cols, ir.OutCol{Name: c.name, X: c.ref()})
	}
	out.Shares = reached(b.shares, out)
	return out
}

// statements binds lets and the final query of a text or function body.
func (b *binder) statements(list []syntax.Statement, e *env) *rel {
	var last *syntax.QueryStatement
	for _, s := range list {
		switch s := s.(type) {
		case *syntax.Let:
			b.let(e, s)
		case *syntax.QueryStatement:
			if last != nil && b.errs.Err() == nil {
				b.errorf(s, "run the queries one by one", "only one query is answered")
				return nil
			}
			last = s
		case *syntax.Declare:
			b.refuse(s, "write the values into the query with let", "declare query_parameters")
		case *syntax.Set:
			b.note(s, "set "+s.Name.Text+" has no effect here")
		}
	}
	if last == nil {
		return nil
	}
	if _, broken := last.Expr.(*syntax.Bad); broken {
		return b.unknown(nil)
	}
	if !b.tabular(e, last.Expr) {
		if call, ok := last.Expr.(*syntax.Call); ok && b.userFunc(e, call) != nil {
			return b.table(e, last.Expr)
		}
		b.errorf(last.Expr, "to evaluate an expression write `print `...", "a query must be tabular, this is a value")
		return nil
	}
	return b.table(e, last.Expr)
}

func (b *binder) let(e *env, s *syntax.Let) {
	if f, ok := s.Value.(*syntax.Func); ok {
		if len(f.Params) == 0 && f.View {
			e.set(s.Name.Text, &letFunc{f, e.snapshot(), true})
			return
		}
		e.set(s.Name.Text, &letFunc{f, e.snapshot(), false})
		return
	}
	if b.tabular(e, s.Value) {
		e.set(s.Name.Text, &letTable{s.Value, e.snapshot()})
		return
	}
	// Bound here once so that faults show at the definition.
	before := len(b.errs.List)
	b.expr(&scope{env: e}, s.Value)
	if len(b.errs.List) > before {
		e.set(s.Name.Text, &letValue{&syntax.Literal{Span: s.Value.At(), Type: types.Unknown}, e.snapshot()})
		return
	}
	e.set(s.Name.Text, &letValue{s.Value, e.snapshot()})
}
