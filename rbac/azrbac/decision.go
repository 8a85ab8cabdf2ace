package azrbac

// Verdict is what Azure RBAC says to a request.
type Verdict string

// The verdicts. Azure has no "no" that binds others: what it does not allow,
// Kubernetes RBAC may.
const (
	Allow     Verdict = "allow"
	NoOpinion Verdict = "no opinion"
	Unknown   Verdict = "unknown"
)

// Code is why a verdict was reached.
type Code string

// The codes.
const (
	Assigned    Code = "assigned"       // a role assignment allows
	Discovery   Code = "discovery"      // discovery paths are open to whoever has an object id
	NotEnabled  Code = "not enabled"    // Azure RBAC is not in force at this cluster
	SystemUser  Code = "system user"    // Azure is not asked about system:* users
	NoObjectID  Code = "no object id"   // Azure is not asked about callers without one
	NotAssigned Code = "not assigned"   // no assignment allows
	Denied      Code = "denied"         // a deny assignment takes it away
	Unsure      Code = "not determined" // Reasons tell what is wanting
)

// Decision is what Azure RBAC says, with everything that makes it so.
type Decision struct {
	Verdict Verdict `json:"verdict"`
	Code    Code    `json:"code"`
	Action  string  `json:"action,omitempty"` // what Azure is asked
	Scope   string  `json:"scope,omitempty"`  // and where
	Allows  []Grant `json:"allows,omitempty"` // every assignment that allows, the widest scope first
	Maybe   []Grant `json:"maybe,omitempty"`  // those that allow under a condition or a reading that is not certain
	Denies  []Deny  `json:"denies,omitempty"` // deny assignments that apply
	// Reasons tell why the verdict is not Allow, one sentence each.
	Reasons []string `json:"reasons,omitempty"`
	// Basis are the assumptions the verdict rests on.
	Basis []string `json:"basis,omitempty"`
}

// Grant is one assignment that allows something.
type Grant struct {
	Assignment Assignment `json:"assignment"`
	Definition Definition `json:"definition"`
	DataAction string     `json:"dataAction,omitempty"` // the pattern of the role that matched, of a data action
	Action     string     `json:"action,omitempty"`     // the same, of a control-plane action
	Principal  string     `json:"principal"`            // by which of the caller's object ids
	Why        string     `json:"why,omitempty"`        // of those in Decision.Maybe: what is not certain
}

// Scope is where the grant was made.
func (g Grant) Scope() string { return g.Assignment.Scope }

// Deny is one deny assignment that applies.
type Deny struct {
	DenyAssignment
	Why string `json:"why,omitempty"` // what is not certain about it
}

// Holder is a principal that may do something.
type Holder struct {
	PrincipalID   string   `json:"principalId"`
	PrincipalType string   `json:"principalType,omitempty"`
	Verdict       Verdict  `json:"verdict"` // Allow or Unknown
	Grant         Grant    `json:"grant"`
	Reasons       []string `json:"reasons,omitempty"`
}
