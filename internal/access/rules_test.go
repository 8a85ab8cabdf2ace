package access_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// odd is a source of policies made of few words, so that rules meet.
type odd struct{ *rand.Rand }

func (o odd) some(words ...string) []string {
	var out []string
	for _, w := range words {
		if o.Intn(len(words)) < 2 {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		out = append(out, words[o.Intn(len(words))])
	}
	return out
}

func (o odd) one(words ...string) string { return words[o.Intn(len(words))] }

func (o odd) rule() rbac.Rule {
	if o.Intn(6) == 0 {
		return rbac.Rule{Verbs: o.some("get", "post", "*", "put"), NonResourceURLs: o.some("/a", "/a*", "/a/*", "/b", "*", "/a**")}
	}
	r := rbac.Rule{
		Verbs:     o.some("get", "list", "create", "deletecollection", "bind", "*", "watch"),
		APIGroups: o.some("", "apps", "rbac.authorization.k8s.io", "*", "example.com"),
		Resources: o.some("pods", "pods/exec", "*/scale", "deployments", "deployments/scale", "*", "clusterroles", "widgets", "nodes"),
	}
	if o.Intn(3) == 0 {
		r.ResourceNames = o.some("a", "b", "c", "")
	}
	return r
}

func (o odd) policy() rbac.Policy {
	p := rbac.Policy{Complete: true}
	for i := range 6 {
		role := rbac.Role{Name: fmt.Sprint("r", i), Namespace: o.one("", "", "dev", "ops")}
		for range o.Intn(3) {
			role.Rules = append(role.Rules, o.rule())
		}
		p.Roles = append(p.Roles, role)
	}
	for i := range 5 {
		role := p.Roles[o.Intn(len(p.Roles))]
		b := rbac.Binding{Name: fmt.Sprint("b", i), Namespace: role.Namespace, Role: role.Ref()}
		if role.Namespace == "" && o.Intn(2) == 0 {
			b.Namespace = o.one("dev", "ops")
		}
		b.Subjects = []rbac.Subject{{Kind: rbac.UserKind, Name: o.one("ann", "bob")}, {Kind: rbac.GroupKind, Name: o.one("x", "y")}}
		p.Bindings = append(p.Bindings, b)
	}
	return p
}

func (o odd) request() rbac.Request {
	if o.Intn(6) == 0 {
		return rbac.Request{Verb: o.one("get", "post", "put"), Path: o.one("/a", "/a/x", "/ax", "/b", "/c")}
	}
	q := rbac.Request{
		Verb: o.one("get", "list", "create", "deletecollection", "bind", "watch", "patch"), APIGroup: o.one("", "apps", "rbac.authorization.k8s.io", "example.com"),
		Resource: o.one("pods", "deployments", "clusterroles", "widgets", "nodes"), Namespace: o.one("", "dev", "ops", "other"), Name: o.one("", "a", "b", "d"),
	}
	if o.Intn(3) == 0 {
		q.Subresource = o.one("exec", "scale", "status")
	}
	return q
}

func (o odd) caller() rbac.UserInfo {
	return rbac.User(o.one("ann", "bob")).UserInfo(o.some("x", "y", "z")...)
}

// TestRulesSayWhatEvaluateDecides: the merged rules allow exactly what the
// policy allows, nothing is repeated, and nothing is lost.
func TestRulesSayWhatEvaluateDecides(t *testing.T) {
	o := odd{rand.New(rand.NewSource(11))}
	yes, no := 0, 0
	for range 400 {
		a := access.New(&snapshot.Snapshot{Source: snapshot.Source{Kind: snapshot.Cluster}, RBAC: o.policy()})
		u := o.caller()
		rules := a.Rules(u, access.GroupsGiven, "")
		for range 90 {
			q := o.request()
			want := a.Index().Evaluate(u, q)
			got := slices.ContainsFunc(rules.Effective, func(e access.Effective) bool {
				return (e.Scope == "" || e.Scope == q.Namespace && q.Path == "") && e.Rule().Allows(q)
			})
			if got != want.Allowed {
				t.Fatalf("%s: rules say %v, evaluation %v\n%s", q, got, want.Allowed, show(rules.Effective))
			}
			if got {
				yes++
			} else {
				no++
			}
		}
	}
	if yes < 3000 || no < 3000 {
		t.Errorf("%d allowed, %d not: the worlds are too one-sided to prove anything", yes, no)
	}
}

// TestMergeIsStable: the same rules in another order merge to the same list.
func TestMergeIsStable(t *testing.T) {
	o := odd{rand.New(rand.NewSource(12))}
	for range 200 {
		var grants []access.RuleGrant
		for range 5 {
			grants = append(grants, access.RuleGrant{Scope: o.one("", "dev"), State: access.RoleFound, Rule: o.rule()})
		}
		want := show(access.Merge(grants))
		o.Shuffle(len(grants), func(i, j int) { grants[i], grants[j] = grants[j], grants[i] })
		if got := show(access.Merge(grants)); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func show(all []access.Effective) string {
	var b strings.Builder
	for _, e := range all {
		fmt.Fprintf(&b, "%q %q %q %q %q %q\n", e.Scope, e.APIGroup, e.Resource, e.Names, e.URL, e.Verbs)
	}
	return b.String()
}

func TestMerge(t *testing.T) {
	grant := func(scope string, r rbac.Rule) access.RuleGrant {
		return access.RuleGrant{Scope: scope, State: access.RoleFound, Rule: r}
	}
	rule := func(verbs, groups, resources string, names ...string) rbac.Rule {
		return rbac.Rule{Verbs: strings.Split(verbs, ","), APIGroups: strings.Split(groups, ","), Resources: strings.Split(resources, ","), ResourceNames: names}
	}
	urls := func(verbs string, urls ...string) rbac.Rule {
		return rbac.Rule{Verbs: strings.Split(verbs, ","), NonResourceURLs: urls}
	}
	for _, c := range []struct {
		name string
		in   []access.RuleGrant
		want string
	}{
		{"verbs join in the usual order", []access.RuleGrant{grant("", rule("watch,bind,get", "", "pods")), grant("", rule("list", "", "pods"))},
			`"" "" "pods" [] "" ["get" "list" "watch" "bind"]`},
		{"a rule for all objects absorbs a named one, and stays whole", []access.RuleGrant{grant("", rule("get", "", "pods", "a")), grant("", rule("get", "", "pods"))},
			`"" "" "pods" [] "" ["get"]`},
		{"names with the same verbs join", []access.RuleGrant{grant("", rule("get", "", "pods", "b")), grant("", rule("get", "", "pods", "a"))},
			`"" "" "pods" ["a" "b"] "" ["get"]`},
		{"a grant everywhere absorbs one in a namespace", []access.RuleGrant{grant("dev", rule("get,list", "", "pods")), grant("", rule("get", "", "pods"))},
			`"" "" "pods" [] "" ["get"]
"dev" "" "pods" [] "" ["list"]`},
		{"a grant on all resources covers subresources, one on pods does not", []access.RuleGrant{grant("", rule("get", "", "pods")), grant("", rule("get", "", "pods/log"))},
			`"" "" "pods" [] "" ["get"]
"" "" "pods/log" [] "" ["get"]`},
		{"the name of another group's resource is another resource", []access.RuleGrant{grant("", rule("get", "extensions", "deployments")), grant("", rule("get", "apps", "deployments"))},
			`"" "apps" "deployments" [] "" ["get"]
"" "extensions" "deployments" [] "" ["get"]`},
		{"everything absorbs everything but URLs", []access.RuleGrant{grant("", rule("*", "*", "*")), grant("dev", rule("get", "apps", "*/scale", "x")), grant("", urls("get", "/healthz"))},
			`"" "*" "*" [] "" ["*"]
"" "" "" [] "/healthz" ["get"]`},
		{"URLs: a prefix absorbs what it begins, a namespace grants none", []access.RuleGrant{grant("", urls("get", "/healthz/*", "/healthz/a", "/healthz")), grant("dev", urls("get", "/metrics"))},
			`"" "" "" [] "/healthz" ["get"]
"" "" "" [] "/healthz/*" ["get"]`},
	} {
		if got := strings.TrimSpace(show(access.Merge(c.in))); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}
