// Package graph is RBAC as a picture: Subjects, bindings, roles, namespaces and
// the power to do everything as nodes, and what leads from one to the other as
// edges.
//
// It owns the model, the choice of what to draw (by Subject, pattern, namespace
// or role; system: objects aside), and the forms dot, mermaid, json and one HTML
// page that needs no network. It neither reads clusters nor decides requests:
// rbac does. What could not be read is part of the Graph; a role that may exist
// elsewhere is unknown, never missing.
//
//	g, err := graph.Build(snapshots, graph.Options{Namespace: "dev"})
//	err = g.Dot(w)
package graph

import (
	"fmt"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// Graph is one picture, of one cluster or several. Its JSON form is
// docs/schema/graph.json.
type Graph struct {
	Kind     string    `json:"kind"` // Graph
	Question Question  `json:"question"`
	Clusters []Cluster `json:"clusters"`
	Nodes    []Node    `json:"nodes"`
	Edges    []Edge    `json:"edges"`
	Paths    []Path    `json:"paths,omitempty"` // where asked for
	Warnings []string  `json:"warnings"`
}

// Question is what was asked for, as JSON tells it; empty: everything.
type Question struct {
	Subjects  []string `json:"subjects,omitempty"`
	Regex     string   `json:"regex,omitempty"`
	Roles     []string `json:"roles,omitempty"`
	Namespace string   `json:"namespace,omitempty"`
	System    bool     `json:"system,omitempty"`
	Paths     bool     `json:"paths,omitempty"`
}

// Cluster is where nodes come from, and what is not known of it.
type Cluster struct {
	ID          string             `json:"id"` // what Node.Cluster says
	Name        string             `json:"name"`
	Source      snapshot.Source    `json:"source"`
	Taken       time.Time          `json:"taken"`
	Hidden      Hidden             `json:"hidden"`
	Unknown     []snapshot.Unknown `json:"unknown"`
	NotExamined []string           `json:"notExamined"`
}

// Hidden counts the system: objects that were left out.
type Hidden struct {
	Subjects int `json:"subjects"`
	Bindings int `json:"bindings"`
	Roles    int `json:"roles"`
	Paths    int `json:"paths,omitempty"` // of subjects that are not drawn
}

// String names what was left out: 3 system: bindings and 1 role.
func (h Hidden) String() string {
	var parts []string
	for _, part := range []struct {
		n    int
		word string
	}{{h.Subjects, "subject"}, {h.Bindings, "binding"}, {h.Roles, "role"}} {
		switch {
		case part.n == 1:
			parts = append(parts, "1 system: "+part.word)
		case part.n > 1:
			parts = append(parts, fmt.Sprintf("%d system: %ss", part.n, part.word))
		}
	}
	if h.Paths > 0 {
		parts = append(parts, fmt.Sprintf("escalation of %d system: subjects", h.Paths))
	}
	return strings.Join(parts, ", ")
}

// Sum is how many objects were left out.
func (h Hidden) Sum() int { return h.Subjects + h.Bindings + h.Roles + h.Paths }

// NodeKind is what a node stands for.
type NodeKind string

// The kinds of Node.
const (
	User               NodeKind = "User"
	Group              NodeKind = "Group"
	ServiceAccount     NodeKind = "ServiceAccount"
	RoleBinding        NodeKind = "RoleBinding"
	ClusterRoleBinding NodeKind = "ClusterRoleBinding"
	Role               NodeKind = "Role"
	ClusterRole        NodeKind = "ClusterRole"
	Namespace          NodeKind = "Namespace"
	Ability            NodeKind = "Power"      // what escalation passes through without being somebody
	Power              NodeKind = "Everything" // every verb on every resource of the cluster
)

// Kinds are all kinds of Node, in the order they are drawn.
func Kinds() []NodeKind {
	return []NodeKind{User, Group, ServiceAccount, ClusterRoleBinding, RoleBinding, ClusterRole, Role, Namespace, Ability, Power}
}

// State says what is known of a role that is referred to but not here.
type State string

// The states of a role. Roles that are here have none.
const (
	Missing State = "missing" // does not exist: the binding grants nothing until somebody creates it
	Unread  State = "unknown" // roles of this kind could not be read, or may be elsewhere
)

// Node is one thing in the picture.
type Node struct {
	ID         string        `json:"id"` // unique in the Graph; its form is for eyes
	Cluster    string        `json:"cluster"`
	Kind       NodeKind      `json:"kind"`
	Namespace  string        `json:"namespace,omitempty"`
	Name       string        `json:"name"`
	Display    string        `json:"displayName,omitempty"` // the directory's name of an object id
	State      State         `json:"state,omitempty"`
	Focus      bool          `json:"focus,omitempty"`      // asked for by SUBJECT, -e or --role
	Everything bool          `json:"everything,omitempty"` // a role that allows every verb on every resource
	Aggregated bool          `json:"aggregated,omitempty"` // a ClusterRole whose rules a controller fills in
	Subjects   int           `json:"subjects,omitempty"`   // of a binding: how many it names, drawn or not
	Rules      []Rule        `json:"rules,omitempty"`
	At         rbac.Position `json:"at,omitzero"`
	Warnings   []string      `json:"warnings,omitempty"`
}

// Rule is a rule and its place in a file, where it has one.
type Rule struct {
	rbac.Rule
	At rbac.Position `json:"at,omitzero"`
}

// EdgeKind is how one node leads to the other.
type EdgeKind string

// The kinds of Edge. All point toward power, so that what a node reaches are the
// nodes behind it and who reaches it those before.
const (
	BoundBy    EdgeKind = "bound-by"   // Subject → binding that names it
	Grants     EdgeKind = "grants"     // binding → role
	Dangling   EdgeKind = "dangling"   // binding → role that does not exist
	MemberOf   EdgeKind = "member-of"  // Subject → group it is in without anybody saying so
	Aggregates EdgeKind = "aggregates" // ClusterRole → ClusterRole it takes rules from
	HoldsIn    EdgeKind = "holds-in"   // RoleBinding → namespace
	Everywhere EdgeKind = "everything" // binding or group → everything, in the cluster or a namespace
	Escalates  EdgeKind = "escalates"  // Subject → what it can make itself
)

// Edge is a step from one node to another.
type Edge struct {
	From   string   `json:"from"`
	To     string   `json:"to"`
	Kind   EdgeKind `json:"kind"`
	How    string   `json:"how,omitempty"`    // of an escalation: bind, impersonate, create-pods, …
	Text   string   `json:"text,omitempty"`   // why, where the kind does not say it
	OnPath bool     `json:"onPath,omitempty"` // part of one of Paths
}

// Path is a way from a Subject to everything.
type Path struct {
	Cluster string `json:"cluster"`
	From    string `json:"from"`
	Sure    bool   `json:"sure"` // RBAC alone settles every hop
	Hops    []Hop  `json:"hops"`
	Alike   int    `json:"alike,omitempty"` // ways left out that differ in whom they pass through only
}

// Hop is one step of a Path: from its node to the next one's, or to everything.
type Hop struct {
	From     string   `json:"from"`
	To       string   `json:"to"`
	How      string   `json:"how"`
	Text     string   `json:"text"`
	Evidence []string `json:"evidence"` // the bindings, roles and rules that allow it
	Needs    []string `json:"needs,omitempty"`
}

// Incomplete reports whether a part of any cluster could not be read.
func (g *Graph) Incomplete() bool {
	for _, c := range g.Clusters {
		if len(c.Unknown) > 0 {
			return true
		}
	}
	return false
}

// Label is the node's name as people say it: a namespace before the name where
// it has one.
func (n Node) Label() string {
	if n.Namespace == "" {
		return n.Name
	}
	return n.Namespace + "/" + n.Name
}

// Title is kind and label.
func (n Node) Title() string {
	if n.Kind == Power {
		return n.Name
	}
	return string(n.Kind) + " " + n.Label()
}
