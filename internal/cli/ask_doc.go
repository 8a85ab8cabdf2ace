package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/azure"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// askDoc is the answer of can-i and why, as docs/schema describes it.
type askDoc struct {
	Kind    string          `json:"kind"`
	Allowed snapshot.Answer `json:"allowed"` // of all answers together
	Answers []askAnswer     `json:"answers"`

	namespaced bool
	remarks    []snapshot.Remark
}

// askAnswer is the answer for one reading of SUBJECT in one snapshot.
type askAnswer struct {
	Cluster     string          `json:"cluster,omitempty"`
	Source      snapshot.Source `json:"source"`
	Subject     string          `json:"subject"`
	Who         askWho          `json:"who"`
	Request     rbac.Request    `json:"request"`
	Allowed     snapshot.Answer `json:"allowed"`
	By          access.By       `json:"by,omitempty"`
	Basis       string          `json:"basis"`
	Grants      []askGrant      `json:"grants"`
	Azure       *askAzure       `json:"azure,omitempty"` // absent: not examined
	NearMisses  []askNear       `json:"nearMisses"`
	IfInGroup   []askGrant      `json:"ifInGroup"`
	Also        []askAlso       `json:"also"`
	Version     string          `json:"version"`
	Assumed     bool            `json:"versionAssumed"`
	Unknown     []string        `json:"unknown"`
	Notes       []string        `json:"notes"`
	Warnings    []string        `json:"warnings"`
	NotExamined []string        `json:"notExamined"`

	snapshot *snapshot.Snapshot
	nameless string
}

// askWho is the caller as the API server would see it.
type askWho struct {
	Username    namedValue          `json:"user"`
	UID         string              `json:"uid,omitempty"`
	Groups      []namedValue        `json:"groups"`
	Extra       map[string][]string `json:"extra,omitempty"`
	GroupsKnown access.Groups       `json:"groupsKnown"`
}

// askGrant is one rule that allows, and how it reaches the subject.
type askGrant struct {
	By      access.By     `json:"by"`
	Subject namedSubject  `json:"subject"` // whom the binding names
	Binding *askBinding   `json:"binding"` // null: none is needed, see reason
	Role    *askRole      `json:"role"`
	Rule    *rbac.Rule    `json:"rule"`
	Index   int           `json:"ruleIndex"` // in the role, from 0
	At      rbac.Position `json:"at,omitzero"`
	Scope   string        `json:"scope"`
	Reason  string        `json:"reason"` // as the API server writes it to the audit log
	// Assignment is Azure's; then Binding, Role and Rule are null.
	Assignment *askAssignment `json:"assignment,omitempty"`
}

// askAssignment is an Azure role assignment that allows.
type askAssignment struct {
	ID            string `json:"id,omitempty"`
	Role          string `json:"role"`
	Definition    string `json:"definition,omitempty"`
	DataAction    string `json:"dataAction"` // of the role, that matched
	PrincipalID   string `json:"principalId,omitempty"`
	PrincipalType string `json:"principalType,omitempty"`
}

// askAzure is what Azure RBAC says.
type askAzure struct {
	Verdict azrbac.Verdict `json:"verdict"`
	Code    azrbac.Code    `json:"code"`
	Reasons []string       `json:"reasons"`
	Basis   []string       `json:"basis"`
}

type askBinding struct {
	Kind      string        `json:"kind"`
	Namespace string        `json:"namespace,omitempty"`
	Name      string        `json:"name"`
	At        rbac.Position `json:"at,omitzero"`
}

type askRole struct {
	Kind       rbac.RoleKind `json:"kind"`
	Namespace  string        `json:"namespace,omitempty"`
	Name       string        `json:"name"`
	At         rbac.Position `json:"at,omitzero"`
	Aggregated bool          `json:"aggregated,omitempty"`
}

// askNear is one near miss.
type askNear struct {
	Kind    rbac.NearKind `json:"kind"`
	Text    string        `json:"text"`
	Remedy  string        `json:"remedy,omitempty"` // what would turn it into a yes
	Subject namedSubject  `json:"subject"`
	Binding *askBinding   `json:"binding"`
	Role    *askRole      `json:"role"`
	Rule    *rbac.Rule    `json:"rule"`
	Where   []string      `json:"namespaces,omitempty"`     // where the same grant allows it
	Allowed *rbac.Request `json:"allowedRequest,omitempty"` // what the same grant allows
}

type askAlso struct {
	Request rbac.Request    `json:"request"`
	Allowed snapshot.Answer `json:"allowed"`
	Why     string          `json:"why"`
}

// together is the answer for all: yes where all are, else unknown where one is.
func together(answers []askAnswer) snapshot.Answer {
	all := snapshot.Yes
	for _, a := range answers {
		switch {
		case a.Allowed == snapshot.Unclear:
			return snapshot.Unclear
		case a.Allowed == snapshot.No:
			all = snapshot.No
		}
	}
	return all
}

