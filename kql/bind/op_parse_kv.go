package bind

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// parseKV reads keys and values out of a text. The text is read once into a bag
// of strings, of which each named key becomes a column.
func (b *binder) parseKV(e *env, r *rel, op *syntax.ParseKV) *rel {
	in := &rel{r.node, append([]col(nil), r.cols...), r.serialized}
	x := b.expr(&scope{env: e, rel: in}, op.X)
	bag := b.kvBag(e, op)
	if isBad(x) || bag == nil {
		return nil
	}
	switch x.Type() {
	case types.String:
	case types.Dynamic:
		x = b.convert(x, types.String)
	default:
		b.errorf(op.X, "tostring(...) makes it one", "parse-kv takes a string, this is %s", x.Type())
		return nil
	}
	var cols []col
	for _, c := range op.Columns.Columns {
		t, ok := types.Parse(c.Type.Text)
		switch {
		case !ok:
			b.unknownType(c.Type)
			return nil
		case takenIn(cols)(c.Name.Text):
			b.errorf(c, "", "the column %s is named twice", c.Name.Text)
			return nil
		}
		cols = append(cols, col{name: c.Name.Text, t: t})
	}
	if op.Columns.Star || len(cols) == 0 {
		b.errorf(op.Columns, "parse-kv text as (key: string, other: long)", "parse-kv names the keys it takes")
		return nil
	}
	bag.Args = append([]ir.Expr{x}, bag.Args...)
	out := &rel{node: in.node, serialized: in.serialized}
	all := b.define(out, "", bag)
	list := in.cols
	for _, c := range cols {
		v := b.convert(call("dyn.get", types.Dynamic, all.ref(), str(c.name)), types.String)
		list = replaced(list, b.define(out, c.name, b.convert(v, c.t)))
	}
	out.cols = list
	return out
}

// kvBag is the call that reads a text, without its first argument.
func (b *binder) kvBag(e *env, op *syntax.ParseKV) *ir.Call {
	var pair, kv, pattern string
	var quotes, escapes []string
	greedy := false
	for _, p := range op.With {
		c, ok := ir.IsConst(b.expr(&scope{env: e}, p.Value))
		if !ok {
			b.errorf(p.Value, "", "%s takes a constant", p.Name.Text)
			return nil
		}
		s, isString := c.V.(string)
		if p.Name.Text == "greedy" {
			if greedy, ok = c.V.(bool); !ok {
				b.errorf(p.Value, "greedy=true", "greedy takes true or false")
				return nil
			}
			continue
		}
		if !isString || s == "" {
			b.errorf(p.Value, "", "%s takes a string that is not empty", p.Name.Text)
			return nil
		}
		n := utf8.RuneCountInString(s)
		if strings.Contains(s, "\x00") {
			b.errorf(p.Value, "", "%s takes no NUL", p.Name.Text)
			return nil
		}
		switch p.Name.Text {
		case "pair_delimiter":
			pair = s
		case "kv_delimiter":
			kv = s
		case "regex":
			pattern = s
			if re, err := regexp.Compile(s); err != nil {
				b.errorf(p.Value, "", "invalid regular expression: %s", err.Error())
				return nil
			} else if re.NumSubexp() != 2 {
				b.errorf(p.Value, "the first group is the key, the second the value", "the expression has %d groups, two are wanted", re.NumSubexp())
				return nil
			}
		case "quote":
			if n > 2 {
				b.errorf(p.Value, "give quote= several times for several kinds", "quote takes one character, or an opening and a closing one")
				return nil
			}
			quotes = append(quotes, s)
		case "escape":
			if n > 1 {
				b.errorf(p.Value, "", "escape takes one character")
				return nil
			}
			escapes = append(escapes, s)
		default:
			b.errorf(p.Name, "pair_delimiter, kv_delimiter, quote, escape, greedy, regex", "unknown parameter %s of parse-kv", p.Name.Text)
			return nil
		}
	}
	if pattern != "" {
		if len(op.With) > 1 {
			b.errorf(op, "", "regex= stands alone")
			return nil
		}
		return b.known(op, "parse_kv_regex", str(pattern))
	}
	if pair == "" || kv == "" {
		b.refuse(op, "give pair_delimiter= and kv_delimiter=, or regex=", "parse-kv without both delimiters")
		return nil
	}
	flag := &ir.Const{T: types.Bool, V: greedy}
	return b.known(op, "parse_kv", str(pair), str(kv), texts(quotes), texts(escapes), flag)
}

func (b *binder) known(at syntax.Node, op string, args ...ir.Expr) *ir.Call {
	if !b.hasOp(at, op) {
		return nil
	}
	return &ir.Call{Op: op, T: types.Dynamic, Args: args}
}

// texts joins strings of the query, none of which holds NUL, into one argument.
func texts(list []string) ir.Expr { return str(strings.Join(list, "\x00")) }
