package doors

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// world reads a tenant from lines, so that a case shows what matters in it:
//
//	subscription s1 [mg=root] [log=DATE]        log: from when the Activity Log was read
//	cluster c1 s1 [PROPERTIES as JSON]          its nodes are in resource group c1-nodes
//	kubernetes c1 [ca=DATE]                     its API server was read
//	bind c1 NAME Group|User WHO                 to cluster-admin
//	user U [guest] [disabled] [deleted] · sp P [disabled] · identity I · group G [members=] [owners=] [eligible=WHO:member,…] [assignable] [synced] [dynamic]
//	role NAME [actions=] [not=] [data=] [notdata=]      a custom one
//	assign ROLE WHO SCOPE [condition] · eligible ROLE WHO SCOPE [until=DATE] [condition]
//	deny NAME SCOPE who= [not=] actions= [only]         only: not to child scopes
//	directory ROLE WHO SCOPE [eligible] · graph PERMISSION WHO
//	log DATE OPERATION c1 WHO STATUS [MESSAGE]
//	trusted|flux|extension c1 NAME · fleet f1 s1 c1,c2
//	unread PIECE-WITH-DASHES SCOPE
//
// Scopes: / · mg:NAME · s1 · c1 · c1/nodes · c1/ns/NAME · fleet:f1 · identity:I ·
// tenant; roles by short names. Ids stand in another case where something names
// them than where it is, as Azure has it.
func world(t testing.TB, text string) *snapshot.Tenant {
	w := &worldReader{t: t, tenant: &snapshot.Tenant{ID: "tenant", Taken: day("2026-11-24")}, roles: map[string]string{
		"ClusterAdmin": "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8", "ClusterUser": "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
		"AKSContributor": "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8", "RBACClusterAdmin": "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
		"RBACAdmin": "3498e952-d568-435e-9b2c-8d77e338d7f7", "RBACWriter": "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb", "RBACReader": "7f6c6a51-bcf8-42ba-9220-52d62157d7db",
		"Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c", "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
	}, clusters: map[string]string{}, fleets: map[string]string{}, identities: map[string]string{}}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, " #")
		if f := strings.Fields(line); len(f) > 0 && !strings.HasPrefix(f[0], "#") {
			w.line = strings.TrimSpace(line)
			w.read(f[0], f[1:])
		}
	}
	return w.tenant
}

type worldReader struct {
	t                                   testing.TB
	tenant                              *snapshot.Tenant
	line                                string
	roles, clusters, fleets, identities map[string]string
}

func day(s string) time.Time {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return at
}

// flags are the words after the first n: KEY=VALUE or bare.
func flags(f []string) map[string]string {
	out := map[string]string{}
	for _, s := range f {
		key, value, _ := strings.Cut(s, "=")
		out[key] = value
	}
	return out
}

func has(m map[string]string, key string) bool { _, ok := m[key]; return ok }

func list(s string) []string {
	return slices.DeleteFunc(strings.Split(s, ","), func(s string) bool { return s == "" })
}

func upper(all []string) (out []string) {
	for _, s := range all {
		out = append(out, strings.ToUpper(s))
	}
	return out
}

func date(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	return day(s)
}

func (w *worldReader) scope(s string) string {
	name, rest, _ := strings.Cut(s, "/")
	switch {
	case s == "/":
		return "/"
	case s == "tenant":
		return ""
	case strings.HasPrefix(s, "mg:"):
		return "/providers/Microsoft.Management/managementGroups/" + s[3:]
	case strings.HasPrefix(s, "fleet:"):
		return w.fleets[s[6:]]
	case strings.HasPrefix(s, "identity:"):
		return w.identities[s[9:]]
	case strings.HasPrefix(s, "role:"):
		return "/providers/Microsoft.Authorization/roleDefinitions/" + w.roles[s[5:]]
	case w.clusters[name] != "" && rest == "":
		return w.clusters[name]
	case w.clusters[name] != "" && rest == "nodes":
		return strings.Split(w.clusters[name], "/resourceGroups/")[0] + "/resourcegroups/" + strings.ToUpper(name) + "-NODES"
	case w.clusters[name] != "":
		kind, namespace, _ := strings.Cut(rest, "/")
		return w.clusters[name] + map[string]string{"ns": "/namespaces/", "managed": "/managedNamespaces/"}[kind] + namespace
	case slices.ContainsFunc(w.tenant.Subscriptions, func(o snapshot.Subscription) bool { return o.ID == name }):
		return "/subscriptions/" + s
	}
	return s
}

