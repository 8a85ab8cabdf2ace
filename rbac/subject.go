// Package rbac is Kubernetes RBAC as plain values: Roles, bindings and Subjects,
// and an index that says who is bound to what.
//
// It follows rbac.authorization.k8s.io/v1 and what kube-apiserver adds to it
// without any object: the groups every request belongs to, and system:masters,
// which needs no binding. It does not talk to clusters (internal/cluster), read
// files (rbac/manifest) or know Azure. Everything here is a value; nothing
// waits, logs or fails by the environment.
//
//	idx := rbac.NewIndex(policy)
//	for _, g := range idx.Grants(rbac.Group("66992c59-…")) { … }
package rbac

import "strings"

// SubjectKind is one of the three kinds a binding can name.
type SubjectKind string

// The kinds of Subject.
const (
	UserKind           SubjectKind = "User"
	GroupKind          SubjectKind = "Group"
	ServiceAccountKind SubjectKind = "ServiceAccount"
)

// Groups and names that kube-apiserver gives meaning to.
const (
	Masters          = "system:masters" // every request allowed, before RBAC is asked
	Authenticated    = "system:authenticated"
	Unauthenticated  = "system:unauthenticated"
	ServiceAccounts  = "system:serviceaccounts"
	Anonymous        = "system:anonymous"
	serviceAccountIn = "system:serviceaccount:" // + namespace:name, the user name of a ServiceAccount
)

// Subject is who a binding names. Namespace is the ServiceAccount's own, which
// may differ from the binding's.
type Subject struct {
	Kind      SubjectKind `json:"kind"`
	Namespace string      `json:"namespace,omitempty"`
	Name      string      `json:"name"`
}

// User is the Subject of a user name.
func User(name string) Subject { return Subject{Kind: UserKind, Name: name} }

// Group is the Subject of a group name.
func Group(name string) Subject { return Subject{Kind: GroupKind, Name: name} }

// ServiceAccount is the Subject of a ServiceAccount.
func ServiceAccount(namespace, name string) Subject {
	return Subject{Kind: ServiceAccountKind, Namespace: namespace, Name: name}
}

// String is the form users type: user:NAME, group:NAME, sa:NS/NAME.
func (s Subject) String() string {
	switch s.Kind {
	case UserKind:
		return "user:" + s.Name
	case GroupKind:
		return "group:" + s.Name
	default:
		return "sa:" + s.Namespace + "/" + s.Name
	}
}

// Label is the Subject's name without its kind; a ServiceAccount keeps its namespace.
func (s Subject) Label() string {
	if s.Kind == ServiceAccountKind {
		return s.Namespace + "/" + s.Name
	}
	return s.Name
}

// Canonical folds the two spellings of a ServiceAccount into one: a binding may
// name it as a User called system:serviceaccount:NS:NAME, and kube-apiserver
// honours that.
func (s Subject) Canonical() Subject {
	if s.Kind != UserKind {
		return s
	}
	rest, found := strings.CutPrefix(s.Name, serviceAccountIn)
	if !found {
		return s
	}
	// A subject's namespace may be spelled in any way, its name has no colon.
	last := strings.LastIndexByte(rest, ':')
	if last <= 0 || last == len(rest)-1 {
		return s
	}
	return ServiceAccount(rest[:last], rest[last+1:])
}

// ImplicitGroups are the groups a Subject is in whatever its credential says.
// The order is from the narrowest to the widest. A Group has none: what holds
// for all its members is not the group's.
func (s Subject) ImplicitGroups() []string {
	switch c := s.Canonical(); {
	case c.Kind == ServiceAccountKind && strings.Contains(c.Namespace, ":"):
		return []string{Authenticated} // there is no such namespace: a user called so
	case c.Kind == ServiceAccountKind:
		return []string{ServiceAccounts + ":" + c.Namespace, ServiceAccounts, Authenticated}
	case c.Kind == GroupKind:
		return nil
	case c.Name == Anonymous:
		return []string{Unauthenticated}
	default:
		return []string{Authenticated}
	}
}
