package world_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/world"
)

// sentences are what Because says of each Allow, as Naive gives its reasons.
func sentences(d rbac.Decision) []string {
	var all []string
	for _, a := range d.Allows {
		all = append(all, a.Because())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestEvaluateAgrees holds the indexed evaluator against the one that
// enumerates: verdict, every reason, every reference to nothing.
func TestEvaluateAgrees(t *testing.T) {
	const worlds, each = 300, 240
	type count struct{ yes, no int }
	counts := map[world.Family]*count{}
	for _, f := range world.Families() {
		counts[f] = &count{}
	}
	total := count{}
	for seed := range uint64(worlds) {
		w := world.Generate(seed)
		x, naive := rbac.NewIndex(w.Policy), world.NewNaive(w.Policy)
		for _, q := range w.Questions(each) {
			want, got := naive.Ask(q.Who, q.Request), x.Evaluate(q.Who, q.Request)
			if got.Allowed != want.Allowed || !slices.Equal(sentences(got), want.Reasons) {
				t.Fatalf("world %d, %s, %s:\n got %v %q\nwant %v %q", seed, q.Family, q, got.Allowed, sentences(got), want.Allowed, want.Reasons)
			}
			var absent []string
			for _, f := range got.Faults {
				absent = append(absent, f.Role.Name)
			}
			slices.Sort(absent)
			if absent = slices.Compact(absent); !slices.Equal(absent, want.Absent) {
				t.Fatalf("world %d, %s, %s:\nfaults %q, want %q", seed, q.Family, q, absent, want.Absent)
			}
			if want.Allowed {
				counts[q.Family].yes++
				total.yes++
			} else {
				counts[q.Family].no++
				total.no++
			}
		}
	}
	for _, f := range world.Families() {
		c := counts[f]
		t.Logf("%-12s %6d allowed %6d denied", f, c.yes, c.no)
		if c.yes < worlds || c.no < worlds {
			t.Errorf("%s: %d allowed and %d denied: the questions lean to one side", f, c.yes, c.no)
		}
	}
	if percent := 100 * total.yes / (total.yes + total.no); percent < 30 || percent > 70 {
		t.Errorf("%d %% allowed, want 30 to 70", percent)
	}
}

func TestWhoCanAgrees(t *testing.T) {
	found := 0
	for seed := range uint64(200) {
		w := world.Generate(seed)
		x, naive := rbac.NewIndex(w.Policy), world.NewNaive(w.Policy)
		for _, q := range w.Requests(36) {
			users, groups := naive.Holders(q)
			gotUsers, gotGroups := world.Callers(x.WhoCan(q))
			if !slices.Equal(gotUsers, users) || !slices.Equal(gotGroups, groups) {
				t.Fatalf("world %d: who can %s:\n got users %q groups %q\nwant users %q groups %q", seed, q, gotUsers, gotGroups, users, groups)
			}
			found += len(users) + len(groups) - 1
		}
	}
	if found < 1000 {
		t.Errorf("only %d holders found: the requests ask for nothing", found)
	}
}

func TestAggregationAgrees(t *testing.T) {
	sums := 0
	for seed := range uint64(300) {
		w := world.Generate(seed)
		want, got := world.NewNaive(w.Policy).Policy.Roles, rbac.NewIndex(w.Policy).Policy().Roles
		for i := range want {
			if want[i].Aggregate == nil {
				continue
			}
			sums++
			if g, w := fmt.Sprintf("%q", got[i].Rules), fmt.Sprintf("%q", want[i].Rules); g != w {
				t.Fatalf("world %d: %s:\n got %s\nwant %s", seed, want[i].Title(), g, w)
			}
		}
	}
	if sums < 300 {
		t.Errorf("only %d aggregated roles", sums)
	}
}

// TestSameSeedSameWorld: a seed that failed somewhere fails everywhere.
func TestSameSeedSameWorld(t *testing.T) {
	a, b := world.Generate(7), world.Generate(7)
	if !reflect.DeepEqual(a.Policy, b.Policy) || !reflect.DeepEqual(a.Questions(50), b.Questions(50)) {
		t.Error("the same seed gives two worlds")
	}
	if reflect.DeepEqual(a.Policy, world.Generate(8).Policy) {
		t.Error("two seeds give the same world")
	}
}

// TestWorldsHoldOddForms: what the families are about occurs.
func TestWorldsHoldOddForms(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(60) {
		w := world.Generate(seed)
		for _, r := range w.Policy.Roles {
			for _, rule := range r.Rules {
				for _, text := range slices.Concat(rule.APIGroups, rule.Resources, rule.NonResourceURLs, rule.ResourceNames) {
					seen[text] = true
				}
			}
			if r.Aggregate != nil {
				for _, s := range r.Aggregate {
					for _, e := range s.Expressions {
						seen[e.Operator] = true
					}
				}
			}
		}
		for _, b := range w.Policy.Bindings {
			for _, s := range b.Subjects {
				switch {
				case s.Kind == rbac.ServiceAccountKind && s.Namespace == "":
					seen["account without namespace"] = true
				case s.Kind == rbac.ServiceAccountKind && b.Namespace != "" && s.Namespace != b.Namespace:
					seen["account of elsewhere"] = true
				case s.Kind == rbac.UserKind && strings.HasPrefix(s.Name, "system:serviceaccount:"):
					seen["account as user"] = true
				}
				seen[s.Name] = true
			}
		}
	}
	for _, want := range []string{
		"core", "extensions", "*", "pods/*", "*/scale", "*/*", "/healthz/*", "/api*", "In", "NotIn", "Exists", "DoesNotExist", "",
		"account without namespace", "account of elsewhere", "account as user", "system:masters", "system:unauthenticated", "system:serviceaccounts:alpha",
	} {
		if !seen[want] {
			t.Errorf("no world has %q", want)
		}
	}
}
