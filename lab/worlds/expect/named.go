package expect

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// named are the principals that anything names which can be read: others in the
// directory are not asked for.
func (x *expecter) named() map[string]bool {
	out := map[string]bool{}
	var add func(ids ...string)
	add = func(ids ...string) {
		for _, id := range ids {
			if id = strings.ToLower(id); out[id] {
				continue
			}
			out[id] = true
			if g, ok := x.w.Group(id); ok {
				add(g.Members...)
				add(g.Owners...)
				for _, e := range g.Eligible {
					add(e.PrincipalID)
				}
			}
			if p, ok := x.w.ServicePrincipal(id); ok {
				add(p.Owners...)
				if p.Application != nil {
					add(p.Application.Owners...)
				}
			}
		}
	}
	for _, a := range append(slices.Clone(x.w.RoleAssignments), x.w.EligibleAssignments...) {
		if !x.hiddenScope(a.Scope) {
			add(a.PrincipalID)
		}
	}
	for _, d := range x.w.DenyAssignments {
		if !x.hiddenScope(d.Scope) {
			add(d.Principals...)
			add(d.Exclude...)
		}
	}
	for _, a := range x.w.History {
		if !x.hiddenScope(a.ResourceID) {
			add(a.CallerID)
		}
	}
	for _, c := range x.w.Clusters {
		if x.hidden(c.Subscription) {
			continue
		}
		if aad := c.Settings().AADProfile; aad != nil {
			add(aad.AdminGroupObjectIDs...)
		}
		if c.Kubernetes != nil && c.Kind != cloud.KindPrivate {
			add(x.subjects(c)...)
		}
	}
	for _, r := range x.w.DirectoryRoles {
		if slices.Contains(changing(), r.Role) {
			add(r.PrincipalID)
		}
	}
	for _, p := range x.w.ServicePrincipals {
		if slices.ContainsFunc(p.GraphRoles, func(r string) bool { return slices.Contains(changing(), r) }) {
			add(p.ID)
		}
	}
	return out
}

// changing are the directory roles and the permissions on Graph that change
// groups or applications.
func changing() []string {
	return []string{"Global Administrator", "Privileged Role Administrator", "Groups Administrator", "User Administrator", "Directory Writers",
		"Identity Governance Administrator", "Intune Administrator", "Knowledge Administrator", "Knowledge Manager", "Windows 365 Administrator",
		"Application Administrator", "Cloud Application Administrator", "Hybrid Identity Administrator",
		"RoleManagement.ReadWrite.Directory", "Group.ReadWrite.All", "GroupMember.ReadWrite.All", "Directory.ReadWrite.All", "Application.ReadWrite.All"}
}

// subjects are the users, groups and applications that the bindings in a cluster
// name.
func (x *expecter) subjects(c cloud.Cluster) (ids []string) {
	for _, o := range c.Kubernetes.Objects {
		var binding struct {
			Subjects []struct{ Name string }
		}
		if err := json.Unmarshal(o, &binding); err != nil {
			panic("BUG: object of a parsed world: " + err.Error())
		}
		for _, s := range binding.Subjects {
			if u, ok := x.w.User(s.Name); ok {
				ids = append(ids, u.ID)
			} else if cloud.IsGUID(s.Name) {
				ids = append(ids, s.Name)
			}
		}
	}
	return ids
}

// hiddenScope is a scope in a subscription of which nothing can be read.
func (x *expecter) hiddenScope(scope string) bool {
	parts := strings.Split(strings.Trim(scope, "/"), "/")
	return len(parts) > 1 && strings.EqualFold(parts[0], "subscriptions") && x.hidden(parts[1])
}