func (w *worldReader) cluster(name string) *snapshot.AzureCluster {
	for i := range w.tenant.Clusters {
		if w.tenant.Clusters[i].ID == w.clusters[name] {
			return &w.tenant.Clusters[i]
		}
	}
	w.t.Fatalf("%s: no cluster %s", w.line, name)
	return nil
}

func (w *worldReader) read(word string, f []string) {
	t := w.tenant
	switch word {
	case "subscription":
		o := flags(f[1:])
		t.Subscriptions = append(t.Subscriptions, snapshot.Subscription{ID: f[0], ManagementGroups: list(o["mg"]), ActivitySince: date(o["log"]), ActivityUntil: date(o["log"])})
	case "cluster":
		id := "/subscriptions/" + f[1] + "/resourceGroups/RG/providers/Microsoft.ContainerService/managedClusters/" + f[0]
		w.clusters[f[0]] = id
		properties := strings.TrimPrefix(strings.Join(append(f[2:], ""), " "), "{")
		if properties = strings.TrimSpace(properties); properties == "" {
			properties = "}"
		} else if properties != "}" {
			properties = "," + properties
		}
		t.Clusters = append(t.Clusters, snapshot.AzureCluster{ID: id, Raw: []byte(`{"id":"` + id + `","properties":{"nodeResourceGroup":"` + f[0] + `-nodes"` + properties + `}`)})
	case "kubernetes":
		s := &snapshot.Snapshot{Requests: []snapshot.CertificateRequest{}, TokenSecrets: []snapshot.TokenSecret{}}
		s.RBAC.Roles = []rbac.Role{{Name: "cluster-admin", Rules: []rbac.Rule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}}}
		if ca := flags(f[1:])["ca"]; ca != "" {
			s.ClientCAs = []snapshot.Authority{{NotBefore: day(ca)}}
		}
		w.cluster(f[0]).Kubernetes = s
	case "bind":
		s := w.cluster(f[0]).Kubernetes
		s.RBAC.Bindings = append(s.RBAC.Bindings, rbac.Binding{Name: f[1], Role: rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: "cluster-admin"}, Subjects: []rbac.Subject{{Kind: rbac.SubjectKind(f[2]), Name: f[3]}}})
	case "user", "sp", "identity", "group":
		w.principal(word, f[0], flags(f[1:]))
	case "role":
		o := flags(f[1:])
		w.roles[f[0]] = "custom-" + f[0]
		t.Definitions = append(t.Definitions, azrbac.Definition{ID: "/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions/CUSTOM-" + f[0], Name: f[0], Custom: true,
			Permissions: []azrbac.Permission{{Actions: list(o["actions"]), NotActions: list(o["not"]), DataActions: list(o["data"]), NotDataActions: list(o["notdata"])}}})
	case "assign", "eligible":
		o := flags(f[3:])
		role := w.roles[f[0]]
		if role == "" {
			role = f[0]
		}
		a := snapshot.Assignment{Until: date(o["until"]), Assignment: azrbac.Assignment{ID: fmt.Sprintf("/a/%s-%d", word, len(t.Assignments)+len(t.Eligible)), PrincipalID: strings.ToUpper(f[1]),
			RoleDefinitionID: "/providers/Microsoft.Authorization/roleDefinitions/" + role, Scope: w.scope(f[2])}}
		if has(o, "condition") {
			a.Condition = "@Resource[x] StringEquals 'y'"
		}
		if word == "assign" {
			t.Assignments = append(t.Assignments, a)
		} else {
			t.Eligible = append(t.Eligible, a)
		}
	case "deny":
		o := flags(f[2:])
		d := azrbac.DenyAssignment{ID: "/d/" + f[0], Name: f[0], Scope: w.scope(f[1]), DoNotApplyToChildScopes: has(o, "only"), Permissions: []azrbac.Permission{{Actions: list(o["actions"]), DataActions: list(o["data"])}}}
		for _, id := range list(o["who"]) {
			if id == "everyone" {
				id = azrbac.Everyone
			}
			d.Principals = append(d.Principals, azrbac.Principal{ID: strings.ToUpper(id)})
		}
		for _, id := range list(o["not"]) {
			d.ExcludePrincipals = append(d.ExcludePrincipals, azrbac.Principal{ID: strings.ToUpper(id)})
		}
		t.Denies = append(t.Denies, d)
	case "directory":
		t.DirectoryRoles = append(t.DirectoryRoles, snapshot.DirectoryRole{Template: "template", Name: strings.ReplaceAll(f[0], "-", " "), PrincipalID: strings.ToUpper(f[1]), Scope: f[2], Eligible: has(flags(f[3:]), "eligible")})
	case "graph":
		t.AppRoles = append(t.AppRoles, snapshot.AppRole{Name: f[0], PrincipalID: f[1]})
	case "log":
		t.Activity = append(t.Activity, snapshot.Activity{Time: day(f[0]), Operation: "MICROSOFT.ContainerService/managedclusters/" + f[1], Resource: strings.ToUpper(w.clusters[f[2]]),
			Caller: f[3] + "@lab", CallerID: f[3], Status: f[4], Message: strings.Join(f[5:], " "), ID: fmt.Sprint("/e/", len(t.Activity))})
	case "trusted":
		c := w.cluster(f[0])
		c.TrustedAccess = append(c.TrustedAccess, snapshot.TrustedAccess{ID: c.ID + "/trustedAccessRoleBindings/" + f[1], Name: f[1], Source: "/x/" + f[1], Roles: []string{"backup-operator"}})
	case "flux":
		c := w.cluster(f[0])
		c.Flux = append(c.Flux, snapshot.Flux{ID: c.ID + "/flux/" + f[1], Name: f[1], Source: "https://git/" + f[1], Scope: "cluster"})
	case "extension":
		c := w.cluster(f[0])
		c.Extensions = append(c.Extensions, snapshot.Extension{ID: c.ID + "/extensions/" + f[1], Name: f[1], Type: "microsoft.x"})
	case "fleet":
		w.fleets[f[0]] = "/subscriptions/" + f[1] + "/resourceGroups/RG/providers/Microsoft.ContainerService/fleets/" + f[0]
		fleet := snapshot.Fleet{ID: w.fleets[f[0]]}
		for _, m := range list(strings.Join(f[2:], "")) {
			fleet.Members = append(fleet.Members, strings.ToUpper(w.clusters[m]))
		}
		t.Fleets = append(t.Fleets, fleet)
	case "unread":
		scope := ""
		if len(f) > 1 {
			scope = w.scope(f[1])
		}
		t.Unread = append(t.Unread, snapshot.Unread{Piece: snapshot.Piece(strings.ReplaceAll(f[0], "-", " ")), Scope: strings.ToUpper(scope), Why: "403"})
	default:
		w.t.Fatalf("%s: what is this?", w.line)
	}
}

