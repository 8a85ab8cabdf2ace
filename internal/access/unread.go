package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// unread are the parts of Kubernetes RBAC that could not be read and could make
// a "no" a "yes" for this caller and request.
func (a *Asker) unread(u rbac.UserInfo, namespace string) []string {
	why := a.unreadBindings(namespace)
	why = append(why, a.unreadRoles(u, namespace)...)
	return append(why, nodes(u)...)
}

// unreadBindings are the lists of bindings that are wanting for a namespace.
func (a *Asker) unreadBindings(namespace string) (why []string) {
	for _, u := range a.snapshot.Unknown {
		switch u.What {
		case snapshot.Manifest:
			why = append(why, u.Why)
		case snapshot.ClusterRoleBindings:
			why = append(why, u.What+" could not be read: "+u.Why)
		case snapshot.RoleBindings:
			if namespace != "" {
				why = append(why, u.What+" could not be read: "+u.Why)
			}
		}
	}
	if only := a.snapshot.Source.Namespace; only != "" && namespace != "" && namespace != only {
		why = append(why, fmt.Sprintf("only namespace %s was read, the request is for %s", only, namespace))
	}
	return why
}

// unreadRoles are the caller's own bindings whose roles nobody could read. Of
// files a role that is not there may exist in the cluster; so may the roles an
// aggregated one is made of.
func (a *Asker) unreadRoles(u rbac.UserInfo, namespace string) (why []string) {
	held, faults := a.index.Roles(u, namespace, false)
	for _, f := range faults {
		if a.roleUnread(f.Role.Kind) {
			why = append(why, fmt.Sprintf("%s is bound by %s, but %s %s %s", SubjectOf(u), rbac.Binding{Namespace: f.Namespace, Name: f.Binding}.Title(), f.Role.Kind, f.Role.Name, a.whyUnread(f.Role.Kind)))
		}
	}
	if !a.snapshot.RBAC.Complete && a.snapshot.Source.Kind == snapshot.Files {
		for _, h := range held {
			if h.Role.Aggregated() {
				why = append(why, fmt.Sprintf("%s is aggregated: roles that are not in these files may add rules to it", h.Role.Title()))
			}
		}
	}
	slices.Sort(why)
	return slices.Compact(why)
}

func (a *Asker) roleUnread(kind rbac.RoleKind) bool {
	return a.snapshot.Source.Kind == snapshot.Files && !a.snapshot.RBAC.Complete || a.snapshot.Missing(listOf(kind)) || a.snapshot.Missing(snapshot.Manifest)
}

func (a *Asker) whyUnread(kind rbac.RoleKind) string {
	for _, u := range a.snapshot.Unknown {
		if u.What == listOf(kind) {
			return "could not be read: " + u.Why
		}
	}
	return "is not in these files"
}

func listOf(kind rbac.RoleKind) string {
	if kind == rbac.ClusterRoleKind {
		return snapshot.ClusterRoles
	}
	return snapshot.Roles
}

// nodes: kubelets are decided by the node authorizer too, which knows the pods
// bound to each node; nobody reads those here.
func nodes(u rbac.UserInfo) []string {
	if strings.HasPrefix(u.Username, "system:node:") && inGroup(u, "system:nodes") {
		return []string{u.Username + " is a kubelet: the node authorizer, which is not examined, may allow what RBAC does not"}
	}
	return nil
}
