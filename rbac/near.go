package rbac

// NearKind is how a refused request missed a rule.
type NearKind string

// The kinds of NearMiss, the most useful first.
const (
	NearNamespace   NearKind = "other namespace"      // allowed elsewhere
	NearScope       NearKind = "scope"                // the request is cluster-wide, the binding is not
	NearObjectID    NearKind = "bound by object id"   // the binding names what the token calls oid
	NearCase        NearKind = "upper and lower case" // the binding names somebody spelled otherwise
	NearSubjectKind NearKind = "subject kind"         // a group bound as User, or the reverse
	NearAccount     NearKind = "other ServiceAccount" // same name, another namespace
	NearGroup       NearKind = "API group"            // the rule names another group
	NearSubresource NearKind = "subresource"          // pods for pods/exec, or the reverse
	NearResource    NearKind = "resource name"        // singular, short name, kind
	NearName        NearKind = "resourceNames"        // for certain objects only
	NearVerb        NearKind = "verb"                 // another verb of the same resource
	NearPath        NearKind = "non-resource URL"     // /healthz/* is not /healthz
	NearDangling    NearKind = "role does not exist"  // bound to nothing

)

// NearMiss is one thing that nearly allowed a refused request, and what would
// have to differ.
type NearMiss struct {
	Kind    NearKind `json:"kind"`
	Text    string   `json:"text"`    // one sentence
	Subject Subject  `json:"subject"` // whom the binding names
	Binding *Binding `json:"-"`
	Role    *Role    `json:"-"`                 // nil where the role does not exist
	Rule    int      `json:"rule"`              // index in Role.Rules; -1: no rule is meant
	Request *Request `json:"request,omitempty"` // what would have been allowed; nil where not the request has to differ
}

// NearMisses are what nearly allows a refused request, the most useful first.
func (x *Index) NearMisses(u UserInfo, q Request) []NearMiss {
	var near []NearMiss
	x.visit(u, q.Namespace, func(s Subject, b *Binding) {
		role := x.role(b)
		if role == nil {
			near = append(near, NearMiss{Kind: NearDangling, Text: b.dangling().Msg, Subject: s, Binding: b, Rule: -1})
		}
	})
	return near
}
