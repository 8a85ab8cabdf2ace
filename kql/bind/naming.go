package bind

import (
	"strconv"

	"github.com/postern-dev/postern/kql/funcs"
	"github.com/postern-dev/postern/kql/syntax"
)

// nameOf is the column name an expression gives by itself, "" if none.
func (b *binder) nameOf(x syntax.Expr) string {
	switch x := x.(type) {
	case *syntax.Name:
		if x.Text == "$left" || x.Text == "$right" {
			return ""
		}
		return x.Text
	case *syntax.Path:
		base := b.nameOf(x.X)
		if base == "" {
			return x.Name.Text
		}
		return base + "_" + x.Name.Text
	case *syntax.Index:
		base := b.nameOf(x.X)
		if base == "" {
			return ""
		}
		l, ok := x.Index.(*syntax.Literal)
		if !ok {
			return base + "_"
		}
		switch v := l.Value.(type) {
		case string:
			return base + "_" + v
		case int64:
			return base + "_" + strconv.FormatInt(v, 10)
		}
	case *syntax.Call:
		return b.callName(x)
	}
	return ""
}

func (b *binder) callName(x *syntax.Call) string {
	if x.On != nil {
		return ""
	}
	arg := func() string {
		if len(x.Args) == 0 {
			return ""
		}
		return b.nameOf(x.Args[0].Value)
	}
	if f := b.fns.Scalar(x.Func.Text); f != nil {
		switch f.Naming {
		case funcs.FirstArg:
			return arg()
		case funcs.NameAndArg:
			prefix := f.Prefix
			if prefix == "" {
				prefix = f.Name
			}
			return prefix + "_" + arg()
		}
	}
	if f := b.fns.Aggregate(x.Func.Text); f != nil {
		switch f.Naming {
		case funcs.FirstArg:
			return arg()
		case funcs.PrefixAlone:
			return f.Prefix + "_" + arg()
		case funcs.Prefixed:
			return f.Prefix + "_" + arg()
		case funcs.PrefixedPair:
			if len(x.Args) < 2 {
				return f.Prefix + "_" + arg()
			}
			return f.Prefix + "_" + arg() + "_" + b.nameOf(x.Args[1].Value)
		}
	}
	return ""
}
