package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// NoSuch is a Subject or role that nothing in any cluster names.
type NoSuch struct {
	What       string // subject, role, or pattern
	Text       string
	Near       []string // what may have been meant
	Incomplete bool     // a part could not be read: it may be there
}

func (e *NoSuch) Error() string {
	switch e.What {
	case "pattern":
		return fmt.Sprintf("no subject matches %q", e.Text)
	case "role":
		return fmt.Sprintf("no role is called %s", e.Text)
	}
	return "no binding names " + e.Text
}

// known refuses what is in none of the clusters.
func known(all []*builder, o Options) error {
	unnamed, incomplete := false, false // bindings, and anything, that could not be read
	for _, b := range all {
		incomplete = incomplete || len(b.cluster.Unknown) > 0
		unnamed = unnamed || b.snap.Missing(snapshot.ClusterRoleBindings) || b.snap.Missing(snapshot.RoleBindings) || b.snap.Missing(snapshot.Manifest)
	}
	for _, a := range o.Subjects {
		if !slices.ContainsFunc(all, func(b *builder) bool { return slices.ContainsFunc(b.everybody(), a.means) }) {
			return &NoSuch{What: "subject", Text: a.String(), Near: nearSubjects(all, a), Incomplete: unnamed}
		}
	}
	if o.Pattern != nil && len(o.Subjects) == 0 && !slices.ContainsFunc(all, func(b *builder) bool { return len(b.focus) > 0 }) {
		return &NoSuch{What: "pattern", Text: o.Pattern.String(), Incomplete: unnamed}
	}
	for _, text := range o.Roles {
		ids := everyRole(all)
		if !slices.ContainsFunc(ids, func(id string) bool { return roleMeans(text, id) }) {
			return &NoSuch{What: "role", Text: text, Near: nearest(text, ids, roleName), Incomplete: incomplete}
		}
	}
	return nil
}

func everyRole(all []*builder) []string {
	var ids []string
	for _, b := range all {
		ids = append(ids, b.everyRole()...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func roleName(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func nearSubjects(all []*builder, a Asked) []string {
	var texts []string
	for _, b := range all {
		for _, s := range b.index.Subjects() {
			texts = append(texts, s.String())
		}
	}
	slices.Sort(texts)
	text := a.Text
	if a.Subject.Kind == rbac.ServiceAccountKind {
		text = a.Subject.Name
	}
	return nearest(text, slices.Compact(texts), func(s string) string {
		if _, account, found := strings.Cut(s, "/"); found && strings.HasPrefix(s, "sa:") {
			return account
		}
		_, name, _ := strings.Cut(s, ":")
		return name
	})
}

// nearest are the few candidates whose name is like the text: the same but for
// case, a few letters off, or containing it.
func nearest(text string, candidates []string, name func(string) string) []string {
	const most = 5
	text = strings.ToLower(strings.TrimRight(text, ".…"))
	type scored struct {
		text string
		off  int
	}
	var near []scored
	for _, c := range candidates {
		n := strings.ToLower(name(c))
		off := distance(text, n, 3)
		if off > 2 && len(text) >= 3 && strings.Contains(n, text) {
			off = 3
		} else if off > 2 || 2*off > len(text) {
			continue
		}
		near = append(near, scored{c, off})
	}
	slices.SortStableFunc(near, func(x, y scored) int { return cmp.Compare(x.off, y.off) })
	var texts []string
	for _, n := range near[:min(most, len(near))] {
		texts = append(texts, n.text)
	}
	return texts
}

// distance is how many letters must change to make one text the other, or limit.
func distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if d := len(x) - len(y); d >= limit || -d >= limit {
		return limit
	}
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
	return min(row[len(y)], limit)
}
