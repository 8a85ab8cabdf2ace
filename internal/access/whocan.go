package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// Holder is one way by which somebody may do what was asked, or a part of it.
type Holder struct {
	Subject   rbac.Subject
	Allow     *rbac.Allow    // Kubernetes RBAC's; nil: Azure's
	Azure     *azrbac.Holder // nil: Kubernetes RBAC's
	Names     []string       // only for objects of these names; empty: all
	Within    string         // only in this namespace, where all were asked about
	Uncertain []string       // why it is not sure that this allows: conditions
}

// WhoCanAnswer is everybody who may do something.
type WhoCanAnswer struct {
	Request  rbac.Request
	Holders  []Holder
	Partial  []Holder // who may for some names or in some namespaces only, and is not in Holders
	Faults   []rbac.Fault
	Unknown  []string // what could add holders
	Basis    string
	Version  rbac.Version
	Assumed  bool // nobody said which version the server has
	Also     []Lack
	Notes    []string
	Warnings []string
	Limits   []string
}

// Lack is a request that the server makes of the same client beside the one
// asked about, and the holders who may not do it.
type Lack struct {
	Request rbac.Request
	Why     string
	Lack    []rbac.Subject
}

// WhoCan lists everybody bound, or in no need of a binding, who may do this.
// Whoever is in a group that appears may do it too. Namespaced says that the
// resource lives in namespaces: a request without one then asks about all of
// them, and who may in one of them may do a part of it.
func (a *Asker) WhoCan(q rbac.Request, namespaced bool) WhoCanAnswer {
	r := WhoCanAnswer{Request: q, Basis: a.basis(), Limits: a.limits()}
	r.Version, r.Assumed = a.version()
	whole := map[rbac.Subject]bool{}
	for _, allow := range a.index.WhoCan(q) {
		whole[allow.Subject] = true
		r.Holders = append(r.Holders, Holder{Subject: allow.Subject, Allow: &allow})
	}
	for _, h := range a.partial(q, namespaced) {
		if !whole[h.Subject] {
			r.Partial = append(r.Partial, h)
		}
	}
	holders, partial := a.azureHolders(q, namespaced)
	r.Holders, r.Partial = append(r.Holders, holders...), append(r.Partial, partial...)
	r.Also = a.lack(r)
	r.Faults = a.faults(q)
	r.Unknown = append(a.unreadForAll(q), a.azureUnread(rbac.UserInfo{})...)
	if a.azure != nil {
		for _, why := range a.azure.Unread(q) {
			r.Unknown = append(r.Unknown, "Azure RBAC: "+why)
		}
	}
	for _, h := range partial {
		if len(h.Uncertain) > 0 {
			r.Unknown = append(r.Unknown, "whether "+h.Subject.String()+" may by Azure RBAC: "+strings.Join(h.Uncertain, "; "))
		}
	}
	return r
}

// lack says what exec, attach and port-forward need beside the asked verb.
func (a *Asker) lack(r WhoCanAnswer) (all []Lack) {
	for _, o := range streamed(r.Request, r.Version) {
		may := map[rbac.Subject]bool{}
		for _, allow := range a.index.WhoCan(o.Request) {
			may[allow.Subject] = true
		}
		holders, _ := a.azureHolders(o.Request, false)
		for _, h := range holders {
			may[h.Subject] = true
		}
		l := Lack{Request: o.Request, Why: o.Why}
		for _, h := range r.Holders {
			if !may[h.Subject] {
				may[h.Subject] = true // once
				l.Lack = append(l.Lack, h.Subject)
			}
		}
		all = append(all, l)
	}
	return all
}

// granted is a role with the bindings that grant it.
type granted struct {
	role     *rbac.Role
	bindings []*rbac.Binding
}

// byRole gathers who grants what. A role given twice counts as the index counts it.
func (a *Asker) byRole() []granted {
	type key struct{ namespace, name string }
	policy := a.index.Policy()
	at := make(map[key]int, len(policy.Roles))
	all := make([]granted, 0, len(policy.Roles))
	for i := range policy.Roles {
		role := &policy.Roles[i]
		k := key{role.Namespace, role.Name}
		if n, twice := at[k]; twice {
			all[n].role = role
			continue
		}
		at[k] = len(all)
		all = append(all, granted{role: role})
	}
	for i := range policy.Bindings {
		b := &policy.Bindings[i]
		k := key{"", b.Role.Name}
		if b.Role.Kind == rbac.RoleRoleKind {
			k.namespace = b.Namespace
		}
		if n, found := at[k]; found {
			all[n].bindings = append(all[n].bindings, b)
		}
	}
	return all
}

