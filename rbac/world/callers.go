package world

import (
	"slices"
	"sort"

	"github.com/postern-dev/postern/rbac"
)

// Callers are the Subjects of WhoCan's answer as callers are known: names of users,
// ServiceAccounts among them, and names of groups; each once, sorted.
func Callers(allows []rbac.Allow) (users, groups []string) {
	for _, a := range allows {
		if a.Subject.Kind == rbac.GroupKind {
			groups = append(groups, a.Subject.Name)
		} else {
			users = append(users, userName(rbac.Binding{}, a.Subject))
		}
	}
	sort.Strings(users)
	sort.Strings(groups)
	return slices.Compact(users), slices.Compact(groups)
}
