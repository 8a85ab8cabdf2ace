package doors

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
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
// neither appeared nor gone; the doors of a new cluster were closed before, and
// unknown where the older report could not have seen the cluster.
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
	Added  bool   `json:"added"`
	Key    Key    `json:"key"`
	Unsure string `json:"unsure,omitempty"` // as of HolderChange
}

// Worse reports whether there is a new door, a new holder or a new key. Somebody
// who cannot sign in is none.
func (d Diff) Worse() bool {
	in := func(p Principal) bool { return !p.Disabled && !p.Deleted }
	return slices.ContainsFunc(d.States, func(s StateChange) bool { return s.New == Open && s.Old != Unknown }) ||
		slices.ContainsFunc(d.Holders, func(h HolderChange) bool { return h.Added && h.Unsure == "" && in(h.Holder.Principal) }) ||
		slices.ContainsFunc(d.Keys, func(k KeyChange) bool { return k.Added && k.Unsure == "" && in(k.Key.Who) })
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
			was = old.absent(c)
		}
		d.doors(c.ID, was.Doors, c.Doors)
	}
	for _, c := range before {
		d.RemovedClusters = append(d.RemovedClusters, c.ID)
		if why := new.blind(c); why != "" {
			d.NotComparable = append(d.NotComparable, c.ID+": it may still be there: "+why)
		}
	}
	slices.Sort(d.AddedClusters)
	slices.Sort(d.RemovedClusters)
	d.doors("", old.Tenant, new.Tenant)
	d.keys(old, new)
	for _, r := range []*Report{old, new} {
		for _, g := range r.NotExamined {
			if !g.Always {
				d.NotComparable = append(d.NotComparable, g.What+": "+g.Why)
			}
		}
	}
	slices.Sort(d.NotComparable)
	d.NotComparable = slices.Compact(d.NotComparable)
	return d
}

// blind says why a report could not have seen a cluster, if it could not.
func (r *Report) blind(c Cluster) string {
	if !slices.ContainsFunc(r.Subscriptions, func(s snapshot.Subscription) bool { return fold(s.ID) == fold(c.Subscription) }) {
		for _, g := range r.NotExamined {
			if g.What == string(snapshot.PieceSubscriptions) {
				return g.What + ": " + g.Why
			}
		}
	}
	return r.gapOf(snapshot.PieceClusters, "/subscriptions/"+c.Subscription)
}

// gapOf says why a piece of a scope, or of all, was not examined.
func (r *Report) gapOf(piece snapshot.Piece, scope string) string {
	for _, g := range r.NotExamined {
		at, ok := strings.CutPrefix(g.What, string(piece))
		if !ok || g.Always {
			continue
		}
		if at = strings.TrimPrefix(at, " of "); at == "" || fold(at) == fold(scope) {
			return g.What + ": " + g.Why
		}
	}
	return ""
}