// answers asks every snapshot for every reading of --as.
func (e *Env) answers(ctx context.Context, questions []asked, as asFlags, mode string) ([]askAnswer, error) {
	var all []askAnswer
	known := e.identities(ctx, questions, as, mode)
	for _, q := range questions {
		readings, err := as.readings(e, q.asker, known)
		if err != nil {
			return nil, err
		}
		for _, w := range readings {
			w.identify(q, known)
			a := q.asker.Ask(access.Question{Who: w.info, Asked: w.text, Groups: w.groups, Request: q.request, Stranger: w.stranger})
			a.Notes = append(w.notes, a.Notes...)
			all = append(all, describeAnswer(q.snapshot(), a, known))
		}
	}
	return all, nil
}

func describeAnswer(s *snapshot.Snapshot, a access.Answer, known names) askAnswer {
	d := askAnswer{
		Cluster: s.Name, Source: s.Source, Subject: a.Asked, Request: a.Request, Allowed: a.Allowed, By: a.By, Basis: a.Basis,
		Who:    askWho{Username: namedValue{a.Who.Username, known.of(a.Who.Username)}, UID: a.Who.UID, Groups: []namedValue{}, Extra: a.Who.Extra, GroupsKnown: a.Groups},
		Grants: []askGrant{}, NearMisses: []askNear{}, IfInGroup: []askGrant{}, Also: []askAlso{},
		Version: a.Version.String(), Assumed: a.Assumed,
		Unknown: listed(a.Unknown), Notes: listed(a.Notes), Warnings: listed(a.Warnings), NotExamined: listed(a.Limits),
		snapshot: s,
	}
	for _, g := range a.Who.Groups {
		d.Who.Groups = append(d.Who.Groups, namedValue{g, known.of(g)})
	}
	for _, allow := range a.Kubernetes.Allows {
		d.Grants = append(d.Grants, kubernetesGrant(allow, known))
	}
	if a.Azure != nil {
		d.Azure = &askAzure{a.Azure.Verdict, a.Azure.Code, listed(a.Azure.Reasons), listed(a.Azure.Basis)}
		for _, g := range a.Azure.Allows {
			d.Grants = append(d.Grants, assignmentGrant(s, g, assignee(a.Who, g), a.Who.Username, known))
		}
	}
	for _, h := range a.IfAssigned {
		d.IfInGroup = append(d.IfInGroup, assignmentGrant(s, h.Grant, rbac.Group(h.PrincipalID), a.Who.Username, known))
	}
	for _, allow := range a.IfInGroup {
		d.IfInGroup = append(d.IfInGroup, kubernetesGrant(allow, known))
	}
	for _, n := range a.NearMisses {
		d.NearMisses = append(d.NearMisses, nearMiss(n, a.Question, known))
	}
	for _, o := range a.Also {
		d.Also = append(d.Also, askAlso(o))
	}
	d.nameless = nameless(d)
	return d
}

// listed is a list that JSON shows as [] when it is empty.
func listed(list []string) []string { return append([]string{}, list...) }

func kubernetesGrant(a rbac.Allow, known names) askGrant {
	g := askGrant{
		By: access.ByKubernetes, Subject: namedSubject{a.Subject, known.of(a.Subject.Name)}, Binding: bindingDoc(a.Binding), Role: roleDoc(a.Role),
		Index: a.Rule, At: a.At(), Scope: cmp.Or(a.Scope, clusterScope), Reason: cmp.Or(a.Because(), a.Grant.Reason),
	}
	if a.Role != nil {
		g.Rule = &a.Role.Rules[a.Rule]
	}
	return g
}

// assignmentGrant is a role assignment as a way to a yes; user is who acts.
func assignmentGrant(s *snapshot.Snapshot, g azrbac.Grant, holder rbac.Subject, user string, known names) askGrant {
	return askGrant{
		By: access.ByAzure, Subject: namedSubject{holder, known.of(holder.Name)}, Scope: access.AzureScope(s.Azure, g.Scope()), Reason: g.Because(user),
		Assignment: &askAssignment{g.Assignment.ID, g.Definition.Name, g.Definition.ID, g.DataAction, g.Assignment.PrincipalID, g.Assignment.PrincipalType},
	}
}

// assignee is whom an assignment names: a group of the caller, or the caller.
func assignee(u rbac.UserInfo, g azrbac.Grant) rbac.Subject {
	for _, group := range u.Groups {
		if strings.EqualFold(group, g.Principal) {
			return rbac.Group(group)
		}
	}
	return rbac.User(strings.ToLower(g.Principal))
}

func bindingDoc(b *rbac.Binding) *askBinding {
	if b == nil {
		return nil
	}
	return &askBinding{b.Kind(), b.Namespace, b.Name, b.At}
}

