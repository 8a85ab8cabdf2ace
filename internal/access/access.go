// Package access answers questions about access over one snapshot: may this
// caller do that, why, and who else may.
//
// It joins the authorizers of a cluster, each of which can only allow: what one
// allows is allowed. It adds what a bare decision leaves out: which unread part
// could turn a "no", what was nearly a "yes", which server version the answer
// speaks of, and what nobody examined. A part that could not be read makes a
// "no" unknown and never touches a "yes". Deciding is rbac's and rbac/azrbac's;
// reading clusters, directories and command lines belongs to others.
//
//	asker := access.New(snap)
//	answer := asker.Ask(access.Question{Who: rbac.User("ann").UserInfo(), Request: request})
package access

import (
	"slices"
	"strings"
	"sync"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// Question is whether somebody may do something.
type Question struct {
	Who     rbac.UserInfo
	Asked   string // SUBJECT as typed; empty: the caller
	Groups  Groups // how the groups of Who are known
	Request rbac.Request
	// Stranger: no person whom Azure lets do this by name is Who, although the
	// object id of Who is not known: the directory told who they are.
	Stranger bool
}

// Groups says how far the groups of a caller are known.
type Groups string

// The ways of knowing groups.
const (
	GroupsTold  Groups = "the API server tells"           // all of them
	GroupsGiven Groups = "given with the question"        // exactly these were asked about
	GroupsFixed Groups = "every such subject has these"   // a ServiceAccount, a group, the anonymous user
	GroupsFound Groups = "the directory tells"            // all of them
	GroupsOpen  Groups = "the sign-in may carry more"     // a user: only the implicit ones are known
	GroupsLocal Groups = "the local account carries them" // AKS's shared certificate
)

// By names the authorizer that allows.
type By string

// The authorizers.
const (
	ByKubernetes By = "kubernetes"
	ByAzure      By = "azure"
	ByBoth       By = "both"
)

// Answer is yes, no or unknown, with everything it rests on.
type Answer struct {
	Question
	Allowed    snapshot.Answer
	By         By     // empty unless Allowed is yes
	Basis      string // which authorizers were asked, and how their answers join
	Kubernetes rbac.Decision
	Azure      *azrbac.Decision // nil: not examined
	NearMisses []rbac.NearMiss
	IfInGroup  []rbac.Allow    // what would allow members of groups that Who may be in
	IfAssigned []azrbac.Holder // the same, of Azure's groups
	Unknown    []string        // what could turn a no
	Version    rbac.Version    // of the server, as assumed
	Assumed    bool            // nobody said which version the server has
	Also       []Also          // what the server asks beside the request
	Notes      []string        // what else should be known
	Warnings   []string        // what is likely a mistake
	Limits     []string        // what was not examined
}

// Asker answers questions over one snapshot. Its index is built once; it is
// safe for concurrent use.
type Asker struct {
	snapshot *snapshot.Snapshot
	index    *rbac.Index
	azure    *azrbac.Index    // nil: not examined
	granted  func() []granted // for questions that begin at the roles
}

// New prepares a snapshot for questions.
func New(s *snapshot.Snapshot) *Asker {
	a := &Asker{snapshot: s, index: rbac.NewIndex(s.RBAC)}
	if s.Azure != nil {
		a.azure = azrbac.New(*s.Azure)
	}
	a.granted = sync.OnceValue(a.byRole)
	return a
}

// Index is the RBAC index the answers come from.
func (a *Asker) Index() *rbac.Index { return a.index }

// Snapshot is what is asked about.
func (a *Asker) Snapshot() *snapshot.Snapshot { return a.snapshot }

// Ask answers one question.
func (a *Asker) Ask(q Question) Answer {
	r := Answer{Question: q, Basis: a.basis()}
	r.Version, r.Assumed = a.version()
	v := a.decide(q)
	r.Allowed, r.By, r.Kubernetes, r.Azure, r.Unknown = v.allowed, v.by, v.kubernetes, v.azure, v.unknown
	if r.Allowed != snapshot.Yes {
		r.NearMisses = a.nearMisses(q)
		r.IfInGroup, r.IfAssigned = a.ifInGroup(q), a.ifInAzureGroup(q)
	}
	r.Also = a.also(q, r.Version)
	r.Notes = a.notes(r)
	r.Warnings = a.nearEqual(q.Who)
	r.Limits = a.limits()
	return r
}

// nearMisses leaves out the roles that nobody could read: what they would allow
// is unknown, not missed.
func (a *Asker) nearMisses(q Question) []rbac.NearMiss {
	return slices.DeleteFunc(a.index.NearMisses(q.Who, q.Request), func(n rbac.NearMiss) bool {
		return n.Kind == rbac.NearDangling && a.roleUnread(n.Binding.Role.Kind)
	})
}

// ifInGroup are the grants of groups whose members the caller may be among: of
// a user nobody but the sign-in knows all groups.
func (a *Asker) ifInGroup(q Question) (allows []rbac.Allow) {
	if q.Groups != GroupsOpen {
		return nil
	}
	for _, allow := range a.index.WhoCan(q.Request) {
		if allow.Subject.Kind == rbac.GroupKind && joinable(allow.Subject.Name) && !slices.Contains(q.Who.Groups, allow.Subject.Name) {
			allows = append(allows, allow)
		}
	}
	return allows
}

// joinable leaves out the groups that kube-apiserver or a node's credential
// gives: no sign-in puts a person into them.
func joinable(group string) bool {
	switch group {
	case rbac.Masters, rbac.Authenticated, rbac.Unauthenticated, rbac.ServiceAccounts, "system:nodes":
		return false
	}
	return !strings.HasPrefix(group, rbac.ServiceAccounts+":") && !strings.HasPrefix(group, "system:bootstrappers")
}

// nearEqual warns of names that differ in upper and lower case only.
func (a *Asker) nearEqual(u rbac.UserInfo) (warnings []string) {
	for _, s := range named(u) {
		for _, near := range a.index.NearEqual(s) {
			warnings = append(warnings, near.String()+" is bound, but names are case-sensitive: it is not "+s.String())
		}
	}
	return warnings
}

// named are the Subjects a caller is, without the groups everybody is in.
func named(u rbac.UserInfo) (all []rbac.Subject) {
	if u.Username != "" {
		all = append(all, rbac.User(u.Username).Canonical())
	}
	for _, g := range u.Groups {
		if !strings.HasPrefix(g, "system:") {
			all = append(all, rbac.Group(g))
		}
	}
	return all
}

// SubjectOf names a caller in one word: the user, or for somebody without a
// name the first group.
func SubjectOf(u rbac.UserInfo) rbac.Subject {
	switch {
	case u.Username != "":
		return rbac.User(u.Username).Canonical()
	case len(u.Groups) > 0:
		return rbac.Group(u.Groups[0])
	}
	return rbac.User("")
}

// inGroup reports whether the caller is known to be in a group.
func inGroup(u rbac.UserInfo, group string) bool { return slices.Contains(u.Groups, group) }
