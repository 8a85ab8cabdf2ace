package confirm

import (
	"fmt"
	"maps"
	"slices"
)

// Least is what a recording must hold to prove something.
type Least struct {
	Worlds, Questions int
	Families          int
	Family            int // questions of each verdict, of every family
	WhoCan            int // worlds in which who-can was asked
}

// Short says what a recording lacks.
func (r *Report) Short(least Least) (lacks []string) {
	lack := func(format string, args ...any) { lacks = append(lacks, "too little: "+fmt.Sprintf(format, args...)) }
	sum := r.Questions()
	all := sum.Allowed + sum.Denied
	if r.Worlds < least.Worlds {
		lack("%d worlds, want %d", r.Worlds, least.Worlds)
	}
	if all < least.Questions {
		lack("%d questions, want %d", all, least.Questions)
	}
	if percent := 100 * sum.Allowed / max(1, all); least.Family > 0 && (percent < 30 || percent > 70) {
		lack("%d %% of the questions are allowed, want 30 to 70", percent)
	}
	if len(r.Families) < least.Families {
		lack("%d families, want %d", len(r.Families), least.Families)
	}
	for _, f := range slices.Sorted(maps.Keys(r.Families)) {
		if c := r.Families[f]; min(c.Allowed, c.Denied) < least.Family {
			lack("family %s has %d allowed and %d denied, want %d of each", f, c.Allowed, c.Denied, least.Family)
		}
	}
	if r.WhoCanWorlds < least.WhoCan || (least.WhoCan > 0 && r.WhoCan.Allowed == 0) {
		lack("who-can in %d worlds, want %d", r.WhoCanWorlds, least.WhoCan)
	}
	return lacks
}
