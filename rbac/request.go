package rbac

import "strings"

// UserInfo is who asks, as an API server knows them after authentication
// (authentication.k8s.io/v1 UserInfo). Nothing is added to Groups by whoever
// evaluates: Subject.UserInfo adds what the API server would have.
type UserInfo struct {
	Username string              `json:"username,omitempty"`
	UID      string              `json:"uid,omitempty"`
	Groups   []string            `json:"groups,omitempty"`
	Extra    map[string][]string `json:"extra,omitempty"`
}

// Request is what an API server asks its authorizers: a verb on a resource, or
// with Path on a URL (authorization.k8s.io/v1 ResourceAttributes and
// NonResourceAttributes).
type Request struct {
	Verb        string `json:"verb"`
	APIGroup    string `json:"group,omitempty"` // empty: the core group
	Resource    string `json:"resource,omitempty"`
	Subresource string `json:"subresource,omitempty"`
	Namespace   string `json:"namespace,omitempty"` // empty: cluster-scoped, or all namespaces
	Name        string `json:"name,omitempty"`      // empty: no particular object
	Path        string `json:"path,omitempty"`      // non-resource request; the others but Verb are empty
}

// FullResource is the resource as a rule would write it: RESOURCE or
// RESOURCE/SUBRESOURCE.
func (r Request) FullResource() string {
	if r.Subresource == "" {
		return r.Resource
	}
	return r.Resource + "/" + r.Subresource
}

// String is the request as people read it: `get pods/exec "web" in dev`.
func (r Request) String() string {
	if r.Path != "" {
		return r.Verb + " " + r.Path
	}
	var b strings.Builder
	b.WriteString(r.Verb + " " + r.FullResource())
	if r.APIGroup != "" {
		b.WriteString("." + r.APIGroup)
	}
	if r.Name != "" {
		b.WriteString(` "` + r.Name + `"`)
	}
	if r.Namespace != "" {
		b.WriteString(" in " + r.Namespace)
	}
	return b.String()
}

// UserInfo is how an API server would present a Subject with these groups: the
// implicit ones are added. A Group becomes somebody without a name who is in
// it, which is how authorization of the group itself is asked.
func (s Subject) UserInfo(groups ...string) UserInfo {
	c := s.Canonical()
	u := UserInfo{Groups: append([]string(nil), groups...)}
	switch c.Kind {
	case GroupKind:
		u.Groups = append([]string{c.Name}, u.Groups...)
	case ServiceAccountKind:
		u.Username = serviceAccountIn + c.Namespace + ":" + c.Name
	default:
		u.Username = c.Name
	}
	for _, g := range c.ImplicitGroups() {
		if !has(u.Groups, g) {
			u.Groups = append(u.Groups, g)
		}
	}
	return u
}
