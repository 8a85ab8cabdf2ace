package escalate

import (
	"slices"

	"github.com/postern-dev/postern/rbac"
)

// everyNamespace is a scope that covers every namespace but no cluster-scoped
// object: the same RoleBinding, written everywhere. No namespace has this name.
const everyNamespace = "*"

// right is one rule somebody holds.
type right struct {
	rule  *rbac.Rule
	allow rbac.Allow
	scope string // empty: cluster-wide
}

func (r right) in(namespace string) bool {
	return r.scope == "" || r.scope == namespace || r.scope == everyNamespace && namespace != ""
}

// rights are the rules of one identity that could matter, cluster-wide ones first.
type rights []right

// ask is the first rule that allows a request. Requests for a namespaced object
// of any namespace have the Namespace everyNamespace.
func (rs rights) ask(q rbac.Request) (rbac.Allow, bool) {
	for _, r := range rs {
		if r.in(q.Namespace) && r.rule.Allows(q) {
			return r.allow, true
		}
	}
	return rbac.Allow{}, false
}

// first asks for several verbs in turn.
func (rs rights) first(q rbac.Request, verbs ...string) (rbac.Allow, bool) {
	for _, v := range verbs {
		q.Verb = v
		if a, ok := rs.ask(q); ok {
			return a, true
		}
	}
	return rbac.Allow{}, false
}

// span is what a verb on a resource is allowed for: all objects, or some names.
type span struct {
	all   *rbac.Allow
	names []string // sorted; only where not all
	by    map[string]rbac.Allow
}

func (s span) none() bool { return s.all == nil && len(s.names) == 0 }

// of is the rule for one name.
func (s span) of(name string) (rbac.Allow, bool) {
	if s.all != nil {
		return *s.all, true
	}
	a, ok := s.by[name]
	return a, ok
}

// any is one rule of the span, whatever it names.
func (s span) any() (a rbac.Allow, name string) {
	if s.all != nil {
		return *s.all, ""
	}
	return s.by[s.names[0]], s.names[0]
}

// over finds the names for which one of the verbs is allowed.
func (rs rights) over(q rbac.Request, verbs ...string) span {
	s := span{by: map[string]rbac.Allow{}}
	q.Name = ""
	if a, ok := rs.first(q, verbs...); ok {
		s.all = &a
		return s
	}
	for _, r := range rs {
		if !r.in(q.Namespace) || !r.rule.AllowsGroup(q.APIGroup) || !r.rule.AllowsResource(q.Resource, q.Subresource) || !slices.ContainsFunc(verbs, r.rule.AllowsVerb) {
			continue
		}
		for _, n := range r.rule.ResourceNames {
			if _, twice := s.by[n]; !twice {
				s.by[n] = r.allow
				s.names = append(s.names, n)
			}
		}
	}
	slices.Sort(s.names)
	return s
}

// create is how new objects can be made: with any name (POST), or under names
// that a rule lists. Names do not count when an object is posted to its
// collection, but they do where a request that names the object creates it: a
// server-side apply (authorized as patch and create, apiserver
// endpoints/handlers/patch.go), and for RBAC's own kinds a PUT (update and
// create).
func (rs rights) create(q rbac.Request) (name string, allows []rbac.Allow, ok bool) {
	q.Name, q.Verb = "", "create"
	if a, ok := rs.ask(q); ok {
		return "", []rbac.Allow{a}, true
	}
	for _, n := range rs.over(q, "create").names {
		if allows, ok := rs.createNamed(q, n); ok {
			return n, allows, true
		}
	}
	return "", nil, false
}

// createNamed is how an object of this name can be made.
func (rs rights) createNamed(q rbac.Request, name string) ([]rbac.Allow, bool) {
	q.Name, q.Verb = "", "create"
	if a, ok := rs.ask(q); ok {
		return []rbac.Allow{a}, true
	}
	q.Name = name
	a, ok := rs.ask(q)
	if !ok {
		return nil, false
	}
	verbs := []string{"patch"}
	if q.APIGroup == rbacGroup {
		verbs = append(verbs, "update")
	}
	b, ok := rs.first(q, verbs...)
	return evidence(a, b), ok
}

// evidence lists rules, each once.
func evidence(allows ...rbac.Allow) []rbac.Allow {
	var list []rbac.Allow
	for _, a := range allows {
		if a.Role == nil && a.Binding == nil {
			continue // a power's own rule: the hop before says where it comes from
		}
		if !slices.ContainsFunc(list, func(b rbac.Allow) bool { return a.Binding == b.Binding && a.Role == b.Role && a.Rule == b.Rule }) {
			list = append(list, a)
		}
	}
	return list
}

// byNamespace are the rights in each namespace in which a RoleBinding adds some,
// the wider ones with them; the names are sorted.
func (rs rights) byNamespace() (names []string, at map[string]rights) {
	wide := rs.wide()
	at = map[string]rights{}
	for _, r := range rs {
		if r.scope == "" || r.scope == everyNamespace {
			continue
		}
		if _, seen := at[r.scope]; !seen {
			names = append(names, r.scope)
			at[r.scope] = slices.Clone(wide)
		}
		at[r.scope] = append(at[r.scope], r)
	}
	slices.Sort(names)
	return names, at
}

// wide are the rights that hold in every namespace.
func (rs rights) wide() (list rights) {
	for _, r := range rs {
		if r.scope == "" || r.scope == everyNamespace {
			list = append(list, r)
		}
	}
	return list
}
