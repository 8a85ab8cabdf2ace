package doors

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
	"github.com/postern-dev/postern/rbac/escalate"
)

// kubernetesWhy is why parts of the API server are not known; without parts,
// why it was not asked at all.
func (c *cluster) kubernetesWhy(x *finder, parts ...string) string {
	if c.Kubernetes == nil {
		if why, missing := x.missing(snapshot.PieceKubernetes, c.id); missing {
			return why
		}
		return "the API server was not asked"
	}
	for _, u := range c.Kubernetes.Unknown {
		if slices.Contains(parts, u.What) {
			return u.What + " could not be read: " + u.Why
		}
	}
	return ""
}

// rbacParts are what the RBAC doors need.
func rbacParts() []string {
	return []string{snapshot.ClusterRoles, snapshot.ClusterRoleBindings, snapshot.Roles, snapshot.RoleBindings}
}

func unknownDoor(power, why string) Door {
	return Door{State: Unknown, Power: power, Why: why, HoldersUnknown: []string{why}}
}

// Managed: what binds a Subject is the provider's, which keeps it as it is. A
// label alone does not hide anybody: whoever writes a binding can put one on it,
// and what the add-on manager does not take away (EnsureExists), or names
// somebody of the directory, is not its own. Nor does a name: in the provider's
// two bindings of cluster-admin it keeps a user of its own, and the admin groups
// that the cluster's settings name; whoever else is in them was put there.
func Managed(b rbac.Binding, s rbac.Subject, adminGroups []string) bool {
	admin := b.Namespace == "" && (b.Name == "aks-cluster-admin-binding" || b.Name == "aks-cluster-admin-binding-aad")
	switch {
	case admin && s.Kind == rbac.GroupKind && slices.ContainsFunc(adminGroups, func(g string) bool { return strings.EqualFold(g, s.Name) }):
		return true
	case admin && s.Kind == rbac.UserKind && s.Name == "clusterAdmin":
		return true
	case ofDirectory(s):
		return false
	}
	return b.Labels["addonmanager.kubernetes.io/mode"] == "Reconcile"
}

// adminGroups are the object ids that the cluster's settings name; none where they
// could not be read.
func (c *cluster) adminGroups() []string {
	if p := c.body.Props.AADProfile; p != nil {
		return p.AdminGroupObjectIDs
	}
	return nil
}

// ofDirectory: the API server may know somebody of Entra by such a name.
func ofDirectory(s rbac.Subject) bool {
	return s.Kind != rbac.ServiceAccountKind && (azrbac.IsGUID(s.Name) || strings.Contains(s.Name, "@"))
}

// System: a Subject of Kubernetes' own. The groups that anybody is in are not:
// what is bound to them is everybody's.
func System(s rbac.Subject) bool {
	switch {
	case s.Kind == rbac.ServiceAccountKind:
		return s.Namespace == "kube-system"
	case s.Kind == rbac.UserKind && s.Name == rbac.Anonymous:
		return false
	case s.Kind == rbac.GroupKind && slices.Contains([]string{rbac.Authenticated, rbac.Unauthenticated, rbac.ServiceAccounts}, s.Name):
		return false
	case s.Kind == rbac.GroupKind && strings.HasPrefix(s.Name, rbac.ServiceAccounts+":"):
		return s.Name == rbac.ServiceAccounts+":kube-system"
	}
	return strings.HasPrefix(s.Name, "system:")
}

// userInfo is a Subject as the API server knows it; of a group, one of its
// members.
func userInfo(s rbac.Subject) rbac.UserInfo {
	if s.Kind == rbac.GroupKind && s.Name != rbac.Unauthenticated {
		return s.UserInfo(rbac.Authenticated)
	}
	return s.UserInfo()
}

// holdsAll: a Subject is cluster-admin already, by whatever binding or group.
func holdsAll(i *rbac.Index, s rbac.Subject) bool {
	return i.Evaluate(userInfo(s), rbac.Request{Verb: "*", APIGroup: "*", Resource: "*"}).Allowed
}

// bindingID is where a binding is read again.
func bindingID(b rbac.Binding) string {
	if b.Namespace == "" {
		return b.Kind() + "/" + b.Name
	}
	return b.Kind() + "/" + b.Namespace + "/" + b.Name
}

