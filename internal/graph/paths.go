package graph

import (
	"slices"
	"strconv"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/escalate"
)

// many Subjects are asked about at once, with one way each, instead of one by one.
const many = 20

// escalation adds the ways to everything of what is drawn.
func (b *builder) escalation() {
	if !b.options.Paths {
		return
	}
	version, known := rbac.ParseVersion(b.snap.Version)
	if !known {
		b.cluster.NotExamined = append(b.cluster.NotExamined, "what this server's version changes in escalation: it is not known, "+strconv.Itoa(rbac.Newest().Major)+"."+strconv.Itoa(rbac.Newest().Minor)+" is assumed")
	}
	b.cluster.NotExamined = append(b.cluster.NotExamined, "escalation outside RBAC: Azure, custom resources, what runs in pods")
	graph := escalate.New(b.index, escalate.Options{Version: version, Namespace: b.options.Namespace, Limit: 50})
	if len(b.focus) > 0 && len(b.focus) <= many {
		for _, s := range b.drawnSubjects() {
			if !b.focus[s] {
				continue
			}
			for _, p := range graph.Paths(b.identity(s)).Paths {
				b.path(p)
			}
		}
		return
	}
	for _, p := range graph.Reach() {
		switch from := p.Edges[0].From.Subject; {
		case b.nodes[b.prefix+from.String()] != nil && !held(p):
			b.path(p)
		case b.focus == nil && b.roles == nil && !held(p):
			b.cluster.Hidden.Paths++
		}
	}
}

// held reports whether a path is no escalation: the power is there already.
func held(p escalate.Path) bool {
	return len(p.Edges) == 1 && (p.Edges[0].Kind == escalate.Holds || p.Edges[0].Kind == escalate.Masters)
}

// identity is how an API server would see a Subject, with the groups that are
// known.
func (b *builder) identity(s rbac.Subject) rbac.UserInfo { return s.UserInfo(b.groups(s)...) }

// path adds the nodes and edges of a path, and the path.
func (b *builder) path(p escalate.Path) {
	drawn := Path{Cluster: b.cluster.ID, Sure: p.Sure(), Alike: p.Alike}
	for _, e := range p.Edges {
		hop := Hop{From: b.station(e.From), To: b.station(e.To), How: string(e.Kind), Text: e.Text, Needs: e.Needs, Evidence: []string{}}
		for _, a := range e.Allows {
			if text := evidence(a); !slices.Contains(hop.Evidence, text) {
				hop.Evidence = append(hop.Evidence, text)
			}
		}
		drawn.Hops = append(drawn.Hops, hop)
		if !b.marked(hop, e) {
			b.edge(Edge{From: hop.From, To: hop.To, Kind: Escalates, How: hop.How, Text: hop.Text, OnPath: true})
		}
	}
	drawn.From = drawn.Hops[0].From
	b.paths = append(b.paths, drawn)
}

// marked marks the edges that draw a hop already, and reports whether there are
// any: the hop itself, or for power that is held the way over its binding.
func (b *builder) marked(hop Hop, e escalate.Edge) bool {
	key := hop.From + "\x00" + hop.To + "\x00" + hop.How
	if b.hops[key] {
		return true
	}
	b.hops[key] = true
	if e.Kind != escalate.Holds || len(e.Allows) == 0 || e.Allows[0].Binding == nil {
		return false
	}
	through := b.prefix + bindingID(e.Allows[0].Binding)
	first, second := b.find(hop.From, through), b.find(through, hop.To)
	if first < 0 || second < 0 {
		return false
	}
	b.edges[first].OnPath, b.edges[second].OnPath = true, true
	return true
}

// find is the position of an edge, -1 where there is none.
func (b *builder) find(from, to string) int {
	return slices.IndexFunc(b.edges, func(e Edge) bool { return e.From == from && e.To == to })
}

// station is the node of a step on a path.
func (b *builder) station(n escalate.Node) string {
	switch n.Kind {
	case escalate.Identity:
		return b.subject(n.Subject)
	case escalate.Everything:
		return b.power()
	}
	return b.add(Node{ID: "power:" + n.String(), Kind: Ability, Namespace: n.Namespace, Name: n.String()})
}

// evidence names the binding, role and rule that allow a hop.
func evidence(a rbac.Allow) string {
	if a.Binding == nil || a.Role == nil {
		return a.Reason
	}
	text := a.Binding.Title() + " gives " + a.Subject.String() + " " + a.Role.Title() + ", rule " + strconv.Itoa(a.Rule+1)
	if at := a.At(); at.File != "" {
		text += " (" + at.String() + ")"
	}
	return text
}
