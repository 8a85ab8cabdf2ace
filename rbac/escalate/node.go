package escalate

import "github.com/postern-dev/postern/rbac"

// Sets of identities that one rule reaches at once. They stand between the
// holder and the members while searching, and are shown where no binding names
// a member.
const (
	accountsOf NodeKind = "service accounts" // of Namespace, or of everyNamespace
	anyUser    NodeKind = "users"
	anyGroup   NodeKind = "groups" // but system:masters
)

func who(s rbac.Subject) Node { return Node{Kind: Identity, Subject: s.Canonical()} }
func accounts(ns string) Node { return Node{Kind: accountsOf, Namespace: ns} }
func wholeOf(ns string) Node  { return Node{Kind: Namespace, Namespace: ns} }
func just(k NodeKind) Node    { return Node{Kind: k} }
func ports(ns string) Node    { return Node{Kind: Ports, Namespace: ns} }
func (n Node) set() bool      { return n.Kind == accountsOf || n.Kind == anyUser || n.Kind == anyGroup }

// inText is a namespace in a sentence.
func inText(ns string) string {
	switch ns {
	case "":
		return "cluster-wide"
	case everyNamespace:
		return "in every namespace"
	}
	return "in namespace " + ns
}

// String is the node as tables show it: user:ann, cluster-admin (everything).
func (n Node) String() string {
	switch n.Kind {
	case Identity:
		return n.Subject.String()
	case With:
		return n.Subject.String() + " with " + string(n.Role.Kind) + " " + n.Role.Name + " " + inText(n.Namespace)
	case Everything:
		return "cluster-admin (everything)"
	case Namespace:
		return "everything " + inText(n.Namespace)
	case Hosts:
		return "nodes (root, and every pod on them)"
	case Writes:
		return "what others write, seen and refused"
	case Answers:
		return "answers in the API server's place"
	case Placement:
		return "which node pods run on"
	case Ports:
		return "ports of pods " + inText(n.Namespace)
	case accountsOf:
		return "every service account " + inText(n.Namespace)
	case anyUser:
		return "every user"
	case anyGroup:
		return "every group but system:masters"
	}
	return string(n.Kind)
}

// members are the identities of a set; the node itself where it is none.
func (g *Graph) members(n Node) []Node {
	var list []Node
	add := func(subjects []rbac.Subject) {
		for _, s := range subjects {
			list = append(list, who(s))
		}
	}
	switch n.Kind {
	case accountsOf:
		if n.Namespace != everyNamespace {
			add(g.accounts[n.Namespace])
			return list
		}
		for _, ns := range g.spaces {
			add(g.accounts[ns])
		}
	case anyUser:
		add(g.users)
	case anyGroup:
		add(g.groups)
	default:
		return []Node{n}
	}
	return list
}

// sets are the sets a node is a member of.
func (g *Graph) sets(n Node) []Node {
	if n.Kind != Identity {
		return nil
	}
	switch n.Subject.Kind {
	case rbac.ServiceAccountKind:
		return []Node{accounts(n.Subject.Namespace), accounts(everyNamespace)}
	case rbac.UserKind:
		return []Node{{Kind: anyUser}}
	}
	if n.Subject.Name == rbac.Masters {
		return nil
	}
	return []Node{{Kind: anyGroup}}
}