// partial are the holders of rules that allow less than what was asked: for
// some names where all objects were meant, in one namespace where all were.
func (a *Asker) partial(q rbac.Request, namespaced bool) (holders []Holder) {
	if q.Path != "" || q.Namespace != "" && q.Name != "" {
		return nil
	}
	for _, g := range a.granted() {
		if g.role.Namespace != "" && q.Namespace != "" && g.role.Namespace != q.Namespace {
			continue
		}
		for n, rule := range g.role.Rules {
			names, matches := less(rule, q)
			if !matches {
				continue
			}
			for _, b := range g.bindings {
				switch {
				case b.Namespace != "" && q.Namespace != "" && b.Namespace != q.Namespace:
				case b.Namespace != "" && q.Namespace == "" && !namespaced: // grants nothing on what has no namespace
				case b.Namespace != "" && q.Namespace == "":
					holders = a.hold(holders, b, g.role, n, names, b.Namespace)
				case len(names) > 0:
					holders = a.hold(holders, b, g.role, n, names, "")
				}
			}
		}
	}
	slices.SortStableFunc(holders, func(a, b Holder) int {
		return cmp.Or(rbac.CompareSubjects(a.Subject, b.Subject), cmp.Compare(a.Within, b.Within), cmp.Compare(a.Allow.Binding.Name, b.Allow.Binding.Name))
	})
	return holders
}

func (a *Asker) hold(holders []Holder, b *rbac.Binding, role *rbac.Role, rule int, names []string, within string) []Holder {
	for _, s := range b.Subjects {
		if s.Kind == rbac.ServiceAccountKind && s.Namespace == "" {
			s.Namespace = b.Namespace
		}
		s = s.Canonical()
		holders = append(holders, Holder{Subject: s, Names: names, Within: within, Allow: &rbac.Allow{
			Grant: rbac.Grant{Subject: s, Binding: b}, Role: role, Rule: rule, Scope: b.Namespace,
		}})
	}
	return holders
}

// less reports whether a rule allows the request but for the names it is
// limited to. On a verb that carries no name such a rule grants nothing.
func less(r rbac.Rule, q rbac.Request) (names []string, matches bool) {
	if len(r.ResourceNames) == 0 || q.Name != "" {
		return nil, r.Allows(q)
	}
	if q.Verb == "deletecollection" || q.Verb == "create" && q.Subresource == "" {
		return nil, false
	}
	names, r.ResourceNames = r.ResourceNames, nil
	return names, r.Allows(q)
}

// faults are the policy's faults that touch a request: those in namespaces it is
// not about grant nothing there even when repaired. What is only unread is no
// fault.
func (a *Asker) faults(q rbac.Request) (faults []rbac.Fault) {
	for _, f := range a.index.Faults() {
		if applies(f, q) && !(f.Kind == rbac.Dangling && a.roleUnread(f.Role.Kind)) {
			faults = append(faults, f)
		}
	}
	return faults
}

func applies(f rbac.Fault, q rbac.Request) bool {
	return f.Namespace == "" || q.Path == "" && (q.Namespace == "" || f.Namespace == q.Namespace)
}

// unreadForAll are the unread parts that could add holders: lists, and the roles
// of bindings that were read.
func (a *Asker) unreadForAll(q rbac.Request) []string {
	why := a.unreadBindings(q.Namespace)
	for _, u := range a.snapshot.Unknown {
		if u.What == snapshot.ClusterRoles || u.What == snapshot.Roles && q.Namespace != "" {
			why = append(why, u.What+" could not be read: "+u.Why)
		}
	}
	if a.snapshot.Missing(snapshot.ClusterRoles) && a.snapshot.Missing(snapshot.Roles) {
		return why
	}
	for _, f := range a.index.Faults() {
		if f.Kind == rbac.Dangling && applies(f, q) && a.roleUnread(f.Role.Kind) && !a.snapshot.Missing(listOf(f.Role.Kind)) {
			why = append(why, fmt.Sprintf("whom %s lets do what: %s %s %s", rbac.Binding{Namespace: f.Namespace, Name: f.Binding}.Title(), f.Role.Kind, f.Role.Name, a.whyUnread(f.Role.Kind)))
		}
	}
	return why
}
