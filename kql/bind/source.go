package bind

import (
	"sort"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// tabular reports whether an expression denotes rows.
func (b *binder) tabular(e *env, x syntax.Expr) bool {
	switch x := x.(type) {
	case *syntax.Pipeline, *syntax.Datatable, *syntax.Leading, *syntax.ExternalData:
		return true
	case *syntax.Name:
		switch v := e.lookup(x.Text).(type) {
		case *letTable, *boundTable:
			return true
		case *letFunc:
			return v.view
		case nil:
			return b.cat.Table(x.Text) != nil
		}
		return false
	case *syntax.Call:
		if f := b.userFunc(e, x); f != nil {
			return b.bodyTabular(f)
		}
		return x.On == nil && (x.Func.Text == "materialize" || x.Func.Text == "table")
	}
	return false
}

// bodyTabular reports whether a function's last expression denotes rows; its
// parameters and lets count.
func (b *binder) bodyTabular(f *letFunc) bool {
	e := f.env.snapshot()
	for _, p := range f.f.Params {
		if p.Row != nil {
			e.set(p.Name.Text, &boundTable{})
		} else {
			e.set(p.Name.Text, &boundValue{})
		}
	}
	for _, s := range f.f.Body {
		switch s := s.(type) {
		case *syntax.Let:
			switch {
			case b.tabular(e, s.Value):
				e.set(s.Name.Text, &letTable{s.Value, e.snapshot()})
			default:
				if g, ok := s.Value.(*syntax.Func); ok {
					e.set(s.Name.Text, &letFunc{g, e.snapshot(), g.View})
				} else {
					e.set(s.Name.Text, &boundValue{})
				}
			}
		case *syntax.QueryStatement:
			return b.tabular(e, s.Expr)
		}
	}
	return false
}

func (b *binder) userFunc(e *env, x *syntax.Call) *letFunc {
	if x.On != nil {
		return nil
	}
	f, _ := e.lookup(x.Func.Text).(*letFunc)
	return f
}

// table binds a tabular expression. On a fault it reports and returns nil.
func (b *binder) table(e *env, x syntax.Expr) *rel {
	if b.tooLarge(x) {
		return nil
	}
	b.depth++
	outer := b.applied
	b.applied = nil
	defer func() { b.depth--; b.applied = outer }()
	if b.depth > maxDepth {
		b.errorf(x, "", "the query is nested too deeply")
		return nil
	}
	switch x := x.(type) {
	case *syntax.Pipeline:
		if x.Source == nil {
			b.errorf(x, "", "operators without a source")
			return nil
		}
		r := b.table(e, x.Source)
		local := e.snapshot()
		last := lastInvoke(x.Ops)
		for i, op := range x.Ops {
			if r == nil {
				r = b.unknown(nil)
			}
			if as, ok := op.(*syntax.As); ok {
				head := &syntax.Pipeline{Span: x.Span, Source: x.Source, Ops: x.Ops[:i]}
				def := local.snapshot()
				// Bound anew wherever the name is used, so that columns differ.
				local.set(as.Name.Text, &letTable{head, def})
				continue
			}
			if i < last {
				continue // bound as the argument of the invoke
			}
			if ev, ok := op.(*syntax.Evaluate); ok && b.applied == nil {
				head := &syntax.Pipeline{Span: x.Span, Source: x.Source, Ops: x.Ops[:i]}
				in := r
				if r = b.evaluate(local, r, ev, func() *rel { return b.table(e, head) }); r == nil {
					r = b.unknown(in.cols)
				}
				continue
			}
			if inv, ok := op.(*syntax.Invoke); ok {
				r = b.invokeOn(local, &syntax.Pipeline{Span: x.Span, Source: x.Source, Ops: x.Ops[:i]}, inv)
				continue
			}
			in := r
			if r = b.operator(local, in, op); r == nil {
				r = b.inspect(local, in, op)
			}
		}
		return r
	case *syntax.Datatable:
		return b.datatable(e, x)
	case *syntax.Leading:
		return b.leading(e, x.Op)
	case *syntax.Name:
		return b.named(e, x)
	case *syntax.Call:
		return b.tableCall(e, x)
	case *syntax.ExternalData:
		b.refuse(x, "queries read the store only", "externaldata")
		return nil
	case *syntax.Bad:
		return b.unknown(nil)
	}
	b.errorf(x, "", "expected a table or a tabular expression here")
	return nil
}

func (b *binder) named(e *env, x *syntax.Name) *rel {
	switch v := e.lookup(x.Text).(type) {
	case *letTable:
		b.use(v.x)
		return b.table(v.env, v.x)
	case *boundTable:
		return v.bind()
	case *letFunc:
		if v.view {
			return b.invoke(e, v, &syntax.Call{Span: x.Span, Func: x})
		}
		b.errorf(x, "call it: "+x.Text+"()", "%s is a function", x.Text)
		return nil
	case *letValue, *boundValue:
		b.errorf(x, "", "%s is a value, a table is wanted here", x.Text)
		return nil
	}
	if t := b.cat.Table(x.Text); t != nil {
		return b.scan(t)
	}
	names := e.names()
	if b.cat != nil {
		for _, t := range b.cat.Tables {
			names = append(names, t.Name)
		}
	}
	hint := didYouMean(x.Text, names)
	if hint == "" && b.cat != nil && len(b.cat.Tables) > 0 {
		hint = "tables: " + join(tableNames(b.cat))
	} else if hint == "" {
		hint = "no store is open: only print, datatable and range work without one"
	}
	b.errorf(x, hint, "unknown table %s", x.Text)
	return nil
}

func tableNames(c *schema.Catalog) []string {
	var out []string
	if c == nil {
		return out
	}
	for _, t := range c.Tables {
		out = append(out, t.Name)
	}
	sort.Strings(out)
	return out
}

func join(list []string) string {
	s := ""
	for i, n := range list {
		if i > 0 {
			s += ", "
		}
		s += n
	}
	return s
}

// scan reads a table: physical columns become columns of the scan, built ones
// are defined above it from the columns they are made of.
func (b *binder) scan(t *schema.Table) *rel {
	s := &ir.Scan{Table: t}
	r := &rel{node: s}
	byPhysical := map[string]ir.ID{}
	physical := func(name string, typ types.Type, total bool) ir.ID {
		if id, ok := byPhysical[name]; ok {
			return id
		}
		id := b.id()
		s.Cols = append(s.Cols, ir.ScanCol{ID: id, Physical: name, T: typ, Total: total})
		byPhysical[name] = id
		return id
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Built == nil {
			id := physical(c.Physical, c.Type, c.Type == types.String)
			r.cols = append(r.cols, col{name: c.Name, id: id, t: c.Type})
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Built == nil {
			continue
		}
		r.cols = append(r.cols, col{name: c.Name, id: b.id(), t: c.Type})
	}
	// Keep the catalog's order.
	byName := map[string]col{}
	for _, c := range r.cols {
		byName[c.name] = c
	}
	r.cols = r.cols[:0]
	ext := &ir.Extend{In: s}
	for i := range t.Columns {
		c := &t.Columns[i]
		vis := byName[c.Name]
		r.cols = append(r.cols, vis)
		if c.Built != nil {
			ext.Defs = append(ext.Defs, ir.Def{ID: vis.id, X: &ir.Built{Column: c, Scan: s, T: c.Type}})
		}
	}
	if len(ext.Defs) > 0 {
		r.node = ext
	}
	return r
}

func (b *binder) tableCall(e *env, x *syntax.Call) *rel {
	if f := b.userFunc(e, x); f != nil {
		return b.invoke(e, f, x)
	}
	switch {
	case x.On != nil:
		b.refuse(x, "query the tables of this store by their names", "a table of another database")
		return nil
	case x.Func.Text == "materialize" && len(x.Args) == 1:
		return b.materialize(e, x)
	case x.Func.Text == "table" && len(x.Args) >= 1:
		if l, ok := x.Args[0].Value.(*syntax.Literal); ok {
			if s, ok := l.Value.(string); ok {
				return b.named(e, &syntax.Name{Span: x.Args[0].Span, Text: s})
			}
		}
	}
	hint := didYouMean(x.Func.Text, e.names())
	b.errorf(x.Func, hint, "unknown tabular function %s", x.Func.Text)
	return nil
}

// invoke binds a call of a let-function that gives rows.
func (b *binder) invoke(e *env, f *letFunc, x *syntax.Call) *rel {
	local, ok := b.arguments(&scope{env: e}, f, x)
	if !ok {
		return nil
	}
	b.depth++
	defer func() { b.depth-- }()
	if b.depth > maxDepth {
		b.errorf(x, "a function cannot call itself", "functions are nested too deeply")
		return nil
	}
	return b.statements(f.f.Body, local)
}

func parameterNames(f *letFunc) []string {
	var out []string
	for _, p := range f.f.Params {
		out = append(out, p.Name.Text)
	}
	return out
}

// arguments makes the environment of a function's body.
func (b *binder) arguments(s *scope, f *letFunc, x *syntax.Call) (*env, bool) {
	b.use(f.f)
	local := f.env.snapshot()
	if len(x.Args) > len(f.f.Params) {
		b.errorf(x, "", "%s takes %d arguments, got %d", x.Func.Text, len(f.f.Params), len(x.Args))
		return nil, false
	}
	given := make([]syntax.Expr, len(f.f.Params))
	for i, a := range x.Args {
		at := i
		if a.Name != nil {
			at = -1
			for j, p := range f.f.Params {
				if p.Name.Text == a.Name.Text {
					at = j
				}
			}
			if at < 0 {
				b.errorf(a, didYouMean(a.Name.Text, parameterNames(f)), "%s has no parameter %s", x.Func.Text, a.Name.Text)
				return nil, false
			}
		}
		given[at] = a.Value
	}
	for i, p := range f.f.Params {
		arg := given[i]
		if arg == nil {
			arg = p.Default
		}
		if arg == nil {
			b.errorf(x, "", "%s lacks the argument %s", x.Func.Text, p.Name.Text)
			return nil, false
		}
		if p.Row != nil {
			caller := s.env.snapshot()
			local.set(p.Name.Text, &boundTable{func() *rel { return b.table(caller, arg) }})
			continue
		}
		v := b.expr(s, arg)
		if p.Type != nil {
			t, ok := types.Parse(p.Type.Text)
			if !ok {
				b.unknownType(p.Type)
				return nil, false
			}
			v = b.want(arg, v, t, "argument "+p.Name.Text)
		}
		local.set(p.Name.Text, &boundValue{v})
	}
	return local, true
}
