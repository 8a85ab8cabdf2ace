package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// extractJSON is extract_json(path, text [, typeof(type)]): the part of a
// document, as a string if no type is named.
func (b *binder) extractJSON(s *scope, x *syntax.Call) ir.Expr {
	t, values := types.String, x.Args
	if len(values) == 3 {
		named, ok := values[2].Value.(*syntax.TypeOf)
		if ok && named.Type != nil {
			t, ok = types.Parse(named.Type.Text)
		}
		if !ok || named.Type == nil {
			b.errorf(values[2], "for example typeof(long)", "the third argument of %s is a type", x.Func.Text)
			return bad()
		}
		values = values[:2]
	}
	if len(values) != 2 {
		b.errorf(x, "", "%s takes 2 to 3 arguments, got %d", x.Func.Text, len(x.Args))
		return bad()
	}
	two := *x
	two.Args = values
	args, ok := b.args(s, &two)
	if !ok || !b.has(x, "extract_json") {
		return bad()
	}
	for i := range args {
		if args[i] = b.want(values[i], args[i], types.String, "an argument of "+x.Func.Text); isBad(args[i]) {
			return bad()
		}
	}
	return b.convert(call("extract_json", types.Dynamic, args...), t)
}
