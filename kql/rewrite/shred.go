package rewrite

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// shred resolves dyn.get chains against the documents of the catalog.
func shred(q *Query) {
	s := &shredder{q: q, scanOf: map[ir.ID]scanCol{}, nodes: map[ir.ID]view{}}
	eachNode(q.Root, func(n ir.Node) {
		if scan, ok := n.(*ir.Scan); ok {
			for _, c := range scan.Cols {
				s.scanOf[c.ID] = scanCol{scan, c.Physical}
			}
		}
	})
	withDefs(q.Root, func(n ir.Node, d defs) {
		ir.MapExprs(n, func(e ir.Expr) ir.Expr { return s.rewrite(e, d) })
	})
}

type scanCol struct {
	scan     *ir.Scan
	physical string
}

type shredder struct {
	q      *Query
	scanOf map[ir.ID]scanCol
	nodes  map[ir.ID]view // columns added here, which are places of a document again
}

// view is a place in a document: the node, and for paths that leave the tree
// the expression to continue from.
type view struct {
	scan *ir.Scan
	node *schema.Node
	from ir.Expr // the deepest value above or at node that JSON access can start from
	rest []ir.Expr
}

// rewrite replaces the outermost chains first, so that a whole path is seen.
func (s *shredder) rewrite(e ir.Expr, d defs) ir.Expr {
	if c, ok := e.(*ir.Call); ok {
		if c.Op == "dyn.get" {
			if v, ok := s.view(c, d); ok {
				return s.value(v)
			}
		}
		args := make([]ir.Expr, len(c.Args))
		for i, a := range c.Args {
			args[i] = s.rewrite(a, d)
		}
		return &ir.Call{Op: c.Op, T: c.T, Args: args}
	}
	switch e := e.(type) {
	case *ir.Window:
		w := *e
		w.Args = make([]ir.Expr, len(e.Args))
		for i, a := range e.Args {
			w.Args[i] = s.rewrite(a, d)
		}
		if e.Restart != nil {
			w.Restart = s.rewrite(e.Restart, d)
		}
		return &w
	case *ir.InTable:
		t := *e
		t.X = s.rewrite(e.X, d)
		return &t
	}
	return e
}

// view finds the place an expression denotes, if it is one in a known document.
func (s *shredder) view(e ir.Expr, d defs) (view, bool) {
	switch e := e.(type) {
	case *ir.Col:
		if def, ok := d[e.ID]; ok {
			v, ok := s.view(def, d)
			if ok && v.from == def {
				v.from = e
			}
			return v, ok
		}
		if v, ok := s.nodes[e.ID]; ok {
			v.from = e
			return v, true
		}
		if sc, ok := s.scanOf[e.ID]; ok && e.T == types.Dynamic {
			if doc := docOf(sc.scan.Table, sc.physical); doc != nil {
				return view{scan: sc.scan, node: doc, from: e}, true
			}
		}
	case *ir.Built:
		if e.T == types.Dynamic && e.Column.Doc != nil {
			return view{scan: e.Scan, node: e.Column.Doc, from: e}, true
		}
	case *ir.Call:
		switch e.Op {
		case "parse_json":
			return s.parsed(e, d)
		case "dyn.get":
			return s.member(e, d)
		}
	}
	return view{}, false
}

// parsed is parse_json(x): of a text column with a document, or of tostring of
// a place in one.
func (s *shredder) parsed(e *ir.Call, d defs) (view, bool) {
	x := e.Args[0]
	for {
		c, ok := x.(*ir.Col)
		if !ok {
			break
		}
		def, ok := d[c.ID]
		if !ok {
			if sc, isScan := s.scanOf[c.ID]; isScan && c.T == types.String {
				if doc := docOf(sc.scan.Table, sc.physical); doc != nil {
					return view{scan: sc.scan, node: doc, from: e}, true
				}
			}
			return view{}, false
		}
		x = def
	}
	switch x := x.(type) {
	case *ir.Built:
		if x.T == types.String && x.Column.Doc != nil {
			return view{scan: x.Scan, node: x.Column.Doc, from: e}, true
		}
	case *ir.Call:
		// Only objects survive a round trip through text unchanged: a string
		// that looks like JSON would be parsed.
		if x.Op == "tostring.dynamic" {
			v, ok := s.view(x.Args[0], d)
			if ok && v.node != nil && len(v.node.Fields) > 0 {
				return v, true
			}
		}
	}
	return view{}, false
}

func docOf(t *schema.Table, physical string) *schema.Node {
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Physical == physical && c.Doc != nil {
			return c.Doc
		}
	}
	return nil
}

func (s *shredder) member(e *ir.Call, d defs) (view, bool) {
	k, ok := ir.IsConst(e.Args[1])
	if !ok {
		return view{}, false
	}
	key, _ := k.V.(string)
	v, ok := s.view(e.Args[0], d)
	if !ok {
		return view{}, false
	}
	if v.node != nil && v.node.Physical != "" && v.node.Type == types.Dynamic {
		v.from, v.rest = s.column(v.scan, v.node), nil
	}
	var child *schema.Node
	if v.node != nil {
		child = v.node.Fields[key]
	}
	v.rest = append(append([]ir.Expr(nil), v.rest...), k)
	v.node = child
	return v, true
}

// value is the expression for a place.
func (s *shredder) value(v view) ir.Expr {
	if v.node != nil && v.node.Physical != "" {
		c := s.column(v.scan, v.node)
		if v.node.Type == types.Dynamic {
			return c
		}
		return &ir.Call{Op: "dyn.of." + v.node.Type.String(), T: types.Dynamic, Args: []ir.Expr{c}}
	}
	x := v.from
	for _, k := range v.rest {
		x = &ir.Call{Op: "dyn.get", T: types.Dynamic, Args: []ir.Expr{x, k}}
	}
	return x
}

// column reads the node's physical column, adding it to the scan if needed.
func (s *shredder) column(scan *ir.Scan, n *schema.Node) ir.Expr {
	for _, c := range scan.Cols {
		if c.Physical == n.Physical && c.T == n.Type && !c.Total {
			if n.Type == types.Dynamic {
				s.nodes[c.ID] = view{scan: scan, node: n}
			}
			return &ir.Col{ID: c.ID, Name: n.Physical, T: n.Type, Nullable: true}
		}
	}
	id := s.q.id()
	scan.Cols = append(scan.Cols, ir.ScanCol{ID: id, Physical: n.Physical, T: n.Type})
	if n.Type == types.Dynamic {
		s.nodes[id] = view{scan: scan, node: n}
	}
	return &ir.Col{ID: id, Name: n.Physical, T: n.Type, Nullable: true}
}