// absent is a cluster in a report that does not have it: all closed, or unknown
// where the report could not have seen it.
func (r *Report) absent(c Cluster) Cluster {
	was := Cluster{ID: c.ID}
	why := r.blind(c)
	for _, door := range c.Doors {
		d := Door{Kind: door.Kind, State: Closed}
		if why != "" {
			d = unknownDoor("", why)
			d.Kind = door.Kind
		}
		was.Doors = append(was.Doors, d)
	}
	return was
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

// doubt is why holders that a door does not have may be there all the same.
func (d Door) doubt() string {
	switch {
	case len(d.HoldersUnknown) > 0:
		return d.HoldersUnknown[0]
	case d.State == Unknown:
		return d.Why
	}
	return ""
}

// holderKey is what makes a holder another one: to be enabled is to come in.
func holderKey(h Holder) string {
	return strings.Join([]string{fold(h.Principal.ID), string(h.How), h.Scope, h.Power, fmt.Sprint(h.Principal.Disabled || h.Principal.Deleted)}, "\x00")
}

// byKey has one holder of each key, a sure one where there is one.
func byKey(all []Holder) map[string]Holder {
	found := map[string]Holder{}
	for _, h := range all {
		key := holderKey(h)
		if was, ok := found[key]; !ok || was.Unsure != "" && h.Unsure == "" {
			found[key] = h
		}
	}
	return found
}

func (d *Diff) holders(cluster string, kind Kind, old, new Door) {
	was, is := byKey(old.Holders), byKey(new.Holders)
	note := func(from map[string]Holder, to []Holder, doubt string, added bool) {
		seen := map[string]bool{}
		for _, h := range to {
			key := holderKey(h)
			other, there := from[key]
			// Of those that are in both, one that has become certain counts as new.
			if seen[key] || there && (!added || h.Unsure != "" || other.Unsure == "") {
				continue
			}
			seen[key] = true
			c := HolderChange{Cluster: cluster, Kind: kind, Added: added, Holder: h, Unsure: doubt}
			if there {
				c.Unsure = cmp.Or(doubt, "it was not certain before: "+other.Unsure)
			}
			d.Holders = append(d.Holders, c)
		}
	}
	note(was, new.Holders, old.doubt(), true)
	note(is, old.Holders, new.doubt(), false)
}

func (d *Diff) keys(old, new *Report) {
	key := func(k Key) string {
		return strings.Join([]string{fold(k.Of.ID), fold(k.Who.ID), string(k.How), k.Via, fmt.Sprint(k.Who.Disabled || k.Who.Deleted)}, "\x00")
	}
	note := func(from, to *Report, added bool) {
		there := map[string]bool{}
		for _, k := range from.Keys {
			there[key(k)] = true
		}
		for _, k := range to.Keys {
			if !there[key(k)] {
				d.Keys = append(d.Keys, KeyChange{added, k, from.keyDoubt(k)})
			}
		}
	}
	note(old, new, true)
	note(new, old, false)
	slices.SortStableFunc(d.Keys, func(a, b KeyChange) int {
		return cmp.Or(strings.Compare(a.Key.Of.Name, b.Key.Of.Name), strings.Compare(a.Key.Who.Name, b.Key.Who.Name))
	})
}

// keyDoubt is why a key that a report does not have may be there all the same.
func (r *Report) keyDoubt(k Key) string {
	id := fold(k.Of.ID)
	for _, at := range []struct {
		piece snapshot.Piece
		scope string
		how   []How
	}{
		{snapshot.PiecePrincipals, id, hows()},
		{snapshot.PieceOwners, id, []How{Owner}},
		{snapshot.PieceApplications, id, []How{Owner, Editor, Source}},
		{snapshot.PieceFederated, id, []How{Source}},
		{snapshot.PieceDirectoryRoles, "", []How{Editor}},
		{snapshot.PieceDirectoryElig, "", []How{Editor}},
		{snapshot.PieceAppRoles, "", []How{Editor}},
	} {
		if slices.Contains(at.how, k.How) {
			if why := r.gapOf(at.piece, at.scope); why != "" {
				return why
			}
		}
	}
	if sub := identityOf(k); sub != "" { // of a managed identity, by role assignments
		for _, piece := range []snapshot.Piece{snapshot.PieceAssignments, snapshot.PieceEligible, snapshot.PieceDefinitions} {
			if why := r.gapOf(piece, "/subscriptions/"+sub); why != "" {
				return why
			}
		}
	}
	return ""
}

// identityOf is the subscription of the role assignment or resource that a key to
// a managed identity goes by.
func identityOf(k Key) string {
	if k.How != Active && k.How != Eligible || len(k.Path) == 0 {
		return ""
	}
	rest, ok := strings.CutPrefix(fold(k.Path[len(k.Path)-1].From), "/subscriptions/")
	if !ok {
		return ""
	}
	sub, _, _ := strings.Cut(rest, "/")
	return sub
}