func roleDoc(r *rbac.Role) *askRole {
	if r == nil {
		return nil
	}
	return &askRole{r.Ref().Kind, r.Namespace, r.Name, r.At, r.Aggregated()}
}

func nearMiss(n rbac.NearMiss, q access.Question, known names) askNear {
	d := askNear{Kind: n.Kind, Text: n.Text, Remedy: access.Remedy(n, q), Subject: namedSubject{n.Subject, known.of(n.Subject.Name)}, Binding: bindingDoc(n.Binding), Role: roleDoc(n.Role), Where: n.Namespaces, Allowed: n.Request}
	if n.Role != nil && n.Rule >= 0 && n.Rule < len(n.Role.Rules) {
		d.Rule = &n.Role.Rules[n.Rule]
	}
	return d
}

// nameless is why some id has no name.
func nameless(d askAnswer) string {
	all := []name{d.Who.Username.name}
	for _, g := range d.Who.Groups {
		all = append(all, g.name)
	}
	for _, list := range [][]askGrant{d.Grants, d.IfInGroup} {
		for _, g := range list {
			all = append(all, g.Subject.name)
		}
	}
	for _, n := range d.NearMisses {
		all = append(all, n.Subject.name)
	}
	for _, n := range all {
		if n.Unknown != "" && n.Unknown != notInDirectory {
			return n.Unknown
		}
	}
	return ""
}

// identities asks the directory, once, for everything the answers may name: the
// ids of the question, and those whom bindings let do what is asked.
func (e *Env) identities(ctx context.Context, questions []asked, as asFlags, mode string) names {
	ids := append([]string{strings.TrimPrefix(strings.TrimPrefix(as.as, "user:"), "group:")}, as.groups...)
	for _, q := range questions {
		if id := q.snapshot().Identity; id != nil && as.as == "" {
			ids = append(append(ids, id.User, id.ObjectID()), id.Groups...)
		}
		for _, s := range q.allowed() {
			ids = append(ids, s.Name)
		}
	}
	tenant := ""
	if len(questions) > 0 {
		tenant = questions[0].snapshot().Tenant
	}
	return e.resolveNames(ctx, mode, tenant, ids)
}

// identify gives a user known by name its object id, where a binding that would
// allow the request names somebody who signs in under that name.
func (w *who) identify(q asked, known names) {
	name := w.info.Username
	switch {
	case w.groups == access.GroupsTold, name == "", len(w.info.Extra["oid"]) > 0:
		return
	case guid.MatchString(name):
		w.info.Extra = map[string][]string{"oid": {strings.ToLower(name)}}
		if n := known.of(name); n.UPN != "" {
			w.info.Extra["upn"] = []string{n.UPN}
		}
		return
	}
	var unnamed []string
	for _, s := range q.allowed() {
		if s.Kind != rbac.UserKind || !guid.MatchString(s.Name) {
			continue
		}
		switch n := known.of(s.Name); {
		case n.UPN != "" && strings.EqualFold(n.UPN, name):
			w.info.Extra = map[string][]string{"oid": {strings.ToLower(s.Name)}}
			return
		case n.Unknown != "" && n.Unknown != notInDirectory && !slices.Contains(unnamed, s.Name):
			unnamed = append(unnamed, s.Name)
		}
	}
	w.stranger = len(unnamed) == 0
	if len(unnamed) > 0 {
		w.notes = append(w.notes, "object ids could not be compared with "+w.text+" ("+known.why+"): allowed is "+strings.Join(unnamed, ", "))
	}
}

// allowed are the Subjects whom a binding or an assignment lets do this.
func (a asked) allowed() (all []rbac.Subject) {
	answer := a.asker.WhoCan(a.request, false)
	for _, h := range append(answer.Holders, answer.Partial...) {
		all = append(all, h.Subject)
	}
	return all
}

// fromDirectory settles a bare object id that the directory knows.
func (a asFlags) fromDirectory(text string, known names) (w who, found bool) {
	n := known.of(text)
	id := strings.ToLower(text)
	switch n.Type {
	case string(azure.Group):
		w = who{text: "group:" + id, info: rbac.Group(id).UserInfo(a.groups...), groups: access.GroupsFixed}
		w.info.Groups = memberOf(w.info.Groups, id)
	case string(azure.ServicePrincipal):
		w = who{text: "user:" + id, info: rbac.User(id).UserInfo(a.groups...), groups: access.GroupsOpen}
	case string(azure.User):
		upn := cmp.Or(n.UPN, id)
		w = who{text: "user:" + upn, info: rbac.User(upn).UserInfo(a.groups...), groups: access.GroupsOpen}
		w.notes = []string{id + " is " + upn + " in the directory, who signs in by that name (guests by object id)"}
	default:
		return w, false
	}
	if n.Type != string(azure.Group) {
		w.info.Extra = map[string][]string{"oid": {id}}
	}
	if len(a.groups) > 0 {
		w.groups = access.GroupsGiven
	}
	return w, true
}
