package graph

import (
	"maps"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// chosenSubjects are the Subjects that SUBJECT and -e mean in this cluster; nil
// where everybody is meant.
func (b *builder) chosenSubjects() map[rbac.Subject]bool {
	if len(b.options.Subjects) == 0 && b.options.Pattern == nil {
		return nil
	}
	chosen := map[rbac.Subject]bool{}
	for _, s := range b.everybody() {
		if b.options.Pattern != nil && b.options.Pattern.MatchString(s.Label()) {
			chosen[s] = true
		}
		for _, a := range b.options.Subjects {
			if a.means(s) {
				chosen[s] = true
			}
		}
	}
	return chosen
}

// everybody are the Subjects that are known to be somebody: those that bindings
// name, system:masters, and who read the cluster.
func (b *builder) everybody() []rbac.Subject {
	all := b.index.Subjects()
	extra := []rbac.Subject{rbac.Group(rbac.Masters)}
	if id := b.snap.Identity; id != nil {
		extra = append(extra, rbac.User(id.User).Canonical())
	}
	for _, a := range b.options.Subjects { // known without any binding
		if s := (rbac.User(a.Text)); snapshot.LocalAccount(a.Text) && a.means(s) {
			extra = append(extra, s)
		}
	}
	for _, s := range extra {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// means reports whether a Subject is what was typed.
func (a Asked) means(s rbac.Subject) bool {
	if a.Subject.Kind != "" {
		return s == a.Subject.Canonical()
	}
	return s.Label() == a.Text || s.Name == a.Text || s == rbac.User(a.Text).Canonical()
}

// groups are the groups a Subject is known to be in.
func (b *builder) groups(s rbac.Subject) []string {
	groups := s.ImplicitGroups()
	id := b.snap.Identity
	switch {
	case s.Kind == rbac.GroupKind:
		return nil
	case id != nil && rbac.User(id.User).Canonical() == s:
		for _, g := range id.Groups {
			if !slices.Contains(groups, g) {
				groups = append(groups, g)
			}
		}
	case s.Kind == rbac.UserKind && snapshot.LocalAccount(s.Name):
		groups = append(groups, rbac.Masters)
	}
	return groups
}

// why says how a membership is known.
func (b *builder) why(s rbac.Subject, group string) string {
	switch {
	case slices.Contains(s.ImplicitGroups(), group):
		return "every such subject is in this group"
	case b.snap.Identity != nil && rbac.User(b.snap.Identity.User).Canonical() == s:
		return "the API server says the caller is in this group"
	}
	return "the AKS local account's certificate carries this group"
}

// chosenRoles are the ids of the roles that --role means, and of the ClusterRoles
// that take their rules: who holds those holds these too. Nil: all roles.
func (b *builder) chosenRoles() map[string]bool {
	if len(b.options.Roles) == 0 {
		return nil
	}
	chosen := map[string]bool{}
	for _, text := range b.options.Roles {
		for _, id := range b.everyRole() {
			if roleMeans(text, id) {
				chosen[id] = true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for taker, feeders := range b.feeds {
			if id := "ClusterRole/" + taker; !chosen[id] && slices.ContainsFunc(feeders, func(f string) bool { return chosen["ClusterRole/"+f] }) {
				chosen[id], changed = true, true
			}
		}
	}
	return chosen
}

// everyRole are the ids of all roles, those that are only referred to included.
func (b *builder) everyRole() []string {
	ids := map[string]bool{}
	for _, r := range b.policy.Roles {
		ids[roleID(r)] = true
	}
	for i := range b.policy.Bindings {
		ids[b.roleID(&b.policy.Bindings[i])] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

// roleMeans: NAME is every role of that name, NAMESPACE/NAME the Role there, and
// KIND/… as ids are written.
func roleMeans(text, id string) bool {
	kind, label, _ := strings.Cut(id, "/")
	_, name, namespaced := strings.Cut(label, "/")
	return text == id || text == label || kind == string(Role) && namespaced && text == name
}

func (b *builder) asked(r rbac.Role) bool {
	return slices.ContainsFunc(b.options.Roles, func(text string) bool { return roleMeans(text, roleID(r)) })
}

// feeders tells for each aggregated ClusterRole which others it takes rules from.
func (b *builder) feeders() map[string][]string {
	feeds := map[string][]string{}
	unreadable := map[string]bool{} // a controller gives up on such a role
	for _, f := range b.index.Faults() {
		if f.Kind == rbac.BadSelector {
			unreadable[f.Role.Name] = true
		}
	}
	for i, taker := range b.policy.Roles {
		if !taker.Aggregated() || unreadable[taker.Name] || b.known[roleID(taker)] != i {
			continue
		}
		for j, r := range b.policy.Roles {
			name, labels := r.Name, r.Labels
			if r.Namespace == "" && b.known[roleID(r)] == j && name != taker.Name && slices.ContainsFunc(taker.Aggregate, func(s rbac.Selector) bool { return s.Matches(labels) }) {
				feeds[taker.Name] = append(feeds[taker.Name], name)
			}
		}
		slices.Sort(feeds[taker.Name])
	}
	return feeds
}
