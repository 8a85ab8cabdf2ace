// Package lookup says which bindings and roles a Subject has, and what that
// answer does not cover.
//
// It reasons over a snapshot: bindings that name the Subject, groups every such
// Subject is in, groups the API server itself has told (for the caller), and the
// power that needs no binding. What follows from a group membership nobody has
// told us is not guessed: it is listed as not examined. Asking clusters and
// printing belong to others.
//
//	result := lookup.Answer(snap, lookup.Question{Subject: asked})
package lookup

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// Question is what is asked; without Subject and Pattern, about everybody.
type Question struct {
	Subject   *Asked
	Pattern   *regexp.Regexp // matched against Subject.Label
	Not       bool           // everybody the Subject or Pattern does not mean
	Namespace string         // only RoleBindings of this namespace, and cluster-wide bindings
	// ObjectIDs are the ids by which the directory knows a user name; nil: nobody
	// was asked.
	ObjectIDs func(user string) []string
}

// Asked is a SUBJECT as typed: of one kind, or of any.
type Asked struct {
	Text    string
	Subject rbac.Subject // Kind is empty where Text did not name one
}

// Basis is why a grant is the Subject's.
type Basis string

// The bases there are.
const (
	Named     Basis = "named by the binding"
	Implicit  Basis = "every such subject is in this group"
	Told      Basis = "the API server says the caller is in this group"
	Account   Basis = "the AKS local account's certificate carries this group"
	Unbounded Basis = "no binding needed"
)

// RoleState says what is known of the role a binding refers to.
type RoleState string

// The states of a role.
const (
	Found   RoleState = "found"
	Missing RoleState = "missing" // the binding grants nothing until somebody creates the role
	Unread  RoleState = "unknown" // roles of this kind could not be read
)

// Row is one grant of one Subject.
type Row struct {
	Subject rbac.Subject // who has it
	Group   string       // the group it comes through; empty: bound by name
	Basis   Basis
	Grant   rbac.Grant
	State   RoleState
	Role    rbac.Role // where Found
}

// Result is the answer and its limits.
type Result struct {
	Rows        []Row
	Azure       []AzureRow
	Warnings    []string
	NotExamined []string
	Near        []rbac.Subject // bound Subjects the question may have meant, where it found none
}

// AzureRow is one Azure role assignment of one Subject.
type AzureRow struct {
	Subject rbac.Subject // who has it
	Group   string       // the group it comes through; empty: assigned to them
	Basis   Basis
	Grant   access.AzureGrant
}

// Answer answers from a snapshot.
func Answer(s *snapshot.Snapshot, q Question) Result {
	a := answerer{snapshot: s, question: q, index: rbac.NewIndex(scope(s.RBAC, q.Namespace))}
	if q.Subject != nil && !q.Not {
		a.one(*q.Subject)
	} else {
		a.many()
	}
	a.azure()
	a.limits()
	return a.result
}

// scope drops RoleBindings of other namespaces.
func scope(p rbac.Policy, namespace string) rbac.Policy {
	if namespace == "" {
		return p
	}
	var kept []rbac.Binding
	for _, b := range p.Bindings {
		if b.Namespace == "" || b.Namespace == namespace {
			kept = append(kept, b)
		}
	}
	return rbac.Policy{Roles: p.Roles, Bindings: kept}
}

type answerer struct {
	snapshot *snapshot.Snapshot
	question Question
	index    *rbac.Index
	result   Result
}

// many lists everybody the question selects, by name only: groups are rows of
// their own there.
func (a *answerer) many() {
	subjects := a.index.Subjects()
	if !slices.Contains(subjects, rbac.Group(rbac.Masters)) {
		subjects = append(subjects, rbac.Group(rbac.Masters))
	}
	for _, s := range subjects {
		if a.selects(s) {
			a.grants(s, "", Named)
		}
	}
}

func (a *answerer) selects(s rbac.Subject) bool {
	selected := true
	switch {
	case a.question.Pattern != nil:
		selected = a.question.Pattern.MatchString(s.Label())
	case a.question.Subject != nil:
		selected = a.question.Subject.means(s)
	}
	return selected != a.question.Not
}

// means reports whether a bound Subject is what was typed.
func (q Asked) means(s rbac.Subject) bool {
	if q.Subject.Kind != "" {
		return s == q.Subject.Canonical()
	}
	return s.Label() == q.Text || s.Name == q.Text || s == rbac.User(q.Text).Canonical()
}

// one answers for a single Subject, or for all kinds of a bare name.
func (a *answerer) one(asked Asked) {
	for _, s := range a.candidates(asked) {
		a.grants(s, "", Named)
	}
	for _, s := range a.candidates(asked) {
		if a.evident(asked, s) {
			a.groups(s)
		}
	}
	for _, s := range a.candidates(asked) {
		for _, near := range a.index.NearEqual(s) {
			a.result.Warnings = append(a.result.Warnings, fmt.Sprintf("%s is bound, but names are case-sensitive: it is not %s", near, s))
		}
	}
	if len(a.result.Rows) == 0 {
		a.near(asked.Text)
	}
}

