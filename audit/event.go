package audit

// Event is one audit event. Every part tells whether it was there.
type Event struct {
	Kind, APIVersion               Text
	Level, AuditID, Stage          Text
	RequestURI, Verb               Text
	User, ImpersonatedUser         Identity
	AuthenticationMetadata         JSON
	SourceIPs                      JSON // array of strings; all but the last are the client's word
	UserAgent                      Text // the client's word
	ObjectRef                      ObjectRef
	ResponseStatus                 Status
	RequestObject, ResponseObject  JSON
	RequestReceivedTime, StageTime Time
	Annotations                    Annotations
	Unknown                        []Field
}

// Identity is a user as kube-apiserver saw it (authentication.k8s.io/v1 UserInfo).
type Identity struct {
	Set           bool
	Username, UID Text
	Groups        JSON // array of strings
	Extra         JSON // object of arrays of strings
	Unknown       []Field
}

// ObjectRef is the object a request was about.
type ObjectRef struct {
	Set             bool
	Resource        Text
	Namespace       Text
	Name            Text
	UID             Text
	APIGroup        Text // absent for the core group
	APIVersion      Text
	ResourceVersion Text
	Subresource     Text
	Unknown         []Field
}

// Status is the result of a request (meta/v1 Status).
type Status struct {
	Set                     bool
	Kind, APIVersion        Text
	Metadata                JSON
	Status, Message, Reason Text
	Details                 JSON
	Code                    Code
	Unknown                 []Field
}

// Annotations are what plugins of the request chain said. The authorizer's two
// are fields of their own, the others stay JSON.
type Annotations struct {
	Set      bool
	Decision Text // authorization.k8s.io/decision: allow, forbid
	Reason   Text // authorization.k8s.io/reason: the granting binding, or why not
	Rest     JSON // object of strings without the two, "" when there are none
}

// Names of the authorizer's annotations.
const (
	DecisionAnnotation = "authorization.k8s.io/decision"
	ReasonAnnotation   = "authorization.k8s.io/reason"
)

// Text is a string that may be absent. An empty string that was there is Set.
type Text struct {
	Value string
	Set   bool
}

// Str makes a Text that is there.
func Str(s string) Text { return Text{Value: s, Set: true} }

// Code is an HTTP status code that may be absent.
type Code struct {
	Value int32
	Set   bool
}

// Field is a member of an object that has no field of its own here.
type Field struct {
	Name  string
	Value JSON
}

// Misfit says that a field is not what audit.k8s.io/v1 has there. The event is
// whole JSON all the same and nothing of it is lost: its text has to be kept.
type Misfit struct {
	Path string // e.g. user.username
	Want string // e.g. string
	Got  string // e.g. number; "twice" for a repeated name
}

func (m Misfit) String() string { return m.Path + " is " + m.Got + ", expected " + m.Want }
