package ir

// Inputs lists the nodes directly below n.
func Inputs(n Node) []Node {
	switch n := n.(type) {
	case *Extend:
		return []Node{n.In}
	case *Filter:
		return []Node{n.In}
	case *Sort:
		return []Node{n.In}
	case *Limit:
		return []Node{n.In}
	case *Aggregate:
		return []Node{n.In}
	case *Dedup:
		return []Node{n.In}
	case *Match:
		return []Node{n.In}
	case *Expand:
		return []Node{n.In}
	case *Output:
		out := make([]Node, 0, len(n.Shares)+1)
		for _, s := range n.Shares {
			out = append(out, s.In)
		}
		return append(out, n.In)
	case *Join:
		return []Node{n.Left, n.Right}
	case *Union:
		out := make([]Node, len(n.Inputs))
		for i, b := range n.Inputs {
			out[i] = b.In
		}
		return out
	}
	return nil
}

// MapExprs replaces every expression of a node in place by f's answer. Inputs
// are not entered.
func MapExprs(n Node, f func(Expr) Expr) {
	apply := func(e *Expr) {
		if *e != nil {
			*e = f(*e)
		}
	}
	defs := func(list []Def) {
		for i := range list {
			apply(&list[i].X)
		}
	}
	switch n := n.(type) {
	case *Values:
		for _, row := range n.Rows {
			for i := range row {
				apply(&row[i])
			}
		}
	case *Sequence:
		apply(&n.From)
		apply(&n.To)
		apply(&n.Step)
	case *Extend:
		defs(n.Defs)
	case *Filter:
		apply(&n.Pred)
	case *Sort:
		for i := range n.Keys {
			apply(&n.Keys[i].X)
		}
	case *Limit:
		apply(&n.N)
	case *Aggregate:
		defs(n.Keys)
		for i := range n.Aggs {
			for j := range n.Aggs[i].Args {
				apply(&n.Aggs[i].Args[j])
			}
			apply(&n.Aggs[i].If)
		}
	case *Join:
		for i := range n.On {
			apply(&n.On[i].Left)
			apply(&n.On[i].Right)
		}
	case *Dedup:
		for i := range n.Keys {
			apply(&n.Keys[i])
		}
	case *Union:
		for _, b := range n.Inputs {
			for i := range b.X {
				apply(&b.X[i])
			}
		}
	case *Expand:
		for i := range n.Items {
			apply(&n.Items[i].X)
		}
		apply(&n.Limit)
	case *Match:
		apply(&n.Key)
		for i := range n.State {
			apply(&n.State[i].Init)
		}
		for _, l := range n.Layers {
			defs(l)
		}
	case *Output:
		for i := range n.Cols {
			apply(&n.Cols[i].X)
		}
	}
}

// VisitExprs shows f every expression of a node.
func VisitExprs(n Node, f func(Expr)) {
	MapExprs(n, func(e Expr) Expr { f(e); return e })
}

// Subtrees lists the trees inside an expression's Scalar and InTable parts.
func Subtrees(e Expr) []Node {
	var out []Node
	Walk(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Scalar:
			out = append(out, e.Node)
		case *InTable:
			out = append(out, e.Node)
		}
		return true
	})
	return out
}

// Visible is the set of column ids that operators above n can read.
func Visible(n Node) map[ID]bool {
	set := map[ID]bool{}
	visible(n, set)
	return set
}

func visible(n Node, set map[ID]bool) {
	switch n := n.(type) {
	case *Scan:
		for _, c := range n.Cols {
			set[c.ID] = true
		}
	case *Values:
		for _, c := range n.Cols {
			set[c.ID] = true
		}
		if n.Ordinal != 0 {
			set[n.Ordinal] = true
		}
	case *Sequence:
		set[n.ID] = true
	case *Extend:
		visible(n.In, set)
		for _, d := range n.Defs {
			set[d.ID] = true
		}
	case *Aggregate:
		for _, d := range n.Keys {
			set[d.ID] = true
		}
		for _, a := range n.Aggs {
			set[a.ID] = true
		}
	case *Join:
		visible(n.Left, set)
		if n.Kind != LeftSemi && n.Kind != LeftAnti {
			visible(n.Right, set)
		}
		for _, f := range n.Fill {
			set[f.ID] = true
		}
	case *Union:
		for _, c := range n.Cols {
			set[c.ID] = true
		}
	case *Match:
		visible(n.In, set)
		set[n.Step] = true
		for _, l := range n.Layers {
			for _, d := range l {
				set[d.ID] = true
			}
		}
	case *Ref:
		for _, c := range n.Cols {
			set[c.ID] = true
		}
	case *Output:
		visible(n.In, set)
	case *Expand:
		visible(n.In, set)
		for _, it := range n.Items {
			set[it.ID] = true
		}
		if n.Index != 0 {
			set[n.Index] = true
		}
	default:
		for _, in := range Inputs(n) {
			visible(in, set)
		}
	}
}
