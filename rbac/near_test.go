package rbac_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/rbac"
)

// someWorld is a policy in which names, namespaces and words collide often.
func someWorld(r *rand.Rand) rbac.Policy {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	var p rbac.Policy
	for range 1 + r.IntN(5) {
		role := rbac.Role{Name: pick("r1", "r2"), Namespace: pick("", "", "", "dev"), Rules: someRules(r)}
		if r.IntN(2) == 0 {
			role.Rules = append(role.Rules, rbac.Rule{Verbs: []string{pick("get", "GET", "create")}, APIGroups: []string{pick("core", "v1", "", "apps/v1")}, Resources: []string{pick("pod", "Pods", "po", "pods.v1", "pods/exec", "pods")}})
		}
		p.Roles = append(p.Roles, role)
	}
	for range r.IntN(6) {
		b := rbac.Binding{Name: pick("b1", "b2", "b3", "b4"), Namespace: pick("", "dev", "ops", "test"), Role: rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: pick("r1", "r1", "r1", "r2", "r2", "r3")}}
		if b.Namespace != "" && r.IntN(4) == 0 {
			b.Role.Kind = rbac.RoleRoleKind
		}
		for range r.IntN(4) {
			switch r.IntN(4) {
			case 0:
				b.Subjects = append(b.Subjects, rbac.Group(pick("team", "Team", "ann", "system:serviceaccounts", "system:serviceaccount:dev:bot", "system:authenticated", oid)))
			case 1:
				b.Subjects = append(b.Subjects, rbac.ServiceAccount(pick("dev", "ops", ""), pick("bot", "Bot", "ann")))
			default:
				b.Subjects = append(b.Subjects, rbac.User(pick("ann", "Ann", "team", oid, strings.ToUpper(oid), "bot", "dev/bot", "system:serviceaccount:dev:bot", "system:serviceaccount:dev:")))
			}
		}
		p.Bindings = append(p.Bindings, b)
	}
	return p
}

const oid = "3f1c9a52-6a5e-4f7e-9b55-2f3f9a3f0001"

func callers() []rbac.UserInfo {
	ann := rbac.User("ann").UserInfo("team")
	ann.Extra = map[string][]string{"oid": {oid}}
	return []rbac.UserInfo{ann, rbac.ServiceAccount("dev", "bot").UserInfo(), rbac.User("system:anonymous").UserInfo(), rbac.Group("team").UserInfo(), rbac.User("root").UserInfo(rbac.Masters)}
}

func someRequest(r *rand.Rand, from []rbac.Request) rbac.Request {
	q := from[r.IntN(len(from))]
	switch r.IntN(4) {
	case 0:
		q = rbac.Request{Verb: "get", Path: []string{"/healthz", "/healthz/a", "/healthz/a/b", "/metrics", "/"}[r.IntN(5)]}
	case 1:
		q = rbac.Request{Verb: []string{"get", "create"}[r.IntN(2)], Resource: "pods", Subresource: []string{"", "exec"}[r.IntN(2)]}
	}
	if q.Path == "" {
		q.Namespace = []string{"", "dev", "ops", "test"}[r.IntN(4)]
	}
	return q
}

// TestNearMissesHold: what a near miss says would be allowed is, to the caller
// or to whom the binding names; nothing is near what is allowed.
func TestNearMissesHold(t *testing.T) {
	from, seen := requests, map[rbac.NearKind]int{}
	rounds(t, 6000, func(t *testing.T, r *rand.Rand) {
		x := rbac.NewIndex(someWorld(r))
		for _, u := range callers() {
			for range 5 {
				q := someRequest(r, from)
				checkNear(t, x, u, q, seen)
			}
		}
	})
	for _, k := range []rbac.NearKind{rbac.NearObjectID, rbac.NearSubjectKind, rbac.NearCase, rbac.NearAccount, rbac.NearScope, rbac.NearNamespace, rbac.NearGroup, rbac.NearResource, rbac.NearSubresource, rbac.NearName, rbac.NearPath, rbac.NearVerb, rbac.NearDangling} {
		if seen[k] < 10 && !testing.Short() {
			t.Errorf("%s: seen %d times: the generator does not reach it", k, seen[k])
		}
	}
	t.Log(seen)
}

func checkNear(t *testing.T, x *rbac.Index, u rbac.UserInfo, q rbac.Request, seen map[rbac.NearKind]int) {
	t.Helper()
	near := x.NearMisses(u, q)
	if len(near) > 0 && x.Evaluate(u, q).Allowed {
		t.Errorf("%v is allowed to %v and has near misses", q, u)
	}
	for _, n := range near {
		seen[n.Kind]++
		if n.Request != nil && !x.Evaluate(u, *n.Request).Allowed {
			t.Errorf("%s of %v: %v would not be allowed to %v", n.Kind, q, *n.Request, u)
		}
		if n.Binding == nil || n.Text == "" || strings.Contains(n.Text, "\n") {
			t.Errorf("incomplete near miss %+v", n)
		}
		switch n.Kind {
		case rbac.NearObjectID, rbac.NearSubjectKind, rbac.NearCase, rbac.NearAccount:
			if !x.Evaluate(n.Subject.UserInfo(), q).Allowed {
				t.Errorf("%s of %v: not allowed to %v either", n.Kind, q, n.Subject)
			}
		}
		if n.Kind == rbac.NearNamespace {
			for _, namespace := range n.Namespaces {
				there := q
				there.Namespace = namespace
				if !x.Evaluate(u, there).Allowed {
					t.Errorf("%v: not allowed in %s", q, namespace)
				}
			}
		}
		if n.Role == nil != (n.Rule < 0) {
			t.Errorf("rule %d without role or the reverse", n.Rule)
		}
	}
}

// TestWhoCanIsEvaluateForEverybody: WhoCan and Evaluate say the same of every
// Subject that is bound, by the same bindings and rules.
func TestWhoCanIsEvaluateForEverybody(t *testing.T) {
	from := requests
	both := map[bool]int{}
	rounds(t, 3000, func(t *testing.T, r *rand.Rand) {
		x := rbac.NewIndex(someWorld(r))
		for range 10 {
			q := someRequest(r, from)
			ways := map[rbac.Subject][]string{}
			for _, a := range x.WhoCan(q) {
				ways[a.Subject] = append(ways[a.Subject], by(a))
			}
			for _, s := range append(x.Subjects(), rbac.Group(rbac.Masters)) {
				var own []string
				alone := rbac.UserInfo{Username: s.UserInfo().Username}
				if s.Kind == rbac.GroupKind {
					alone.Groups = []string{s.Name}
				}
				d := x.Evaluate(alone, q)
				for _, a := range d.Allows {
					own = append(own, by(a))
				}
				both[d.Allowed]++
				if d.Allowed != (len(ways[s]) > 0) || !slices.Equal(own, ways[s]) {
					t.Errorf("%v %v: evaluated %q, who-can %q", s, q, own, ways[s])
				}
				delete(ways, s)
			}
			if len(ways) > 0 {
				t.Errorf("who-can names %v, whom no binding does", ways)
			}
		}
	})
	if both[true] < 100 || both[false] < 100 {
		t.Errorf("verdicts %v", both)
	}
}
