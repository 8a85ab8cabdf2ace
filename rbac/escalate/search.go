package escalate

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// search is one question: the part of the graph that it came across.
type search struct {
	g     *Graph
	start Node          // nobody, when everybody is asked about
	info  rbac.UserInfo // of start
	hops  map[Node][]hop
	order []Node        // explored, nearest first
	depth map[Node]int  // hops from start
	by    map[Node]step // the last hop of a shortest way to a node
	left  map[Node]int  // hops to cluster-admin; absent: no way
	next  map[Node]step // the first hop of a shortest way to cluster-admin
}

// step is a hop with its ends.
type step struct {
	from, to Node
	hop      *hop
}

func (g *Graph) newSearch() *search {
	return &search{g: g, hops: map[Node][]hop{}, depth: map[Node]int{}, by: map[Node]step{}, left: map[Node]int{}, next: map[Node]step{}}
}

// identity is what an API server knows of a node's Subject.
func (s *search) identity(n Node) rbac.UserInfo {
	switch {
	case n.Kind != Identity && n.Kind != With:
		return rbac.UserInfo{}
	case n.Subject == s.start.Subject:
		return s.info
	case n.Subject.Kind == rbac.GroupKind: // one of its members, who is authenticated
		return n.Subject.UserInfo(rbac.Authenticated)
	}
	return n.Subject.UserInfo()
}

// explore walks from some nodes as far as the depth allows.
func (s *search) explore(from ...Node) {
	expanded := map[Node]bool{}
	for _, n := range from {
		if _, twice := s.depth[n]; !twice {
			s.depth[n] = 0
			s.order = append(s.order, n)
		}
	}
	for i := 0; i < len(s.order); i++ {
		n := s.order[i]
		if s.depth[n] >= s.g.options.MaxDepth {
			continue
		}
		hops := s.g.hopsFrom(n, s.identity(n))
		if n == s.start {
			hops = s.g.restrict(hops)
		}
		s.hops[n] = hops
		for at := range hops {
			h := &hops[at]
			if expanded[h.to] {
				continue
			}
			expanded[h.to] = true
			members := s.g.members(h.to)
			if h.to.set() && !slices.ContainsFunc(members, func(m Node) bool { return m != s.start }) {
				members = []Node{h.to} // nobody in it is bound to anything; it is within reach all the same
			}
			for _, m := range members {
				if _, seen := s.depth[m]; !seen {
					s.depth[m] = s.depth[n] + 1
					s.by[m] = step{n, m, h}
					s.order = append(s.order, m)
				}
			}
		}
	}
}

// restrict keeps what leads into the namespace that was asked for, or past all.
func (g *Graph) restrict(hops []hop) (kept []hop) {
	if g.options.Namespace == "" {
		return hops
	}
	for _, h := range hops {
		ns := h.to.Namespace
		if h.to.Kind == Identity {
			ns = h.to.Subject.Namespace
		}
		switch {
		case ns == "" || ns == g.options.Namespace:
			kept = append(kept, h)
		case ns == everyNamespace:
			h.to.Namespace = g.options.Namespace
			kept = append(kept, h)
		}
	}
	return kept
}

// measure counts, for every explored node, the hops to cluster-admin. Ways that
// come back through the start do not count.
func (s *search) measure() {
	before := map[Node][]Node{}
	for _, n := range s.order {
		for _, h := range s.hops[n] {
			before[h.to] = append(before[h.to], n)
		}
	}
	queue := []Node{just(Everything)}
	s.left[queue[0]] = 0
	done := map[Node]bool{}
	for i := 0; i < len(queue); i++ {
		n := queue[i]
		for _, target := range append(s.g.sets(n), n) {
			if done[target] {
				continue
			}
			done[target] = true
			for _, b := range before[target] {
				if _, seen := s.left[b]; seen {
					continue
				}
				s.left[b] = s.left[n] + 1
				if b != s.start {
					queue = append(queue, b)
				}
			}
		}
	}
}

// onward is the first hop of a shortest way from a node to cluster-admin, one
// that needs nothing but RBAC if there is one.
func (s *search) onward(n Node) (step, bool) {
	if st, known := s.next[n]; known {
		return st, true
	}
	var best *step
	for i := range s.hops[n] {
		h := &s.hops[n][i]
		if best != nil && !h.sure {
			continue
		}
		for _, m := range s.g.members(h.to) {
			if d, ok := s.left[m]; ok && d == s.left[n]-1 && m != s.start {
				best = &step{n, m, h}
				break
			}
		}
		if best != nil && best.hop.sure {
			break
		}
	}
	if best == nil {
		return step{}, false
	}
	s.next[n] = *best
	return *best, true
}

// complete adds the shortest rest of the way to cluster-admin.
func (s *search) complete(way []step) ([]step, bool) {
	for {
		n := way[len(way)-1].to
		if n.Kind == Everything {
			return way, true
		}
		st, ok := s.onward(n)
		if !ok {
			return nil, false
		}
		way = append(way, st)
	}
}

// path turns steps into what is shown.
func path(way []step) Path {
	var p Path
	for _, st := range way {
		e := Edge{From: st.from, To: st.to, Kind: st.hop.kind, Allows: st.hop.allows, Needs: st.hop.needs, Certainty: Depends}
		e.Text = strings.ReplaceAll(st.hop.text, "{to}", st.to.phrase())
		if st.hop.sure {
			e.Certainty = Sure
		}
		if st.hop.to.set() && st.hop.to != st.to {
			e.Through = st.hop.to.String()
		}
		p.Edges = append(p.Edges, e)
	}
	return p
}

// phrase is the node inside a sentence.
func (n Node) phrase() string {
	switch {
	case n.Kind != Identity:
		return n.String()
	case n.Subject.Kind == rbac.ServiceAccountKind:
		return "service account " + n.Subject.Label()
	case n.Subject.Kind == rbac.GroupKind:
		return "group " + n.Subject.Name
	}
	return "user " + n.Subject.Name
}

// shape is what paths that differ in whom they pass through only have in common.
func shape(way []step) string {
	var b strings.Builder
	for i, st := range way {
		b.WriteString(string(st.hop.kind) + " ")
		if i == 0 {
			b.WriteString(st.hop.to.String() + " ")
		}
	}
	return b.String()
}

// comparePaths: fewer hops first, then those that need least, then by name.
func comparePaths(a, b Path) int {
	if c := len(a.Edges) - len(b.Edges); c != 0 {
		return c
	}
	if c := a.doubts() - b.doubts(); c != 0 {
		return c
	}
	return slices.CompareFunc(a.Edges, b.Edges, func(x, y Edge) int {
		if c := strings.Compare(string(x.Kind), string(y.Kind)); c != 0 {
			return c
		}
		return strings.Compare(x.To.String(), y.To.String())
	})
}

func (p Path) doubts() (n int) {
	for _, e := range p.Edges {
		if e.Certainty != Sure {
			n++
		}
	}
	return n
}
