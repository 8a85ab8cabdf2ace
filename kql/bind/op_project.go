package bind

import (
	"sort"
	"strconv"
	"strings"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
)

// names gives the result names of an expression: the given one, its own, or
// Column<n>; explicit says the user chose it.
func (b *binder) resultName(ne *syntax.NamedExpr, taken func(string) bool) (name string, explicit bool) {
	if n := ne.Name(); n != nil {
		return n.Text, true
	}
	if own := b.nameOf(ne.X); own != "" {
		return unique(own, taken), false
	}
	for i := 1; ; i++ {
		if n := "Column" + strconv.Itoa(i); !taken(n) {
			return n, false
		}
	}
}

func (b *binder) noTuple(ne *syntax.NamedExpr) bool {
	if ne.Tuple && len(ne.Names) != 1 {
		b.refuse(ne, "name the columns one by one", "a list of names here")
		return false
	}
	return true
}

func (b *binder) project(e *env, r *rel, op *syntax.Project) *rel {
	in := *r
	out := &rel{serialized: r.serialized}
	failed := false
	for _, ne := range op.Cols {
		if !b.noTuple(ne) {
			return nil
		}
		if _, ok := ne.X.(*syntax.Star); ok {
			out.cols = append(out.cols, in.cols...)
			continue
		}
		x := b.expr(&scope{env: e, rel: &in}, ne.X)
		if isBad(x) {
			failed = true
			continue
		}
		name, explicit := b.resultName(ne, takenIn(out.cols))
		if explicit && takenIn(out.cols)(name) {
			b.errorf(ne, "", "the column %s is named twice", name)
			failed = true
			continue
		}
		out.cols = append(out.cols, b.columnFor(&in, name, x))
	}
	if failed {
		return nil
	}
	out.node = in.node
	return out
}

// extend adds columns or replaces those of the same name; all expressions see
// the input.
func (b *binder) extend(e *env, r *rel, list []*syntax.NamedExpr) *rel {
	in := &rel{r.node, append([]col(nil), r.cols...), r.serialized}
	out := append([]col(nil), r.cols...)
	given := map[string]bool{}
	failed := false
	for _, ne := range list {
		if !b.noTuple(ne) {
			return nil
		}
		x := b.expr(&scope{env: e, rel: in}, ne.X)
		if isBad(x) {
			failed = true
			continue
		}
		name, explicit := b.resultName(ne, takenIn(out))
		if explicit && given[name] {
			b.errorf(ne, "", "the column %s is named twice", name)
			failed = true
			continue
		}
		given[name] = true
		c := b.columnFor(in, name, x)
		replaced := false
		for i := range out {
			if out[i].name == name {
				out[i], replaced = c, true
			}
		}
		if !replaced {
			out = append(out, c)
		}
	}
	if failed {
		return nil
	}
	return &rel{in.node, out, r.serialized}
}

// matcher compiles names and patterns of project-away and its kin.
func (b *binder) matcher(r *rel, x syntax.Expr) func(string) bool {
	switch x := x.(type) {
	case *syntax.Name:
		if r.find(x.Text) == nil {
			var names []string
			for _, c := range r.cols {
				names = append(names, c.name)
			}
			b.errorf(x, didYouMean(x.Text, names), "unknown column %s", x.Text)
			return nil
		}
		return func(s string) bool { return s == x.Text }
	case *syntax.Pattern:
		return func(s string) bool { return wildcard(x.Text, s) }
	case *syntax.Star:
		return func(string) bool { return true }
	}
	b.errorf(x, "", "a column name or pattern is wanted here")
	return nil
}

// wildcard matches * against any text.
func wildcard(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

func (b *binder) projectAway(r *rel, op *syntax.ProjectAway) *rel {
	return b.filterColumns(r, op.Cols, false)
}

func (b *binder) projectKeep(r *rel, op *syntax.ProjectKeep) *rel {
	return b.filterColumns(r, op.Cols, true)
}

func (b *binder) filterColumns(r *rel, list []syntax.Expr, keep bool) *rel {
	drop := map[int]bool{}
	for _, x := range list {
		m := b.matcher(r, x)
		if m == nil {
			return nil
		}
		for i, c := range r.cols {
			if m(c.name) {
				drop[i] = true
			}
		}
	}
	out := &rel{node: r.node, serialized: r.serialized}
	for i, c := range r.cols {
		if drop[i] == keep {
			out.cols = append(out.cols, c)
		}
	}
	return out
}

func (b *binder) projectRename(r *rel, op *syntax.ProjectRename) *rel {
	out := &rel{r.node, append([]col(nil), r.cols...), r.serialized}
	for _, ne := range op.Cols {
		n, ok := ne.X.(*syntax.Name)
		if !ok || ne.Name() == nil {
			b.errorf(ne, "project-rename new = old", "a new and an old name are wanted here")
			return nil
		}
		if b.matcher(r, n) == nil {
			return nil
		}
		for i := range r.cols {
			if r.cols[i].name == n.Text {
				out.cols[i].name = ne.Name().Text
			}
		}
	}
	seen := map[string]bool{}
	for _, c := range out.cols {
		if seen[c.name] {
			b.errorf(op, "", "the column %s is named twice", c.name)
			return nil
		}
		seen[c.name] = true
	}
	return out
}

func (b *binder) projectReorder(r *rel, op *syntax.ProjectReorder) *rel {
	used := map[int]bool{}
	out := &rel{node: r.node, serialized: r.serialized}
	for _, item := range op.Cols {
		m := b.matcher(r, item.Col)
		if m == nil {
			return nil
		}
		var picked []col
		for i, c := range r.cols {
			if !used[i] && m(c.name) {
				used[i] = true
				picked = append(picked, c)
			}
		}
		switch item.Order {
		case "asc":
			sort.SliceStable(picked, func(i, j int) bool { return picked[i].name < picked[j].name })
		case "desc":
			sort.SliceStable(picked, func(i, j int) bool { return picked[i].name > picked[j].name })
		case "":
		default:
			b.refuse(item, "", "the order "+item.Order)
			return nil
		}
		out.cols = append(out.cols, picked...)
	}
	for i, c := range r.cols {
		if !used[i] {
			out.cols = append(out.cols, c)
		}
	}
	return out
}

// getSchema describes the columns.
func (b *binder) getSchema(r *rel) *rel {
	v := &ir.Values{Ordinal: b.id()}
	out := &rel{node: v}
	for _, n := range []string{"ColumnName", "ColumnOrdinal", "DataType", "ColumnType"} {
		t := stringOrLong(n)
		c := col{name: n, id: b.id(), t: t}
		out.cols = append(out.cols, c)
		v.Cols = append(v.Cols, ir.ValueCol{ID: c.id, T: t})
	}
	for i, c := range r.cols {
		v.Rows = append(v.Rows, []ir.Expr{
			str(c.name), long(int64(i)), str(systemType(c.t)), str(c.t.String()),
		})
	}
	return out
}
