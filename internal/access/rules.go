package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// RoleState says what is known of the role a binding refers to.
type RoleState string

// The states of a role.
const (
	RoleFound   RoleState = "found"
	RoleMissing RoleState = "missing" // the binding grants nothing until somebody creates the role
	RoleUnread  RoleState = "unknown" // roles of this kind could not be read, or are not among the manifests
)

// RuleGrant is one rule somebody has and the one way by which they have it. A
// binding whose role is missing or unread has one RuleGrant without a rule.
type RuleGrant struct {
	rbac.Grant
	Scope string // namespace; empty: cluster-wide
	State RoleState
	Role  *rbac.Role // nil unless found; nil for system:masters too
	Index int        // of the rule in the role
	Rule  rbac.Rule
	At    rbac.Position
}

// Through is the group by which the grant reaches somebody, empty where the
// binding names them.
func (g RuleGrant) Through(u rbac.UserInfo) string {
	if g.Subject.Kind == rbac.GroupKind && g.Subject != SubjectOf(u) {
		return g.Subject.Name
	}
	return ""
}

// everything is what system:masters may.
var everything = rbac.Rule{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}

// everyURL is the other half of it.
var everyURL = rbac.Rule{Verbs: []string{"*"}, NonResourceURLs: []string{"*"}}

// Rules is everything somebody may do by Kubernetes RBAC, and where.
type Rules struct {
	Grants    []RuleGrant // one each rule and way, cluster-wide ones first
	Effective []Effective // the same without repetition
	Azure     []AzureGrant
	Unknown   []string // what could add to it, and why it is not known
	Notes     []string
	Warnings  []string
	Limits    []string // what was not examined
}

// Rules gathers the rules somebody has. With a namespace: those that hold there.
func (a *Asker) Rules(u rbac.UserInfo, groups Groups, namespace string) Rules {
	r := Rules{Grants: a.RuleGrants(u, namespace), Warnings: a.nearEqual(u), Limits: a.limitsOf(u, groups, namespace)}
	r.Effective = Merge(r.Grants)
	r.Unknown = a.unreadFor(u, r.Grants, namespace)
	for _, g := range AzureGrants(a.snapshot.Azure, ObjectIDs(u)) {
		if namespace == "" || g.Namespace == "" || g.Namespace == namespace {
			r.Azure = append(r.Azure, g)
		}
	}
	r.Unknown = append(r.Unknown, a.azureGaps(u)...)
	r.Notes = azureNotes(a.snapshot.Azure, r.Azure)
	for _, g := range r.Grants {
		if g.State == RoleMissing {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s refers to %s %s, which does not exist: it grants nothing until somebody creates it", g.Binding.Title(), g.Binding.Role.Kind, g.Binding.Role.Name))
		}
		r.Notes = append(r.Notes, idle(g)...)
	}
	r.Notes = compact(r.Notes)
	r.Warnings = compact(r.Warnings)
	return r
}

// limitsOf is what lists of everything somebody may do leave out.
func (a *Asker) limitsOf(u rbac.UserInfo, groups Groups, namespace string) (limits []string) {
	switch {
	case groups == GroupsOpen:
		limits = append(limits, fmt.Sprintf("groups of %s: its sign-in carries them, no binding tells; give them with --as-group", SubjectOf(u)))
	case u.Username == "":
		limits = append(limits, fmt.Sprintf("what members of %s have by name or by other groups", SubjectOf(u)))
	}
	if namespace != "" {
		limits = append(limits, "namespaces other than "+namespace)
	}
	if a.snapshot.Azure == nil && !a.snapshot.Missing(snapshot.Azure) {
		limits = append(limits, "Azure role assignments")
	}
	return compact(append(limits, a.limits()...))
}

// RuleGrants are all rules somebody has, each by each way; with a namespace only
// those that hold there.
func (a *Asker) RuleGrants(u rbac.UserInfo, namespace string) (grants []RuleGrant) {
	if slices.Contains(u.Groups, rbac.Masters) {
		g := rbac.Grant{Subject: rbac.Group(rbac.Masters), Reason: rbac.Unbound}
		grants = append(grants, RuleGrant{Grant: g, State: RoleFound, Rule: everything}, RuleGrant{Grant: g, State: RoleFound, Index: 1, Rule: everyURL})
	}
	for _, h := range a.held(u, namespace) {
		grants = append(grants, h...)
	}
	return grants
}

