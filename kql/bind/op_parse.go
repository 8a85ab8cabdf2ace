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
	mode, ok := b.parseMode(op)
	if !ok {
		return nil
	}
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
	pattern, cols, groups, ok := b.parsePattern(e, op.Pattern, mode)
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
		values[i] = b.convert(call("extract", types.String, str(pattern), long(int64(groups[i])), x), c.t)
		if c.t == types.String || c.t == types.Dynamic || mode.relaxed {
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
		list = replaced(list, b.define(out, c.name, v))
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

// replaced puts a column in the place of the one of its name, or at the end.
func replaced(list []col, c col) []col {
	for i := range list {
		if list[i].name == c.name {
			list[i] = c
			return list
		}
	}
	return append(list, c)
}

// parseMode is what kind= and flags= say.
type parseMode struct {
	relaxed bool   // a column that cannot be read is null, the others are kept
	regex   bool   // constants are regular expressions
	flags   string // of RE2: i, m, s, U
}

func (b *binder) parseMode(op *syntax.ParseOp) (parseMode, bool) {
	kind, flags := op.Params.Get("kind"), op.Params.Get("flags")
	m := parseMode{}
	switch word := op.Params.Word("kind"); {
	case kind == nil, word == "simple":
	case word == "relaxed":
		m.relaxed = true
	case word == "regex":
		m.regex = true
	default:
		b.errorf(kind, "kinds: simple, regex, relaxed", "unknown kind of parse")
		return m, false
	}
	if flags == nil {
		return m, true
	}
	m.flags = op.Params.Word("flags")
	if strings.Trim(m.flags, "imsU") != "" || m.flags == "" {
		b.errorf(flags, "i ignores case, m and s concern lines, U turns greediness round", "unknown flags of parse")
		return m, false
	}
	if !m.regex {
		b.errorf(flags, "parse kind=regex flags="+m.flags, "flags belong to kind=regex")
		return m, false
	}
	return m, true
}

// parsePattern is the regular expression of a pattern, its columns, and the
// number of each one's group.
func (b *binder) parsePattern(e *env, parts []*syntax.ParsePart, mode parseMode) (string, []col, []int, bool) {
	var re strings.Builder
	if mode.regex {
		if mode.flags != "" {
			re.WriteString("(?" + mode.flags + ")")
		}
		re.WriteString("^")
	} else {
		re.WriteString("(?s)^")
	}
	var cols []col
	var groups []int
	next := 1
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
				return "", nil, nil, false
			}
			if !mode.regex {
				re.WriteString(regexp.QuoteMeta(s))
				break
			}
			own, err := regexp.Compile(s)
			if err != nil {
				b.errorf(p, "", "invalid regular expression: %s", err.Error())
				return "", nil, nil, false
			}
			next += own.NumSubexp()
			re.WriteString("(?:" + s + ")")
		case p.Column != nil:
			t := types.String
			if p.Column.Type != nil {
				var ok bool
				if t, ok = types.Parse(p.Column.Type.Text); !ok {
					b.unknownType(p.Column.Type)
					return "", nil, nil, false
				}
			}
			if takenIn(cols)(p.Column.Name.Text) {
				b.errorf(p, "", "the column %s is named twice", p.Column.Name.Text)
				return "", nil, nil, false
			}
			cols, groups = append(cols, col{name: p.Column.Name.Text, t: t}), append(groups, next)
			next++
			re.WriteString(group(t, last, mode))
		}
	}
	if len(parts) > 0 && !parts[len(parts)-1].Star {
		re.WriteString("$")
	}
	return re.String(), cols, groups, true
}

// group is what a column of a type matches: numbers only digits, unless the
// parse is relaxed; text as little as possible, or the rest. Between regular
// expressions text takes as much as it can.
func group(t types.Type, last bool, mode parseMode) string {
	if !mode.relaxed {
		switch t {
		case types.Int, types.Long:
			return `\s*([-+]?\d+)`
		case types.Real, types.Decimal:
			return `\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)`
		}
	}
	if last || mode.regex {
		return "(.*)"
	}
	return "(.*?)"
}
