package world

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// Questions are the next n about the world, of every family in turn. About half
// ask for exactly what a grant gives, the others for something close to it.
func (w *World) Questions(n int) []Question {
	families := Families()
	questions := make([]Question, 0, n)
	for i := range n {
		f := families[(i+int(w.Seed%uint64(len(families))))%len(families)]
		q := Question{Family: f}
		g := w.source(f)
		q.Who, q.Request = w.caller(g.subject, g.namespace), w.request(g)
		if w.random.chance(55) {
			w.change(&q, g)
		}
		if w.random.chance(4) {
			w.change(&q, w.source(pick(w.random, families)))
		}
		questions = append(questions, q)
	}
	return questions
}

// Requests are n that ask what grants give, without anybody who asks.
func (w *World) Requests(n int) []rbac.Request {
	var requests []rbac.Request
	for _, q := range w.Questions(n) {
		requests = append(requests, q.Request)
	}
	return requests
}

// source is a grant of a family.
func (w *World) source(f Family) grant {
	var of []grant
	for _, g := range w.grants {
		if g.family == f {
			of = append(of, g)
		}
	}
	return pick(w.random, of)
}

// caller is somebody whom the subject of a binding in a namespace means.
func (w *World) caller(s rbac.Subject, namespace string) rbac.UserInfo {
	r := w.random
	var u rbac.UserInfo
	switch {
	case s.Kind == rbac.ServiceAccountKind:
		home := s.Namespace
		if home == "" {
			home = namespace
		}
		u = rbac.UserInfo{Username: "system:serviceaccount:" + home + ":" + s.Name, Groups: []string{rbac.ServiceAccounts, rbac.ServiceAccounts + ":" + home, rbac.Authenticated}}
		if r.chance(10) {
			u.Groups = nil
		}
		return u
	case s.Kind == rbac.GroupKind:
		u.Username = pick(r, []string{"carol@contoso.com", "dave", "system:serviceaccount:gamma:stranger", ""})
		u.Groups = append(some(r, 0, 2, groupNames()), s.Name)
		if !slices.Contains(implicitGroups(), s.Name) && r.chance(80) {
			u.Groups = append(u.Groups, rbac.Authenticated)
		}
		u.Groups = some(r, len(u.Groups), len(u.Groups), u.Groups) // in any order
	case s.Name == rbac.Anonymous:
		u = rbac.UserInfo{Username: s.Name, Groups: []string{rbac.Unauthenticated}}
	default:
		u = rbac.UserInfo{Username: s.Name, Groups: append(some(r, 0, 1, groupNames()), rbac.Authenticated)}
	}
	if r.chance(20) {
		u.UID = annObject
		u.Extra = map[string][]string{"scopes": {"view"}}
	}
	return u
}

// request is one that the grant's rule allows.
func (w *World) request(g grant) rbac.Request {
	r := w.random
	q := rbac.Request{Verb: pick(r, g.rule.Verbs)}
	if q.Verb == "*" {
		q.Verb = pick(r, append(verbs(), "use", "impersonate", "*"))
	}
	if len(g.rule.NonResourceURLs) > 0 {
		q.Path = path(r, pick(r, g.rule.NonResourceURLs))
		return q
	}
	q.APIGroup = pick(r, g.rule.APIGroups)
	if q.APIGroup == "*" {
		q.APIGroup = pick(r, oddGroups())
	}
	k := pick(r, kinds())
	named := pick(r, g.rule.Resources)
	resource, sub, found := strings.Cut(named, "/")
	switch {
	case named == "*":
		resource = k.resource
		if len(k.subs) > 0 && r.chance(50) {
			sub = pick(r, k.subs)
		}
	case found && resource == "*":
		resource = k.resource
	}
	q.Resource, q.Subresource = resource, sub
	switch {
	case len(g.rule.ResourceNames) > 0:
		q.Name = pick(r, g.rule.ResourceNames)
	case r.chance(40):
		q.Name = pick(r, objectNames())
	}
	q.Namespace = g.namespace
	if q.Namespace == "" {
		q.Namespace = pick(r, []string{"alpha", "beta", "gamma", "nowhere", "", ""})
	}
	return q
}