// held are the rules by binding: cluster-wide ones, then namespace by namespace.
func (a *Asker) held(u rbac.UserInfo, namespace string) (all [][]RuleGrant) {
	held, faults := a.index.Roles(u, namespace, namespace == "")
	for _, h := range held {
		var rules []RuleGrant
		for i, rule := range h.Role.Rules {
			g := RuleGrant{Grant: h.Grant, Scope: h.Scope, State: RoleFound, Role: h.Role, Index: i, Rule: rule}
			if i < len(h.Role.RuleAt) {
				g.At = h.Role.RuleAt[i]
			}
			rules = append(rules, g)
		}
		all = append(all, rules)
	}
	for _, f := range faults {
		if g, found := a.dangling(u, f); found {
			all = append(all, []RuleGrant{g})
		}
	}
	slices.SortStableFunc(all, func(a, b []RuleGrant) int {
		switch {
		case len(a) == 0 || len(b) == 0:
			return len(a) - len(b)
		}
		return strings.Compare(a[0].Scope, b[0].Scope)
	})
	return all
}

// dangling is the grant of a binding whose role is not there.
func (a *Asker) dangling(u rbac.UserInfo, f rbac.Fault) (RuleGrant, bool) {
	for _, s := range append([]rbac.Subject{SubjectOf(u)}, groupsOf(u)...) {
		for _, b := range a.index.Bindings(s) {
			if b.Namespace == f.Namespace && b.Name == f.Binding && b.Role == f.Role {
				return RuleGrant{Grant: rbac.Grant{Subject: s, Binding: &b}, Scope: b.Namespace, State: a.absent(b.Role.Kind), At: b.At}, true
			}
		}
	}
	return RuleGrant{}, false
}

func groupsOf(u rbac.UserInfo) (all []rbac.Subject) {
	for _, g := range u.Groups {
		all = append(all, rbac.Group(g))
	}
	return all
}

// absent says what it means that a role is not in the snapshot.
func (a *Asker) absent(kind rbac.RoleKind) RoleState {
	if a.roleUnread(kind) {
		return RoleUnread
	}
	return RoleMissing
}

// unreadFor says which unread parts could add rules to somebody who has these.
func (a *Asker) unreadFor(u rbac.UserInfo, grants []RuleGrant, namespace string) (unknown []string) {
	within := namespace
	if within == "" {
		within = a.snapshot.Source.Namespace
	}
	if within == "" {
		within = "*" // any of them
	}
	unknown = a.unreadBindings(within)
	scopes := []string{namespace}
	for _, g := range grants {
		scopes = append(scopes, g.Scope)
	}
	for _, scope := range distinct(scopes...) {
		unknown = append(unknown, a.unreadRoles(u, scope)...)
	}
	return compact(append(unknown, nodes(u)...))
}

// idle says which parts of a granted rule have no effect.
func idle(g RuleGrant) (notes []string) {
	if g.Role == nil {
		return nil
	}
	where := fmt.Sprintf("rule %d of %s", g.Index+1, g.Role.Title())
	if g.Scope != "" && len(g.Rule.NonResourceURLs) > 0 {
		notes = append(notes, fmt.Sprintf("%s grants URLs, which %s cannot: URLs have no namespace", where, g.Binding.Title()))
	}
	if len(g.Rule.ResourceNames) == 0 {
		return notes
	}
	for _, verb := range []string{"create", "deletecollection"} {
		if slices.Contains(g.Rule.Verbs, verb) && slices.ContainsFunc(g.Rule.Resources, func(r string) bool { return !strings.Contains(r, "/") }) {
			notes = append(notes, fmt.Sprintf("%s names objects for %s: such requests carry no name, so it grants nothing there", where, verb))
		}
	}
	return notes
}

// compact drops repetitions and keeps the order.
func compact(texts []string) (kept []string) {
	seen := map[string]bool{}
	for _, text := range texts {
		if !seen[text] {
			seen[text] = true
			kept = append(kept, text)
		}
	}
	return kept
}

// Warnings are what is likely a mistake about somebody: bound names that differ
// in upper and lower case only.
func (a *Asker) Warnings(u rbac.UserInfo) []string { return a.nearEqual(u) }
