package bind

import (
	"github.com/postern-dev/postern/kql/ir"
	"github.com/postern-dev/postern/kql/syntax"
	"github.com/postern-dev/postern/kql/types"
)

// scanner binds the steps of scan. A step's state is a record of each step up to
// it; a row is held against the steps from the last to the first:
//
//   - if the step before has a state and the condition holds with it, that state
//     becomes this step's, and the step before has none;
//   - else, if the step has a state or is the first, and the condition holds
//     with it, the state's own record is replaced by the row.
//
// Records without a state hold the declared defaults and nulls.
type scanner struct {
	b     *binder
	e     *env
	steps []*syntax.ScanStep
	rel   *rel // the row: columns and declared names at their defaults
	match *ir.Match
	// defaults are those of the declared names.
	defaults map[string]ir.Expr
	read     []place // step and column of every record value that is read
	act      []ir.Expr
	id       []ir.Expr
	rec      []map[place]ir.Expr
	next     ir.Expr
}

type place struct {
	step int
	name string
}

func (b *binder) scanSteps(e *env, r *rel, op *syntax.Scan) *rel {
	if !r.serialized {
		b.errorf(op, "add `| sort by ...` or `| serialize` before", "scan needs rows in a defined order")
		return nil
	}
	if len(op.PartitionBy) > 0 || len(op.OrderBy) > 0 {
		b.refuse(op, "T | partition by k (sort by t asc | scan ...)", "scan with partition by or order by of its own")
		return nil
	}
	s := &scanner{b: b, e: e, defaults: map[string]ir.Expr{}, steps: op.Steps, rel: &rel{r.node, append([]col(nil), r.cols...), true}}
	if len(op.Steps) == 0 || len(op.Steps) > 16 {
		b.errorf(op, "", "scan takes 1 to 16 steps, got %d", len(op.Steps))
		return nil
	}
	if op.Declare != nil && !s.declare(op.Declare) || !s.named() {
		return nil
	}
	s.match = &ir.Match{In: s.rel.node, Step: b.id()}
	if b.applied != nil {
		s.match.Key = b.recordNumber()
	}
	if !s.reads() {
		return nil
	}
	s.begin()
	out := &rel{node: s.match, serialized: true}
	number := &ir.Col{ID: s.match.Step, Name: "step", T: types.Long}
	values := map[string][]ir.Expr{}
	ids := make([]ir.Expr, len(s.steps))
	s.match.Outputs = make([]ir.ID, len(s.steps))
	for k := len(s.steps) - 1; k >= 0; k-- {
		matched, row, id, ok := s.step(k)
		if !ok {
			return nil
		}
		if s.steps[k].Output == "none" {
			matched = &ir.Const{T: types.Bool, V: false}
		}
		s.match.Outputs[k] = s.def(matched).(*ir.Col).ID
		ids[k] = id
		for name, x := range row {
			if values[name] == nil {
				values[name] = make([]ir.Expr, len(s.steps))
			}
			values[name][k] = x
		}
	}
	s.end()
	pick := func(list []ir.Expr, t types.Type) ir.Expr {
		x := list[len(list)-1]
		for k := len(list) - 2; k >= 0; k-- {
			x = call("iff", t, call("eq", types.Bool, number, long(int64(k+1))), list[k], x)
		}
		return x
	}
	for _, c := range s.rel.cols {
		if list := values[c.name]; list != nil {
			for k := range list {
				if list[k] == nil {
					list[k] = c.ref()
				}
			}
			c = b.define(out, c.name, pick(list, c.t))
		}
		out.cols = append(out.cols, c)
	}
	if name := op.Params.Word("with_match_id"); name != "" {
		if takenIn(out.cols)(name) {
			b.errorf(op, "", "the column %s is named twice", name)
			return nil
		}
		out.cols = append(out.cols, b.define(out, name, pick(ids, types.Long)))
	}
	return out
}

