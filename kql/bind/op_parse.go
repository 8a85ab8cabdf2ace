package bind

import (
	"regexp"
	"strings"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// parse takes a text apart by a pattern of constants, columns and stars: one
// regular expression, of which each column is a group. A row that does not
// match keeps its place with empty columns; parse-where drops it.
func (b *binder) parse(e *env, r *rel, op *syntax.ParseOp) *rel {
	switch kind := op.Params.Word("kind"); kind {
	case "", "simple", "relaxed":
		if kind == "" && op.Params.Get("kind") != nil {
			b.refuse(op, "", "parse with this kind")
			return nil
		}
	default:
		b.refuse(op, "simple and relaxed are; extract() takes a regular expression", "parse kind="+kind)
		return nil
	}
	relaxed := op.Params.Word("kind") == "relaxed"
	in := &rel{r.node, append([]col(nil), r.cols...), r.serialized}
	x := b.expr(&scope{env: e, rel: in}, op.X)
	if isBad(x) {
		return nil
	}
	if x.Type() != types.String {
		if x.Type() != types.Dynamic {
			b.errorf(op.X, "tostring(...) makes it one", "parse takes a string, this is %s", x.Type())
			return nil
		}
		x = b.convert(x, types.String)
	}
	pattern, cols, ok := b.parsePattern(e, op.Pattern, relaxed)
	if !ok {
		return nil
	}
	if !b.hasOp(op, "extract") || !b.hasOp(op, "matches_regex") {
		return nil
	}
	out := &rel{node: in.node, serialized: r.serialized}
	if op.Where {
		out.node = &ir.Filter{In: out.node, Pred: call("matches_regex", types.Bool, x, str(pattern))}
	}
	list := append([]col(nil), in.cols...)
	values := make([]ir.Expr, len(cols))
	var whole ir.Expr // every typed column could be read
	for i, c := range cols {
		values[i] = b.convert(call("extract", types.String, str(pattern), long(int64(i+1)), x), c.t)
		if c.t == types.String || c.t == types.Dynamic || relaxed {
			continue
		}
		read := call("isnotnull", types.Bool, values[i])
		if whole == nil {
			whole = read
		} else {
			whole = call("and", types.Bool, whole, read)
		}
	}
	if whole != nil && op.Where {
		out.node = &ir.Filter{In: out.node, Pred: whole}
	}
	for i, c := range cols {
		v := values[i]
		if whole != nil && !op.Where {
			v = call("iff", c.t, whole, v, null(c.t))
		}
		def := b.define(out, c.name, v)
		at := -1
		for j := range list {
			if list[j].name == c.name {
				at = j
			}
		}
		if at >= 0 {
			list[at] = def
		} else {
			list = append(list, def)
		}
	}
	out.cols = list
	return out
}

func (b *binder) hasOp(at syntax.Node, op string) bool {
	if b.opts.Has == nil || b.opts.Has(op) {
		return true
	}
	b.refuse(at, "", "this operator")
	return false
}

// parsePattern is the regular expression of a pattern and its columns.
func (b *binder) parsePattern(e *env, parts []*syntax.ParsePart, relaxed bool) (string, []col, bool) {
	var re strings.Builder
	re.WriteString("(?s)^")
	var cols []col
	for i, p := range parts {
		last := i == len(parts)-1
		switch {
		case p.Star:
			if last {
				re.WriteString(".*")
			} else {
				re.WriteString(".*?")
			}
		case p.Text != nil:
			c, ok := ir.IsConst(b.expr(&scope{env: e}, p.Text))
			s, isString := "", false
			if ok {
				s, isString = c.V.(string)
			}
			if !isString {
				b.errorf(p, "", "a pattern consists of constant strings, columns and *")
				return "", nil, false
			}
			re.WriteString(regexp.QuoteMeta(s))
		case p.Column != nil:
			t := types.String
			if p.Column.Type != nil {
				var ok bool
				if t, ok = types.Parse(p.Column.Type.Text); !ok {
					b.errorf(p.Column.Type, "", "unknown type %s", p.Column.Type.Text)
					return "", nil, false
				}
			}
			if takenIn(cols)(p.Column.Name.Text) {
				b.errorf(p, "", "the column %s is named twice", p.Column.Name.Text)
				return "", nil, false
			}
			cols = append(cols, col{name: p.Column.Name.Text, t: t})
			re.WriteString(group(t, last, relaxed))
		}
	}
	if len(parts) > 0 && !parts[len(parts)-1].Star {
		re.WriteString("$")
	}
	return re.String(), cols, true
}

// group is what a column of a type matches: numbers only digits, unless the
// parse is relaxed; text as little as possible, or the rest.
func group(t types.Type, last, relaxed bool) string {
	if !relaxed {
		switch t {
		case types.Int, types.Long:
			return `\s*([-+]?\d+)`
		case types.Real, types.Decimal:
			return `\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)`
		}
	}
	if last {
		return "(.*)"
	}
	return "(.*?)"
}
