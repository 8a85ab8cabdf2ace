package runtime

import (
	"math"

	"github.com/postern-dev/postern/kql/scalar"
)

// makeSeries are the arrays of make-series: of a list of bags, each with a
// [bin, value …], one array of values and one of bins, from the first to the last or as bounded.
func makeSeries() []Func {
	return []Func{
		fn("make_series.long", "dynamic long long long long dynamic -> dynamic", func(a []any) any {
			g, ok := gridLong(binRows(a))(a[2:5])
			return g.values(a, ok)
		}),
		fn("make_series.real", "dynamic long real real real dynamic -> dynamic", func(a []any) any {
			g, ok := gridReal(binRows(a))(a[2:5])
			return g.values(a, ok)
		}),
		fn("series_axis.long", "dynamic long long long -> dynamic", axisOf(integer)),
		fn("series_axis.datetime", "dynamic long long long -> dynamic", axisOf(func(n int64) value { return quoted(scalar.FormatDateTime(clampTime(n))) })),
		fn("series_axis.timespan", "dynamic long long long -> dynamic", axisOf(func(n int64) value { return quoted(scalar.FormatTimeSpan(n)) })),
		fn("series_axis.real", "dynamic real real real -> dynamic", func(a []any) any {
			g, ok := gridReal(binRows(a))(a[1:4])
			if !ok {
				return nil
			}
			step, _ := a[3].(float64)
			out := make([]value, g.n)
			for i := range out {
				out[i] = floating(g.start + float64(i)*step)
			}
			return jsonArray(out)
		}),
	}
}

// binRows are the rows of a list.
func binRows(a []any) ([]value, bool) {
	bags, ok := list(a, 0)
	rows := make([]value, len(bags))
	for i, b := range bags {
		if len(b.list) != 1 {
			return nil, false
		}
		rows[i] = b.list[0]
	}
	return rows, ok
}

func axisOf(of func(int64) value) func(a []any) any {
	return func(a []any) any {
		g, ok := gridLong(binRows(a))(a[1:4])
		if !ok {
			return nil
		}
		step, _ := num(a, 3)
		out := make([]value, g.n)
		for i := range out {
			out[i] = of(g.first + int64(i)*step)
		}
		return jsonArray(out)
	}
}

// maxSeries is how many values a series may have.
const maxSeries = 1 << 20

// grid is where bins lie: at gives the place of each row of the list, -1 for
// none.
type grid struct {
	n     int
	first int64   // the first bin, if counted in integers
	start float64 // if in reals
	at    []int
	rows  []value
}

// gridLong places bins that are integers. bounds are from, to and step.
func gridLong(rows []value, ok bool) func(bounds []any) (grid, bool) {
	return func(bounds []any) (grid, bool) {
		g := grid{rows: rows, at: make([]int, len(rows))}
		step, given := num(bounds, 2)
		if !ok || !given || step <= 0 {
			return g, false
		}
		bin := func(r value) (int64, bool) {
			if len(r.list) == 0 {
				return 0, false
			}
			return r.list[0].long()
		}
		from, hasFrom := num(bounds, 0)
		to, hasTo := num(bounds, 1)
		last, any := int64(0), false
		for _, r := range rows {
			b, ok := bin(r)
			if !ok {
				continue
			}
			if !hasFrom && (!any || b < from) {
				from = b
			}
			if !any || b > last {
				last = b
			}
			any = true
		}
		switch {
		case !hasFrom && !any:
			return g, true
		case hasTo:
			if to <= from {
				return g, true
			}
			g.n = int(min((uint64(to)-uint64(from)-1)/uint64(step)+1, maxSeries+1))
		case any:
			g.n = int(min((uint64(last)-uint64(from))/uint64(step)+1, maxSeries+1))
		}
		if g.n > maxSeries {
			return g, false
		}
		g.first = from
		for i, r := range rows {
			g.at[i] = -1
			if b, ok := bin(r); ok && b >= from {
				if at := (uint64(b) - uint64(from)) / uint64(step); at < uint64(g.n) {
					g.at[i] = int(at)
				}
			}
		}
		return g, true
	}
}

// gridReal places bins that are reals, which need not be exact multiples.
func gridReal(rows []value, ok bool) func(bounds []any) (grid, bool) {
	return func(bounds []any) (grid, bool) {
		g := grid{rows: rows, at: make([]int, len(rows))}
		step, _ := bounds[2].(float64)
		if !ok || !(step > 0) {
			return g, false
		}
		from, hasFrom := bounds[0].(float64)
		to, hasTo := bounds[1].(float64)
		last, any := 0.0, false
		for _, r := range rows {
			if len(r.list) == 0 {
				continue
			}
			b, ok := r.list[0].real()
			if !ok {
				continue
			}
			if !hasFrom && (!any || b < from) {
				from = b
			}
			if !any || b > last {
				last = b
			}
			any = true
		}
		count := 0.0
		switch {
		case !hasFrom && !any:
			return g, true
		case hasTo:
			count = math.Ceil((to-from)/step - 1e-9)
		case any:
			count = math.Round((last-from)/step) + 1
		}
		if !(count <= maxSeries) {
			return g, false
		}
		g.n, g.start = max(int(count), 0), from
		for i, r := range rows {
			g.at[i] = -1
			if len(r.list) == 0 {
				continue
			}
			if b, ok := r.list[0].real(); ok {
				if at := math.Round((b - from) / step); at >= 0 && at < float64(g.n) {
					g.at[i] = int(at)
				}
			}
		}
		return g, true
	}
}

// values is the array of one value: args are the list, its place in a row, the
// bounds and the default.
func (g grid) values(args []any, ok bool) any {
	n, given := num(args, 1)
	if !ok || !given || n < 1 {
		return nil
	}
	fallback := dyn(args, 5)
	out := make([]value, g.n)
	for i := range out {
		out[i] = fallback
	}
	for i, r := range g.rows {
		if at := g.at[i]; at >= 0 && int(n) < len(r.list) {
			out[at] = r.list[n]
		}
	}
	return jsonArray(out)
}
