package ir

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// Print writes a tree as indented text, one operator a line, inputs below.
func Print(n Node) string {
	var p printer
	p.node(n, 0)
	return p.b.String()
}

type printer struct{ b strings.Builder }

func (p *printer) line(depth int, format string, args ...any) {
	p.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

func (p *printer) node(n Node, depth int) {
	switch n := n.(type) {
	case *Output:
		var cols []string
		for _, c := range n.Cols {
			cols = append(cols, strconv.Quote(c.Name)+":"+c.X.Type().String()+" = "+Text(c.X))
		}
		p.line(depth, "output %s", strings.Join(cols, ", "))
	case *Scan:
		var cols []string
		for _, c := range n.Cols {
			cols = append(cols, fmt.Sprintf("c%d=%s:%s", c.ID, c.Physical, c.T))
		}
		p.line(depth, "scan %s as %s [%s]%s", n.Table.Relation, n.Table.Name, strings.Join(cols, " "), where(n.Where))
	case *Values:
		var cols []string
		for _, c := range n.Cols {
			cols = append(cols, fmt.Sprintf("c%d:%s", c.ID, c.T))
		}
		p.line(depth, "values [%s] %d rows", strings.Join(cols, " "), len(n.Rows))
	case *Sequence:
		p.line(depth, "sequence c%d from %s to %s step %s", n.ID, Text(n.From), Text(n.To), Text(n.Step))
	case *Extend:
		p.line(depth, "extend %s", defsText(n.Defs))
	case *Filter:
		p.line(depth, "filter %s", Text(n.Pred))
	case *Sort:
		var keys []string
		for _, k := range n.Keys {
			s := Text(k.X)
			if k.Desc {
				s += " desc"
			}
			if k.NullsLast {
				s += " nulls last"
			}
			keys = append(keys, s)
		}
		p.line(depth, "sort %s", strings.Join(keys, ", "))
	case *Limit:
		p.line(depth, "limit %s", Text(n.N))
	case *Aggregate:
		var aggs []string
		for _, a := range n.Aggs {
			s := fmt.Sprintf("c%d=%s(%s)", a.ID, a.Op, texts(a.Args))
			if a.If != nil {
				s += " if " + Text(a.If)
			}
			aggs = append(aggs, s)
		}
		p.line(depth, "aggregate %s by %s", strings.Join(aggs, ", "), defsText(n.Keys))
	case *Join:
		var on []string
		for _, o := range n.On {
			on = append(on, Text(o.Left)+" = "+Text(o.Right))
		}
		fill := ""
		for _, f := range n.Fill {
			fill += fmt.Sprintf(" c%d:=c%d", f.ID, f.From)
		}
		p.line(depth, "join %s on %s%s", n.Kind, strings.Join(on, ", "), fill)
	case *Dedup:
		p.line(depth, "dedup %s", texts(n.Keys))
	case *Union:
		var cols []string
		for _, c := range n.Cols {
			cols = append(cols, fmt.Sprintf("c%d:%s", c.ID, c.T))
		}
		p.line(depth, "union [%s]", strings.Join(cols, " "))
	case *Match:
		p.line(depth, "match by %s, %d outputs", Text(n.Key), len(n.Outputs))
		for _, s := range n.State {
			p.line(depth+1, "state c%d=%s then c%d", s.ID, Text(s.Init), s.Next)
		}
		for _, l := range n.Layers {
			p.line(depth+1, "layer %s", defsText(l))
		}
	case *Ref:
		var cols []string
		for _, c := range n.Cols {
			cols = append(cols, fmt.Sprintf("c%d=c%d:%s", c.ID, c.From, c.T))
		}
		p.line(depth, "ref %d [%s]", n.To.N, strings.Join(cols, " "))
	case *Expand:
		var items []string
		for _, it := range n.Items {
			items = append(items, fmt.Sprintf("c%d=%s", it.ID, Text(it.X)))
		}
		p.line(depth, "expand %s", strings.Join(items, ", "))
	}
	VisitExprs(n, func(e Expr) {
		for _, sub := range Subtrees(e) {
			p.line(depth+1, "subquery")
			p.node(sub, depth+2)
		}
	})
	if n, ok := n.(*Output); ok {
		for _, s := range n.Shares {
			p.line(depth+1, "share %d", s.N)
			p.node(s.In, depth+2)
		}
		p.node(n.In, depth+1)
		return
	}
	for _, in := range Inputs(n) {
		p.node(in, depth+1)
	}
}

func where(list []Expr) string {
	if len(list) == 0 {
		return ""
	}
	return " where " + texts(list)
}

func defsText(defs []Def) string {
	var out []string
	for _, d := range defs {
		out = append(out, fmt.Sprintf("c%d=%s", d.ID, Text(d.X)))
	}
	return strings.Join(out, ", ")
}

func texts(list []Expr) string {
	var out []string
	for _, x := range list {
		out = append(out, Text(x))
	}
	return strings.Join(out, ", ")
}

// Text writes an expression.
func Text(e Expr) string {
	switch e := e.(type) {
	case nil:
		return ""
	case *Const:
		if s, ok := e.V.(string); ok {
			return strconv.Quote(s)
		}
		if e.V == nil {
			return e.T.String() + "(null)"
		}
		return fmt.Sprint(e.V)
	case *Col:
		return fmt.Sprintf("c%d", e.ID)
	case *Call:
		return e.Op + "(" + texts(e.Args) + ")"
	case *Window:
		s := e.Op + "(" + texts(e.Args) + ") over rows"
		if e.Restart != nil {
			s += " restart " + Text(e.Restart)
		}
		return s
	case *Scalar:
		return fmt.Sprintf("scalar(c%d)", e.Column)
	case *InTable:
		return Text(e.X) + fmt.Sprintf(" in table(c%d)", e.Column)
	case *Built:
		return "built(" + e.Column.Name + ")"
	}
	return "?"
}

// Physical lists the physical columns a tree's scans read, sorted: what a test
// of shredding looks at.
func Physical(n Node) []string {
	set := map[string]bool{}
	var walk func(Node)
	walk = func(n Node) {
		if s, ok := n.(*Scan); ok {
			for _, c := range s.Cols {
				set[c.Physical] = true
			}
		}
		for _, in := range Inputs(n) {
			walk(in)
		}
	}
	walk(n)
	var out []string
	for k := range set {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
