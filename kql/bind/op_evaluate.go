package bind

import (
	"encoding/json"
	"sort"
	"strings"

	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// evaluate binds a plugin. Those whose columns depend on the rows look at them
// first: again binds the same input anew, for a query of its own.
func (b *binder) evaluate(e *env, r *rel, op *syntax.Evaluate, again func() *rel) *rel {
	switch op.Call.Func.Text {
	case "bag_unpack":
		return b.bagUnpack(e, r, op, again)
	case "pivot":
		return b.pivot(e, r, op, again)
	case "narrow":
		return b.narrow(r, op)
	}
	hint := didYouMean(op.Call.Func.Text, []string{"bag_unpack", "narrow", "pivot"})
	if hint == "" {
		hint = "plugins: bag_unpack, narrow, pivot"
	}
	b.refuse(op.Call.Func, hint, "the plugin "+op.Call.Func.Text)
	return nil
}

// look runs a query of its own over an input and gives its rows.
func (b *binder) look(op *syntax.Evaluate, root *ir.Output) ([][]any, bool) {
	if b.errs.Err() != nil {
		return nil, false // the query is refused anyway
	}
	if b.opts.Look == nil {
		b.errs.Rows = true
		b.errorf(op, "name the columns: evaluate "+op.Call.Func.Text+"(...) : (*, name: string)", "the columns of %s depend on the rows, which are not looked at here", op.Call.Func.Text)
		return nil, false
	}
	rows, err := b.opts.Look(root, b.next)
	if err != nil {
		b.errorf(op, "", "look at the rows for %s: %s", op.Call.Func.Text, err.Error())
		return nil, false
	}
	if len(rows) > maxPluginColumns {
		b.errorf(op, "project fewer properties, or name the columns: evaluate "+op.Call.Func.Text+"(...) : (*, name: string)", "%s would give more than %d columns", op.Call.Func.Text, maxPluginColumns)
		return nil, false
	}
	return rows, true
}

const maxPluginColumns = 1000

// pluginArgs gives positional and named arguments by their names.
func (b *binder) pluginArgs(op *syntax.Evaluate, names ...string) (map[string]syntax.Expr, bool) {
	out := map[string]syntax.Expr{}
	for i, a := range op.Call.Args {
		name := ""
		switch {
		case a.Name != nil:
			name = a.Name.Text
		case i < len(names):
			name = names[i]
		default:
			b.errorf(a, "", "%s takes at most %d arguments", op.Call.Func.Text, len(names))
			return nil, false
		}
		known := false
		for _, n := range names {
			known = known || n == name
		}
		if !known || out[name] != nil {
			b.errorf(a, strings.Join(names, ", "), "unknown argument %s of %s", name, op.Call.Func.Text)
			return nil, false
		}
		out[name] = a.Value
	}
	return out, true
}

// pluginText is a constant string of a plugin's argument.
func (b *binder) pluginText(e *env, x syntax.Expr) (string, bool) {
	c, ok := ir.IsConst(b.expr(&scope{env: e}, x))
	if !ok {
		b.errorf(x, "", "a constant string is wanted here")
		return "", false
	}
	s, ok := c.V.(string)
	if !ok {
		b.errorf(x, "", "a constant string is wanted here")
	}
	return s, ok
}

// property is a column that bag_unpack makes.
type property struct {
	key string
	t   types.Type
}

// bagUnpack makes the properties of a bag columns, in the order of their names.
// A property that has the name of the bag takes its place.
func (b *binder) bagUnpack(e *env, r *rel, op *syntax.Evaluate, again func() *rel) *rel {
	args, ok := b.pluginArgs(op, "Column", "OutputColumnPrefix", "columnsConflict", "ignoredProperties")
	if !ok {
		return nil
	}
	n, ok := args["Column"].(*syntax.Name)
	if !ok {
		b.errorf(op.Call, "evaluate bag_unpack(column)", "bag_unpack takes a column")
		return nil
	}
	c := r.find(n.Text)
	if c == nil {
		b.name(&scope{env: e, rel: r}, n)
		return nil
	}
	if c.t != types.Dynamic {
		b.errorf(n, "parse_json(...) makes one of a string", "bag_unpack takes a dynamic, %s is %s", n.Text, c.t)
		return nil
	}
	prefix, conflict := "", "error"
	if x := args["OutputColumnPrefix"]; x != nil {
		if prefix, ok = b.pluginText(e, x); !ok {
			return nil
		}
	}
	if x := args["columnsConflict"]; x != nil {
		if conflict, ok = b.pluginText(e, x); !ok {
			return nil
		}
		if conflict != "error" && conflict != "replace_source" && conflict != "keep_source" {
			b.errorf(x, "error, replace_source or keep_source", "unknown columnsConflict %s", conflict)
			return nil
		}
	}
	ignored := map[string]bool{}
	if x := args["ignoredProperties"]; x != nil {
		k, _ := ir.IsConst(b.expr(&scope{env: e}, x))
		var list []string
		if k != nil {
			text, _ := k.V.(string)
			if json.Unmarshal([]byte(text), &list) != nil {
				k = nil
			}
		}
		if k == nil {
			b.errorf(x, `dynamic(["a", "b"])`, "ignoredProperties is a constant array of names")
			return nil
		}
		for _, name := range list {
			ignored[name] = true
		}
	}
	if op.Schema != nil {
		return b.unpackAs(r, op, *c, prefix)
	}
	in := again()
	if in == nil {
		return nil
	}
	props, ok := b.properties(op, in, in.find(n.Text), ignored)
	if !ok {
		return nil
	}
	out := &rel{node: r.node, serialized: r.serialized}
	made := map[string]col{}
	var fresh []col
	for _, p := range props {
		name := prefix + p.key
		old := r.find(name)
		if old != nil && old.id != c.id {
			switch conflict {
			case "error":
				b.errorf(op, "columnsConflict='keep_source' or 'replace_source', or a prefix", "the property %s has the name of a column", name)
				return nil
			case "keep_source":
				continue
			}
		}
		v := b.define(out, name, b.unpacked(c.ref(), p))
		if old != nil {
			made[name] = v
		} else {
			fresh = append(fresh, v)
		}
	}
	for _, o := range r.cols {
		if v, ok := made[o.name]; ok {
			out.cols = append(out.cols, v)
		} else if o.id != c.id || o.name != c.name {
			out.cols = append(out.cols, o)
		}
	}
	out.cols = append(out.cols, fresh...)
	return out
}

func (b *binder) unpacked(bag ir.Expr, p property) ir.Expr {
	return b.convert(call("dyn.get", types.Dynamic, bag, str(p.key)), p.t)
}

// unpackAs reads the columns that the query names.
func (b *binder) unpackAs(r *rel, op *syntax.Evaluate, c col, prefix string) *rel {
	out := &rel{node: r.node, serialized: r.serialized}
	if op.Schema.Star {
		for _, o := range r.cols {
			if o.name != c.name {
				out.cols = append(out.cols, o)
			}
		}
	}
	for _, d := range op.Schema.Columns {
		t, ok := types.Parse(d.Type.Text)
		if !ok {
			b.unknownType(d.Type)
			return nil
		}
		if takenIn(out.cols)(d.Name.Text) {
			b.errorf(d, "", "the column %s is named twice", d.Name.Text)
			return nil
		}
		if o := r.find(d.Name.Text); o != nil && o.name != c.name {
			out.cols = append(out.cols, *o)
			continue
		}
		out.cols = append(out.cols, b.define(out, d.Name.Text, b.unpacked(c.ref(), property{strings.TrimPrefix(d.Name.Text, prefix), t})))
	}
	return out
}

// properties looks which properties the bags have and of which types.
func (b *binder) properties(op *syntax.Evaluate, in *rel, c *col, ignored map[string]bool) ([]property, bool) {
	if !b.hasOp(op, "bag_types") {
		return nil, false
	}
	item, key := b.id(), b.id()
	x := &ir.Expand{In: in.node, Items: []ir.ExpandItem{{ID: item, X: call("bag_types", types.Dynamic, c.ref())}}}
	agg := &ir.Aggregate{In: x, Keys: []ir.Def{{ID: key, X: b.convert(&ir.Col{ID: item, Name: "type", T: types.Dynamic}, types.String)}}}
	rows, ok := b.look(op, &ir.Output{In: agg, Cols: []ir.OutCol{{Name: "type", X: &ir.Col{ID: key, Name: "type", T: types.String}}}})
	if !ok {
		return nil, false
	}
	found := map[string]types.Type{}
	for _, row := range rows {
		word, name, ok := strings.Cut(row[0].(string), " ")
		if !ok {
			continue // a row without a bag
		}
		t, _ := types.Parse(word) // "null" is Unknown
		old, seen := found[name]
		switch {
		case ignored[name]:
		case !seen, old == types.Unknown:
			found[name] = t
		case t == types.Unknown, t == old:
		default:
			b.errorf(op, "say which: evaluate bag_unpack(...) : (*, ['"+name+"']: string)", "the property %s is %s in some rows and %s in others", name, min(old, t), max(old, t))
			return nil, false
		}
	}
	var out []property
	for name, t := range found {
		if t == types.Unknown {
			t = types.Dynamic // null wherever it is
		}
		out = append(out, property{name, t})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key < out[j].key })
	return out, true
}

