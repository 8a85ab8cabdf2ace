package escalate

import (
	"slices"

	"github.com/postern-dev/postern/rbac"
)

// Binding a role takes two permissions: to write the binding, and either bind on
// the role or all its rules in that scope (kubernetes/pkg/registry/rbac/
// {cluster,}rolebinding/policybased, escalation_check.go). Who binds by the
// second way gains nothing, so only the first is an edge. A binding's roleRef
// cannot be changed: update and patch serve where a binding of the role exists.

const adminRole = "cluster-admin" // kube-apiserver creates it and its binding at every start

// writer is how somebody may write a binding of one role.
func (h *holder) writer(resource, ns string, ref rbac.RoleRef) ([]rbac.Allow, string, bool) {
	q := rbac.Request{APIGroup: rbacGroup, Resource: resource, Namespace: ns}
	if name, allows, ok := h.create(q); ok {
		if name != "" {
			return allows, "create " + resource + " called " + name, true
		}
		return allows, "create " + resource, true
	}
	s := h.over(q, change...)
	if s.none() {
		return nil, "", false
	}
	for _, name := range h.g.bindingsOf(ns, ref) {
		if a, ok := s.of(name); ok {
			return evidence(a), "change " + resource + " " + name, true
		}
	}
	return nil, "", false
}

// bindingsOf are the names of bindings of a role in a namespace. The one that
// every kube-apiserver creates is known without being given.
func (g *Graph) bindingsOf(ns string, ref rbac.RoleRef) []string {
	names := g.bindings[bindingKey{ns, ref}]
	if ns == "" && ref.Name == adminRole && !g.policy.Complete && !slices.Contains(names, adminRole) {
		names = append(slices.Clone(names), adminRole)
	}
	return names
}

func (h *holder) bindCluster() {
	q := rbac.Request{APIGroup: rbacGroup, Resource: "clusterroles"}
	h.bindEach(h.over(q, "bind"), "clusterrolebindings", "", rbac.ClusterRoleKind)
}

func (h *holder) bindIn(ns string) {
	if h.node.Kind == Namespace {
		return // everything there cannot become more there
	}
	cluster := h.over(rbac.Request{APIGroup: rbacGroup, Resource: "clusterroles", Namespace: ns}, "bind")
	local := h.over(rbac.Request{APIGroup: rbacGroup, Resource: "roles", Namespace: ns}, "bind")
	h.bindEach(cluster, "rolebindings", ns, rbac.ClusterRoleKind)
	if ns != everyNamespace {
		h.bindEach(local, "rolebindings", ns, rbac.RoleRoleKind)
		return
	}
	_, _, anew := h.create(rbac.Request{APIGroup: rbacGroup, Resource: "rolebindings", Namespace: ns})
	for _, ns := range h.g.spaces { // Roles and bindings that exist are each in one namespace
		if !anew {
			h.bindEach(cluster, "rolebindings", ns, rbac.ClusterRoleKind)
		}
		h.bindEach(local, "rolebindings", ns, rbac.RoleRoleKind)
	}
}

// bindEach adds an edge for every role that gives more and may be bound.
func (h *holder) bindEach(s span, resource, ns string, kind rbac.RoleKind) {
	if s.none() {
		return
	}
	for _, name := range h.g.bindable(s, ns, kind) {
		ref := rbac.RoleRef{Kind: kind, Name: name}
		to, worth := h.g.gain(ns, ref)
		if to.Kind == With {
			to.Subject = h.node.Subject
		}
		may, _ := s.of(name)
		if !worth {
			continue
		}
		writes, how, ok := h.writer(resource, ns, ref)
		if !ok || to == h.node || h.has(ns, ref) {
			continue
		}
		h.add(hop{to: to, kind: Bind, sure: true, allows: evidence(append(writes, may)...),
			text: "may " + how + " and bind " + string(kind) + " " + name + " " + inText(ns) + ", so it can give itself that role"})
		if s.all != nil && (to.Kind == Everything || to.Kind == Namespace) {
			return // no other role gives more
		}
	}
}

// has reports whether a role is held there already.
func (h *holder) has(ns string, ref rbac.RoleRef) bool {
	role := h.g.find(ns, ref)
	return role != nil && slices.ContainsFunc(h.rights, func(r right) bool { return r.allow.Role == role && r.in(ns) })
}

// bindable are the names of roles to look at, the one that gives most first.
func (g *Graph) bindable(s span, ns string, kind rbac.RoleKind) []string {
	if s.all == nil {
		return s.names
	}
	var names []string
	in := ns
	if kind == rbac.ClusterRoleKind {
		in, names = "", append(names, adminRole)
	}
	for _, r := range g.local[in] {
		if rbac.Everything(r.Rules) && r.Name != adminRole {
			names = append(names, r.Name)
		}
	}
	for _, r := range g.local[in] {
		if len(g.relevant[r]) > 0 && !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	return names
}

// gain is what holding a role leads to; not worth a hop where it leads nowhere.
func (g *Graph) gain(ns string, ref rbac.RoleRef) (n Node, worth bool) {
	role := g.find(ns, ref)
	builtin := ref.Kind == rbac.ClusterRoleKind && ref.Name == adminRole && role == nil && !g.policy.Complete
	switch {
	case builtin || role != nil && rbac.Everything(role.Rules):
		if ns == "" {
			return just(Everything), true
		}
		return wholeOf(ns), true
	case role == nil || len(g.relevant[role]) == 0:
		return Node{}, false
	}
	return Node{Kind: With, Role: ref, Namespace: ns}, true
}
