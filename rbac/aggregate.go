package rbac

import (
	"reflect"
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
// kept beside what was computed.

// Aggregated reports whether a controller fills in the role's rules.
func (r Role) Aggregated() bool { return r.Namespace == "" && r.Aggregate != nil }

// aggregate fills in the rules of aggregated ClusterRoles in place (the slice's
// elements are replaced, rules they share with others are not written to).
func aggregate(roles []Role, complete bool) (faults []Fault) {
	var order []int // of ClusterRoles, by name
	aggregated := false
	for i, r := range roles {
		if r.Namespace == "" {
			order = append(order, i)
			aggregated = aggregated || len(r.Aggregate) > 0
		}
	}
	if !aggregated {
		return nil
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(roles[a].Name, roles[b].Name) })
	for _, i := range order {
		for _, s := range roles[i].Aggregate {
			if msg := s.fault(); msg != "" {
				faults = append(faults, Fault{Kind: BadSelector, Role: roles[i].Ref(), At: roles[i].At, Msg: roles[i].Title() + ": " + msg + ": the selector selects nobody"})
			}
		}
	}
	given := map[int]Role{}
	for _, i := range order {
		if !complete && len(roles[i].Aggregate) > 0 && len(roles[i].Rules) > 0 {
			given[i] = roles[i]
		}
	}
	for range len(order) + 1 { // a chain cannot be longer
		changed := false
		for _, i := range order {
			if len(roles[i].Aggregate) == 0 {
				continue
			}
			rules, at := collect(roles, order, i)
			if own, kept := given[i]; kept {
				rules, at = append(slices.Clone(own.Rules), without(rules, own.Rules)...), nil
			}
			if !reflect.DeepEqual(rules, roles[i].Rules) {
				roles[i].Rules, roles[i].RuleAt, changed = rules, at, true
			}
		}
		if !changed {
			break
		}
	}
	for _, i := range order {
		if own, kept := given[i]; kept {
			computed, _ := collect(roles, order, i)
			if n := len(without(own.Rules, computed)); n > 0 {
				faults = append(faults, Fault{Kind: Unfed, Role: own.Ref(), At: own.At, Msg: own.Title() + " is aggregated, but " + strconv.Itoa(n) + " of its rules come from no ClusterRole that is here: they are kept as given"})
			}
		}
	}
	return faults
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

// collect gathers what the selectors of roles[i] select.
func collect(roles []Role, order []int, i int) (rules []Rule, at []Position) {
	seen := map[string]bool{}
	for _, s := range roles[i].Aggregate {
		if s.fault() != "" {
			continue
		}
		for _, j := range order {
			if roles[j].Name == roles[i].Name || !s.Matches(roles[j].Labels) {
				continue
			}
			for n, r := range roles[j].Rules {
				if key := r.key(); !seen[key] {
					seen[key] = true
					rules = append(rules, r)
					var p Position
					if n < len(roles[j].RuleAt) {
						p = roles[j].RuleAt[n]
					}
					at = append(at, p)
				}
			}
		}
	}
	if !slices.ContainsFunc(at, func(p Position) bool { return p != Position{} }) {
		at = nil
	}
	return rules, at
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
