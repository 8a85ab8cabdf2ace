// Package escalate finds how somebody's rights can become more: paths from a
// Subject to other Subjects and to cluster-admin, every hop with the rules that
// allow it.
//
// It reasons as kube-apiserver decides, from RBAC objects alone: whoever may
// write bindings gains nothing without the bind verb or the rules themselves,
// because the server refuses it (kubernetes/pkg/registry/rbac). What a hop needs
// beyond RBAC (a node that runs a pod, admission that lets it through) is named
// with it. One hop uses the rights of one identity: powers that only work when
// two stolen identities act together are not found. Azure's side, custom
// resources and what runs in pods are not looked at.
//
//	g := escalate.New(idx, escalate.Options{})
//	for _, p := range g.Paths(rbac.User("ann").UserInfo()).Paths { … }
package escalate

import "github.com/postern-dev/postern/rbac"

// Node is somebody, or a power somebody can come by. Nodes compare with ==.
type Node struct {
	Kind      NodeKind     `json:"kind"`
	Subject   rbac.Subject `json:"subject,omitzero"`    // who; nobody for powers
	Role      rbac.RoleRef `json:"role,omitzero"`       // of With: the role gained
	Namespace string       `json:"namespace,omitempty"` // where the power holds; empty: everywhere
}

// NodeKind is what a Node is.
type NodeKind string

// The kinds of Node. Those below Everything are powers: no identity has to be
// taken for them.
const (
	Identity   NodeKind = "subject"         // a user, a group's member or a service account
	With       NodeKind = "with role"       // a Subject that has given itself a role
	Everything NodeKind = "cluster-admin"   // every verb on every resource, cluster-wide
	Namespace  NodeKind = "namespace-admin" // every verb on every namespaced resource, there
	Hosts      NodeKind = "nodes"           // root on nodes: every pod that runs there, with its token
	Writes     NodeKind = "writes"          // sees and can refuse what others write
	Answers    NodeKind = "answers"         // answers clients in the API server's place, for an API group
	Placement  NodeKind = "placement"       // decides which node pods run on
	Ports      NodeKind = "ports"           // reaches what pods and services listen on
)

// Edge is one hop: who can become what, by which rules.
type Edge struct {
	From      Node         `json:"from"`
	To        Node         `json:"to"`
	Kind      Kind         `json:"kind"`
	Text      string       `json:"text"`                // one sentence
	Allows    []rbac.Allow `json:"-"`                   // the rules it takes, all of them; empty for what needs none
	Certainty Certainty    `json:"certainty"`           //
	Needs     []string     `json:"needs,omitempty"`     // what it takes beyond RBAC
	Through   string       `json:"appliesTo,omitempty"` // the wider set To was taken from: "every service account of dev"
}

// Certainty says whether RBAC alone settles an Edge.
type Certainty string

// The certainties.
const (
	Sure    Certainty = "sure"    // the control plane, with its defaults, does it
	Depends Certainty = "depends" // on things RBAC does not say; see Needs
)

// Path leads from Edges[0].From to the last To.
type Path struct {
	Edges []Edge `json:"edges"`
	Alike int    `json:"alike,omitempty"` // paths left out that differ in whom they pass through only
}

// To is where the path ends.
func (p Path) To() Node { return p.Edges[len(p.Edges)-1].To }

// Sure reports whether RBAC alone settles every hop.
func (p Path) Sure() bool {
	for _, e := range p.Edges {
		if e.Certainty != Sure {
			return false
		}
	}
	return true
}

// Options bound and colour the search. The zero value is usable.
type Options struct {
	Version   rbac.Version // the server's; unknown counts as the newest
	MaxDepth  int          // hops; 0: 6
	Namespace string       // of Paths: look at powers in this namespace and cluster-wide ones only
	All       bool         // of Paths: every path, not one of each way in
	Limit     int          // of Paths: how many at most; 0: 200
	// Labels are those of the cluster's namespaces, where they were read: Pod
	// Security goes by them. A namespace that is not here is not known to have none.
	Labels map[string]map[string]string
}

// Result is what can be reached from one identity.
type Result struct {
	From   Node   `json:"from"`
	Paths  []Path `json:"paths"`  // to cluster-admin, shortest first
	Others []Path `json:"others"` // the shortest to everybody and every power else within reach
	More   int    `json:"more"`   // paths beyond Limit
	// MoreOthers are others beyond Limit.
	MoreOthers int `json:"moreOthers"`
	// Notes name powers of this identity that are not followed.
	Notes []string `json:"notes"`
}
