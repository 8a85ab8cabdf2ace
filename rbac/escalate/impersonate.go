package escalate

import (
	"slices"

	"github.com/postern-dev/postern/rbac"
)

// Impersonation follows apiserver/pkg/endpoints/filters/impersonation, the verb
// impersonate. A group, a uid or an extra can only be taken along with a name, so
// without users or serviceaccounts they give nothing; uids and userextras carry
// no RBAC rights at all. A user name system:serviceaccount:… is asked for as
// serviceaccounts, never as users. Who impersonates a user is in
// system:authenticated and in no other group that is not impersonated, too.
// Constrained impersonation (impersonate:user-info and its like) is not examined:
// it lends single verbs, not an identity.

func (h *holder) impersonateNames() {
	users := h.over(rbac.Request{Resource: "users"}, "impersonate")
	name, as, ok := h.anyName(users)
	if users.all != nil {
		h.add(hop{to: Node{Kind: anyUser}, kind: Impersonate, sure: true, allows: evidence(*users.all), text: "may impersonate every user, {to} too"})
	}
	for _, n := range users.names {
		if u := rbac.User(n); u.Canonical() == u {
			a, _ := users.of(n)
			h.add(hop{to: who(u), kind: Impersonate, sure: true, allows: evidence(a), text: "may impersonate {to}"})
		}
	}
	if !ok {
		return
	}
	groups := h.over(rbac.Request{Resource: "groups"}, "impersonate")
	if a, ok := groups.of(rbac.Masters); ok {
		h.add(hop{to: just(Everything), kind: Impersonate, sure: true, allows: evidence(a, as), text: "may impersonate group system:masters together with " + name})
	}
	if groups.all != nil {
		h.add(hop{to: Node{Kind: anyGroup}, kind: Impersonate, sure: true, allows: evidence(*groups.all, as), text: "may impersonate every group together with " + name + ", {to} too"})
	}
	for _, n := range groups.names {
		if n == rbac.Masters || slices.Contains(h.info.Groups, n) {
			continue
		}
		a, _ := groups.of(n)
		h.add(hop{to: who(rbac.Group(n)), kind: Impersonate, sure: true, allows: evidence(a, as), text: "may impersonate {to} together with " + name})
	}
}

// anyName is some name that may be impersonated: groups need one beside them.
func (h *holder) anyName(users span) (string, rbac.Allow, bool) {
	if users.all != nil {
		return "any user", *users.all, true
	}
	for _, n := range users.names {
		if u := rbac.User(n); u.Canonical() == u {
			return "user " + n, users.by[n], true
		}
	}
	if s := h.over(rbac.Request{Resource: "serviceaccounts", Namespace: everyNamespace}, "impersonate"); !s.none() {
		a, n := s.any()
		if n == "" {
			return "any service account", a, true
		}
		return "a service account called " + n, a, true
	}
	names, at := h.byNamespace()
	for _, ns := range names {
		if s := at[ns].over(rbac.Request{Resource: "serviceaccounts", Namespace: ns}, "impersonate"); !s.none() {
			a, n := s.any()
			if n == "" {
				return "a service account of " + ns, a, true
			}
			return "service account " + ns + "/" + n, a, true
		}
	}
	return "", rbac.Allow{}, false
}

func (h *holder) impersonateAccounts(ns string) {
	s := h.over(rbac.Request{Resource: "serviceaccounts", Namespace: ns}, "impersonate")
	h.eachAccount(s, ns, hop{kind: Impersonate, sure: true, text: "may impersonate {to}"})
}

// eachAccount adds an edge to every service account that a span names.
func (h *holder) eachAccount(s span, ns string, e hop) {
	if s.all != nil {
		e.to, e.allows = accounts(ns), evidence(append(e.allows, *s.all)...)
		h.add(e)
		return
	}
	for _, name := range s.names {
		one := e
		one.allows = evidence(append(slices.Clone(e.allows), s.by[name])...)
		if ns != everyNamespace {
			one.to = who(rbac.ServiceAccount(ns, name))
			h.add(one)
			continue
		}
		for _, space := range h.g.spaces {
			if a := rbac.ServiceAccount(space, name); slices.Contains(h.g.accounts[space], a) {
				one.to = who(a)
				h.add(one)
			}
		}
	}
}
