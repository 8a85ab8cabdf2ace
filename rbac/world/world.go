package world

import (
	"fmt"

	"github.com/postern-dev/postern/rbac"
)

// Family is one kind of mistake that tools make in evaluating RBAC.
type Family string

// The families. Each has its file or function in this package that makes rules
// and changes questions accordingly.
const (
	APIGroup    Family = "api group"   // matching on the bare resource name
	Subresource Family = "subresource" // pods is not pods/exec; what wildcards mean
	Names       Family = "names"       // resourceNames and verbs without a name
	Verbs       Family = "verbs"       // no verb implies another
	Subjects    Family = "subject"     // case, kind, the namespace of a service account
	Implicit    Family = "implicit"    // system:masters and the groups nobody assigns
	Aggregation Family = "aggregation" // rules that a controller fills in
	Scope       Family = "scope"       // one namespace, all namespaces, no namespace
	URL         Family = "url"         // nonResourceURLs
	Virtual     Family = "virtual"     // impersonate, bind, escalate, approve, sign, …
	Dangling    Family = "dangling"    // references to roles that do not exist
	Any         Family = "any"         // nothing in particular
)

// Families are all of them.
func Families() []Family {
	return []Family{APIGroup, Subresource, Names, Verbs, Subjects, Implicit, Aggregation, Scope, URL, Virtual, Dangling, Any}
}

// Namespaces are those in which worlds have objects. Questions go beyond them.
func Namespaces() []string { return []string{"alpha", "beta", "gamma"} }

// World is one cluster's RBAC objects as somebody would write them: aggregated
// ClusterRoles have not been filled in yet.
type World struct {
	Seed   uint64
	Policy rbac.Policy
	// Strange are subjects no binding names, but that resemble some that are named.
	Strange []rbac.Subject

	grants []grant
	random *random
}

// Question is who asks for what.
type Question struct {
	Family  Family        `json:"family"`
	Who     rbac.UserInfo `json:"who"`
	Request rbac.Request  `json:"request"`
}

// String is the question as people read it.
func (q Question) String() string {
	return fmt.Sprintf("%q with groups %q: %s", q.Who.Username, q.Who.Groups, q.Request)
}

// grant is something a world gives on purpose: the source of its questions.
type grant struct {
	family    Family
	subject   rbac.Subject // as the binding names it
	namespace string       // of the binding
	rule      rbac.Rule    // one that the role has, or would have
}

// builder makes one world.
type builder struct {
	*random
	w      *World
	prefix string
	count  int
}

// Generate makes the world of a seed.
func Generate(seed uint64) *World {
	w := &World{Seed: seed, Policy: rbac.Policy{Complete: true}, random: &random{state: seed}}
	b := &builder{random: w.random, w: w, prefix: fmt.Sprintf("w%x", seed)}
	b.apiGroups()
	b.subresources()
	b.names()
	b.verbs()
	b.subjects()
	b.implicit()
	b.aggregation()
	b.scopes()
	b.urls()
	b.virtual()
	b.dangling()
	b.anything()
	b.strangers()
	return w
}

// name is a new object's. RBAC objects may have names that others may not; their
// order is not that of their making, so that aggregation takes several rounds.
func (b *builder) name(what string) string {
	b.count++
	return fmt.Sprintf("%s-%c%d-%s%s", b.prefix, 'a'+rune(b.below(26)), b.count, what, pick(b.random, []string{"", "", "", "", ":sub", ".A", ` "q"`, "-é", " (x)"}))
}

// role adds a role; with an empty namespace a ClusterRole.
func (b *builder) role(namespace string, rules ...rbac.Rule) rbac.RoleRef {
	r := rbac.Role{Namespace: namespace, Name: b.name("role"), Rules: rules}
	b.w.Policy.Roles = append(b.w.Policy.Roles, r)
	return r.Ref()
}

// bind adds a binding to a role and remembers what it grants.
func (b *builder) bind(family Family, namespace string, ref rbac.RoleRef, rules []rbac.Rule, subjects ...rbac.Subject) {
	b.w.Policy.Bindings = append(b.w.Policy.Bindings, rbac.Binding{Namespace: namespace, Name: b.name("bind"), Role: ref, Subjects: subjects})
	for _, s := range subjects {
		for _, r := range rules {
			b.w.grants = append(b.w.grants, grant{family, s, namespace, r})
		}
	}
}

// grant binds rules to somebody in one of the three ways there are.
func (b *builder) grant(family Family, rules ...rbac.Rule) {
	namespace := pick(b.random, Namespaces())
	switch b.below(4) {
	case 0:
		b.bind(family, namespace, b.role(namespace, rules...), rules, b.somebody(namespace)...)
	case 1:
		b.bind(family, namespace, b.role("", rules...), rules, b.somebody(namespace)...)
	default:
		b.bind(family, "", b.role("", rules...), rules, b.somebody("")...)
	}
}

// clusterGrant binds rules to somebody everywhere.
func (b *builder) clusterGrant(family Family, rules ...rbac.Rule) {
	b.bind(family, "", b.role("", rules...), rules, b.somebody("")...)
}
