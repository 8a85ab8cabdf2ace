package azrbac

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Index is Facts prepared for questions. It is safe for concurrent use.
type Index struct {
	facts       Facts
	cluster     string // folded
	groups      map[string]bool
	assignments []entry // widest scope first
	unread      map[Part][]string
	whole       []string // see wholeResources
}

// entry is one assignment with its parts folded.
type entry struct {
	Assignment
	principal string
	scope     string
	role      *Definition // nil: not known
}

// New prepares facts. They are not changed, and must not be while the Index is in use.
func New(f Facts) *Index {
	x := &Index{facts: f, cluster: fold(f.ClusterID), groups: map[string]bool{}, unread: map[Part][]string{}, whole: wholeResources()}
	for _, name := range f.ManagementGroups {
		x.groups[last(name)] = true
	}
	for _, u := range f.Unread {
		x.unread[u.Part] = append(x.unread[u.Part], u.String())
	}
	table, definitions := builtin(), map[string]*Definition{}
	for i := range table {
		definitions[table[i].ID] = &table[i]
	}
	for i := range f.Definitions {
		definitions[last(f.Definitions[i].ID)] = &f.Definitions[i]
	}
	seen := map[string]bool{}
	for _, a := range f.Assignments {
		e := entry{Assignment: a, principal: fold(a.PrincipalID), scope: fold(a.Scope)}
		key := last(a.ID) + " " + e.scope + " " + e.principal + " " + last(a.RoleDefinitionID)
		if seen[key] { // lists at several scopes repeat what is above
			continue
		}
		seen[key] = true
		e.role = definitions[last(a.RoleDefinitionID)]
		x.assignments = append(x.assignments, e)
	}
	slices.SortStableFunc(x.assignments, func(a, b entry) int {
		return cmp.Or(strings.Count(a.scope, "/")-strings.Count(b.scope, "/"), strings.Compare(a.scope, b.scope),
			strings.Compare(a.principal, b.principal), strings.Compare(last(a.ID), last(b.ID)))
	})
	return x
}

// Facts are what the Index was made of.
func (x *Index) Facts() Facts { return x.facts }

// answer is how sure it is that something applies.
type answer int

const (
	no answer = iota
	maybe
	yes
)

// gives reports whether a permission block gives what is asked, by which of its
// patterns, and for maybe why not for sure.
func (p Permission) gives(q question, data bool) (pattern string, sure answer, why string) {
	have, not := p.Actions, p.NotActions
	if data {
		have, not = p.DataActions, p.NotDataActions
	}
	if !q.wild {
		return p.plain(have, not, q.action)
	}
	overlaps := func(s string) bool { return Overlap(s, q.action) }
	if pattern, found := first(have, func(s string) bool { return Match(s, q.action) }); found {
		if _, taken := first(not, overlaps); !taken {
			return p.conditioned(pattern)
		}
		return pattern, maybe, unsureAll
	}
	if pattern, found := first(have, overlaps); found {
		return pattern, maybe, unsureAll
	}
	return "", no, ""
}

func (p Permission) plain(have, not []string, action string) (pattern string, sure answer, why string) {
	matches := func(s string) bool { return Match(s, action) }
	pattern, found := first(have, matches)
	if !found {
		return "", no, ""
	}
	if _, taken := first(not, matches); taken {
		return "", no, ""
	}
	return p.conditioned(pattern)
}

func (p Permission) conditioned(pattern string) (string, answer, string) {
	if p.Condition != "" {
		return pattern, maybe, "its permissions have a condition, which is not evaluated: " + short(p.Condition)
	}
	return pattern, yes, ""
}

// grant reports whether an assignment gives what is asked.
func (x *Index) grant(e *entry, q question, data bool) (g Grant, sure answer) {
	at := relate(e.scope, q.scope, x.groups)
	if at == apart || q.exactly && at != same {
		return Grant{}, no
	}
	g = Grant{Assignment: e.Assignment, Principal: e.principal}
	if e.role == nil {
		g.Why = fmt.Sprintf("role %s is not known", last(e.RoleDefinitionID))
		return g, maybe
	}
	g.Definition = *e.role
	var pattern, why string
	for _, p := range e.role.Permissions {
		t, s, w := p.gives(q, data)
		if s > sure {
			pattern, sure, why = t, s, w
		}
	}
	if data {
		g.DataAction = pattern
	} else {
		g.Action = pattern
	}
	switch {
	case sure == no:
		return Grant{}, no
	case sure == maybe:
	case q.unsure != "":
		sure, why = maybe, q.unsure
	case e.Condition != "":
		sure, why = maybe, "the assignment has a condition, which is not evaluated: "+short(e.Condition)
	case at == perhapsAbove:
		sure, why = maybe, "management group "+last(e.scope)+" is not known to be above the cluster"
	}
	g.Why = why
	return g, sure
}

// deny reports whether a deny assignment takes away what is asked from these
// principals. A caller who is excluded through one of them is not concerned.
func (x *Index) deny(d *DenyAssignment, ids []string, q question, data bool) (Deny, answer) {
	at := relate(fold(d.Scope), q.scope, x.groups)
	if at == apart || d.DoNotApplyToChildScopes && at != same {
		return Deny{}, no
	}
	if !names(d.Principals, ids, true) || names(d.ExcludePrincipals, ids, false) {
		return Deny{}, no
	}
	sure, why := no, ""
	for _, p := range d.Permissions {
		if _, s, w := p.gives(q, data); s > sure {
			sure, why = s, w
		}
	}
	switch {
	case sure == no:
		return Deny{}, no
	case sure == maybe:
	case d.Condition != "":
		sure, why = maybe, "it has a condition, which is not evaluated: "+short(d.Condition)
	case at == perhapsAbove:
		sure, why = maybe, "management group "+last(d.Scope)+" is not known to be above the cluster"
	}
	return Deny{DenyAssignment: *d, Why: why}, sure
}

func names(list []Principal, ids []string, everyone bool) bool {
	return slices.ContainsFunc(list, func(p Principal) bool {
		id := fold(p.ID)
		return everyone && id == Everyone || slices.Contains(ids, id)
	})
}

// short keeps a condition on one line.
func short(condition string) string {
	const most = 120
	text := strings.Join(strings.Fields(condition), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
