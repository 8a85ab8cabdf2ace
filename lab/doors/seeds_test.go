package doors

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/postern-dev/postern/lab/worlds/expect"
	"github.com/postern-dev/postern/lab/worlds/forty"
)

var (
	firstSeed = flag.Uint64("seed", 100, "TestSeeds: the first seed")
	seeds     = flag.Int("seeds", 3, "TestSeeds: how many worlds")
)

// TestSeeds: other worlds of the same making, which nobody has looked at. What
// is found is what the rules make of each.
func TestSeeds(t *testing.T) {
	for i := range *seeds {
		seed := *firstSeed + uint64(i)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			_, w, err := forty.Read(seed, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			a := start(t, w)
			r, _ := a.doors(t)
			check(t, r.lines(), expect.Doors(w, forty.Unread(w)))
			a.onlyRead(t)
		})
	}
}
