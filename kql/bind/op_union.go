package bind

import (
	"strconv"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// union stacks tables. Columns of the same name and type are one; a name that
// occurs with several types becomes one column a type, with the type as suffix.
func (b *binder) union(e *env, first *rel, op *syntax.Union) *rel {
	type branch struct {
		r    *rel
		name string
	}
	var list []branch
	fuzzy := isTrue(op.Params.Get("isfuzzy"))
	if first != nil {
		list = append(list, branch{first, "union_arg0"})
	}
	add := func(x syntax.Expr, name string) bool {
		r := b.table(e, x)
		if r == nil {
			return false
		}
		list = append(list, branch{r, name})
		return true
	}
	for _, x := range op.Tables {
		switch t := x.(type) {
		case *syntax.Star:
			for _, n := range tableNames(b.cat) {
				if !add(&syntax.Name{Span: t.Span, Text: n}, n) {
					return nil
				}
			}
		case *syntax.Pattern:
			found := false
			for _, n := range tableNames(b.cat) {
				if wildcard(t.Text, n) {
					found = true
					if !add(&syntax.Name{Span: t.Span, Text: n}, n) {
						return nil
					}
				}
			}
			if !found && !fuzzy {
				b.errorf(t, "", "no table matches %s", t.Text)
				return nil
			}
		default:
			if n, ok := x.(*syntax.Name); ok {
				if fuzzy && e.lookup(n.Text) == nil && b.cat.Table(n.Text) == nil {
					b.note(n, "the table "+n.Text+" does not exist, isfuzzy=true leaves it out")
					continue
				}
				f, _ := e.lookup(n.Text).(*letFunc)
				if f != nil && f.view || e.lookup(n.Text) == nil && b.cat.Table(n.Text) != nil {
					if !add(x, n.Text) {
						return nil
					}
					continue
				}
			}
			if !add(x, "union_arg"+strconv.Itoa(len(list))) {
				return nil
			}
		}
	}
	if len(list) == 0 {
		b.errorf(op, "", "no table of the union exists")
		return nil
	}
	inner := op.Params.Word("kind") == "inner"
	source := op.Params.Word("withsource")
	if source == "" {
		source = op.Params.Word("with_source")
	}
	u := &ir.Union{}
	out := &rel{}
	// The columns: name and type in the order of their first appearance.
	type key struct {
		name string
		t    types.Type
	}
	var keys []key
	types_ := map[string]map[types.Type]bool{}
	for _, br := range list {
		for _, c := range br.r.cols {
			if types_[c.name] == nil {
				types_[c.name] = map[types.Type]bool{}
			}
			if !types_[c.name][c.t] {
				types_[c.name][c.t] = true
				keys = append(keys, key{c.name, c.t})
			}
		}
	}
	if source != "" {
		c := col{name: source, id: b.id(), t: types.String}
		out.cols = append(out.cols, c)
		u.Cols = append(u.Cols, ir.ValueCol{ID: c.id, T: types.String})
	}
	exact := map[string]bool{}
	for n, set := range types_ {
		exact[n] = len(set) == 1
	}
	var kept []key
	for _, k := range keys {
		if inner {
			everywhere := true
			for _, br := range list {
				c := br.r.find(k.name)
				everywhere = everywhere && c != nil && c.t == k.t
			}
			if !everywhere {
				continue
			}
		}
		name := k.name
		if len(types_[k.name]) > 1 {
			name = unique(k.name+"_"+k.t.String(), func(n string) bool { return exact[n] || takenIn(out.cols)(n) })
		}
		c := col{name: name, id: b.id(), t: k.t}
		out.cols = append(out.cols, c)
		u.Cols = append(u.Cols, ir.ValueCol{ID: c.id, T: k.t})
		kept = append(kept, k)
	}
	for _, br := range list {
		in := ir.UnionInput{In: br.r.node}
		if source != "" {
			in.X = append(in.X, str(br.name))
		}
		for _, k := range kept {
			if c := br.r.find(k.name); c != nil && c.t == k.t {
				in.X = append(in.X, c.ref())
				continue
			}
			in.X = append(in.X, null(k.t))
		}
		u.Inputs = append(u.Inputs, in)
	}
	out.node = u
	return out
}

// null is the absent value of a type: strings are never null.
func null(t types.Type) ir.Expr {
	if t == types.String {
		return str("")
	}
	return &ir.Const{T: t}
}

func isTrue(x syntax.Expr) bool {
	switch x := x.(type) {
	case *syntax.Literal:
		return x.Value == true || x.Value == int64(1)
	case *syntax.Name:
		return x.Text == "true"
	}
	return false
}
