package argquery

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Apply runs the query over the rows of its table. The rows are not changed.
func (q *Query) Apply(rows []Row) []Row {
	out := slices.Clone(rows)
	for _, s := range q.stages {
		out = s.apply(out)
	}
	return out
}

// get follows a path without regard to the case of what is below a column, as
// Resource Graph does for properties; raw JSON is decoded on the way.
func get(row Row, path []string) any {
	var v any = row
	for _, piece := range path {
		if raw, ok := v.(json.RawMessage); ok {
			v = nil
			if err := json.Unmarshal(raw, &v); err != nil {
				return nil
			}
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		if v, ok = m[piece]; ok {
			continue
		}
		for name := range m {
			if strings.EqualFold(name, piece) {
				v = m[name]
			}
		}
	}
	return v
}

func (w where) apply(rows []Row) []Row {
	return slices.DeleteFunc(rows, func(r Row) bool {
		for _, c := range w {
			if !c.holds(get(r, c.path)) {
				return true
			}
		}
		return false
	})
}

func (c comparison) holds(v any) bool {
	same := func(want any) bool { return v == want }
	if strings.HasSuffix(c.op, "~") {
		same = func(want any) bool {
			a, ok1 := v.(string)
			b, ok2 := want.(string)
			return ok1 && ok2 && strings.EqualFold(a, b) || v == want
		}
	}
	return slices.ContainsFunc(c.values, same) != strings.HasPrefix(c.op, "!")
}

func (p project) apply(rows []Row) []Row {
	out := make([]Row, len(rows))
	for i, r := range rows {
		out[i] = Row{}
		for _, c := range p {
			out[i][c.name] = get(r, c.path)
		}
	}
	return out
}

func (o order) apply(rows []Row) []Row {
	slices.SortStableFunc(rows, func(a, b Row) int {
		for _, k := range o {
			n := cmp.Compare(fmt.Sprint(get(a, k.path)), fmt.Sprint(get(b, k.path)))
			if k.descending {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	})
	return rows
}

func (t take) apply(rows []Row) []Row { return rows[:min(len(rows), int(t))] }
