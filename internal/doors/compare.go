package doors

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Diff is what changed between two reports.
type Diff struct {
	Old             time.Time      `json:"old"`
	New             time.Time      `json:"new"`
	AddedClusters   []string       `json:"addedClusters"`
	RemovedClusters []string       `json:"removedClusters"`
	States          []StateChange  `json:"states"`
	Holders         []HolderChange `json:"holders"`
	Keys            []KeyChange    `json:"keys"`
	// NotComparable is what one of the two could not read: whether it changed is
	// unknown.
	NotComparable []string `json:"notComparable"`
}

// StateChange is a door whose state changed. A door that was or is unknown has
// neither appeared nor gone.
type StateChange struct {
	Cluster string `json:"cluster,omitempty"` // ARM id; empty: of the tenant
	Kind    Kind   `json:"kind"`
	Old     State  `json:"old"`
	New     State  `json:"new"`
	Why     string `json:"why"`
}

// HolderChange is a holder that appeared or went.
type HolderChange struct {
	Cluster string `json:"cluster,omitempty"`
	Kind    Kind   `json:"kind"`
	Added   bool   `json:"added"`
	Holder  Holder `json:"holder"`
	// Unsure: the other report could not read everything that decides, so the
	// holder may have been, or may still be, there.
	Unsure string `json:"unsure,omitempty"`
}

// KeyChange is a way to become a service principal that appeared or went.
type KeyChange struct {
	Added bool `json:"added"`
	Key   Key  `json:"key"`
}

// Worse reports whether there is a new door, a new holder or a new key.
func (d Diff) Worse() bool {
	return slices.ContainsFunc(d.States, func(s StateChange) bool { return s.New == Open && s.Old != Unknown }) ||
		slices.ContainsFunc(d.Holders, func(h HolderChange) bool { return h.Added && h.Unsure == "" }) ||
		slices.ContainsFunc(d.Keys, func(k KeyChange) bool { return k.Added })
}

// Compare says what is new in a report against an older one.
func Compare(old, new *Report) Diff {
	d := Diff{Old: old.Taken, New: new.Taken, AddedClusters: []string{}, RemovedClusters: []string{}, States: []StateChange{}, Holders: []HolderChange{}, Keys: []KeyChange{}, NotComparable: []string{}}
	before := map[string]Cluster{}
	for _, c := range old.Clusters {
		before[fold(c.ID)] = c
	}
	for _, c := range new.Clusters {
		was, ok := before[fold(c.ID)]
		delete(before, fold(c.ID))
		if !ok {
			d.AddedClusters = append(d.AddedClusters, c.ID)
			was = Cluster{ID: c.ID}
			for _, door := range c.Doors {
				was.Doors = append(was.Doors, Door{Kind: door.Kind, State: Closed})
			}
		}
		d.doors(c.ID, was.Doors, c.Doors)
	}
	for id, c := range before {
		_ = id
		d.RemovedClusters = append(d.RemovedClusters, c.ID)
	}
	slices.Sort(d.RemovedClusters)
	d.doors("", old.Tenant, new.Tenant)
	d.keys(old.Keys, new.Keys)
	for _, r := range []*Report{old, new} {
		for _, g := range r.NotExamined {
			if g.Always {
				continue
			}
			d.NotComparable = append(d.NotComparable, g.What+": "+g.Why)
		}
	}
	slices.Sort(d.NotComparable)
	d.NotComparable = slices.Compact(d.NotComparable)
	return d
}

func (d *Diff) doors(cluster string, old, new []Door) {
	was := map[Kind]Door{}
	for _, o := range old {
		was[o.Kind] = o
	}
	for _, n := range new {
		o, ok := was[n.Kind]
		if !ok {
			continue // a kind the older report did not know
		}
		if o.State != n.State {
			d.States = append(d.States, StateChange{cluster, n.Kind, o.State, n.State, n.Why})
		}
		if o.State == Unknown || n.State == Unknown {
			d.NotComparable = append(d.NotComparable, strings.TrimSpace(cluster+" "+string(n.Kind))+": unknown in one of the two")
		}
		d.holders(cluster, n.Kind, o, n)
	}
}

func holderKey(h Holder) string {
	return strings.Join([]string{fold(h.Principal.ID), string(h.How), h.Scope, h.Power}, "\x00")
}

func (d *Diff) holders(cluster string, kind Kind, old, new Door) {
	in := func(list []Holder, h Holder) bool {
		return slices.ContainsFunc(list, func(o Holder) bool { return holderKey(o) == holderKey(h) })
	}
	note := func(from, to Door, added bool) {
		seen := map[string]bool{}
		for _, h := range to.Holders {
			if in(from.Holders, h) || seen[holderKey(h)] {
				continue
			}
			seen[holderKey(h)] = true
			c := HolderChange{Cluster: cluster, Kind: kind, Added: added, Holder: h}
			if len(from.HoldersUnknown) > 0 {
				c.Unsure = from.HoldersUnknown[0]
			}
			d.Holders = append(d.Holders, c)
		}
	}
	note(old, new, true)
	note(new, old, false)
}

func (d *Diff) keys(old, new []Key) {
	in := func(list []Key, k Key) bool {
		return slices.ContainsFunc(list, func(o Key) bool {
			return fold(o.Of.ID) == fold(k.Of.ID) && fold(o.Who.ID) == fold(k.Who.ID) && o.How == k.How && o.Via == k.Via
		})
	}
	for _, k := range new {
		if !in(old, k) {
			d.Keys = append(d.Keys, KeyChange{true, k})
		}
	}
	for _, k := range old {
		if !in(new, k) {
			d.Keys = append(d.Keys, KeyChange{false, k})
		}
	}
	slices.SortStableFunc(d.Keys, func(a, b KeyChange) int {
		return cmp.Or(strings.Compare(a.Key.Of.Name, b.Key.Of.Name), strings.Compare(a.Key.Who.Name, b.Key.Who.Name))
	})
}
