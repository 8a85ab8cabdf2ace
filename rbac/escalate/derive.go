package escalate

import (
	"slices"

	"github.com/postern-dev/postern/rbac"
)

// hop is an Edge before its end is picked from a set of identities.
type hop struct {
	to     Node
	kind   Kind
	text   string // {to} stands for whom it ends at
	allows []rbac.Allow
	needs  []string
	sure   bool
}

// holder is one identity while its hops are derived.
type holder struct {
	g    *Graph
	node Node
	info rbac.UserInfo // nobody, for powers
	rights
	hops []hop
}

func (h *holder) add(e hop) { h.hops = append(h.hops, e) }

// hopsFrom are all hops of a node, the sure ones of a kind before the others.
// info is used where the node is an identity, or one with a role.
func (g *Graph) hopsFrom(n Node, info rbac.UserInfo) []hop {
	h := &holder{g: g, node: n, info: info}
	switch n.Kind {
	case Identity:
		h.rights = g.rights(info)
	case With:
		h.rights = append(g.gained(n), g.rights(info)...)
	case Namespace:
		h.rights = rights{{rule: &rbac.Rule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}, scope: n.Namespace}}
	case Hosts:
		h.add(hop{to: accounts(everyNamespace), kind: OnHost, text: "a node holds the tokens of the pods that run on it, {to}'s among them", needs: []string{runs}})
		return h.hops
	default:
		return nil
	}
	if len(h.rights) == 0 && !slices.Contains(info.Groups, rbac.Masters) {
		return nil
	}
	h.everything()
	if len(h.hops) > 0 {
		return h.hops // nothing is more than this
	}
	h.clusterWide()
	names, at := h.byNamespace()
	all := h.rights
	h.rights = all.wide()
	h.inNamespace(everyNamespace)
	for _, ns := range names {
		h.rights = at[ns]
		h.inNamespace(ns)
	}
	h.rights = all
	h.rolesHeld()
	h.narrow()
	return h.hops
}

// gained are the rules of the role a With node has.
func (g *Graph) gained(n Node) (list rights) {
	role := g.find(n.Namespace, n.Role)
	if role == nil {
		return nil
	}
	for _, i := range g.relevant[role] {
		list = append(list, right{rule: &role.Rules[i], scope: n.Namespace, allow: rbac.Allow{Grant: rbac.Grant{Subject: n.Subject, Reason: "bound in the hop before"}, Role: role, Rule: i, Scope: n.Namespace}})
	}
	return list
}

func (h *holder) everything() {
	if slices.Contains(h.info.Groups, rbac.Masters) {
		h.add(hop{to: just(Everything), kind: Masters, sure: true, text: "is in group system:masters, which kube-apiserver allows everything before RBAC is asked",
			allows: []rbac.Allow{{Grant: rbac.Grant{Subject: rbac.Group(rbac.Masters), Reason: rbac.Unbound}}}})
	}
	if a, ok := h.ask(rbac.Request{Verb: "*", APIGroup: "*", Resource: "*"}); ok {
		h.add(hop{to: just(Everything), kind: Holds, sure: true, allows: evidence(a), text: "holds " + a.Role.Title() + ", which allows every verb on every resource"})
	}
}

// narrow drops what is part of something wider by the same means.
func (h *holder) narrow() {
	wide := map[hopKey]bool{}
	for _, e := range h.hops {
		wide[keyOf(e)] = true
	}
	h.hops = slices.DeleteFunc(h.hops, func(e hop) bool {
		if e.to.Namespace == "" || e.to.Namespace == everyNamespace {
			return false
		}
		k := keyOf(e)
		k.to.Namespace = everyNamespace
		return wide[k]
	})
}

type hopKey struct {
	to   Node
	kind Kind
	sure bool
}

func keyOf(e hop) hopKey { return hopKey{e.to, e.kind, e.sure} }

// clusterWide derives what works through cluster-scoped objects.
func (h *holder) clusterWide() {
	h.bindCluster()
	h.impersonateNames()
	h.certificates()
	h.admission()
	h.nodes()
}

// inNamespace derives what works in one namespace, or with everyNamespace in
// all of them at once. The rights are those that hold there.
func (h *holder) inNamespace(ns string) {
	if h.node.Kind != Namespace {
		if a, ok := h.ask(rbac.Request{Verb: "*", APIGroup: "*", Resource: "*", Namespace: ns}); ok {
			h.add(hop{to: wholeOf(ns), kind: NamespaceWide, sure: true, allows: evidence(a), text: "holds " + a.Role.Title() + ", which allows every verb on every resource " + inText(ns)})
			return // the rest follows from that
		}
	}
	h.bindIn(ns)
	h.impersonateAccounts(ns)
	h.tokens(ns)
	h.secrets(ns)
	h.pods(ns)
	h.intoPods(ns)
	h.reachPorts(ns)
}

// What hops need beyond RBAC.
const (
	runs         = "a pod of that service account runs"
	schedules    = "a node that runs the pod"
	admits       = "admission (Pod Security, webhooks, policies) that lets the pod through"
	admitsHost   = "Pod Security and other admission that let a privileged or hostPath pod into the namespace"
	exists       = "the service account exists"
	legacySecret = "a token Secret of it exists (before Kubernetes 1.24 each service account had one; later somebody has to make it)"
)