// pivot makes the values of a column columns, each an aggregate of the rows that
// have it, by the columns that are left or named.
func (b *binder) pivot(e *env, r *rel, op *syntax.Evaluate, again func() *rel) *rel {
	list := op.Call.Args
	if len(list) == 0 {
		b.errorf(op.Call, "evaluate pivot(column, count())", "pivot takes a column")
		return nil
	}
	if op.Schema != nil {
		b.refuse(op.Schema, "", "pivot with a schema")
		return nil
	}
	n, ok := list[0].Value.(*syntax.Name)
	if !ok {
		b.errorf(list[0], "extend it before", "pivot takes a column")
		return nil
	}
	c := r.find(n.Text)
	if c == nil {
		b.name(&scope{env: e, rel: r}, n)
		return nil
	}
	if c.t == types.Dynamic {
		b.errorf(n, "convert it, for example with tostring()", "pivot does not take a dynamic")
		return nil
	}
	collect := &aggregates{}
	value := ir.Expr(nil)
	used := map[string]bool{n.Text: true}
	if len(list) > 1 {
		syntax.Walk(list[1].Value, func(n syntax.Node) bool {
			if n, ok := n.(*syntax.Name); ok {
				used[n.Text] = true
			}
			return true
		})
		if _, ok := list[1].Value.(*syntax.Call); !ok {
			b.errorf(list[1], "count(), sum(x) …", "pivot takes an aggregate")
			return nil
		}
		value = b.expr(&scope{env: e, rel: r, aggs: collect}, list[1].Value)
		if isBad(value) {
			return nil
		}
		if ref, ok := value.(*ir.Col); !ok || len(collect.list) != 1 || ref.ID != collect.list[0].ID {
			b.refuse(list[1], "summarize it after", "pivot with an expression around its aggregate")
			return nil
		}
	} else {
		collect.list = []ir.Agg{{ID: b.id(), Op: "count", T: types.Long}}
	}
	var keys []col
	if len(list) > 2 {
		for _, a := range list[2:] {
			n, ok := a.Value.(*syntax.Name)
			if !ok {
				b.errorf(a, "", "pivot takes columns here")
				return nil
			}
			k := r.find(n.Text)
			if k == nil {
				b.name(&scope{env: e, rel: r}, n)
				return nil
			}
			keys = append(keys, *k)
		}
	} else {
		for _, k := range r.cols {
			if !used[k.name] {
				keys = append(keys, k)
			}
		}
	}
	values, ok := b.values(op, again, n.Text)
	if !ok {
		return nil
	}
	in := *r
	name := b.define(&in, "", b.convert(c.ref(), types.String))
	agg := &ir.Aggregate{In: in.node}
	out := &rel{node: agg}
	for _, k := range keys {
		if !b.groupable(op, k.ref()) {
			return nil
		}
		id := b.id()
		agg.Keys = append(agg.Keys, ir.Def{ID: id, X: k.ref()})
		out.cols = append(out.cols, col{name: k.name, id: id, t: k.t})
	}
	for _, v := range values {
		a := collect.list[0]
		a.ID = b.id()
		same := call("eq", types.Bool, name.ref(), str(v))
		if a.If != nil {
			same = call("and", types.Bool, a.If, same)
		}
		a.If = same
		agg.Aggs = append(agg.Aggs, a)
		out.cols = append(out.cols, col{name: unique(v, takenIn(out.cols)), id: a.ID, t: a.T})
	}
	if len(out.cols) == 0 {
		b.errorf(op, "", "pivot of no rows leaves no column")
		return nil
	}
	return out
}

