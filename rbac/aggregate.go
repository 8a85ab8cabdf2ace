package rbac

import (
	"slices"
	"strconv"
	"strings"
)

// Aggregation follows kubernetes/pkg/controller/clusterroleaggregation: the
// rules of an aggregated ClusterRole are those of every other ClusterRole that
// one of its selectors matches, in order of name, each rule once. Roles that
// are themselves aggregated feed others (edit into admin), so it is repeated
// until nothing changes. What such a role is given with as its own rules is
// overwritten, as the controller does, in a complete policy; elsewhere it is
// kept before what was computed. With a selector that cannot be read the
// controller gives up on the role: its rules stay as given.

// Aggregated reports whether a controller fills in the role's rules.
func (r Role) Aggregated() bool { return r.Namespace == "" && r.Aggregate != nil }

// aggregation is one run over the ClusterRoles of a policy.
type aggregation struct {
	roles []Role
	order []int        // positions of the ClusterRoles that count, by name
	fill  []int        // of those to fill in
	given map[int]Role // what was given with rules that are kept
}

// aggregate fills in the rules of aggregated ClusterRoles in place (the slice's
// elements are replaced, rules they share with others are not written to).
func aggregate(roles []Role, complete bool) (faults []Fault) {
	a := aggregation{roles: roles, order: clusterRoles(roles), given: map[int]Role{}}
	for _, i := range a.order {
		if len(roles[i].Aggregate) == 0 {
			continue
		}
		if bad := roles[i].badSelectors(); len(bad) > 0 {
			faults = append(faults, bad...)
			continue
		}
		a.fill = append(a.fill, i)
		if !complete && len(roles[i].Rules) > 0 {
			a.given[i] = roles[i]
		}
	}
	for range len(a.fill) + 1 { // a chain cannot be longer
		if !a.pass() {
			break
		}
	}
	for _, i := range a.fill {
		if own, kept := a.given[i]; kept {
			faults = append(faults, a.unfed(own, i)...)
		}
	}
	return faults
}

// clusterRoles are in order of name; of one given twice the last counts.
func clusterRoles(roles []Role) (order []int) {
	last := map[string]int{}
	for i, r := range roles {
		if r.Namespace == "" {
			last[r.Name] = i
		}
	}
	for i, r := range roles {
		if r.Namespace == "" && last[r.Name] == i {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(roles[a].Name, roles[b].Name) })
	return order
}

// pass fills in every role once and reports whether that changed anything.
func (a *aggregation) pass() (changed bool) {
	for _, i := range a.fill {
		rules, at := a.collect(i)
		if len(rules) == 0 { // server-side apply of no rules takes away only what the controller gave
			continue
		}
		if own, kept := a.given[i]; kept {
			rules, at = append(slices.Clone(own.Rules), without(rules, own.Rules)...), own.RuleAt
		}
		if !sameRules(rules, a.roles[i].Rules) {
			a.roles[i].Rules, a.roles[i].RuleAt, changed = rules, at, true
		}
	}
	return changed
}

// unfed says how many of the rules a role was given with have no source here.
func (a *aggregation) unfed(own Role, i int) []Fault {
	computed, _ := a.collect(i)
	n := len(without(own.Rules, computed))
	if n == 0 {
		return nil
	}
	return []Fault{{Kind: Unfed, Role: own.Ref(), At: own.At, Msg: own.Title() + " is aggregated, but " + strconv.Itoa(n) + " of its rules come from no ClusterRole that is here: they are kept as given"}}
}

func sameRules(a, b []Rule) bool {
	return slices.EqualFunc(a, b, func(a, b Rule) bool { return a.key() == b.key() })
}

// without are the rules of a that are not in b.
func without(a, b []Rule) (rest []Rule) {
	seen := map[string]bool{}
	for _, r := range b {
		seen[r.key()] = true
	}
	for _, r := range a {
		if !seen[r.key()] {
			rest = append(rest, r)
		}
	}
	return rest
}

// collect gathers what the selectors of one role select.
func (a *aggregation) collect(role int) (rules []Rule, at []Position) {
	seen := map[string]bool{}
	for _, s := range a.roles[role].Aggregate {
		for _, i := range a.order {
			if i == role {
				continue
			}
			if !s.Matches(a.roles[i].Labels) {
				continue
			}
			for n, r := range a.roles[i].Rules {
				key := r.key()
				if seen[key] {
					continue
				}
				seen[key] = true
				rules = append(rules, r)
				at = append(at, a.roles[i].ruleAt(n))
			}
		}
	}
	if !slices.ContainsFunc(at, func(p Position) bool { return p != Position{} }) {
		at = nil
	}
	return rules, at
}

func (r Role) ruleAt(n int) Position {
	if n < len(r.RuleAt) {
		return r.RuleAt[n]
	}
	return Position{}
}

func (r Role) badSelectors() (faults []Fault) {
	for _, s := range r.Aggregate {
		if msg := s.fault(); msg != "" {
			faults = append(faults, Fault{Kind: BadSelector, Role: r.Ref(), At: r.At, Msg: r.Title() + ": " + msg + ": its rules stay as given"})
		}
	}
	return faults
}

// key tells rules apart as the controller does: by their lists in order.
func (r Rule) key() string {
	var b strings.Builder
	for _, list := range [][]string{r.Verbs, r.APIGroups, r.Resources, r.ResourceNames, r.NonResourceURLs} {
		for _, s := range list {
			b.WriteString(s)
			b.WriteByte(0)
		}
		b.WriteByte(1)
	}
	return b.String()
}

// Matches reports whether labels meet the selector. The empty selector selects
// everything.
func (s Selector) Matches(labels map[string]string) bool {
	for k, v := range s.MatchLabels {
		if got, ok := labels[k]; !ok || got != v {
			return false
		}
	}
	for _, e := range s.Expressions {
		if !e.matches(labels) {
			return false
		}
	}
	return true
}

func (e Requirement) matches(labels map[string]string) bool {
	got, present := labels[e.Key]
	switch e.Operator {
	case "In":
		return present && slices.Contains(e.Values, got)
	case "NotIn":
		return !present || !slices.Contains(e.Values, got)
	case "Exists":
		return present
	case "DoesNotExist":
		return !present
	}
	return false
}

// fault says what is wrong with a selector, empty where nothing is.
func (s Selector) fault() string {
	for _, e := range s.Expressions {
		switch e.Operator {
		case "In", "NotIn":
			if len(e.Values) == 0 {
				return "operator " + e.Operator + " on " + e.Key + " has no values"
			}
		case "Exists", "DoesNotExist":
			if len(e.Values) > 0 {
				return "operator " + e.Operator + " on " + e.Key + " takes no values"
			}
		default:
			return "unknown operator " + e.Operator + " on " + e.Key
		}
	}
	return ""
}
