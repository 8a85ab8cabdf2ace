// Package recorded says what an audit event asked of the authorizers, and what
// they said: the caller, the request and the verdict, as rbac's evaluator takes
// them.
//
// It follows k8s.io/apiserver (v1.36): endpoints/request/requestinfo.go for what
// a request asks, audit/request.go for what an event keeps of it, and
// endpoints/filters/authorization.go for the annotations. It decides nothing
// itself and knows no store.
//
//	asked, err := recorded.Read(event)
//	decision := index.Evaluate(asked.Who, asked.Request)
package recorded

import (
	"errors"
	"net/url"
	"strings"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/rbac"
)

// Verdict is what became of a request at the authorizers.
type Verdict string

// The verdicts there are.
const (
	Allowed   Verdict = "allowed"   // by the annotation, or because the request was answered as only an authorised one is
	Forbidden Verdict = "forbidden" // by the annotation, or a 403 without one (a refused impersonation leaves none)
	Unknown   Verdict = "unknown"   // the event does not say: cut, or ended before authorization
)

// Asked is one event's question and answer.
type Asked struct {
	// Who the request was for: the impersonated user where there is one.
	Who rbac.UserInfo
	// Impersonator asked in Who's name; nil without impersonation.
	Impersonator *rbac.UserInfo
	Request      rbac.Request
	Verdict      Verdict
	Reason       string // authorization.k8s.io/reason
	// Admission: authorised, and refused with 403 by something behind the
	// authorizers.
	Admission bool
}

// Errors of events that cannot be asked again.
var (
	ErrNoVerb = errors.New("read event: no verb")
	ErrNoUser = errors.New("read event: no user")
	ErrNoURI  = errors.New("read event: no requestURI")
)

// Read reads one event of any stage. Events of several stages of one request
// share an auditID and ask the same; counting them once is the caller's.
func Read(e audit.Event) (Asked, error) {
	switch {
	case !e.Verb.Set:
		return Asked{}, ErrNoVerb
	case !e.User.Set || !e.User.Username.Set && e.User.Groups == "":
		return Asked{}, ErrNoUser
	}
	a := Asked{Who: userInfo(e.User)}
	if e.ImpersonatedUser.Set {
		impersonator := a.Who
		a.Impersonator = &impersonator
		a.Who = userInfo(e.ImpersonatedUser)
	}
	var err error
	if a.Request, err = request(e); err != nil {
		return Asked{}, err
	}
	a.Verdict, a.Admission = verdict(e)
	a.Reason = e.Annotations.Reason.Value
	return a, nil
}

func userInfo(u audit.Identity) rbac.UserInfo {
	who := rbac.UserInfo{Username: u.Username.Value, UID: u.UID.Value, Groups: u.Groups.Strings()}
	for _, f := range u.Extra.Members() {
		if who.Extra == nil {
			who.Extra = map[string][]string{}
		}
		who.Extra[f.Name] = f.Value.Strings()
	}
	return who
}

// request is what was asked. An event's objectRef is the request's own, except
// that the name of a created object, and the namespace, are filled in from the
// body: authorization asked without that name.
func request(e audit.Event) (rbac.Request, error) {
	path := pathOf(e.RequestURI.Value)
	if !e.ObjectRef.Set {
		if path == "" {
			return rbac.Request{}, ErrNoURI
		}
		return rbac.Request{Verb: e.Verb.Value, Path: path}, nil
	}
	o := e.ObjectRef
	q := rbac.Request{
		Verb: e.Verb.Value, APIGroup: o.APIGroup.Value, Resource: o.Resource.Value,
		Subresource: o.Subresource.Value, Namespace: o.Namespace.Value, Name: o.Name.Value,
	}
	if parts, ok := resourceParts(path); ok {
		if parts.name == "" && q.Verb == "create" {
			q.Name = ""
		}
		if parts.namespace == "" {
			q.Namespace = ""
		}
	} else if q.Verb == "create" && q.Subresource == "" {
		q.Name = "" // no URI to tell: creation of an object is asked without its name
	}
	return q, nil
}

// pathOf is the path of a request URI, unescaped; empty where there is none.
func pathOf(uri string) string {
	u, err := url.ParseRequestURI(uri)
	if err != nil {
		path, _, _ := strings.Cut(uri, "?") // not a URI, and still what was sent
		return path
	}
	return u.Path
}

// parts of a resource request's path.
type parts struct{ namespace, resource, name string }

// resourceParts splits the path of a resource request.
func resourceParts(path string) (parts, bool) {
	words := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(words) >= 3 && words[0] == "api":
		words = words[2:]
	case len(words) >= 4 && words[0] == "apis":
		words = words[3:]
	default:
		return parts{}, false
	}
	if (words[0] == "watch" || words[0] == "proxy") && len(words) > 1 {
		words = words[1:] // the verb by prefix, long deprecated
	}
	var p parts
	if words[0] == "namespaces" && len(words) > 1 {
		p.namespace = words[1]
		if len(words) > 2 && words[2] != "status" && words[2] != "finalize" {
			words = words[2:]
		}
	}
	p.resource = words[0]
	if len(words) > 1 {
		p.name = words[1]
	}
	return p, true
}

// verdict reads the annotation where there is one. Without it a 403 is a
// refusal (a refused impersonation is not annotated) and an answer that only an
// authorised request gets is a yes: it was found missing, in conflict or invalid
// behind the authorizers. Everything else leaves the question open.
func verdict(e audit.Event) (v Verdict, admission bool) {
	code := e.ResponseStatus.Code
	switch e.Annotations.Decision.Value {
	case "allow":
		return Allowed, code.Set && code.Value == 403
	case "forbid":
		return Forbidden, false
	}
	switch {
	case !code.Set:
		return Unknown, false
	case code.Value == 403:
		return Forbidden, false
	case code.Value >= 200 && code.Value < 300, code.Value == 101, code.Value == 404, code.Value == 409, code.Value == 422:
		return Allowed, false
	}
	return Unknown, false
}
