package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// Effective is what a set of grants comes to on one resource or URL in one
// scope: verbs that another entry already gives, for all objects, all resources
// or all namespaces, are left out.
type Effective struct {
	Scope    string   // namespace; empty: cluster-wide
	APIGroup string   // "*": all
	Resource string   // RESOURCE, RESOURCE/SUBRESOURCE, "*", "*/SUBRESOURCE"; empty: URL
	Names    []string // nil: all objects
	URL      string
	Verbs    []string // sorted; "*" alone: all
	By       []int    // which of the grants give it
}

// target is what a verb is granted on. One name each: names are gathered again
// when the verbs are the same.
type target struct {
	scope, group, resource, name, url string
}

// nameless stands for the name "", which a rule can list: it then allows
// requests without a name and no others.
const nameless = "\x00"

// atoms is what is granted on each target, and by which grants.
type atoms map[target]map[string][]int

// Merge is the union of rules without repetition, sorted by scope, API group and
// resource. It allows exactly what the rules together allow.
func Merge(grants []RuleGrant) []Effective {
	all := atoms{}
	var prefixes []target // URLs that end in an asterisk
	for i, g := range grants {
		for _, t := range targets(g) {
			if all[t] == nil {
				all[t] = map[string][]int{}
				if strings.HasSuffix(t.url, "*") {
					prefixes = append(prefixes, t)
				}
			}
			for _, verb := range g.Rule.Verbs {
				if by := all[t][verb]; len(by) == 0 || by[len(by)-1] != i {
					all[t][verb] = append(by, i)
				}
			}
		}
	}
	var merged []Effective
	for t, verbs := range all {
		if e, left := all.effective(t, verbs, prefixes); left {
			merged = append(merged, e)
		}
	}
	slices.SortFunc(merged, compareEffective)
	return gather(merged)
}

// targets is what a rule is about, one by one. URLs mean something cluster-wide only.
func targets(g RuleGrant) (all []target) {
	names := []string{""}
	if len(g.Rule.ResourceNames) > 0 {
		names = slices.Clone(g.Rule.ResourceNames)
		for i, name := range names {
			if name == "" {
				names[i] = nameless
			}
		}
	}
	for _, group := range g.Rule.APIGroups {
		for _, resource := range g.Rule.Resources {
			for _, name := range names {
				all = append(all, target{scope: g.Scope, group: group, resource: resource, name: name})
			}
		}
	}
	if g.Scope == "" {
		for _, url := range g.Rule.NonResourceURLs {
			all = append(all, target{url: url})
		}
	}
	return all
}

// effective is a target with the verbs that no wider target gives.
func (all atoms) effective(t target, verbs map[string][]int, prefixes []target) (Effective, bool) {
	e := Effective{Scope: t.scope, APIGroup: t.group, Resource: t.resource, URL: t.url}
	if t.name != "" {
		e.Names = []string{strings.TrimPrefix(t.name, nameless)}
	}
	wide := all.wider(t, prefixes)
	for verb, by := range verbs {
		if verb != "*" && verbs["*"] != nil {
			continue
		}
		if !slices.ContainsFunc(wide, func(w target) bool { return all[w]["*"] != nil || all[w][verb] != nil }) {
			e.Verbs = append(e.Verbs, verb)
			e.By = append(e.By, by...)
		}
	}
	slices.SortFunc(e.Verbs, compareVerbs)
	slices.Sort(e.By)
	e.By = slices.Compact(e.By)
	return e, len(e.Verbs) > 0
}

// wider are the other targets that include a target.
func (all atoms) wider(t target, prefixes []target) (wide []target) {
	if t.url != "" {
		for _, p := range prefixes {
			if p != t && strings.HasPrefix(t.url, strings.TrimRight(p.url, "*")) && !(strings.TrimRight(p.url, "*") == strings.TrimRight(t.url, "*") && len(p.url) > len(t.url)) {
				wide = append(wide, p)
			}
		}
		return wide
	}
	resources := []string{t.resource, "*"}
	if _, sub, found := strings.Cut(t.resource, "/"); found {
		resources = append(resources, "*/"+sub)
	}
	for _, scope := range distinct(t.scope, "") {
		for _, group := range distinct(t.group, "*") {
			for _, resource := range distinct(resources...) {
				for _, name := range distinct(t.name, "") {
					w := target{scope: scope, group: group, resource: resource, name: name}
					if _, found := all[w]; found && w != t {
						wide = append(wide, w)
					}
				}
			}
		}
	}
	return wide
}

func distinct(words ...string) []string {
	var kept []string
	for _, w := range words {
		if !slices.Contains(kept, w) {
			kept = append(kept, w)
		}
	}
	return kept
}

// gather joins the names that have the same verbs; the entries are sorted.
func gather(sorted []Effective) (out []Effective) {
	for _, e := range sorted {
		if n := len(out) - 1; n >= 0 && len(e.Names) > 0 && len(out[n].Names) > 0 && sameButNames(out[n], e) {
			out[n].Names = append(out[n].Names, e.Names...)
			out[n].By = append(out[n].By, e.By...)
			slices.Sort(out[n].By)
			out[n].By = slices.Compact(out[n].By)
			continue
		}
		out = append(out, e)
	}
	return out
}

func sameButNames(a, b Effective) bool {
	return a.Scope == b.Scope && a.APIGroup == b.APIGroup && a.Resource == b.Resource && slices.Equal(a.Verbs, b.Verbs)
}

func compareEffective(a, b Effective) int {
	return cmp.Or(
		cmp.Compare(a.Scope, b.Scope),
		cmp.Compare(min(len(a.URL), 1), min(len(b.URL), 1)), // URLs last
		cmp.Compare(a.APIGroup, b.APIGroup), cmp.Compare(a.Resource, b.Resource),
		cmp.Compare(min(len(a.Names), 1), min(len(b.Names), 1)),
		slices.CompareFunc(a.Verbs, b.Verbs, compareVerbs), slices.Compare(a.Names, b.Names), cmp.Compare(a.URL, b.URL))
}

// Verbs is the order in which people read verbs.
var Verbs = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}

// compareVerbs puts the usual verbs first, in the usual order.
func compareVerbs(a, b string) int {
	rank := func(v string) int {
		if i := slices.Index(Verbs, v); i >= 0 {
			return i
		}
		return len(Verbs)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// Rule is the entry as a role would write it.
func (e Effective) Rule() rbac.Rule {
	if e.URL != "" {
		return rbac.Rule{Verbs: e.Verbs, NonResourceURLs: []string{e.URL}}
	}
	return rbac.Rule{Verbs: e.Verbs, APIGroups: []string{e.APIGroup}, Resources: []string{e.Resource}, ResourceNames: e.Names}
}
