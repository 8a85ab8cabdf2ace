package access

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// AzureGrant is one Azure role assignment that concerns a cluster, and by which
// object id it is somebody's.
type AzureGrant struct {
	Assignment azrbac.Assignment
	Role       *azrbac.Definition // nil: not known
	Principal  string             // lower case
	// Namespace is where it holds, for assignments on a namespace of the cluster.
	Namespace string
	// Data are the data actions by which it reaches into the cluster: without
	// any it is about the cluster as an Azure resource only.
	Data    []string
	NotData []string
}

// ObjectIDs are the ids by which Azure knows a caller: its own first, then those
// of its groups.
func ObjectIDs(u rbac.UserInfo) (ids []string) {
	for _, id := range append(slices.Clone(u.Extra["oid"]), append([]string{u.Username}, u.Groups...)...) {
		if id = strings.ToLower(id); azrbac.IsGUID(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// AzureGrants are the assignments of some principals at a cluster, above it and
// below it; nil ids: of everybody.
func AzureGrants(f *azrbac.Facts, ids []string) (grants []AzureGrant) {
	if f == nil {
		return nil
	}
	roles := map[string]*azrbac.Definition{}
	for i := range f.Definitions {
		roles[lastPart(f.Definitions[i].ID)] = &f.Definitions[i]
	}
	seen := map[string]bool{}
	for _, a := range f.Assignments {
		g := AzureGrant{Assignment: a, Principal: strings.ToLower(a.PrincipalID)}
		key := lastPart(a.ID) + " " + strings.ToLower(a.Scope) + " " + g.Principal + " " + lastPart(a.RoleDefinitionID)
		namespace, concerns := within(f, a.Scope)
		if seen[key] || !concerns || ids != nil && !slices.Contains(ids, g.Principal) {
			continue
		}
		seen[key], g.Namespace, g.Role = true, namespace, roles[lastPart(a.RoleDefinitionID)]
		if g.Role == nil {
			g.Role, _ = azrbac.Builtin(lastPart(a.RoleDefinitionID))
		}
		if g.Role != nil {
			g.Data, g.NotData = dataActions(*g.Role)
		}
		grants = append(grants, g)
	}
	slices.SortStableFunc(grants, func(a, b AzureGrant) int {
		return strings.Compare(a.Principal, b.Principal)
	})
	return grants
}

// within reports whether a scope concerns the cluster, and which of its
// namespaces it is, if one.
func within(f *azrbac.Facts, scope string) (namespace string, concerns bool) {
	cluster, scope := strings.ToLower(f.ClusterID), strings.ToLower(strings.TrimRight(scope, "/"))
	if rest, below := strings.CutPrefix(scope, cluster+"/"); below && cluster != "" {
		namespace, _ = strings.CutPrefix(rest, "namespaces/")
		return namespace, true
	}
	switch {
	case scope == "", scope == cluster, cluster == "", strings.HasPrefix(cluster, scope+"/"):
		return "", true
	case strings.HasPrefix(scope, managementGroup):
		// Where nobody could tell which management groups are above, all are shown.
		name := lastPart(scope)
		return "", len(f.ManagementGroups) == 0 || slices.ContainsFunc(f.ManagementGroups, func(g string) bool { return lastPart(g) == name })
	}
	return "", false
}

const managementGroup = "/providers/microsoft.management/managementgroups/"

func lastPart(id string) string {
	id = strings.ToLower(strings.TrimRight(id, "/"))
	return id[strings.LastIndex(id, "/")+1:]
}

// dataActions are those of a role that can mean something in a cluster.
func dataActions(d azrbac.Definition) (actions, not []string) {
	const kubernetes = "Microsoft.ContainerService/managedClusters/*"
	for _, p := range d.Permissions {
		for _, a := range p.DataActions {
			if azrbac.Overlap(a, kubernetes) && !slices.Contains(actions, a) {
				actions = append(actions, a)
			}
		}
		not = append(not, p.NotDataActions...)
	}
	return actions, not
}

// AzureScope is a scope as people read it, from the cluster's point of view.
func AzureScope(f *azrbac.Facts, scope string) string {
	folded := strings.ToLower(strings.TrimRight(scope, "/"))
	namespace, _ := within(f, scope)
	parts := strings.Split(strings.Trim(scope, "/"), "/")
	switch {
	case namespace != "":
		return namespace
	case folded == "":
		return "tenant"
	case folded == strings.ToLower(f.ClusterID):
		return "cluster"
	case strings.HasPrefix(folded, managementGroup):
		return "management group " + parts[len(parts)-1]
	case len(parts) == 2:
		return "subscription " + parts[1]
	case len(parts) == 4 && strings.EqualFold(parts[2], "resourceGroups"):
		return "resource group " + parts[3]
	}
	return scope
}

// AzureUnread are the parts of Azure RBAC that could not be read and could hold
// more assignments, or say more of those there are.
//
// Where Azure RBAC for Kubernetes is known to be off, no assignment allows
// anything in the cluster: what is missing is then AzureUnexamined.
func AzureUnread(f *azrbac.Facts) (unknown []string) {
	if f == nil || azureOff(f) {
		return nil
	}
	return azureMissing(f)
}

// AzureUnexamined is what could not be read without bearing on the answer.
func AzureUnexamined(f *azrbac.Facts) []string {
	if f == nil || !azureOff(f) {
		return nil
	}
	return azureMissing(f)
}

// azureOff: the cluster was read, and its Azure RBAC for Kubernetes is off.
func azureOff(f *azrbac.Facts) bool {
	return !f.Enabled && !slices.ContainsFunc(f.Unread, func(u azrbac.Unread) bool { return u.Part == azrbac.Cluster })
}

func azureMissing(f *azrbac.Facts) (missing []string) {
	for _, u := range f.Unread {
		if u.Part != azrbac.Denies && u.Part != azrbac.DeniesBelow {
			missing = append(missing, "Azure: "+u.String())
		}
	}
	return missing
}

// azureNotes say how far the assignments count in the cluster.
func azureNotes(f *azrbac.Facts, grants []AzureGrant) (notes []string) {
	if f == nil {
		return nil
	}
	if azureOff(f) && slices.ContainsFunc(grants, func(g AzureGrant) bool { return len(g.Data) > 0 }) {
		notes = append(notes, "Azure RBAC for Kubernetes is not enabled at this cluster: data actions grant nothing there")
	}
	if slices.ContainsFunc(grants, func(g AzureGrant) bool { return g.Assignment.Condition != "" }) {
		notes = append(notes, "conditions of role assignments are not evaluated")
	}
	return notes
}

// withoutID says that Azure knows somebody by an id that is not known here.
func (a *Asker) withoutID(u rbac.UserInfo) []string {
	f := a.snapshot.Azure
	if f == nil || !f.Enabled || u.Username == "" || strings.HasPrefix(u.Username, "system:") || len(u.Extra["oid"]) > 0 || azrbac.IsGUID(u.Username) || slices.Contains(u.Groups, rbac.Masters) {
		return nil
	}
	return []string{"object id of " + SubjectOf(u).String() + " in Entra is not known: Azure role assignments are made to it"}
}

// azureGaps are the parts of Azure RBAC that could add to what somebody may do
// and are not known. Whoever may do everything lacks nothing.
func (a *Asker) azureGaps(u rbac.UserInfo) []string {
	if slices.Contains(u.Groups, rbac.Masters) || strings.HasPrefix(u.Username, "system:") {
		return nil
	}
	return slices.Concat(a.azureUnread(u), AzureUnread(a.snapshot.Azure), a.withoutID(u))
}
