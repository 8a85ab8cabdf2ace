package access

import "slices"

// Difference is one resource in one scope where two matrices say different
// things.
type Difference struct {
	First, Second MatrixRow
	Differs       []bool // one each of the columns
}

// Compare lists where two subjects' matrices of the same columns differ, in both
// directions. A namespace that has no row of its own is as the cluster is.
func Compare(first, second Matrix) []Difference {
	var all []Difference
	a, b := byPlace(first), byPlace(second)
	for _, p := range places(first, second) {
		d, differs := a.differ(b, p, first.Verbs)
		if !differs {
			continue
		}
		if p.scope != "" {
			if c, also := a.differ(b, place{"", p.group, p.resource, p.url}, first.Verbs); also && c.First.Same(d.First) && c.Second.Same(d.Second) {
				continue // said of the cluster already
			}
		}
		all = append(all, d)
	}
	return all
}

// place is where a row stands.
type place struct{ scope, group, resource, url string }

func (r MatrixRow) place() place { return place{r.Scope, r.APIGroup, r.Resource, r.URL} }

// placed is a matrix by place, and what it says where it has no row.
type placed struct {
	rows      map[place]MatrixRow
	otherwise Cell
}

func byPlace(m Matrix) placed {
	p := placed{map[place]MatrixRow{}, CellNo}
	if len(m.Unknown) > 0 {
		p.otherwise = CellUnknown
	}
	for _, r := range m.Rows {
		p.rows[r.place()] = r
	}
	return p
}

// at is the row of a place: its own, the cluster's, or one that allows nothing.
func (m placed) at(p place, like MatrixRow, columns int) MatrixRow {
	for _, scope := range []string{p.scope, ""} {
		if r, found := m.rows[place{scope, p.group, p.resource, p.url}]; found {
			r.Scope = p.scope
			return r
		}
	}
	r := MatrixRow{Scope: p.scope, APIGroup: p.group, Resource: p.resource, URL: p.url, Listed: like.Listed, Cells: make([]Cell, columns)}
	for i := range r.Cells {
		r.Cells[i] = m.otherwise
		if i < len(like.Cells) && like.Cells[i] == CellNone {
			r.Cells[i] = CellNone
		}
	}
	return r
}

func (m placed) differ(o placed, p place, verbs []string) (Difference, bool) {
	columns := len(verbs)
	d := Difference{First: m.at(p, MatrixRow{}, columns)}
	d.Second = o.at(p, d.First, columns)
	d.First = m.at(p, d.Second, columns)
	d.Differs = make([]bool, columns)
	for i, verb := range verbs {
		d.Differs[i] = d.First.Cells[i] != d.Second.Cells[i] || !slices.Equal(d.First.Names[verb], d.Second.Names[verb])
	}
	return d, !d.First.Same(d.Second)
}

// places are all rows of both, in order.
func places(first, second Matrix) []place {
	seen := map[place]bool{}
	var rows []MatrixRow
	for _, r := range append(slices.Clone(first.Rows), second.Rows...) {
		if !seen[r.place()] {
			seen[r.place()] = true
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b MatrixRow) int {
		if a.Scope != b.Scope {
			if a.Scope < b.Scope {
				return -1
			}
			return 1
		}
		return compareMatrixRows(a, b)
	})
	all := make([]place, len(rows))
	for i, r := range rows {
		all[i] = r.place()
	}
	return all
}
