package escalate

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// Paths finds the ways from one identity to cluster-admin, and to everybody and
// every power else. Of ways that begin alike and go on alike one is shown, with
// the number of the others; with Options.All every way without a circle is.
func (g *Graph) Paths(u rbac.UserInfo) Result {
	s := g.newSearch()
	s.start, s.info = start(u), u
	s.explore(s.start)
	s.measure()
	r := Result{From: s.start}
	if g.options.All {
		r.Paths = s.every()
	} else {
		r.Paths = s.eachWay()
	}
	slices.SortStableFunc(r.Paths, comparePaths)
	if n := len(r.Paths) - g.options.Limit; n > 0 {
		r.More, r.Paths = n, r.Paths[:g.options.Limit]
	}
	r.Others, r.MoreOthers = s.others()
	r.Notes = g.notes(u)
	return r
}

// Paths is one question to a policy; New serves several.
func Paths(x *rbac.Index, from rbac.UserInfo, o Options) []Path {
	return New(x, o).Paths(from).Paths
}

// notes name what an identity holds and nobody here follows.
func (g *Graph) notes(u rbac.UserInfo) (notes []string) {
	roles, _ := g.index.Roles(u, "", true)
	for _, h := range roles {
		for _, rule := range h.Role.Rules {
			for _, v := range rule.Verbs {
				if strings.HasPrefix(v, "impersonate:") && g.options.Version.AtLeast(1, 36) {
					text := h.Role.Title() + " has the verb " + v + ": what constrained impersonation lends is not followed"
					if !slices.Contains(notes, text) {
						notes = append(notes, text)
					}
				}
			}
		}
	}
	return notes
}

// start is the node of an identity: its name, or its group where it has none.
func start(u rbac.UserInfo) Node {
	if u.Username == "" && len(u.Groups) > 0 {
		return who(rbac.Group(u.Groups[0]))
	}
	return who(rbac.User(u.Username))
}

// eachWay is every first hop, completed by the shortest rest.
func (s *search) eachWay() []Path {
	at := map[string]int{}
	var paths []Path
	for i := range s.hops[s.start] {
		h := &s.hops[s.start][i]
		for _, m := range s.g.members(h.to) {
			if _, leads := s.left[m]; !leads || m == s.start {
				continue
			}
			way, ok := s.complete([]step{{s.start, m, h}})
			if !ok {
				continue
			}
			key := shape(way)
			if n, seen := at[key]; seen {
				paths[n].Alike++
				continue
			}
			at[key] = len(paths)
			paths = append(paths, path(way))
		}
	}
	return paths
}

// every is every way without a circle, as long as the depth allows; it stops
// at a hundred times the limit, far beyond what anybody reads.
func (s *search) every() (paths []Path) {
	on := map[Node]bool{s.start: true}
	var walk func(n Node, way []step)
	walk = func(n Node, way []step) {
		for i := range s.hops[n] {
			h := &s.hops[n][i]
			for _, m := range s.g.members(h.to) {
				left, leads := s.left[m]
				if len(paths) >= 100*s.g.options.Limit {
					return
				}
				if !leads || on[m] || len(way)+1+left > s.g.options.MaxDepth {
					continue
				}
				further := append(slices.Clone(way), step{n, m, h})
				if m.Kind == Everything {
					paths = append(paths, path(further))
					continue
				}
				on[m] = true
				walk(m, further)
				on[m] = false
			}
		}
	}
	walk(s.start, nil)
	return paths
}

// others are shortest ways to what else was explored.
func (s *search) others() (paths []Path, more int) {
	for _, n := range s.order {
		if n == s.start || n.Kind == Everything {
			continue
		}
		if len(paths) == s.g.options.Limit {
			more++
			continue
		}
		var way []step
		for at := n; at != s.start; {
			st := s.by[at]
			way = append(way, st)
			at = st.from
		}
		slices.Reverse(way)
		paths = append(paths, path(way))
	}
	return paths, more
}

// Reach is everybody from whom a way leads to cluster-admin, each with a
// shortest one: subjects that a binding names, system:masters, and for service
// accounts whose rights come from their groups the one called default. Shorter
// ways come first.
func (g *Graph) Reach() []Path {
	s := g.newSearch()
	from := []Node{who(rbac.Group(rbac.Masters))}
	for _, list := range [][]rbac.Subject{g.users, g.groups} {
		for _, subject := range list {
			from = append(from, who(subject))
		}
	}
	for _, ns := range g.spaces {
		for _, a := range g.accounts[ns] {
			from = append(from, who(a))
		}
	}
	s.explore(from...)
	s.measure()
	var paths []Path
	for _, n := range from {
		left, leads := s.left[n]
		if !leads || left > g.options.MaxDepth {
			continue
		}
		st, ok := s.onward(n)
		if !ok {
			continue
		}
		if way, ok := s.complete([]step{st}); ok {
			paths = append(paths, path(way))
		}
	}
	slices.SortStableFunc(paths, func(a, b Path) int {
		if c := len(a.Edges) - len(b.Edges); c != 0 {
			return c
		}
		return rbac.CompareSubjects(a.Edges[0].From.Subject, b.Edges[0].From.Subject)
	})
	return paths
}
