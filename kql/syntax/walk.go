package syntax

// Walk calls visit for n and, as long as visit returns true, for everything
// below it, in the order of the text.
func Walk(n Node, visit func(Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	n.each(func(c Node) { Walk(c, visit) })
}

// Children lists the direct parts of a node in the order of the text.
func Children(n Node) []Node {
	var out []Node
	n.each(func(c Node) { out = append(out, c) })
	return out
}

// opt visits an optional part: a nil interface or nil pointer is skipped.
func opt[T interface {
	comparable
	Node
}](visit func(Node), n T) {
	var none T
	if n != none {
		visit(n)
	}
}

func all[T Node](visit func(Node), list []T) {
	for _, n := range list {
		visit(n)
	}
}