// subject turns a Subject of a binding into the holders it stands for. The API
// server knows users of Entra by their UPN or else their object id, applications
// by the object id of the service principal and groups by theirs, and compares
// letter by letter: a binding that names them otherwise may be nobody's.
func (x *finder) subject(c *cluster, s rbac.Subject, tail []Step) (all []Holder, unknown []string) {
	as := func(name, unsure string) []Holder {
		return []Holder{{Principal: Principal{ID: name, Kind: string(s.Kind), Name: name}, How: Active, Unsure: unsure, Path: tail}}
	}
	if s.Kind == rbac.ServiceAccountKind {
		return as(s.Label(), ""), nil
	}
	if !c.entra() { // nobody of the directory signs in: a name is that of a certificate
		return as(s.Name, ""), nil
	}
	p, how := x.principals[fold(s.Name)], "id"
	if p == nil && s.Kind == rbac.UserKind {
		p, how = x.byUPN[fold(s.Name)], "UPN"
	}
	switch {
	case p == nil && s.Kind == rbac.UserKind && x.byApp[fold(s.Name)] != nil:
		return as(s.Name, "this is the id of application "+x.byApp[fold(s.Name)].Name+", which the API server knows by the object id "+x.byApp[fold(s.Name)].ID), nil
	case p == nil, p.Kind == snapshot.UnknownPrincipal && !p.Deleted:
		why, missing := x.missing(snapshot.PiecePrincipals, s.Name)
		if missing && ofDirectory(s) {
			return as(s.Name, "who this is in the directory could not be read"), []string{why}
		}
		return as(s.Name, ""), nil
	case s.Kind == rbac.UserKind && p.Kind == snapshot.GroupPrincipal:
		return as(s.Name, "this is a group of the directory, and the binding names it as a User: nobody is called so"), nil
	case s.Kind == rbac.GroupKind && p.Kind != snapshot.GroupPrincipal && !p.Deleted:
		return as(s.Name, "this is no group of the directory, and the binding names it as a Group: nobody is in it"), nil
	}
	unsure := ""
	switch {
	case how == "UPN" && s.Name != p.UPN:
		unsure = "the binding says " + s.Name + ", the directory " + p.UPN + ": the API server compares letter by letter"
	case how == "UPN" && p.Guest:
		unsure = "the tokens of guests often have no UPN: the API server then knows them by the object id"
	case how == "id" && s.Name != strings.ToLower(s.Name):
		unsure = "tokens have object ids in small letters, the binding has not: the API server compares letter by letter"
	case how == "id" && p.Kind == snapshot.UserPrincipal && p.UPN != "" && !p.Guest:
		unsure = "the API server knows a user by the UPN, " + p.UPN + ", not by the object id"
	}
	found, unknown := x.expand(p.ID, Active, tail)
	for _, f := range found {
		h := Holder{Principal: x.principal(f.id), How: f.how, Unsure: f.unsure, Until: f.until, Path: f.path}
		if unsure != "" {
			h.Unsure = strings.Join(append(sentence(h.Unsure), unsure), "; ")
		}
		all = append(all, h)
	}
	return all, unknown
}

// strong are the Subjects that a ClusterRoleBinding makes cluster-admin, with
// every binding that does.
func strong(i *rbac.Index, adminGroups []string) map[rbac.Subject][]rbac.Binding {
	found := map[rbac.Subject][]rbac.Binding{}
	for _, b := range i.Policy().Bindings {
		if b.Namespace != "" {
			continue
		}
		role, ok := i.Role(b)
		if !ok || !rbac.Everything(role.Rules) {
			continue
		}
		for _, s := range b.Subjects {
			if s = s.Canonical(); !System(s) && !Managed(b, s, adminGroups) {
				found[s] = append(found[s], b)
			}
		}
	}
	return found
}

