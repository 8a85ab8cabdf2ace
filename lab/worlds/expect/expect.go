// Package expect says what must be found in a world, line by line, from the
// rules of docs/design/0004-doors.md and the lab's permission arithmetic. It
// shares no code with Postern and is written to be read beside that page.
//
//	CLUSTER DOOR state STATE
//	CLUSTER DOOR HOW PRINCIPAL [power=P] [scope=NAMESPACE] [unsure]
//	key OF HOW WHO
//
// The tenant as a whole is the cluster "tenant".
package expect

import (
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// Unread is what the reader is kept from, by faults of the world.
type Unread struct {
	Subscriptions []string // ids of subscriptions of which nothing can be read
}

const aks = "Microsoft.ContainerService/managedClusters/"

// Text is lines as a file.
func Text(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }

// Doors are all lines of a world, sorted.
func Doors(w *cloud.World, u Unread) []string {
	x := &expecter{w: w, unread: u, lines: map[string]bool{}}
	for _, c := range w.Clusters {
		x.cluster(c)
	}
	x.elevated()
	x.keys()
	var out []string
	for l := range x.lines {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

type expecter struct {
	w      *cloud.World
	unread Unread
	lines  map[string]bool
}

func (x *expecter) line(parts ...string) { x.lines[strings.Join(parts, " ")] = true }

func (x *expecter) hidden(subscription string) bool {
	if subscription == "" {
		subscription = x.w.Subscription.ID
	}
	return slices.ContainsFunc(x.unread.Subscriptions, func(s string) bool { return strings.EqualFold(s, subscription) })
}

// name is how lines call a principal: without spaces.
func (x *expecter) name(id string) string {
	if n, _ := x.w.PrincipalName(id); n != "" {
		return strings.ReplaceAll(n, " ", "_")
	}
	return strings.ToLower(id)
}

// holder is one way in which somebody holds.
type holder struct{ id, how string }

// able: the principal can come in.
func (x *expecter) able(id string) bool {
	if u, ok := x.w.User(id); ok {
		return !u.Disabled
	}
	p, ok := x.w.ServicePrincipal(id)
	return ok && !p.Disabled
}

// people are everybody who signs in.
func (x *expecter) people() (ids []string) {
	for _, u := range x.w.Users {
		ids = append(ids, u.ID)
	}
	for _, p := range x.w.ServicePrincipals {
		ids = append(ids, p.ID)
	}
	return ids
}

// expand lists who acts, or may make themselves act, as a principal. Each comes
// with the ids it would act with.
func (x *expecter) expand(id, how string, seen map[string]bool) map[holder]bool {
	out := map[holder]bool{}
	g, ok := x.w.Group(id)
	if !ok {
		out[holder{strings.ToLower(id), how}] = true
		return out
	}
	if seen[strings.ToLower(id)+how] {
		return out
	}
	seen[strings.ToLower(id)+how] = true
	add := func(more map[holder]bool) {
		for h := range more {
			out[h] = true
		}
	}
	for _, m := range g.Members {
		add(x.expand(m, how, seen))
	}
	for _, e := range g.Eligible {
		if e.Access == "owner" {
			out[holder{strings.ToLower(e.PrincipalID), "owner"}] = true
			continue
		}
		add(x.expand(e.PrincipalID, "eligible", seen))
	}
	for _, o := range g.Owners {
		out[holder{strings.ToLower(o), "owner"}] = true
	}
	for _, e := range x.editors(g) {
		out[holder{e, "editor"}] = true
	}
	return out
}

func (x *expecter) editors(g cloud.Group) (ids []string) {
	if g.Synced {
		return nil
	}
	always := []string{"Global Administrator", "Privileged Role Administrator"}
	plain := []string{"Groups Administrator", "User Administrator", "Directory Writers", "Identity Governance Administrator", "Intune Administrator",
		"Knowledge Administrator", "Knowledge Manager", "Windows 365 Administrator"}
	for _, r := range x.w.DirectoryRoles {
		if r.Scope != "/" && !strings.EqualFold(r.Scope, "/"+g.ID) {
			continue
		}
		if slices.Contains(always, r.Role) || !g.RoleAssignable && slices.Contains(plain, r.Role) {
			ids = append(ids, x.leaves(r.PrincipalID)...)
		}
	}
	for _, p := range x.w.ServicePrincipals {
		for _, r := range p.GraphRoles {
			if r == "RoleManagement.ReadWrite.Directory" || !g.RoleAssignable && slices.Contains([]string{"Group.ReadWrite.All", "GroupMember.ReadWrite.All", "Directory.ReadWrite.All"}, r) {
				ids = append(ids, strings.ToLower(p.ID))
			}
		}
	}
	return ids
}

// leaves are a principal, or everybody in a group.
func (x *expecter) leaves(id string) (ids []string) {
	if _, ok := x.w.Group(id); !ok {
		return []string{strings.ToLower(id)}
	}
	for _, p := range x.people() {
		if slices.ContainsFunc(x.w.TransitiveGroups(p), func(g string) bool { return strings.EqualFold(g, id) }) {
			ids = append(ids, strings.ToLower(p))
		}
	}
	return ids
}

// certain is the world without assignments that have a condition, and with those
// that may be activated as if they had been.
func (x *expecter) certain(conditions, eligible bool) *cloud.World {
	w := *x.w
	w.RoleAssignments = nil
	for _, a := range x.w.RoleAssignments {
		if conditions || a.Condition == "" {
			w.RoleAssignments = append(w.RoleAssignments, a)
		}
	}
	if eligible {
		for _, a := range x.w.EligibleAssignments {
			if conditions || a.Condition == "" {
				w.RoleAssignments = append(w.RoleAssignments, a)
			}
		}
	}
	return &w
}

// held is who holds an action at a scope, and whether that is sure.
func (x *expecter) held(action, scope string, data bool) map[holder]bool {
	sure := map[holder]bool{}
	with := func(conditions bool) {
		w := x.certain(conditions, true)
		decide := func(ids []string) bool {
			if data {
				return w.DecideDataFor(ids, action, scope).Allowed
			}
			return w.DecideFor(ids, action, scope).Allowed
		}
		note := func(list []cloud.RoleAssignment, how string) {
			for _, a := range list {
				one := *w
				one.RoleAssignments, one.DenyAssignments = []cloud.RoleAssignment{a}, nil
				grants := one.DecideFor([]string{a.PrincipalID}, action, scope).Allowed
				if data {
					grants = one.DecideDataFor([]string{a.PrincipalID}, action, scope).Allowed
				}
				if !grants || !conditions && a.Condition != "" {
					continue
				}
				for h := range x.expand(a.PrincipalID, how, map[string]bool{}) {
					if decide(append([]string{h.id, a.PrincipalID}, x.w.TransitiveGroups(h.id)...)) {
						sure[h] = sure[h] || !conditions
					}
				}
			}
		}
		note(x.w.RoleAssignments, "active")
		note(x.w.EligibleAssignments, "eligible")
	}
	with(true)
	with(false)
	return sure
}

// state of a door that is open as far as somebody holds it.
func (x *expecter) byHolders(all map[holder]bool) string {
	unsure := false
	for h, sure := range all {
		if sure && (h.how == "active" || h.how == "eligible") && x.able(h.id) {
			return "open"
		}
		unsure = unsure || !sure
	}
	if unsure {
		return "unknown"
	}
	return "closed"
}

func (x *expecter) holders(cluster, door string, all map[holder]bool, more ...string) {
	for h, sure := range all {
		parts := append([]string{cluster, door, h.how, x.name(h.id)}, more...)
		if !sure {
			parts = append(parts, "unsure")
		}
		x.line(parts...)
	}
}

func union(all ...map[holder]bool) map[holder]bool {
	out := map[holder]bool{}
	for _, m := range all {
		for h, sure := range m {
			out[h] = out[h] || sure
		}
	}
	return out
}

// doorNames are the doors of a cluster.
func doorNames() []string {
	return strings.Fields(`local-account admin-credential access-profile user-credential old-credentials run-command entra-admin-group azure-rbac
		kubernetes-rbac kubernetes-escalation csr-certificates token-secrets trusted-access flux extensions extension-write node-resource-group fleet
		cluster-write role-assignment-write`)
}

func (x *expecter) cluster(c cloud.Cluster) {
	name := c.Name
	if x.hidden(c.Subscription) {
		for _, d := range doorNames() {
			x.line(name, d, "state", "unknown")
		}
		return
	}
	id, set := x.w.ClusterID(c), c.Settings()
	local, entra := !set.DisableLocalAccounts, set.Entra()
	state := func(door, s string) { x.line(name, door, "state", s) }
	if local {
		state("local-account", "open")
	} else {
		state("local-account", "closed")
	}
	handed := func(door, action string, open bool) {
		s := "closed"
		if open {
			s = "open"
		} else if !local && x.refused(c, aks+action) {
			s = "proved"
		}
		state(door, s)
		x.holders(name, door, x.held(aks+action, id, false))
	}
	handed("admin-credential", "listClusterAdminCredential/action", local)
	handed("access-profile", "accessProfiles/listCredential/action", local)
	userState := "closed"
	if local && !entra {
		userState = "open"
	}
	if !local && !entra && x.refused(c, aks+"listClusterUserCredential/action") {
		userState = "proved"
	}
	state("user-credential", userState)
	x.holders(name, "user-credential", x.held(aks+"listClusterUserCredential/action", id, false))
	x.old(c, id, local)

	run := "open"
	if set.APIServerAccess != nil && set.APIServerAccess.DisableRunCommand {
		run = "closed"
	}
	state("run-command", run)
	x.holders(name, "run-command", x.held(aks+"runCommand/action", id, false))

	x.adminGroup(c)
	x.azureRBAC(c, id)
	x.kubernetes(c)
	x.sources(c)

	grow := union(x.held("Microsoft.KubernetesConfiguration/extensions/write", id, false), x.held("Microsoft.KubernetesConfiguration/fluxConfigurations/write", id, false))
	state("extension-write", x.byHolders(grow))
	x.holders(name, "extension-write", grow)
	nodes := map[holder]bool{}
	for _, a := range []string{"virtualMachineScaleSets/virtualMachines/runCommand/action", "virtualMachineScaleSets/write", "virtualMachineScaleSets/extensions/write", "disks/beginGetAccess/action"} {
		nodes = union(nodes, x.held("Microsoft.Compute/"+a, x.w.NodeScope(c), false))
	}
	state("node-resource-group", x.byHolders(nodes))
	x.holders(name, "node-resource-group", nodes)
	x.fleet(c, id)
	for door, action := range map[string]string{"cluster-write": aks + "write", "role-assignment-write": "Microsoft.Authorization/roleAssignments/write"} {
		all := x.held(action, id, false)
		state(door, x.byHolders(all))
		x.holders(name, door, all)
	}
}

func same(a, b string) bool {
	return strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(b, "/"))
}

// refused: a refusal because local accounts are off, and no change since.
func (x *expecter) refused(c cloud.Cluster, action string) bool {
	proved := false
	for _, a := range x.w.History {
		if !same(a.ResourceID, x.w.ClusterID(c)) {
			continue
		}
		if same(a.Operation, action) && a.Status == "Failed" && strings.HasPrefix(a.Message, "Getting static credential") {
			proved = true
		}
		if same(a.Operation, aks+"write") && a.Status == "Succeeded" {
			proved = false
		}
	}
	return proved
}

func (x *expecter) old(c cloud.Cluster, id string, local bool) {
	var ca, rotated, wrote time.Time
	if answers(c) {
		if ca = c.CertificatesRotated; ca.IsZero() {
			ca = c.Created
		}
	}
	type pull struct {
		who string
		at  time.Time
	}
	var pulls []pull
	for _, a := range x.w.History {
		if !same(a.ResourceID, id) || a.Status != "Succeeded" {
			continue
		}
		switch {
		case same(a.Operation, aks+"write"):
			wrote = a.Time
		case same(a.Operation, aks+"rotateClusterCertificates/action"):
			rotated = a.Time
		case same(a.Operation, aks+"listClusterAdminCredential/action"), same(a.Operation, aks+"accessProfiles/listCredential/action"),
			same(a.Operation, aks+"listClusterUserCredential/action") && !c.Settings().Entra():
			pulls = append(pulls, pull{a.CallerID, a.Time})
		}
	}
	born := ca
	if born.IsZero() {
		born = rotated
	}
	state, copies := "unknown", false
	for _, p := range pulls {
		x.line(c.Name, "local-account", "pulled", x.name(p.who))
		if !p.at.Before(born) {
			copies = true
			x.line(c.Name, "old-credentials", "pulled", x.name(p.who))
		}
	}
	on := wrote
	if on.IsZero() {
		on = time.Now().Add(-90 * 24 * time.Hour)
	}
	switch {
	case local, copies:
		state = "open"
	case ca.After(on), rotated.After(on):
		state = "closed"
	}
	x.line(c.Name, "old-credentials", "state", state)
}

func (x *expecter) adminGroup(c cloud.Cluster) {
	set := c.Settings()
	if !set.Entra() || len(set.AADProfile.AdminGroupObjectIDs) == 0 {
		x.line(c.Name, "entra-admin-group", "state", "closed")
		return
	}
	x.line(c.Name, "entra-admin-group", "state", "open")
	for _, g := range set.AADProfile.AdminGroupObjectIDs {
		if _, ok := x.w.Group(g); !ok {
			continue // deleted: nobody is in it
		}
		all := map[holder]bool{}
		for h := range x.expand(g, "active", map[string]bool{}) {
			all[h] = true
		}
		x.holders(c.Name, "entra-admin-group", all)
	}
}

func (x *expecter) azureRBAC(c cloud.Cluster, id string) {
	if !c.Settings().AzureRBAC() {
		x.line(c.Name, "azure-rbac", "state", "closed")
		return
	}
	admin := x.held(aks+"rbac.authorization.k8s.io/clusterrolebindings/write", id, true)
	every := union(admin)
	x.holders(c.Name, "azure-rbac", admin, "power=cluster-admin")
	write := func(scope string) map[holder]bool {
		return union(x.held(aks+"secrets/read", scope, true), x.held(aks+"pods/exec/action", scope, true))
	}
	wide := write(id)
	for h := range admin {
		delete(wide, h)
	}
	x.holders(c.Name, "azure-rbac", wide, "power=write")
	every = union(every, wide)
	seen := map[string]bool{}
	for _, a := range append(slices.Clone(x.w.RoleAssignments), x.w.EligibleAssignments...) {
		namespace, ok := strings.CutPrefix(strings.ToLower(a.Scope), strings.ToLower(id)+"/namespaces/")
		if !ok || seen[namespace] {
			continue
		}
		seen[namespace] = true
		some := write(id + "/namespaces/" + namespace)
		for h := range some {
			if admin[h] || wide[h] {
				delete(some, h)
			}
		}
		x.holders(c.Name, "azure-rbac", some, "power=write", "scope="+namespace)
		every = union(every, some)
	}
	x.line(c.Name, "azure-rbac", "state", x.byHolders(every))
}

func (x *expecter) sources(c cloud.Cluster) {
	open := func(door string, n int) {
		s := "closed"
		if n > 0 {
			s = "open"
		}
		x.line(c.Name, door, "state", s)
	}
	open("trusted-access", len(c.TrustedAccess))
	for _, t := range c.TrustedAccess {
		x.line(c.Name, "trusted-access", "source", t.Source)
	}
	open("flux", len(c.Flux))
	for _, f := range c.Flux {
		x.line(c.Name, "flux", "source", f.URL)
	}
	open("extensions", len(c.Extensions))
	for _, e := range c.Extensions {
		x.line(c.Name, "extensions", "source", e.Name)
	}
}

func (x *expecter) fleet(c cloud.Cluster, id string) {
	state, hidden := "closed", false
	for _, f := range x.w.Fleets {
		if x.hidden(f.Subscription) || !slices.ContainsFunc(f.Members, func(m string) bool { return same(m, id) }) {
			continue
		}
		state = "open"
		x.line(c.Name, "fleet", "source", x.w.FleetID(f))
		x.holders(c.Name, "fleet", x.held("Microsoft.ContainerService/fleets/write", x.w.FleetID(f), false))
	}
	for _, s := range x.w.AllSubscriptions() {
		hidden = hidden || x.hidden(s.ID)
	}
	if state == "closed" && hidden {
		state = "unknown"
	}
	x.line(c.Name, "fleet", "state", state)
}

func (x *expecter) elevated() {
	all := map[holder]bool{}
	for how, list := range map[string][]cloud.RoleAssignment{"active": x.w.RoleAssignments, "eligible": x.w.EligibleAssignments} {
		for _, a := range list {
			if strings.Trim(a.Scope, "/") == "" {
				for h := range x.expand(a.PrincipalID, how, map[string]bool{}) {
					all[h] = true
				}
			}
		}
	}
	state := x.byHolders(all)
	if state == "closed" && len(x.unread.Subscriptions) > 0 {
		state = "unknown"
	}
	for _, r := range x.w.DirectoryRoles {
		if r.Role != "Global Administrator" || r.Scope != "/" {
			continue
		}
		for _, id := range x.leaves(r.PrincipalID) {
			all[holder{id, "editor"}] = true
			if x.able(id) {
				state = "open"
			}
		}
	}
	x.line("tenant", "elevated-access", "state", state)
	x.holders("tenant", "elevated-access", all)
}

func (x *expecter) keys() {
	apps := []string{"Global Administrator", "Application Administrator", "Cloud Application Administrator", "Hybrid Identity Administrator"}
	named := x.named()
	for _, p := range x.w.ServicePrincipals {
		if !named[strings.ToLower(p.ID)] {
			continue
		}
		of := x.name(p.ID)
		for _, f := range p.FederatedCredentials {
			x.line("key", of, "source", f.Issuer+"|"+f.Subject)
		}
		if p.ManagedIdentity != "" {
			for h := range x.held("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write", p.ManagedIdentity, false) {
				x.line("key", of, h.how, x.name(h.id))
			}
			continue
		}
		owners := p.Owners
		application := ""
		if p.Application != nil {
			owners, application = append(slices.Clone(owners), p.Application.Owners...), p.Application.ID
		}
		for _, o := range owners {
			x.line("key", of, "owner", x.name(o))
		}
		for _, r := range x.w.DirectoryRoles {
			if slices.Contains(apps, r.Role) && (r.Scope == "/" || same(r.Scope, "/"+p.ID) || application != "" && same(r.Scope, "/"+application)) {
				for _, id := range x.leaves(r.PrincipalID) {
					x.line("key", of, "editor", x.name(id))
				}
			}
		}
		for _, q := range x.w.ServicePrincipals {
			if !same(q.ID, p.ID) && (slices.Contains(q.GraphRoles, "Application.ReadWrite.All") || slices.Contains(q.GraphRoles, "RoleManagement.ReadWrite.Directory")) {
				x.line("key", of, "editor", x.name(q.ID))
			}
		}
	}
}
