package rbac_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/postern-dev/postern/rbac"
)

// requests are every combination of a few words. "zz" is a word that no
// generated rule names: it stands for all others. "*" as a word of a request is
// one more that only a rule's "*" meets, but for the subresource of the odd
// resources pods/* and */*.
var requests = universe()

func universe() (all []rbac.Request) {
	for _, verb := range []string{"get", "create", "*", "zz"} {
		for _, group := range []string{"", "apps", "zz"} {
			for _, resource := range []string{"pods", "nodes", "zz"} {
				for _, sub := range []string{"", "exec", "log", "*", "zz"} {
					for _, name := range []string{"", "a", "b", "zz"} {
						all = append(all, rbac.Request{Verb: verb, APIGroup: group, Resource: resource, Subresource: sub, Name: name})
					}
				}
			}
		}
		for _, path := range []string{"/", "/healthz", "/healthz/", "/healthz/a", "/healthz/a/b", "/healthzz", "/metrics", "/zz", "zz"} {
			all = append(all, rbac.Request{Verb: verb, Path: path})
		}
	}
	return all
}

func someRules(r *rand.Rand) []rbac.Rule {
	pick := func(least int, words ...string) []string {
		list := make([]string, least+r.IntN(3))
		for i := range list {
			list[i] = words[r.IntN(len(words))]
		}
		return list
	}
	rules := make([]rbac.Rule, r.IntN(5))
	for i := range rules {
		rules[i].Verbs = pick(r.IntN(2), "get", "create", "get", "create", "*")
		if r.IntN(4) == 0 {
			rules[i].NonResourceURLs = pick(1, "*", "/healthz", "/healthz/*", "/healthz*", "/healthz/a", "/healthz/a/**", "/", "/metrics", "/*")
		}
		if r.IntN(5) > 0 {
			rules[i].APIGroups = pick(1, "", "apps", "", "apps", "*")
			rules[i].Resources = pick(1, "pods", "nodes", "pods/exec", "nodes/log", "pods", "pods/exec", "*/exec", "*/log", "*", "pods/*", "*/*", "pods/", "*/")
			if r.IntN(2) == 0 {
				rules[i].ResourceNames = pick(1, "a", "b", "a", "b", "")
			}
		}
	}
	return rules
}

func allows(rules []rbac.Rule, q rbac.Request) bool {
	return slices.ContainsFunc(rules, func(r rbac.Rule) bool { return r.Allows(q) })
}

// same reports the first request on which two lists of rules differ.
func same(a, b []rbac.Rule) (rbac.Request, bool) {
	for _, q := range requests {
		if allows(a, q) != allows(b, q) {
			return q, false
		}
	}
	return rbac.Request{}, true
}