func (x *finder) kubernetesRBAC(c *cluster) Door {
	if why := c.kubernetesWhy(x, rbacParts()...); why != "" {
		return unknownDoor(clusterAdmin, why)
	}
	d := Door{State: Closed, Power: clusterAdmin, Why: "nobody outside the system is bound to what allows everything"}
	found := strong(rbac.NewIndex(c.Kubernetes.RBAC), c.adminGroups())
	for _, s := range sorted(found) {
		d.State, d.Why = Open, "bindings make Subjects cluster-admin"
		d.Fix = "kubectl delete clusterrolebinding NAME, or bind a smaller role"
		for _, b := range found[s] {
			all, unknown := x.subject(c, s, []Step{{What: b.Kind() + " " + b.Name + " binds " + s.String() + " to " + string(b.Role.Kind) + " " + b.Role.Name, From: bindingID(b)}})
			d.Holders = append(d.Holders, all...)
			d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
			d.Evidence = append(d.Evidence, Evidence{What: b.Kind() + " " + b.Name + " of " + string(b.Role.Kind) + " " + b.Role.Name, From: bindingID(b)})
		}
	}
	d.Evidence = inOrder(d.Evidence)
	return d
}

// sorted are the Subjects of a map, always in the same order.
func sorted[T any](m map[rbac.Subject]T) []rbac.Subject {
	return slices.SortedFunc(maps.Keys(m), rbac.CompareSubjects)
}

// inOrder sorts evidence and keeps each once.
func inOrder(all []Evidence) []Evidence {
	slices.SortFunc(all, func(a, b Evidence) int { return strings.Compare(a.What+a.From, b.What+b.From) })
	return slices.Compact(all)
}

func (x *finder) escalation(c *cluster) Door {
	if why := c.kubernetesWhy(x, rbacParts()...); why != "" {
		return unknownDoor(clusterAdmin, why)
	}
	k := c.Kubernetes
	index := rbac.NewIndex(k.RBAC)
	version, _ := rbac.ParseVersion(k.Version) // unknown counts as the newest
	o := escalate.Options{Version: version, Labels: map[string]map[string]string{}}
	for _, n := range k.Namespaces {
		o.Labels[n.Name] = n.Labels
	}
	d := Door{State: Closed, Power: clusterAdmin, Why: "no sure path from less to cluster-admin was found"}
	ours := outside(k.RBAC, c.adminGroups())
	for _, p := range escalate.New(index, o).Reach() {
		s := p.Edges[0].From.Subject.Canonical()
		if System(s) || !ours[s] || holdsAll(index, s) || p.To().Kind != escalate.Everything || !p.Sure() {
			continue
		}
		var tail []Step
		for _, e := range p.Edges {
			evidence, from := bindingsOf(e.Allows)
			tail = append(tail, Step{What: e.Text, From: from})
			d.Evidence = append(d.Evidence, evidence...)
		}
		d.State, d.Why, d.Fix = Open, "Subjects with less than cluster-admin can make themselves cluster-admin", "postern why --escalate SUBJECT shows each hop and its remedy"
		found, unknown := x.subject(c, s, tail)
		d.Holders = append(d.Holders, found...)
		d.HoldersUnknown = append(d.HoldersUnknown, unknown...)
	}
	d.Evidence = inOrder(d.Evidence)
	return d
}

// bindingsOf are the bindings behind what is allowed, and the first's id.
func bindingsOf(allows []rbac.Allow) (all []Evidence, first string) {
	for _, a := range allows {
		if a.Binding == nil {
			continue
		}
		id := bindingID(*a.Binding)
		all = append(all, Evidence{What: a.Binding.Kind() + " " + a.Binding.Name + " of " + string(a.Binding.Role.Kind) + " " + a.Binding.Role.Name, From: id})
		first = cmp.Or(first, id)
	}
	return all, first
}

// outside are the Subjects outside the system that bindings name, but those of
// the provider.
func outside(p rbac.Policy, adminGroups []string) map[rbac.Subject]bool {
	found := map[rbac.Subject]bool{}
	for _, b := range p.Bindings {
		for _, s := range b.Subjects {
			if s.Kind == rbac.ServiceAccountKind && s.Namespace == "" {
				s.Namespace = b.Namespace
			}
			if s = s.Canonical(); !System(s) && !Managed(b, s, adminGroups) {
				found[s] = true
			}
		}
	}
	return found
}