func path(r *random, named string) string {
	if strings.HasSuffix(named, "*") {
		named = strings.TrimRight(named, "*") + pick(r, []string{"", "x", "ping", "/", "v1/pods", "*"})
	}
	if named == "" {
		return "/"
	}
	return named
}

// change turns a question into another that looks like it.
func (w *World) change(q *Question, g grant) {
	r := w.random
	if q.Request.Path != "" && q.Family != Subjects && q.Family != Implicit {
		w.changeURL(&q.Request)
		return
	}
	switch q.Family {
	case APIGroup:
		q.Request.APIGroup = pick(r, append(oddGroups(), "", "", "", "extensions", "apps"))
	case Subresource:
		w.changeSubresource(&q.Request)
	case Names:
		w.changeName(&q.Request)
	case Verbs:
		q.Request.Verb = pick(r, append(verbs(), "*", "GET", "use", "Get", ""))
	case Subjects:
		w.changeSubject(q, g)
	case Implicit:
		w.changeImplicit(q)
	case Scope:
		q.Request.Namespace = pick(r, []string{"alpha", "beta", "gamma", "", "", "nowhere"})
		if r.chance(20) {
			q.Request.Resource = pick(r, []string{"nodes", "namespaces", "pods"})
		}
	case Virtual:
		w.changeVirtual(&q.Request)
	case Aggregation, Dangling: // what somebody else of the family was given
		if other := w.source(q.Family); r.chance(60) {
			q.Request = w.request(other)
		} else {
			q.Who = w.caller(other.subject, other.namespace)
		}
	default:
		other := pick(r, w.grants)
		if r.chance(50) {
			q.Request = w.request(other)
		} else {
			q.Request.Verb = pick(r, verbs())
			q.Request.Resource = pick(r, kinds()).resource
		}
	}
}

func (w *World) changeSubresource(q *rbac.Request) {
	r := w.random
	if meant := strings.ToLower(q.Resource); r.chance(60) && (meant != q.Resource || q.Subresource == "*" || q.Resource == "*") {
		// What somebody who writes PODS, pods/* or */* believes to have granted.
		if q.Resource = meant; meant == "*" {
			q.Resource = pick(r, []string{"pods", "deployments"})
		}
		if q.Subresource == "*" {
			q.Subresource = pick(r, []string{"exec", "log", "scale", "status"})
		}
		return
	}
	switch r.below(7) {
	case 0:
		q.Subresource = ""
	case 1:
		q.Subresource = pick(r, []string{"exec", "log", "scale", "status", "proxy", "*", "exec/tty"})
	case 2:
		q.Resource, q.Subresource = pick(r, []string{"exec", "scale", "*", "pods/exec", "pods/*"}), ""
	case 3: // the subresource taken for an object
		q.Name, q.Subresource = q.Subresource, ""
	case 4:
		q.Resource, q.Subresource = q.FullResource(), ""
	case 5:
		q.Resource = pick(r, kinds()).resource
	default:
		q.Resource = pick(r, []string{"", "po", "podsx", "Pods", "pod"})
	}
}

func (w *World) changeName(q *rbac.Request) {
	r := w.random
	switch r.below(4) {
	case 0:
		q.Name = ""
	case 1:
		q.Name = pick(r, append(objectNames(), "web-1", "WEB"))
	case 2:
		q.Verb, q.Name = pick(r, []string{"create", "list", "watch", "deletecollection"}), ""
	default:
		q.Verb = pick(r, []string{"create", "list", "watch", "deletecollection", "get", "delete"})
	}
}

