package doors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
)

func (x *finder) adminGroup(c *cluster) Door {
	d := Door{State: Closed, Power: clusterAdmin, Why: "the cluster has no Entra integration", Evidence: []Evidence{{What: "aadProfile is absent", From: c.id}}}
	if !c.entra() {
		return d
	}
	groups := c.body.Props.AADProfile.AdminGroupObjectIDs
	if len(groups) == 0 {
		d.Why, d.Evidence = "no admin group is set", []Evidence{{What: "aadProfile.adminGroupObjectIDs is empty", From: c.id}}
		return d
	}
	d.State, d.Why = Open, "members of the admin groups are cluster-admin through the binding aks-cluster-admin-binding-aad"
	d.Fix = fmt.Sprintf("az aks update -g %s -n %s --aad-admin-group-object-ids BREAK-GLASS-GROUP, and bindings for the working group", c.group, c.name)
	d.Evidence = nil
	for _, g := range groups {
		p := x.principal(g)
		d.Evidence = append(d.Evidence, Evidence{What: "aadProfile.adminGroupObjectIDs names " + strings.TrimSpace(p.Name+" "+p.ID), From: c.id})
		found, unknown := x.expand(g, Active, []Step{{What: "group " + first(p.Name, p.ID) + " is an admin group of the cluster", From: c.id}})
		d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
		for _, f := range found {
			if f.id == fold(g) && p.Kind != string(snapshot.GroupPrincipal) {
				if p.Deleted {
					d.Evidence = append(d.Evidence, Evidence{What: "the directory has no group " + g + ": it was deleted, nobody is in it", From: g})
					continue
				}
				f.unsure = "its members could not be read"
				d.HoldersUnknown = append(d.HoldersUnknown, "who is in the admin group "+g+" could not be read")
			}
			d.Holders = append(d.Holders, Holder{Principal: x.principal(f.id), How: f.how, Unsure: f.unsure, Until: f.until, Path: f.path})
		}
	}
	return d
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// writeActions are data actions by which what is not cluster-admin reaches
// tokens.
func writeActions() []string { return []string{aks + "secrets/read", aks + "pods/exec/action"} }

func (x *finder) azureRBAC(c *cluster) Door {
	if !c.azureRBAC() {
		return Door{State: Closed, Why: "Azure RBAC for Kubernetes is off: role assignments decide nothing inside the cluster", Evidence: []Evidence{{What: "aadProfile.enableAzureRBAC is not true", From: c.id}}}
	}
	d := Door{Power: "of the holder", Evidence: []Evidence{{What: "aadProfile.enableAzureRBAC is true", From: c.id}}, Fix: "remove the role assignments, or narrow them to namespaces"}
	var unknown []string
	d.Holders, unknown = x.holders(c.subscription, right{action: aks + "rbac.authorization.k8s.io/clusterrolebindings/write", data: true, scope: c.id})
	d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
	strong := map[string]bool{} // by principal and way
	for i := range d.Holders {
		d.Holders[i].Power = clusterAdmin
		if d.Holders[i].Unsure == "" {
			strong[d.Holders[i].Principal.ID+string(d.Holders[i].How)] = true
		}
	}
	scopes := append([]string{c.id}, x.namespaces(c)...)
	for _, scope := range scopes {
		wide := map[string]bool{}
		for _, action := range writeActions() {
			found, unknown := x.holders(c.subscription, right{action: action, data: true, scope: scope})
			d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
			for _, h := range found {
				key := h.Principal.ID + string(h.How)
				if strong[key] || wide[key] {
					continue
				}
				h.Power = "write"
				if scope != c.id {
					h.Scope = "namespace " + scope[strings.LastIndexByte(scope, '/')+1:]
					if slices.ContainsFunc(d.Holders, func(o Holder) bool {
						return o.Scope == "" && o.Principal.ID == h.Principal.ID && o.How == h.How && (o.Unsure == "" || root(o) == root(h))
					}) {
						continue
					}
				}
				wide[key] = true
				d.Holders = append(d.Holders, h)
			}
		}
	}
	return byHolders(d, "role assignments let their holders into the cluster", "nobody holds a data action that matters")
}

// root is where a path begins to give something: the assignment.
func root(h Holder) string {
	if len(h.Path) == 0 {
		return ""
	}
	return fold(h.Path[len(h.Path)-1].From)
}

// namespaces are the scopes of the cluster's namespaces, managed ones too, that
// an assignment names.
func (x *finder) namespaces(c *cluster) (scopes []string) {
	for _, list := range [][]snapshot.Assignment{x.t.Assignments, x.t.Eligible} {
		for _, a := range list {
			s := fold(a.Scope)
			if rest, below := strings.CutPrefix(s, fold(c.id)+"/"); below && !slices.Contains(scopes, s) {
				if kind, _, _ := strings.Cut(rest, "/"); kind == "namespaces" || kind == "managednamespaces" {
					scopes = append(scopes, s)
				}
			}
		}
	}
	slices.Sort(scopes)
	return scopes
}

// listed is a door of things that are there or not.
func (x *finder) listed(c *cluster, piece snapshot.Piece, n int, open, closed string) Door {
	d := Door{State: Closed, Why: closed}
	if n > 0 {
		d.State, d.Why = Open, open
	}
	if why, missing := x.missing(piece, c.id); missing {
		d.HoldersUnknown = append(d.HoldersUnknown, why)
		if n == 0 {
			d.State, d.Why = Unknown, why
		}
	}
	return d
}

func source(id, name, what, from string) Holder {
	return Holder{Principal: Principal{ID: id, Kind: "source", Name: name}, How: Source, Path: []Step{{What: what, From: from}}}
}

func (x *finder) trustedAccess(c *cluster) Door {
	d := x.listed(c, snapshot.PieceTrustedAccess, len(c.TrustedAccess), "other Azure resources are let in", "no trustedAccessRoleBinding")
	d.Power, d.Fix = "of its roles", fmt.Sprintf("az aks trustedaccess rolebinding delete -g %s --cluster-name %s -n NAME", c.group, c.name)
	for _, b := range c.TrustedAccess {
		h := source(b.Source, b.Source[strings.LastIndexByte(b.Source, '/')+1:], "trustedAccessRoleBinding "+b.Name+" gives it "+strings.Join(b.Roles, ", "), b.ID)
		h.Power = strings.Join(b.Roles, ", ")
		d.Holders = append(d.Holders, h)
		d.Evidence = append(d.Evidence, Evidence{What: "trustedAccessRoleBinding " + b.Name, From: b.ID})
	}
	return d
}

func (x *finder) flux(c *cluster) Door {
	d := x.listed(c, snapshot.PieceFlux, len(c.Flux), "what its source holds is applied to the cluster", "no fluxConfiguration")
	d.Power, d.Fix = clusterAdmin, "limit who may push to the source, or run the configuration under a ServiceAccount of its own"
	for _, f := range c.Flux {
		h := source(f.Source, "", "fluxConfiguration "+f.Name+" applies what lies there, scope "+first(f.Scope, "cluster"), f.ID)
		if f.Scope == "namespace" {
			h.Power = "its namespace"
		}
		d.Holders = append(d.Holders, h)
		d.Evidence = append(d.Evidence, Evidence{What: "fluxConfiguration " + f.Name, From: f.ID})
	}
	return d
}

func (x *finder) extensions(c *cluster) Door {
	d := x.listed(c, snapshot.PieceExtensions, len(c.AzureCluster.Extensions), "extensions run in the cluster with the rights of their charts", "no extension")
	d.Power, d.Fix = clusterAdmin, fmt.Sprintf("az k8s-extension delete -g %s -c %s -t managedClusters -n NAME", c.group, c.name)
	for _, e := range c.AzureCluster.Extensions {
		d.Holders = append(d.Holders, source(e.Name, e.Type, "extension "+e.Name+" of type "+e.Type+" is installed", e.ID))
		d.Evidence = append(d.Evidence, Evidence{What: "extension " + e.Name + " of type " + e.Type, From: e.ID})
	}
	return d
}

// byRights is a door that is open as far as somebody holds one of some rights.
func (x *finder) byRights(d Door, subscription, scope, open, closed string, actions ...string) Door {
	for _, action := range actions {
		found, unknown := x.holders(subscription, right{action: action, scope: scope})
		d.Holders = append(d.Holders, found...)
		d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
	}
	return byHolders(d, open, closed)
}

func (x *finder) extensionWrite(c *cluster) Door {
	return x.byRights(Door{Power: clusterAdmin, Fix: "remove the right from these roles"}, c.subscription, c.id,
		"who may install an extension or a fluxConfiguration runs code in the cluster as cluster-admin", "nobody may install extensions or fluxConfigurations",
		"Microsoft.KubernetesConfiguration/extensions/write", "Microsoft.KubernetesConfiguration/fluxConfigurations/write")
}

func (x *finder) nodeResourceGroup(c *cluster) Door {
	d := Door{Power: "the nodes, and through them cluster-admin", Fix: "node resource group lockdown: nodeResourceGroupProfile.restrictionLevel ReadOnly"}
	if c.body.Props.NodeResourceGroup == "" {
		return Door{State: Unknown, Why: "the cluster does not name its node resource group"}
	}
	d.Evidence = []Evidence{{What: "the nodes are in resource group " + c.body.Props.NodeResourceGroup, From: c.nodes()}}
	if p := c.body.Props.NodeResourceGroupProfile; p != nil && p.RestrictionLevel != "" {
		d.Evidence = append(d.Evidence, Evidence{What: "nodeResourceGroupProfile.restrictionLevel is " + p.RestrictionLevel, From: c.id})
	}
	return x.byRights(d, c.subscription, c.nodes(), "commands on the nodes, or their disks, give every token on them", "nobody may run commands on the nodes or read their disks",
		"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action", "Microsoft.Compute/virtualMachineScaleSets/write",
		"Microsoft.Compute/virtualMachineScaleSets/extensions/write", "Microsoft.Compute/disks/beginGetAccess/action")
}

func (x *finder) fleet(c *cluster) Door {
	d := Door{State: Closed, Why: "the cluster is in no fleet", Power: "what the fleet places on it"}
	for _, f := range x.t.Fleets {
		if !slices.ContainsFunc(f.Members, func(m string) bool { return fold(m) == fold(c.id) }) {
			continue
		}
		d.State, d.Why, d.Fix = Open, "a fleet places objects on its members", "take the cluster out of the fleet, or remove the right to write the fleet"
		d.Evidence = append(d.Evidence, Evidence{What: "the cluster is a member", From: f.ID})
		d.Holders = append(d.Holders, source(f.ID, f.ID[strings.LastIndexByte(f.ID, '/')+1:], "the fleet places objects on the cluster", f.ID))
		parts := strings.Split(strings.Trim(f.ID, "/"), "/")
		if len(parts) > 1 {
			found, unknown := x.holders(parts[1], right{action: "Microsoft.ContainerService/fleets/write", scope: f.ID})
			d.Holders = append(d.Holders, found...)
			d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
		}
	}
	if d.State == Open {
		return d
	}
	for _, u := range x.t.Unread {
		if u.Piece == snapshot.PieceFleets || u.Piece == snapshot.PieceSubscriptions {
			d.State, d.Why = Unknown, unreadText(u)
			d.HoldersUnknown = append(d.HoldersUnknown, unreadText(u))
		}
	}
	return d
}

func (x *finder) clusterWrite(c *cluster) Door {
	return x.byRights(Door{Reopens: true, Power: "opens again what is closed", Fix: "remove managedClusters/write from these roles"}, c.subscription, c.id,
		"who may write the cluster can turn local accounts on again and set the admin groups", "nobody may write the cluster", aks+"write")
}

func (x *finder) assignmentWrite(c *cluster) Door {
	return x.byRights(Door{Reopens: true, Power: "any role", Fix: "remove roleAssignments/write, or limit it by a condition"}, c.subscription, c.id,
		"who may write role assignments can give themselves any key", "nobody may write role assignments here", "Microsoft.Authorization/roleAssignments/write")
}

// elevatedAccess is of the tenant: roles at the root scope, and who may give
// themselves one.
func (x *finder) elevatedAccess() Door {
	d := Door{Kind: ElevatedAccess, Reopens: true, Power: "any role anywhere", Fix: "az role assignment delete --scope / …, and few Global Administrators, eligible ones"}
	for _, list := range []struct {
		how How
		all []snapshot.Assignment
	}{{Active, x.t.Assignments}, {Eligible, x.t.Eligible}} {
		for _, a := range list.all {
			if fold(a.Scope) != "" {
				continue
			}
			name := "role " + lastOf(a.RoleDefinitionID)
			for _, def := range x.t.Definitions {
				if lastOf(def.ID) == lastOf(a.RoleDefinitionID) {
					name = def.Name
				}
			}
			name = builtinName(a.RoleDefinitionID, name)
			found, unknown := x.expand(a.PrincipalID, list.how, []Step{{What: "holds " + name + " at the root scope /", From: a.ID}})
			d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
			for _, f := range found {
				d.Holders = append(d.Holders, Holder{Principal: x.principal(f.id), How: f.how, Unsure: f.unsure, Until: f.until, Path: f.path})
			}
		}
	}
	global, unknown := x.withRole(func(role string) bool { return role == "Global Administrator" }, "", "may give itself User Access Administrator at /")
	d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
	open := false
	for _, r := range global {
		h := Holder{Principal: x.principal(r.id), How: Editor, Unsure: r.unsure, Until: r.until, Path: r.path}
		open = open || h.Unsure == "" && !h.Principal.Disabled && !h.Principal.Deleted
		d.Holders = append(d.Holders, h)
	}
	for _, u := range x.t.Unread {
		switch u.Piece {
		case snapshot.PieceAssignments, snapshot.PieceEligible, snapshot.PieceDirectoryRoles, snapshot.PieceDirectoryElig, snapshot.PieceSubscriptions:
			d.HoldersUnknown = append(d.HoldersUnknown, unreadText(u))
		}
	}
	if d = byHolders(d, "roles at the root scope, or the power to take one", "no role at the root scope, and nobody who may take one"); open {
		d.State, d.Why = Open, "roles at the root scope, or the power to take one"
	}
	return d
}
