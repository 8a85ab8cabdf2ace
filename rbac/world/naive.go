package world

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// Naive answers as the Kubernetes documentation describes RBAC: it looks at every
// binding, every subject, every rule, and enumerates what a rule says. It shares
// no code with rbac's evaluator, only its types.
type Naive struct {
	Policy rbac.Policy // aggregated ClusterRoles filled in
}

// NewNaive fills in aggregated ClusterRoles; the policy given stays as it is.
func NewNaive(p rbac.Policy) Naive {
	return Naive{rbac.Policy{Complete: p.Complete, Roles: fill(p.Roles), Bindings: p.Bindings}}
}

// Verdict is an answer of Naive.
type Verdict struct {
	Allowed bool
	// Reasons are the sentences that an API server would choose one of; empty
	// for system:masters.
	Reasons []string
	// Absent are the roles that bindings of the caller name and that do not
	// exist, sorted.
	Absent []string
}

// Ask decides one question.
func (n Naive) Ask(u rbac.UserInfo, q rbac.Request) Verdict {
	var v Verdict
	for _, g := range u.Groups {
		if g == "system:masters" {
			v.Allowed = true
			v.Reasons = append(v.Reasons, "")
		}
	}
	for _, b := range n.Policy.Bindings {
		if b.Namespace != "" && b.Namespace != q.Namespace {
			continue
		}
		first := slices.IndexFunc(b.Subjects, func(s rbac.Subject) bool { return means(b, s, u) })
		if first < 0 {
			continue
		}
		role := n.find(b)
		if role == nil {
			v.Absent = append(v.Absent, b.Role.Name)
			continue
		}
		for _, r := range role.Rules {
			if allows(r, q) {
				v.Allowed = true
				v.Reasons = append(v.Reasons, reason(b, b.Subjects[first]))
			}
		}
	}
	sort.Strings(v.Reasons)
	sort.Strings(v.Absent)
	v.Reasons, v.Absent = slices.Compact(v.Reasons), slices.Compact(v.Absent)
	return v
}

// Holders are the subjects, as somebody asking for themselves would be known,
// that may do this: names of users, and names of groups.
func (n Naive) Holders(q rbac.Request) (users, groups []string) {
	groups = []string{"system:masters"}
	for _, b := range n.Policy.Bindings {
		for _, s := range b.Subjects {
			if s.Kind == rbac.GroupKind {
				if n.Ask(rbac.UserInfo{Groups: []string{s.Name}}, q).Allowed {
					groups = append(groups, s.Name)
				}
				continue
			}
			if name := userName(b, s); n.Ask(rbac.UserInfo{Username: name}, q).Allowed {
				users = append(users, name)
			}
		}
	}
	sort.Strings(users)
	sort.Strings(groups)
	return slices.Compact(users), slices.Compact(groups)
}

func userName(b rbac.Binding, s rbac.Subject) string {
	if s.Kind != rbac.ServiceAccountKind {
		return s.Name
	}
	if s.Namespace == "" {
		return "system:serviceaccount:" + b.Namespace + ":" + s.Name
	}
	return "system:serviceaccount:" + s.Namespace + ":" + s.Name
}

// means reports whether a subject of a binding is this caller.
func means(b rbac.Binding, s rbac.Subject, u rbac.UserInfo) bool {
	switch s.Kind {
	case rbac.GroupKind:
		return slices.Contains(u.Groups, s.Name)
	case rbac.ServiceAccountKind:
		return (s.Namespace != "" || b.Namespace != "") && userName(b, s) == u.Username
	default:
		return s.Name == u.Username
	}
}

func (n Naive) find(b rbac.Binding) *rbac.Role {
	for i, r := range n.Policy.Roles {
		namespace := ""
		if b.Role.Kind == rbac.RoleRoleKind {
			namespace = b.Namespace
		}
		if r.Name == b.Role.Name && r.Namespace == namespace {
			return &n.Policy.Roles[i]
		}
	}
	return nil
}