// declare adds the declared names at their defaults to the row.
func (s *scanner) declare(d *syntax.RowSchema) bool {
	for _, c := range d.Columns {
		t, ok := types.Parse(c.Type.Text)
		if !ok {
			s.b.unknownType(c.Type)
			return false
		}
		if takenIn(s.rel.cols)(c.Name.Text) {
			s.b.errorf(c, "choose another name", "the column %s is there already", c.Name.Text)
			return false
		}
		x := null(t)
		if c.Default != nil {
			x = s.b.want(c, s.b.expr(&scope{env: s.e}, c.Default), t, "the default")
		}
		if isBad(x) {
			return false
		}
		if _, isConst := ir.IsConst(x); !isConst {
			s.b.errorf(c, "assign it in a step", "the default of %s is not a constant", c.Name.Text)
			return false
		}
		s.defaults[c.Name.Text] = x
		s.rel.cols = append(s.rel.cols, s.b.define(s.rel, c.Name.Text, x))
	}
	return true
}

func (s *scanner) named() bool {
	seen := map[string]bool{}
	for _, st := range s.steps {
		switch {
		case seen[st.Name.Text]:
			s.b.errorf(st.Name, "", "the step %s is named twice", st.Name.Text)
			return false
		case st.Optional:
			s.b.refuse(st, "", "an optional step")
			return false
		case st.Output == "last":
			s.b.refuse(st, "", "output=last")
			return false
		case st.Output != "" && st.Output != "all" && st.Output != "none":
			s.b.errorf(st, "all, last, none", "unknown output %s", st.Output)
			return false
		}
		seen[st.Name.Text] = true
	}
	return true
}

func (s *scanner) find(name string) int {
	for i, st := range s.steps {
		if st.Name.Text == name {
			return i
		}
	}
	return -1
}

// initial is the value of a record that no row has filled.
func (s *scanner) initial(c *col) ir.Expr {
	if x, ok := s.defaults[c.name]; ok {
		return x
	}
	return null(c.t)
}

// reads finds the record values that the steps refer to.
func (s *scanner) reads() bool {
	ok := true
	for _, st := range s.steps {
		syntax.Walk(st, func(n syntax.Node) bool {
			p, isPath := n.(*syntax.Path)
			if !isPath {
				return true
			}
			x, isName := p.X.(*syntax.Name)
			if !isName {
				return true
			}
			i := s.find(x.Text)
			if i < 0 {
				return true
			}
			if s.rel.find(p.Name.Text) == nil {
				s.b.errorf(p.Name, "", "the step %s has no column %s", x.Text, p.Name.Text)
				ok = false
				return false
			}
			at := place{i, p.Name.Text}
			for _, old := range s.read {
				if old == at {
					return true
				}
			}
			s.read = append(s.read, at)
			return true
		})
	}
	return ok
}

func (s *scanner) state(t types.Type, init ir.Expr) ir.Expr {
	id := s.b.id()
	s.match.State = append(s.match.State, ir.MatchState{ID: id, T: t, Init: init})
	return &ir.Col{ID: id, Name: "state", T: t}
}

func (s *scanner) begin() {
	no := &ir.Const{T: types.Bool, V: false}
	s.next = s.state(types.Long, long(0))
	for k := range s.steps {
		s.act = append(s.act, s.state(types.Bool, no))
		s.id = append(s.id, s.state(types.Long, long(0)))
		rec := map[place]ir.Expr{}
		for _, at := range s.read {
			if at.step <= k {
				c := s.rel.find(at.name)
				rec[at] = s.state(c.t, s.initial(c))
			}
		}
		s.rec = append(s.rec, rec)
	}
}

// end makes what the row leaves the state of the next row, in the order of begin.
func (s *scanner) end() {
	var list []ir.Expr
	list = append(list, s.next)
	for k := range s.steps {
		list = append(list, s.act[k], s.id[k])
		for _, at := range s.read {
			if at.step <= k {
				list = append(list, s.rec[k][at])
			}
		}
	}
	for i, x := range list {
		s.match.State[i].Next = s.def(x).(*ir.Col).ID
	}
}

// def computes a value in a layer of its own.
func (s *scanner) def(x ir.Expr) ir.Expr {
	id := s.b.id()
	s.match.Layers = append(s.match.Layers, []ir.Def{{ID: id, X: x}})
	return &ir.Col{ID: id, Name: "state", T: x.Type()}
}