func (w *worldReader) principal(word, name string, o map[string]string) {
	p := snapshot.Principal{ID: name, Guest: has(o, "guest"), Disabled: has(o, "disabled"), Deleted: has(o, "deleted"), Members: upper(list(o["members"])), Owners: upper(list(o["owners"])),
		RoleAssignable: has(o, "assignable"), Synced: has(o, "synced"), Name: name}
	switch word {
	case "user":
		p.Kind, p.UPN = snapshot.UserPrincipal, name+"@lab"
	case "group":
		p.Kind = snapshot.GroupPrincipal
	default:
		p.Kind = snapshot.ServicePrincipal
	}
	if p.Deleted {
		p.Kind, p.UPN, p.Name = snapshot.UnknownPrincipal, "", ""
	}
	if has(o, "dynamic") {
		p.Dynamic = `user.department -eq "x"`
	}
	if word == "identity" {
		p.ManagedIdentity = "/subscriptions/s1/resourcegroups/RG/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + name
		w.identities[name] = p.ManagedIdentity
	}
	for _, e := range list(o["eligible"]) {
		who, access, _ := strings.Cut(e, ":")
		p.EligibleIn = append(p.EligibleIn, snapshot.GroupEligibility{PrincipalID: strings.ToUpper(who), Access: access})
	}
	w.tenant.Principals = append(w.tenant.Principals, p)
}
