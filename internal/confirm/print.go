package confirm

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// Questions is how many were compared, who-can apart.
func (r *Report) Questions() Count {
	var sum Count
	for _, c := range r.Families {
		sum.Allowed += c.Allowed
		sum.Denied += c.Denied
	}
	return sum
}

// Print writes the report as a table, disagreements first.
func (r *Report) Print(out io.Writer) error {
	for _, d := range r.Disagreements {
		if _, err := fmt.Fprintln(out, d); err != nil {
			return err
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "FAMILY\tALLOWED\tDENIED\tALL\t\n")
	row := func(name string, c Count) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", name, c.Allowed, c.Denied, c.Allowed+c.Denied)
	}
	for _, f := range slices.Sorted(maps.Keys(r.Families)) {
		row(f, *r.Families[f])
	}
	sum := r.Questions()
	row("all", sum)
	row("for who-can", r.WhoCan)
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d worlds, %d objects (%d refused by the API server), %d questions (%d %% allowed), %d reasons and %d absences compared; who-can: %d answers in %d worlds against %d reviews; disagreements: %d\n",
		r.Worlds, r.Objects, r.Refused, sum.Allowed+sum.Denied, 100*sum.Allowed/max(1, sum.Allowed+sum.Denied), r.Reasons, r.Absent,
		r.WhoCanLists, r.WhoCanWorlds, r.WhoCan.Allowed+r.WhoCan.Denied, len(r.Disagreements))
	return err
}
