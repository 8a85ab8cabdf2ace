package bind

import (
	"github.com/postern-dev/postern/kql/syntax"
)

// partition runs its body over the rows of each key. hint.strategy and the
// other hints say how, not what. A key is visible in the result only if the
// body leaves it there.
func (b *binder) partition(e *env, r *rel, op *syntax.Partition) *rel {
	name, ok := op.By.(*syntax.Name)
	if !ok {
		b.errorf(op.By, "extend the table by it first", "partition goes by a column")
		return nil
	}
	body, ok := op.Body.(*syntax.Pipeline)
	if op.Braced || !ok || body.Source != nil {
		b.refuse(op, "write partition by "+name.Text+" (operators)", "partition with a query of its own in braces")
		return nil
	}
	if b.applied != nil {
		b.refuse(op, "", "partition within "+b.applied.name())
		return nil
	}
	in := &rel{r.node, append([]col(nil), r.cols...), r.serialized}
	x := b.expr(&scope{rel: in, env: e}, name)
	if isBad(x) || !b.groupable(op.By, x) {
		return nil
	}
	// The body may redefine the key or project it away: it goes by a copy.
	a := &applied{row: b.define(in, "key", call("same", x.Type(), x)), grouped: true}
	b.applied = a
	defer func() { b.applied = nil }()
	for _, o := range body.Ops {
		if in = b.applyOperator(e, in, o); in == nil {
			return nil
		}
	}
	return &rel{node: in.node, cols: in.cols}
}
