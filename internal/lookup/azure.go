package lookup

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// Assigned is the basis of a role assignment that names somebody.
const Assigned Basis = "named by the role assignment"

// azure adds the role assignments of whom the question means. Azure knows
// everybody by object id, whatever kind of Subject Kubernetes makes of them.
func (a *answerer) azure() {
	a.result.NotExamined = append(a.result.NotExamined, access.AzureUnexamined(a.snapshot.Azure)...)
	all := access.AzureGrants(a.snapshot.Azure, nil)
	if a.question.Namespace != "" {
		all = slices.DeleteFunc(all, func(g access.AzureGrant) bool { return g.Namespace != "" && g.Namespace != a.question.Namespace })
	}
	if a.question.Subject == nil || a.question.Not {
		for _, g := range all {
			if s := principal(g); a.selects(s) {
				a.result.Azure = append(a.result.Azure, AzureRow{Subject: s, Basis: Assigned, Grant: g})
			}
		}
		return
	}
	for _, s := range a.candidates(*a.question.Subject) {
		ids := a.objectIDs(s)
		if len(ids) == 0 && a.snapshot.Azure != nil && s.Kind == rbac.UserKind && !strings.HasPrefix(s.Name, "system:") && a.evident(*a.question.Subject, s) {
			a.result.NotExamined = append(a.result.NotExamined, "Azure role assignments of "+s.String()+": they name an object id, and which is its is not known")
		}
		for _, g := range all {
			kind := principal(g).Kind
			switch {
			case slices.Contains(ids, g.Principal) && (s.Kind == rbac.GroupKind) == (kind == rbac.GroupKind):
				a.result.Azure = append(a.result.Azure, AzureRow{Subject: s, Basis: Assigned, Grant: g})
			case a.self(s) && slices.ContainsFunc(a.snapshot.Identity.Groups, func(group string) bool { return strings.EqualFold(group, g.Principal) }):
				a.result.Azure = append(a.result.Azure, AzureRow{Subject: s, Group: g.Principal, Basis: Told, Grant: g})
			}
		}
	}
}

// principal is whom Kubernetes takes the principal of an assignment for.
func principal(g access.AzureGrant) rbac.Subject {
	if strings.Contains(strings.ToLower(g.Assignment.PrincipalType), "group") {
		return rbac.Group(g.Principal)
	}
	return rbac.User(g.Principal)
}

// objectIDs are the ids by which Azure knows a Subject.
func (a *answerer) objectIDs(s rbac.Subject) (ids []string) {
	switch {
	case s.Kind == rbac.ServiceAccountKind:
		return nil
	case azrbac.IsGUID(s.Name):
		return []string{strings.ToLower(s.Name)}
	case s.Kind == rbac.UserKind && a.self(s):
		return []string{strings.ToLower(a.snapshot.Identity.ObjectID())}
	case s.Kind == rbac.UserKind && a.question.ObjectIDs != nil:
		return a.question.ObjectIDs(s.Name)
	}
	return nil
}