// changeSubject makes the caller somebody whose name is similar.
func (w *World) changeSubject(q *Question, g grant) {
	r := w.random
	u := &q.Who
	switch r.below(6) {
	case 0:
		u.Username = strings.ToLower(u.Username)
		if r.chance(50) {
			u.Username = strings.ToUpper(u.Username)
		}
		for i, s := range u.Groups {
			u.Groups[i] = strings.ToUpper(s)
		}
	case 1: // a group's name as a user's, a user's as a group's
		if g.subject.Kind == rbac.GroupKind {
			*u = rbac.UserInfo{Username: g.subject.Name, Groups: []string{rbac.Authenticated}}
		} else {
			*u = rbac.UserInfo{Username: "carol@contoso.com", Groups: []string{u.Username, rbac.Authenticated}}
		}
	case 2: // the account of that name in another namespace
		namespace := pick(r, accountNamespaces())
		name := g.subject.Name[strings.LastIndex(g.subject.Name, ":")+1:]
		*u = rbac.UserInfo{Username: "system:serviceaccount:" + namespace + ":" + name, Groups: []string{rbac.ServiceAccounts, rbac.ServiceAccounts + ":" + namespace, rbac.Authenticated}}
	case 3:
		u.Groups = some(r, 0, 1, u.Groups)
		if u.Username == "" && len(u.Groups) == 0 {
			u.Groups = []string{rbac.Authenticated}
		}
	case 4:
		*u = w.caller(pick(r, w.Strange), "")
	default:
		u.Username = pick(r, userNames())
	}
}

func (w *World) changeImplicit(q *Question) {
	r := w.random
	switch r.below(8) {
	case 0:
		q.Who = rbac.UserInfo{Username: rbac.Anonymous, Groups: []string{rbac.Unauthenticated}}
	case 1:
		q.Who = rbac.UserInfo{Username: "carol@contoso.com"}
	case 2:
		q.Who = rbac.UserInfo{Username: pick(r, []string{rbac.Masters, rbac.Authenticated, "System:Masters"}), Groups: []string{rbac.Authenticated}}
	case 3:
		q.Who.Groups = append(some(r, 0, 2, groupNames()), pick(r, []string{rbac.Masters, "system:master", "System:Masters"}))
	case 4:
		q.Who = w.caller(rbac.ServiceAccount(pick(r, accountNamespaces()), "default"), "")
	default:
		q.Who.Groups = []string{pick(r, implicitGroups()[:5])}
		q.Who.Username = pick(r, []string{"", "carol@contoso.com", "system:serviceaccount:alpha:bot"})
	}
}

func (w *World) changeURL(q *rbac.Request) {
	r := w.random
	switch r.below(9) {
	case 0:
		q.Path += pick(r, []string{"/", "x", "/x", "*", "//"})
	case 1:
		q.Path = q.Path[:len(q.Path)-1]
	case 2:
		q.Path = strings.ToUpper(q.Path)
	case 3:
		q.Path = path(r, pick(r, oddURLs()))
	case 4:
		q.Verb = pick(r, []string{"get", "post", "head", "GET", "list", "*"})
	case 5: // the same words as a resource
		*q = rbac.Request{Verb: q.Verb, Resource: strings.Trim(q.Path, "/*")}
	case 6:
		q.Path = "/" + strings.TrimLeft(q.Path, "/")
	default:
		q.Path = pick(r, []string{"*", "/", "/*", "/api", "/apis/apps", "/healthz/ping", "/healthz", "/a/b", "/aXb", "/metrics", "/custom"})
	}
	if q.Path == "" && q.Resource == "" {
		q.Path = "/"
	}
}

func (w *World) changeVirtual(q *rbac.Request) {
	r := w.random
	switch r.below(5) {
	case 0:
		q.Name = pick(r, []string{"", "ann@contoso.com", "Ann@contoso.com", "bob", teamGroup, opsGroup, "view", "edit", "cluster-admin", "kubernetes.io/kube-apiserver-client", "example.com/foo", "example.com/*", "example.com"})
	case 1:
		q.Verb = pick(r, []string{"impersonate", "bind", "escalate", "approve", "sign", "attest", "use", "get", "create"})
	case 2:
		q.APIGroup = pick(r, []string{"", "authentication.k8s.io", "rbac.authorization.k8s.io", "certificates.k8s.io", "policy", "extensions", "security.openshift.io"})
	case 3:
		q.Resource, q.Subresource = pick(r, []string{"users", "groups", "serviceaccounts", "uids", "signers", "roles", "clusterroles", "userextras"}), pick(r, []string{"", "", "scopes", "groups"})
	default:
		q.Namespace = pick(r, []string{"", "alpha", "beta", "nowhere"})
	}
}