// allows enumerates what would have to stand in the rule.
func allows(r rbac.Rule, q rbac.Request) bool {
	anyOf := func(list []string, wanted ...string) bool {
		for _, w := range wanted {
			if slices.Contains(list, w) {
				return true
			}
		}
		return false
	}
	if !anyOf(r.Verbs, q.Verb, "*") {
		return false
	}
	if q.Path != "" {
		if anyOf(r.NonResourceURLs, q.Path, "*") {
			return true
		}
		for _, u := range r.NonResourceURLs {
			for end := range len(q.Path) + 1 { // "/a*" is every path that starts with /a
				if strings.HasSuffix(u, "*") && strings.TrimRight(u, "*") == q.Path[:end] {
					return true
				}
			}
		}
		return false
	}
	resources := []string{"*", q.Resource}
	if q.Subresource != "" {
		resources = []string{"*", q.Resource + "/" + q.Subresource, "*/" + q.Subresource}
	}
	return anyOf(r.APIGroups, q.APIGroup, "*") && anyOf(r.Resources, resources...) && (len(r.ResourceNames) == 0 || anyOf(r.ResourceNames, q.Name))
}

func reason(b rbac.Binding, s rbac.Subject) string {
	kind, name := "ClusterRoleBinding", b.Name
	if b.Namespace != "" {
		kind, name = "RoleBinding", b.Name+"/"+b.Namespace
	}
	who := s.Name
	if s.Kind == rbac.ServiceAccountKind {
		home := s.Namespace
		if home == "" {
			home = b.Namespace
		}
		who += "/" + home
	}
	return fmt.Sprintf("RBAC: allowed by %s %q of %s %q to %s %q", kind, name, b.Role.Kind, b.Role.Name, s.Kind, who)
}

// fill gives aggregated ClusterRoles their rules: those of all roles that one of
// the selectors finds, by name, each once, again and again until nothing changes.
// A role that nothing feeds keeps what it was written with: the controller's
// server-side apply of no rules takes away only what it gave itself.
func fill(given []rbac.Role) []rbac.Role {
	roles := slices.Clone(given)
	byName := make([]int, 0, len(roles))
	for i, r := range roles {
		if r.Namespace == "" {
			byName = append(byName, i)
		}
	}
	sort.Slice(byName, func(a, b int) bool { return roles[byName[a]].Name < roles[byName[b]].Name })
	for changed := true; changed; {
		changed = false
		for _, i := range byName {
			if roles[i].Aggregate == nil {
				continue
			}
			var sum []rbac.Rule
			for _, s := range roles[i].Aggregate {
				for _, j := range byName {
					if j == i || !finds(s, roles[j].Labels) {
						continue
					}
					for _, r := range roles[j].Rules {
						if !slices.ContainsFunc(sum, func(o rbac.Rule) bool { return same(o, r) }) {
							sum = append(sum, r)
						}
					}
				}
			}
			if len(sum) > 0 && !slices.EqualFunc(sum, roles[i].Rules, same) {
				roles[i].Rules, changed = sum, true
			}
		}
	}
	return roles
}

func same(a, b rbac.Rule) bool {
	return slices.Equal(a.Verbs, b.Verbs) && slices.Equal(a.APIGroups, b.APIGroups) && slices.Equal(a.Resources, b.Resources) &&
		slices.Equal(a.ResourceNames, b.ResourceNames) && slices.Equal(a.NonResourceURLs, b.NonResourceURLs)
}

func finds(s rbac.Selector, labels map[string]string) bool {
	for k, v := range s.MatchLabels {
		if value, there := labels[k]; !there || value != v {
			return false
		}
	}
	for _, e := range s.Expressions {
		value, there := labels[e.Key]
		in := there && slices.Contains(e.Values, value)
		if (e.Operator == "In" && !in) || (e.Operator == "NotIn" && in) || (e.Operator == "Exists" && !there) || (e.Operator == "DoesNotExist" && there) {
			return false
		}
	}
	return true
}
