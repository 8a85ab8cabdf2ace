package escalate

import (
	"slices"

	"github.com/postern-dev/postern/rbac"
)

// Writing a role takes two permissions as well: to write it, and either escalate
// on it or all the rules it shall have (kubernetes/pkg/registry/rbac/
// {cluster,}role/policybased). Only escalate gives something new, and only where
// the role is, or becomes, one of the writer's own. An aggregationRule can be
// changed with escalate alone, too; labels that feed a role into an aggregated
// one are no shorter way, since the role must be written under the same check.

// held is one role of an identity, relevant or not.
type held struct {
	role    *rbac.Role
	ref     rbac.RoleRef
	scope   string
	binding string // its title
}

func (h *holder) rolesHeld() {
	if len(h.info.Username) == 0 && len(h.info.Groups) == 0 || !h.escalates() {
		return
	}
	list := h.held()
	for _, r := range list {
		h.rewrite(r)
	}
	for _, r := range list {
		h.aggregate(r)
	}
}

// escalates reports whether the verb is held at all, which is rare.
func (h *holder) escalates() bool {
	return slices.ContainsFunc(h.rights, func(r right) bool {
		return r.rule.AllowsVerb("escalate") && r.rule.AllowsGroup(rbacGroup) && (r.rule.AllowsResource("clusterroles", "") || r.rule.AllowsResource("roles", ""))
	})
}

// held are the roles an identity has: those that exist, and those that a
// binding of it waits for.
func (h *holder) held() (list []held) {
	roles, faults := h.g.index.Roles(h.info, "", true)
	for _, r := range roles {
		list = append(list, held{role: r.Role, ref: r.Role.Ref(), scope: r.Scope, binding: r.Binding.Title()})
	}
	for _, f := range faults {
		if f.Kind == rbac.Dangling {
			b := rbac.Binding{Namespace: f.Namespace, Name: f.Binding}
			list = append(list, held{ref: f.Role, scope: f.Namespace, binding: b.Title()})
		}
	}
	if h.node.Kind == With {
		if role := h.g.find(h.node.Namespace, h.node.Role); role != nil {
			list = append(list, held{role: role, ref: h.node.Role, scope: h.node.Namespace, binding: "the binding made in the hop before"})
		}
	}
	return list
}

// requestFor is the request about a role itself.
func requestFor(ref rbac.RoleRef, scope string) rbac.Request {
	q := rbac.Request{APIGroup: rbacGroup, Resource: "clusterroles", Name: ref.Name}
	if ref.Kind == rbac.RoleRoleKind {
		q.Resource, q.Namespace = "roles", scope
	}
	return q
}

// where is what everything in a role gives, held in a scope.
func where(scope string) Node {
	if scope == "" {
		return just(Everything)
	}
	return wholeOf(scope)
}

func (h *holder) rewrite(r held) {
	q, to := requestFor(r.ref, r.scope), where(r.scope)
	if slices.ContainsFunc(h.hops, func(e hop) bool { return e.kind == Rewrite && e.to == to }) {
		return
	}
	title := rbac.Role{Namespace: q.Namespace, Name: r.ref.Name}.Title()
	allows, how, ok := h.rewriting(r, q)
	if !ok {
		return
	}
	h.add(hop{to: to, kind: Rewrite, sure: true, allows: allows, text: "may " + how + " and escalate " + title + ", which " + r.binding + " gives it, so it can write any rule into it"})
}

// rewriting is how the rules of a role, held or waited for, can be set.
func (h *holder) rewriting(r held, q rbac.Request) ([]rbac.Allow, string, bool) {
	if r.role != nil {
		w, ok := h.first(q, change...)
		q.Verb = "escalate"
		e, may := h.ask(q)
		return evidence(w, e), "change", ok && may
	}
	c, ok := h.createNamed(q, r.ref.Name)
	q.Verb = "escalate"
	if len(c) == 1 { // posted: the server asks about no name
		if e, may := h.ask(unnamed(q)); ok && may {
			return evidence(append(c, e)...), "create", true
		}
		if patch, may := h.first(q, change...); may { // or put there by name
			c = append(c, patch)
		} else {
			return nil, "", false
		}
	}
	e, may := h.ask(q)
	return evidence(append(c, e)...), "create", ok && may
}

func unnamed(q rbac.Request) rbac.Request {
	q.Name = ""
	return q
}

// aggregate looks for a way to feed rules into an aggregated ClusterRole that
// somebody has: through a new ClusterRole with its labels, or an existing one.
func (h *holder) aggregate(r held) {
	to := where(r.scope)
	if r.role == nil || !r.role.Aggregated() || slices.ContainsFunc(h.hops, func(e hop) bool { return e.to == to && (e.kind == Rewrite || e.kind == Aggregate) }) {
		return
	}
	if !slices.ContainsFunc(r.role.Aggregate, satisfiable) {
		return
	}
	q := rbac.Request{APIGroup: rbacGroup, Resource: "clusterroles"}
	for _, name := range h.feeders(q) {
		var allows []rbac.Allow
		ok, how := false, "create a ClusterRole"
		if name == "" {
			q.Name, q.Verb = "", "escalate"
			var e rbac.Allow
			if e, ok = h.ask(q); ok {
				if _, c, can := h.create(q); can {
					allows = append(c, e)
				} else {
					ok = false
				}
			}
		} else if name != r.ref.Name {
			q.Name = name
			role := h.g.roles[roleKey{"", name}]
			var change string
			allows, change, ok = h.rewriting(held{role: role, ref: rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: name}}, q)
			how = change + " ClusterRole " + name
		}
		if ok {
			h.add(hop{to: to, kind: Aggregate, sure: true, allows: evidence(allows...),
				text: "may " + how + " and escalate there; with the labels that ClusterRole " + r.ref.Name + " gathers, its rules become part of that role, which " + r.binding + " gives it"})
			return
		}
	}
}

// feeders are the names of ClusterRoles whose rules may be set; empty: a new one.
func (h *holder) feeders(q rbac.Request) []string {
	names := []string{""}
	return append(names, h.over(q, "escalate").names...)
}

// satisfiable reports whether some labels meet a selector.
func satisfiable(s rbac.Selector) bool {
	labels := map[string]string{}
	for _, e := range s.Expressions {
		switch {
		case e.Operator == "In" && len(e.Values) > 0:
			labels[e.Key] = e.Values[0]
		case e.Operator == "Exists":
			labels[e.Key] = "true"
		}
	}
	for k, v := range s.MatchLabels {
		labels[k] = v
	}
	return s.Matches(labels)
}
