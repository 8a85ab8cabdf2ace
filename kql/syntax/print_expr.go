package syntax

import "math"

func (n *Name) print(p *printer) {
	if n.Bracketed {
		p.text("[", Quote(n.Text), "]")
		return
	}
	p.text(n.Text)
}

func (n *Pattern) print(p *printer) { p.text(n.Text) }
func (n *Star) print(p *printer)    { p.text("*") }
func (n *Bad) print(p *printer)     { p.text("?") }

func (n *Unary) print(p *printer) {
	p.text(n.Op)
	if _, ok := n.X.(*Unary); ok {
		p.text(" ")
	}
	if l, ok := n.X.(*Literal); ok && l.Value == int64(math.MinInt64) {
		p.nested(l)
		return
	}
	p.at(levelUnary, n.X)
}

func (n *Binary) print(p *printer) {
	level := operatorLevel(n.Op)
	p.at(level, n.X)
	if n.Op == ":" {
		p.text(":")
	} else {
		p.text(" ", n.Op, " ")
	}
	p.at(level+1, n.Y)
}

func (n *In) print(p *printer) {
	p.at(levelEquality, n.X)
	p.text(" ", n.Op, " (")
	commas(p, n.List)
	p.text(")")
}

func (n *Between) print(p *printer) {
	p.at(levelEquality, n.X)
	if n.Not {
		p.text(" !between (")
	} else {
		p.text(" between (")
	}
	p.at(levelOr, n.Lo)
	p.text(" .. ")
	p.at(levelOr, n.Hi)
	p.text(")")
}

func (n *Call) print(p *printer) {
	if n.On != nil {
		p.at(levelPostfix, n.On)
		p.text(".")
	}
	p.text(n.Func, "(")
	commas(p, n.Args)
	p.text(")")
}

func (n *Arg) print(p *printer) {
	if n.Name != nil {
		p.text(n.Name, "=")
	}
	p.text(n.Value)
}

func (n *Path) print(p *printer) {
	p.at(levelPostfix, n.X)
	p.text(".", n.Name)
}

func (n *Index) print(p *printer) {
	p.at(levelPostfix, n.X)
	p.text("[")
	p.at(levelOr, n.Index)
	p.text("]")
}

func (n *TypeOf) print(p *printer) {
	p.text("typeof")
	if n.Type != nil {
		p.nested(n.Type)
		return
	}
	p.text(n.Row)
}

func (n *NamedExpr) print(p *printer) {
	switch {
	case n.Tuple:
		p.text("(")
		commas(p, n.Names)
		p.text(") = ")
	case len(n.Names) > 0:
		commas(p, n.Names)
		p.text(" = ")
	}
	p.at(levelOr, n.X)
}
