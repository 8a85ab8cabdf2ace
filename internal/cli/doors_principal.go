package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

// doorsView is what doors prints: the report, or what of it concerns one
// principal.
type doorsView struct {
	// Principal is whom was asked for, nil for everybody.
	Principal *doors.Principal `json:"principal,omitempty"`
	// Becomes are the principals this one can become, the first those it can
	// become at once.
	Becomes []doors.Principal `json:"becomes,omitempty"`
	*doors.Report
	// unread is what could not be read about who can become it.
	unread []string
}

// aboutPrincipal keeps of a report what one principal holds: by itself, through
// a group it is, or as one that it can become.
func aboutPrincipal(r *doors.Report, t *snapshot.Tenant, text string) (doorsView, error) {
	who, err := findPrincipal(r, t, text)
	if err != nil {
		return doorsView{}, err
	}
	v := doorsView{Principal: &who, unread: doors.KeyGaps(t, who.ID)}
	is := map[string]bool{strings.ToLower(who.ID): true}
	for grew := true; grew; {
		grew = false
		for _, k := range r.Keys {
			if id := strings.ToLower(k.Of.ID); is[strings.ToLower(k.Who.ID)] && !is[id] {
				is[id], grew = true, true
				v.Becomes = append(v.Becomes, k.Of)
			}
		}
	}
	kept := *r
	v.Report = &kept
	kept.Clusters = []doors.Cluster{}
	keep := func(all []doors.Door) []doors.Door {
		list := []doors.Door{}
		for _, d := range all {
			d.Holders = slices.DeleteFunc(slices.Clone(d.Holders), func(h doors.Holder) bool { return !holds(h, is) })
			if len(d.Holders) > 0 {
				list = append(list, d)
			}
		}
		return list
	}
	for _, c := range r.Clusters {
		if c.Doors = keep(c.Doors); len(c.Doors) > 0 {
			c.Breaks = slices.DeleteFunc(slices.Clone(c.Breaks), func(u doors.User) bool {
				return !strings.EqualFold(u.Name, who.Name) && !strings.EqualFold(u.Name, who.ID)
			})
			kept.Clusters = append(kept.Clusters, c)
		}
	}
	kept.Tenant = keep(r.Tenant)
	kept.Keys = []doors.Key{}
	for _, k := range r.Keys {
		if is[strings.ToLower(k.Of.ID)] && strings.EqualFold(k.Of.ID, who.ID) || is[strings.ToLower(k.Who.ID)] {
			kept.Keys = append(kept.Keys, k)
		}
	}
	return v, nil
}

// holds: a group is no holder itself, its members are; it stands in their path.
func holds(h doors.Holder, is map[string]bool) bool {
	return is[strings.ToLower(h.Principal.ID)] || slices.ContainsFunc(h.Path, func(s doors.Step) bool { return s.From != "" && is[strings.ToLower(s.From)] })
}

// findPrincipal settles who is meant: by an id, a UPN, or a display name.
func findPrincipal(r *doors.Report, t *snapshot.Tenant, text string) (doors.Principal, error) {
	var byName []doors.Principal
	var known []string
	for i := range t.Principals {
		p := &t.Principals[i]
		found := doors.Principal{ID: strings.ToLower(p.ID), Kind: string(p.Kind), Name: cmp.Or(p.UPN, p.Name), Guest: p.Guest, Disabled: p.Disabled, Deleted: p.Deleted}
		for _, exact := range []string{p.ID, p.AppID, p.UPN, p.ManagedIdentity} {
			if exact != "" && strings.EqualFold(exact, text) {
				return found, nil
			}
		}
		if strings.EqualFold(p.Name, text) {
			byName = append(byName, found)
		}
		known = append(known, p.Name, p.UPN)
	}
	if len(byName) == 0 {
		byName = subjectsOf(r, text)
	}
	switch {
	case len(byName) == 1:
		return byName[0], nil
	case len(byName) > 1:
		var lines []string
		for _, p := range byName {
			lines = append(lines, report.Clean(principalText(p)+"  "+p.Kind+"  "+p.ID))
		}
		slices.Sort(lines)
		return doors.Principal{}, usageError("name one by its id:\n"+strings.Join(lines, "\n"), "%d principals are called %s", len(byName), report.Clean(text))
	}
	hint := "a UPN, object id, application id or display name of somebody who holds something"
	if near := nearNames(text, known); len(near) > 0 {
		hint = "did you mean " + report.Clean(strings.Join(near, " or ")) + "?"
	}
	return doors.Principal{}, &ExitError{Code: ExitRefused, Err: fmt.Errorf("nobody who was read is called %s", report.Clean(text)), Hint: hint}
}

// subjectsOf are holders that are not of the directory: Subjects of Kubernetes
// and sources, by their names.
func subjectsOf(r *doors.Report, text string) (found []doors.Principal) {
	look := func(p doors.Principal) {
		if (strings.EqualFold(p.ID, text) || strings.EqualFold(p.Name, text)) && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	for _, d := range allDoors(r) {
		for _, h := range d.Holders {
			look(h.Principal)
		}
	}
	for _, k := range r.Keys {
		look(k.Who)
	}
	return found
}

func allDoors(r *doors.Report) (all []doors.Door) {
	for _, c := range r.Clusters {
		all = append(all, c.Doors...)
	}
	return append(all, r.Tenant...)
}

// nearNames are the few names like the text.
func nearNames(text string, known []string) (near []string) {
	const most = 5
	text = strings.ToLower(text)
	slices.Sort(known)
	for _, k := range slices.Compact(known) {
		low := strings.ToLower(k)
		if k != "" && len(near) < most && (len(text) > 2 && strings.Contains(low, text) || lettersOff(text, low) <= min(2, len(text)/2)) {
			near = append(near, k)
		}
	}
	return near
}

// lettersOff is how many letters must change to make one text the other.
func lettersOff(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		last := row[0]
		row[0] = i + 1
		for j := range y {
			change := last
			if x[i] != y[j] {
				change++
			}
			last = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}

func principalText(p doors.Principal) string {
	text := cmp.Or(p.Name, p.ID)
	switch {
	case p.Deleted:
		text += " (deleted)"
	case p.Disabled:
		text += " (disabled)"
	case p.Guest:
		text += " (guest)"
	}
	return text
}
