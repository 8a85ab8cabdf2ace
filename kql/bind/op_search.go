package bind

import (
	"strings"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// search looks for terms in all columns: of its input, of the tables it names,
// or of all tables. The column $table says where a row is from.
func (b *binder) search(e *env, r *rel, op *syntax.Search) *rel {
	suffix := ""
	switch kind := op.Params.Word("kind"); kind {
	case "", "default", "case_insensitive":
	case "case_sensitive":
		suffix = "_cs"
	default:
		b.errorf(op, "kinds: case_insensitive, case_sensitive", "unknown kind of search %s", kind)
		return nil
	}
	const source = "$table"
	var in *rel
	if r != nil {
		if len(op.In) > 0 {
			b.errorf(op, "", "search in (...) starts a query")
			return nil
		}
		in = &rel{node: r.node, serialized: r.serialized}
		in.cols = append([]col{b.define(in, source, str("search_arg0"))}, r.cols...)
	} else {
		u := &syntax.Union{Span: op.Span, Tables: op.In, Params: syntax.Params{{
			Span: op.Span, Name: &syntax.Name{Span: op.Span, Text: "withsource"}, Value: &syntax.Name{Span: op.Span, Text: source},
		}}}
		if len(u.Tables) == 0 {
			u.Tables = b.searchable(e, op)
		}
		if in = b.union(e, nil, u); in == nil {
			return nil
		}
	}
	visible := &rel{in.node, in.cols[1:], in.serialized}
	p := b.searched(&scope{env: e, rel: visible}, op.Pred, suffix)
	if isBad(p) {
		return nil
	}
	in.node = &ir.Filter{In: visible.node, Pred: p}
	return in
}

// searchable names the views and tables that a search without a list looks
// into: all, or those that have every column it compares.
func (b *binder) searchable(e *env, op *syntax.Search) []syntax.Expr {
	wanted := compared(op.Pred)
	has := func(r *rel) bool {
		for _, n := range wanted {
			if e.lookup(n) == nil && r.find(n) == nil {
				return false
			}
		}
		return true
	}
	var all, with []syntax.Expr
	for _, n := range append(e.views(), tableNames(b.cat)...) {
		name := &syntax.Name{Span: op.Span, Text: n}
		all = append(all, name)
		if r := b.table(e, name); r != nil && has(r) {
			with = append(with, name)
		}
	}
	if len(with) == 0 {
		return all
	}
	return with
}

// compared are the names of a condition that all of its rows must have: those
// of its conjunction.
func compared(x syntax.Expr) []string {
	switch x := x.(type) {
	case *syntax.Binary:
		switch x.Op {
		case "or":
			return nil
		case "and":
			return append(compared(x.X), compared(x.Y)...)
		}
		if n, ok := x.X.(*syntax.Name); ok {
			return []string{n.Text}
		}
	}
	return nil
}

// searched binds a condition in which a bare term means any column.
func (b *binder) searched(s *scope, x syntax.Expr, suffix string) ir.Expr {
	switch x := x.(type) {
	case *syntax.Literal:
		if term, ok := x.Value.(string); ok && x.Type == types.String {
			return b.anyHas(s, x, s.rel.cols, term, suffix)
		}
	case *syntax.Binary:
		switch x.Op {
		case "and", "or":
			l, r := b.searched(s, x.X, suffix), b.searched(s, x.Y, suffix)
			if isBad(l, r) {
				return bad()
			}
			return call(x.Op, types.Bool, l, r)
		case ":":
			return b.inColumn(s, x, suffix)
		}
	case *syntax.Call:
		if x.On == nil && x.Func.Text == "not" && len(x.Args) == 1 {
			v := b.searched(s, x.Args[0].Value, suffix)
			if isBad(v) {
				return bad()
			}
			return call("not", types.Bool, v)
		}
	}
	v := b.expr(s, x)
	if v.Type() == types.Bool || isBad(v) {
		return v
	}
	b.errorf(x, `write a term as a string: "403"`, "search takes terms and conditions, not %s", v.Type())
	return bad()
}

// inColumn is `column:"term"`.
func (b *binder) inColumn(s *scope, x *syntax.Binary, suffix string) ir.Expr {
	n, ok := x.X.(*syntax.Name)
	l, isLiteral := x.Y.(*syntax.Literal)
	term, isString := "", false
	if isLiteral {
		term, isString = l.Value.(string)
	}
	if !ok || !isString {
		b.errorf(x, `column:"term"`, "a column and a string are wanted around the colon")
		return bad()
	}
	c := s.rel.find(n.Text)
	if c == nil {
		return b.name(s, n)
	}
	return b.anyHas(s, x, []col{*c}, term, suffix)
}

// anyHas: stars at the ends of a term make it a prefix, a suffix or any part.
func (b *binder) anyHas(s *scope, at syntax.Node, cols []col, term, suffix string) ir.Expr {
	op := "has"
	before, after := strings.HasPrefix(term, "*"), strings.HasSuffix(term, "*") && len(term) > 1
	term = strings.TrimSuffix(strings.TrimPrefix(term, "*"), "*")
	switch {
	case term == "":
		return &ir.Const{T: types.Bool, V: true}
	case strings.Contains(term, "*"):
		b.refuse(at, "use matches regex", "a star within a term")
		return bad()
	case before && after:
		op = "contains"
	case before:
		op = "hassuffix"
	case after:
		op = "hasprefix"
	}
	if !b.hasOp(at, op+suffix) {
		return bad()
	}
	var any ir.Expr
	for _, c := range cols {
		one := call(op+suffix, types.Bool, b.convert(c.ref(), types.String), str(term))
		if any == nil {
			any = one
		} else {
			any = call("or", types.Bool, any, one)
		}
	}
	if any == nil {
		return &ir.Const{T: types.Bool, V: false}
	}
	return any
}