// rounds runs f with n seeds and says which one fails.
func rounds(t *testing.T, n int, f func(t *testing.T, r *rand.Rand)) {
	if testing.Short() {
		n /= 10
	}
	for seed := range n {
		f(t, rand.New(rand.NewPCG(20261123, uint64(seed))))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestUnionAllowsExactlyTheSame(t *testing.T) {
	rounds(t, 1500, func(t *testing.T, r *rand.Rand) {
		rules := someRules(r)
		union := rbac.Union(rules)
		if q, ok := same(rules, union); !ok {
			t.Errorf("%v: allowed by the rules %v, by their union %v\nrules %+v\nunion %+v", q, allows(rules, q), allows(union, q), rules, union)
		}
		r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
		if again := rbac.Union(rules); !reflect.DeepEqual(again, union) {
			t.Errorf("the order of rules changes the union:\n%+v\n%+v", union, again)
		}
		if again := rbac.Union(union); !reflect.DeepEqual(again, union) {
			t.Errorf("the union of the union differs:\n%+v\n%+v", union, again)
		}
	})
}

// TestUnionIsMinimal: without any rule, or any element of one, less is allowed.
func TestUnionIsMinimal(t *testing.T) {
	dropped := 0
	rounds(t, 500, func(t *testing.T, r *rand.Rand) {
		union := rbac.Union(someRules(r))
		for i := range union {
			for _, less := range smaller(union, i) {
				dropped++
				if _, ok := same(union, less); ok {
					t.Errorf("%+v allows the same as\n%+v", less, union)
				}
			}
		}
	})
	t.Logf("%d rules and elements left out, each missed", dropped)
}

// smaller are the lists without rule i, or without one element of it.
func smaller(rules []rbac.Rule, i int) [][]rbac.Rule {
	lists := [][]rbac.Rule{slices.Delete(slices.Clone(rules), i, i+1)}
	without := func(list []string, set func(*rbac.Rule, []string)) {
		if len(list) < 2 {
			return // the rule itself, or with no name left another meaning
		}
		for n := range list {
			less := slices.Clone(rules)
			set(&less[i], slices.Delete(slices.Clone(list), n, n+1))
			lists = append(lists, less)
		}
	}
	without(rules[i].Verbs, func(r *rbac.Rule, l []string) { r.Verbs = l })
	without(rules[i].APIGroups, func(r *rbac.Rule, l []string) { r.APIGroups = l })
	without(rules[i].Resources, func(r *rbac.Rule, l []string) { r.Resources = l })
	without(rules[i].ResourceNames, func(r *rbac.Rule, l []string) { r.ResourceNames = l })
	without(rules[i].NonResourceURLs, func(r *rbac.Rule, l []string) { r.NonResourceURLs = l })
	return lists
}

func TestCoversAsRequestsSay(t *testing.T) {
	verdicts := map[bool]int{}
	rounds(t, 2000, func(t *testing.T, r *rand.Rand) {
		have, want := someRules(r), someRules(r)
		if r.IntN(2) == 0 && len(have) > 0 {
			want = smallerParts(r, have)
		}
		covered, uncovered := rbac.Covers(have, want)
		verdicts[covered]++
		for _, q := range requests {
			if covered && allows(want, q) && !allows(have, q) {
				t.Errorf("covered, but %v is not\nhave %+v\nwant %+v", q, have, want)
			}
			if allows(uncovered, q) && !allows(want, q) {
				t.Errorf("uncovered holds %v, which want does not", q)
			}
			if !allows(uncovered, q) && allows(want, q) && !allows(have, q) {
				t.Errorf("uncovered leaves out %v", q)
			}
		}
		if !covered && !slices.ContainsFunc(requests, func(q rbac.Request) bool { return allows(want, q) && !allows(have, q) }) {
			t.Errorf("not covered, but every request is\nhave %+v\nwant %+v\nuncovered %+v", have, want, uncovered)
		}
	})
	if verdicts[true] < 20 || verdicts[false] < 20 {
		t.Errorf("verdicts %v: the generator shows one side only", verdicts)
	}
}

// smallerParts are rules that are likely to be covered.
func smallerParts(r *rand.Rand, rules []rbac.Rule) (parts []rbac.Rule) {
	for i := range rules {
		lists := smaller(rules, i)
		less := lists[r.IntN(len(lists))]
		if i < len(less) {
			parts = append(parts, less[i])
		}
	}
	return parts
}

func TestSubtractIsExact(t *testing.T) {
	exact, excepted := 0, 0
	rounds(t, 2000, func(t *testing.T, r *rand.Rand) {
		a, b := someRules(r), someRules(r)
		rest := rbac.Subtract(a, b)
		for _, q := range requests {
			want := allows(a, q) && !allows(b, q)
			if got := allows(rest.Rules, q) && !allows(rest.Except, q); got != want {
				t.Errorf("%v: in the rest %v, want %v\na %+v\nb %+v\nrest %+v", q, got, want, a, b, rest)
				break
			}
		}
		switch {
		case len(rest.Except) > 0:
			excepted++
			if !slices.ContainsFunc(requests, func(q rbac.Request) bool { return allows(rest.Rules, q) && allows(rest.Except, q) }) {
				t.Errorf("the exception takes nothing out\na %+v\nb %+v\nrest %+v", a, b, rest)
			}
		case len(rest.Rules) > 0:
			exact++
		}
		if !reflect.DeepEqual(rbac.Difference(a, b), rest.Rules) {
			t.Errorf("Difference and Subtract disagree")
		}
	})
	if exact < 20 || excepted < 20 {
		t.Errorf("%d exact, %d with exceptions: the generator shows one side only", exact, excepted)
	}
}

func rule(verbs, groups, resources []string, names ...string) rbac.Rule {
	return rbac.Rule{Verbs: verbs, APIGroups: groups, Resources: resources, ResourceNames: names}
}

func words(list ...string) []string { return list }

func TestUnionReads(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want []rbac.Rule
	}{
		{"get * takes in get [a]", []rbac.Rule{rule(words("get"), words(""), words("configmaps")), rule(words("get"), words(""), words("configmaps"), "a")},
			[]rbac.Rule{rule(words("get"), words(""), words("configmaps"))}},
		{"names join", []rbac.Rule{rule(words("get"), words(""), words("configmaps"), "b"), rule(words("get"), words(""), words("configmaps"), "a")},
			[]rbac.Rule{rule(words("get"), words(""), words("configmaps"), "a", "b")}},
		{"verbs in the order people list them", []rbac.Rule{rule(words("delete"), words(""), words("pods")), rule(words("watch", "list"), words(""), words("pods")), rule(words("get"), words(""), words("pods"))},
			[]rbac.Rule{rule(words("get", "list", "watch", "delete"), words(""), words("pods"))}},
		{"resources with the same verbs join", []rbac.Rule{rule(words("get", "list"), words(""), words("pods")), rule(words("list", "get"), words(""), words("services"))},
			[]rbac.Rule{rule(words("get", "list"), words(""), words("pods", "services"))}},
		{"groups do not mix", []rbac.Rule{rule(words("get"), words(""), words("pods")), rule(words("get"), words("apps"), words("deployments"))},
			[]rbac.Rule{rule(words("get"), words(""), words("pods")), rule(words("get"), words("apps"), words("deployments"))}},
		{"*/scale takes in deployments/scale", []rbac.Rule{rule(words("get"), words("apps"), words("deployments/scale")), rule(words("get"), words("*"), words("*/scale"))},
			[]rbac.Rule{rule(words("get"), words("*"), words("*/scale"))}},
		{"pods does not take in pods/exec", []rbac.Rule{rule(words("get"), words(""), words("pods", "pods/exec"))},
			[]rbac.Rule{rule(words("get"), words(""), words("pods", "pods/exec"))}},
		{"a prefix takes in its URLs", []rbac.Rule{{Verbs: words("get"), NonResourceURLs: words("/healthz/etcd", "/healthz/*", "/healthz")}},
			[]rbac.Rule{{Verbs: words("get"), NonResourceURLs: words("/healthz", "/healthz/*")}}},
		{"cluster-admin is two rules", []rbac.Rule{rule(words("*"), words("*"), words("*")), {Verbs: words("*"), NonResourceURLs: words("*")}, rule(words("get"), words(""), words("pods"))},
			[]rbac.Rule{rule(words("*"), words("*"), words("*")), {Verbs: words("*"), NonResourceURLs: words("*")}}},
		{"what matches nothing is not kept", []rbac.Rule{rule(nil, words(""), words("pods")), rule(words("get"), words(""), words("pods/"))}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := rbac.Union(c.in); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestSubtractSaysWhatRulesCannot(t *testing.T) {
	everything := []rbac.Rule{rule(words("*"), words("*"), words("*"))}
	pods := []rbac.Rule{rule(words("get", "list"), words(""), words("pods"))}
	rest := rbac.Subtract(everything, pods)
	if fmt.Sprint(rest.Rules) != fmt.Sprint(everything) || fmt.Sprint(rest.Except) != fmt.Sprint(pods) {
		t.Errorf("everything but pods = %+v", rest)
	}
	rest = rbac.Subtract(pods, []rbac.Rule{rule(words("get"), words(""), words("pods"), "a")})
	if fmt.Sprint(rest.Rules) != fmt.Sprint(pods) || len(rest.Except) != 1 || len(rest.Except[0].ResourceNames) != 1 {
		t.Errorf("pods but a = %+v", rest)
	}
	rest = rbac.Subtract(pods, []rbac.Rule{rule(words("get"), words("*"), words("*"))})
	if len(rest.Except) != 0 || len(rest.Rules) != 1 || fmt.Sprint(rest.Rules[0].Verbs) != "[list]" {
		t.Errorf("pods but get = %+v", rest)
	}
}