// candidates are the Subjects a text can mean: of the kind that was named, or
// the user, the group, and every bound ServiceAccount of that name.
func (a *answerer) candidates(asked Asked) []rbac.Subject {
	if asked.Subject.Kind != "" {
		return []rbac.Subject{asked.Subject.Canonical()}
	}
	all := []rbac.Subject{rbac.Group(asked.Text), rbac.User(asked.Text).Canonical()}
	if namespace, name, found := strings.Cut(asked.Text, "/"); found && !strings.Contains(name, "/") {
		all = append(all, rbac.ServiceAccount(namespace, name))
	}
	for _, s := range a.index.Subjects() {
		if s.Kind == rbac.ServiceAccountKind && s.Name == asked.Text {
			all = append(all, s)
		}
	}
	return all
}

// evident reports whether there is reason to take the text for this Subject, so
// that what holds for all of its kind should be listed too. A bare word could be
// anything; the grants of every user would bury the answer.
func (a *answerer) evident(asked Asked, s rbac.Subject) bool {
	switch {
	case s.Kind == rbac.GroupKind:
		return false
	case asked.Subject.Kind != "", s.Kind == rbac.ServiceAccountKind:
		return true
	}
	return strings.Contains(s.Name, "@") || strings.HasPrefix(s.Name, "system:anonymous") || snapshot.LocalAccount(s.Name) ||
		a.self(s) || len(a.index.Bindings(s)) > 0
}

// self reports whether the Subject is who the snapshot was read as.
func (a *answerer) self(s rbac.Subject) bool {
	id := a.snapshot.Identity
	return id != nil && rbac.User(id.User).Canonical() == s
}

// groups adds the grants of the groups a Subject is known to be in.
func (a *answerer) groups(s rbac.Subject) {
	done := map[string]bool{}
	add := func(group string, basis Basis) {
		if !done[group] {
			done[group] = true
			a.grants(s, group, basis)
		}
	}
	switch {
	case a.self(s):
		for _, group := range a.snapshot.Identity.Groups {
			add(group, Told)
		}
	case snapshot.LocalAccount(s.Name) && s.Kind == rbac.UserKind:
		add(rbac.Masters, Account)
	}
	for _, group := range s.ImplicitGroups() {
		add(group, Implicit)
	}
	if s.Kind == rbac.UserKind && !a.self(s) && s.Name != rbac.Anonymous {
		a.result.NotExamined = append(a.result.NotExamined, fmt.Sprintf("groups of %s: its credential carries them, no binding tells; look each up with group:NAME", s))
	}
}

// grants adds the rows of a Subject, or of a group it is in.
func (a *answerer) grants(s rbac.Subject, group string, basis Basis) {
	holder := s
	if group != "" {
		holder = rbac.Group(group)
	}
	for _, g := range a.index.Grants(holder) {
		row := Row{Subject: s, Group: group, Basis: basis, Grant: g, State: Found}
		if g.Binding == nil {
			if group == "" {
				row.Basis = Unbounded
			}
		} else {
			row.Role, row.State = a.role(*g.Binding)
		}
		a.result.Rows = append(a.result.Rows, row)
	}
}

func (a *answerer) role(b rbac.Binding) (rbac.Role, RoleState) {
	role, found := a.index.Role(b)
	what := snapshot.Roles
	if b.Role.Kind == rbac.ClusterRoleKind {
		what = snapshot.ClusterRoles
	}
	switch {
	case found:
		return role, Found
	case a.snapshot.Missing(what), a.snapshot.Missing(snapshot.Manifest):
		return rbac.Role{}, Unread
	case a.snapshot.Source.Kind == snapshot.Files:
		// Manifests rarely hold the roles that every cluster ships with.
		return rbac.Role{}, Unread
	}
	return rbac.Role{}, Missing
}

// near gathers bound Subjects that contain what was typed.
func (a *answerer) near(text string) {
	const most = 5
	if len(text) < 3 {
		return
	}
	for _, s := range a.index.Subjects() {
		if len(a.result.Near) < most && strings.Contains(strings.ToLower(s.Label()), strings.ToLower(strings.TrimRight(text, ".…"))) {
			a.result.Near = append(a.result.Near, s)
		}
	}
}

func (a *answerer) limits() {
	if a.question.Namespace != "" {
		a.result.NotExamined = append(a.result.NotExamined, "RoleBindings outside namespace "+a.question.Namespace)
	}
	if a.snapshot.Source.Kind == snapshot.Files {
		a.result.NotExamined = append(a.result.NotExamined, "what the cluster holds beside these manifests")
	}
	if a.snapshot.Azure == nil && !a.snapshot.Missing(snapshot.Azure) {
		a.result.NotExamined = append(a.result.NotExamined, "Azure role assignments")
	}
}