// values looks which values a column has, as text.
func (b *binder) values(op *syntax.Evaluate, again func() *rel, column string) ([]string, bool) {
	in := again()
	if in == nil {
		return nil, false
	}
	key := b.id()
	agg := &ir.Aggregate{In: in.node, Keys: []ir.Def{{ID: key, X: b.convert(in.find(column).ref(), types.String)}}}
	rows, ok := b.look(op, &ir.Output{In: agg, Cols: []ir.OutCol{{Name: "value", X: &ir.Col{ID: key, Name: "value", T: types.String}}}})
	if !ok {
		return nil, false
	}
	var out []string
	for _, row := range rows {
		v := row[0].(string)
		if v == "" {
			b.errorf(op, "filter such rows before, or give them a name with iff()", "some rows have no value of %s, and a column needs a name", column)
			return nil, false
		}
		out = append(out, v)
	}
	sort.Strings(out)
	return out, true
}

// narrow gives a row for every cell: its row's number, its column and its value
// as text.
func (b *binder) narrow(r *rel, op *syntax.Evaluate) *rel {
	if len(op.Call.Args) > 0 {
		b.errorf(op.Call, "evaluate narrow()", "narrow takes no arguments")
		return nil
	}
	in := &rel{r.node, r.cols, r.serialized}
	row := b.below(in, &ir.Window{Op: "row_number", T: types.Long, Args: []ir.Expr{long(0)}})
	var cells []ir.Expr
	for _, c := range in.cols {
		cells = append(cells, b.convert(call("pack_array", types.Dynamic, b.convert(str(c.name), types.Dynamic), b.convert(b.convert(c.ref(), types.String), types.Dynamic)), types.Dynamic))
	}
	all := b.define(in, "", call("pack_array", types.Dynamic, cells...))
	item := b.id()
	out := &rel{node: &ir.Expand{In: in.node, Items: []ir.ExpandItem{{ID: item, X: all.ref()}}}, serialized: r.serialized}
	cell := func(i int64) ir.Expr {
		return b.convert(call("dyn.at", types.Dynamic, &ir.Col{ID: item, Name: "cell", T: types.Dynamic}, long(i)), types.String)
	}
	n := row.(*ir.Col)
	out.cols = []col{{name: "Row", id: n.ID, t: types.Long}, b.define(out, "Column", cell(0)), b.define(out, "Value", cell(1))}
	return out
}
