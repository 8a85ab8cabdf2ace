package doors

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/worlds/expect"
	"github.com/postern-dev/postern/lab/worlds/fact"
)

var update = flag.Bool("update", false, "rewrite small.planted.txt from the rules and small.yaml")

const (
	smallFile    = "../worlds/small.yaml"
	smallPlanted = "../worlds/small.planted.txt"
)

// nearMisses look like facts and are none: a role in a node resource group that
// is locked, a refusal after which the cluster was changed.
var nearMisses = []string{
	"roleAssignments[lea@lab.onmicrosoft.com_Node_Hand_nodes:s-auto]",
	"activity[action_cluster:s-rbac_bob@lab.onmicrosoft.com]",
}

// A plant is a fact of the small world and what goes from the answer, and what
// comes into it, when it is taken away.
type plant struct {
	fact.Fact
	world      *cloud.World
	lines      []string // of the world without it
	gone, come []string
}

// plants takes the small world apart.
func plants(t *testing.T, now time.Time) (base *cloud.World, lines []string, all []plant) {
	t.Helper()
	text, err := os.ReadFile(smallFile)
	if err != nil {
		t.Fatal(err)
	}
	if base, err = cloud.ParseWorldAt(text, now); err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Of(text)
	if err != nil {
		t.Fatal(err)
	}
	lines = expect.Doors(base, expect.Unread{})
	for _, f := range facts {
		w, err := cloud.ParseWorldAt(f.Without, now)
		if err != nil {
			t.Fatalf("%s: %v", f.ID, err)
		}
		p := plant{Fact: f, world: w, lines: expect.Doors(w, expect.Unread{})}
		p.gone, p.come = differ(lines, p.lines), differ(p.lines, lines)
		all = append(all, p)
	}
	return base, lines, all
}

// TestSmallPlanted: small.planted.txt is what the rules make of small.yaml, and
// each of its facts plants something.
func TestSmallPlanted(t *testing.T) {
	_, lines, all := plants(t, time.Now())
	out := slices.Clone(lines)
	for _, p := range all {
		if nothing := len(p.gone)+len(p.come) == 0; nothing != slices.Contains(nearMisses, p.ID) {
			t.Errorf("%s plants nothing: %t", p.ID, nothing)
		}
		out = append(out, "", "without "+p.ID)
		for _, l := range p.gone {
			out = append(out, "  - "+l)
		}
		for _, l := range p.come {
			out = append(out, "  + "+l)
		}
	}
	text := expect.Text(out)
	if *update {
		if err := os.WriteFile(smallPlanted, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.ReadFile(smallPlanted)
	if err != nil {
		t.Fatal(err)
	}
	if string(was) != string(text) {
		t.Errorf("%s is not what the rules make of %s: read the difference, then go test ./doors -run TestSmallPlanted -update", smallPlanted, smallFile)
	}
}

// TestSmall: the small world as it is, and without each of its facts. What the
// fact opened is gone from the answer, and nothing else has changed.
func TestSmall(t *testing.T) {
	base, lines, all := plants(t, time.Now())
	a := start(t, base)
	r, _ := a.doors(t)
	check(t, r.lines(), lines)
	if t.Failed() {
		t.Fatal("the world with all its facts is not as planted")
	}
	began := time.Now()
	for _, p := range all {
		t.Run(strings.ReplaceAll(p.ID, "/", "|"), func(t *testing.T) {
			if err := a.State.Replace(p.world); err != nil {
				t.Fatal(err)
			}
			r, _ := a.doors(t)
			check(t, r.lines(), p.lines)
		})
	}
	t.Logf("%d facts taken away, one at a time, in %.1f s", len(all), time.Since(began).Seconds())
	a.onlyRead(t)
}
