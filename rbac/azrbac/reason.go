package azrbac

import "strings"

// The sentences of AKS's authorizer, as the audit annotation
// authorization.k8s.io/reason carries them.
const (
	ReasonAllowed  = "Access allowed by Azure RBAC" // of discovery paths, and of what an older authorizer remembers
	ReasonRefused  = "User does not have access to the resource in Azure. Update role assignment to allow access."
	ReasonForeign  = "Azure does not have opinion for this non AAD user."
	ReasonNobody   = "Azure does not have opinion for this user."
	ReasonFailed   = "Access denied due to Azure RBAC check failure."
	assignmentPart = ReasonAllowed + " Role Assignment "
	rolePart       = " of Role "
	userPart       = " to user "
)

// Reason is what such a sentence says.
type Reason struct {
	Kind       ReasonKind
	Assignment string // GUID with dashes, of ReasonAssigned
	Role       string // GUID with dashes, of ReasonAssigned
	User       string // of ReasonAssigned
}

// ReasonKind tells the sentences apart.
type ReasonKind string

// The kinds of Reason.
const (
	ReasonAssigned  ReasonKind = "assigned"   // by the role assignment it names
	ReasonPlain     ReasonKind = "allowed"    // by Azure RBAC, without naming an assignment
	ReasonDenied    ReasonKind = "refused"    // no assignment, or a deny assignment
	ReasonNoOpinion ReasonKind = "no opinion" // Azure was not asked
	ReasonError     ReasonKind = "failed"     // Azure could not be asked
)

// ParseReason reads the reason of an audit event; ok is false where Azure RBAC
// did not write it. GUIDs are written there without dashes.
func ParseReason(text string) (r Reason, ok bool) {
	switch rest, named := strings.CutPrefix(text, assignmentPart); {
	case named:
		return parseAssigned(rest)
	case text == ReasonAllowed:
		return Reason{Kind: ReasonPlain}, true
	case text == ReasonRefused:
		return Reason{Kind: ReasonDenied}, true
	case strings.HasPrefix(text, ReasonForeign), text == ReasonNobody:
		return Reason{Kind: ReasonNoOpinion}, true
	case strings.HasPrefix(text, ReasonFailed):
		return Reason{Kind: ReasonError}, true
	}
	return Reason{}, false
}

func parseAssigned(rest string) (Reason, bool) {
	assignment, rest, found := strings.Cut(rest, rolePart)
	if !found {
		return Reason{}, false
	}
	role, user, found := strings.Cut(rest, userPart)
	if !found || user == "" {
		return Reason{}, false
	}
	r := Reason{Kind: ReasonAssigned, User: user}
	var first, second bool
	r.Assignment, first = dashed(assignment)
	r.Role, second = dashed(role)
	if !first || !second {
		return Reason{}, false
	}
	return r, true
}

// Because is the sentence AKS's authorizer writes for a grant.
func (g Grant) Because(user string) string {
	return assignmentPart + undashed(g.Assignment.ID) + rolePart + undashed(g.Assignment.RoleDefinitionID) + userPart + user
}

// undashed is the GUID an id ends in, as the sentence writes it.
func undashed(id string) string { return strings.ReplaceAll(last(id), "-", "") }

// dashed is the GUID in the form ids have; it may have that form already.
func dashed(s string) (string, bool) {
	if len(s) == 32 && !strings.Contains(s, "-") {
		s = s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
	}
	return strings.ToLower(s), IsGUID(s)
}