// with is the scope in which step names mean the records of a state.
func (s *scanner) with(rec map[place]ir.Expr, upTo int) *scope {
	return &scope{env: s.e, rel: s.rel, left: &rel{}, step: func(x *syntax.Path) (ir.Expr, bool) {
		n, ok := x.X.(*syntax.Name)
		if !ok {
			return nil, false
		}
		i := s.find(n.Text)
		if i < 0 {
			return nil, false
		}
		if v, ok := rec[place{i, x.Name.Text}]; ok && i <= upTo {
			return v, true
		}
		return s.initial(s.rel.find(x.Name.Text)), true
	}}
}

// step holds the row against one step, and changes the state.
func (s *scanner) step(k int) (matched ir.Expr, row map[string]ir.Expr, id ir.Expr, ok bool) {
	b, st := s.b, s.steps[k]
	no := ir.Expr(&ir.Const{T: types.Bool, V: false})
	total := func(x ir.Expr) ir.Expr { return call("total", types.Bool, x) }
	promoted, own := no, s.with(s.rec[k], k)
	var before *scope
	if k > 0 {
		before = s.with(s.rec[k-1], k-1)
		cond := b.predicate(before, st.Cond)
		if isBad(cond) {
			return nil, nil, nil, false
		}
		promoted = s.def(call("and", types.Bool, s.act[k-1], total(cond)))
	}
	cond := b.predicate(own, st.Cond)
	if isBad(cond) {
		return nil, nil, nil, false
	}
	again := total(cond)
	if k > 0 {
		again = call("and", types.Bool, s.act[k], again)
	}
	repeated := s.def(call("and", types.Bool, call("not", types.Bool, promoted), again))
	matched = s.def(call("or", types.Bool, promoted, repeated))
	row = map[string]ir.Expr{}
	for _, a := range st.Assign {
		if a.Name() == nil || len(a.Names) != 1 || s.rel.find(a.Name().Text) == nil {
			b.errorf(a, "declare it: scan declare (name:type) with (...)", "a step assigns to a column or a declared name")
			return nil, nil, nil, false
		}
		c := s.rel.find(a.Name().Text)
		if row[c.name] != nil {
			b.errorf(a, "", "the column %s is assigned twice", c.name)
			return nil, nil, nil, false
		}
		x := b.want(a, b.expr(own, a.X), c.t, "the value of "+c.name)
		if isBad(x) {
			return nil, nil, nil, false
		}
		if k > 0 {
			first := b.want(a, b.expr(before, a.X), c.t, "the value of "+c.name)
			x = call("iff", c.t, promoted, first, x)
		}
		row[c.name] = s.def(x)
	}
	id = s.id[k]
	if k > 0 {
		id = s.def(call("iff", types.Long, promoted, s.id[k-1], id))
	} else {
		fresh := s.def(call("and", types.Bool, repeated, call("not", types.Bool, s.act[0])))
		id = s.def(call("iff", types.Long, fresh, s.next, id))
		s.next = s.def(call("iff", types.Long, fresh, call("add.long", types.Long, s.next, long(1)), s.next))
	}
	s.id[k] = id
	for _, at := range s.read {
		c := s.rel.find(at.name)
		switch {
		case at.step == k:
			x := row[at.name]
			if x == nil {
				x = c.ref()
			}
			s.rec[k][at] = s.def(call("iff", c.t, matched, x, s.rec[k][at]))
		case at.step < k:
			s.rec[k][at] = s.def(call("iff", c.t, promoted, s.rec[k-1][at], s.rec[k][at]))
			s.rec[k-1][at] = s.def(call("iff", c.t, promoted, s.initial(c), s.rec[k-1][at]))
		}
	}
	s.act[k] = s.def(call("or", types.Bool, s.act[k], matched))
	if k > 0 {
		s.act[k-1] = s.def(call("and", types.Bool, s.act[k-1], call("not", types.Bool, promoted)))
	}
	return matched, row, id, true
}
