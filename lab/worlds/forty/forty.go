// Package forty makes worlds of 40 clusters over 5 subscriptions, pairwise over
// what decides who gets in; one subscription refuses and one throttles. The same
// seed makes the same world.
package forty

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/worlds/expect"
)

type object = map[string]any

// guid makes a stable GUID from words.
func guid(words ...string) string {
	sum := sha256.Sum256([]byte("forty\x00" + strings.Join(words, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

const domain = "@lab.onmicrosoft.com"

// The display names of the subscription of which nothing can be read, and of the
// one that throttles.
const (
	Refusing   = "LAB sealed"
	throttling = "LAB busy"
)

// settings are what clusters are combined of; every two values of two settings
// occur together in some cluster, as far as they can.
func settings() [][]string {
	return [][]string{
		{"local-on", "local-off", "local-absent"},
		{"entra-none", "entra-managed", "entra-legacy"},
		{"admin-empty", "admin-flat", "admin-nested", "admin-guest", "admin-assignable", "admin-synced", "admin-pim", "admin-deleted", "admin-dynamic", "admin-cycle"},
		{"azrbac-off", "azrbac-on"},
		{"run-absent", "run-off", "run-on"},
		{"standard", "automatic", "private"},
		{"trusted-no", "trusted-yes"},
		{"flux-no", "flux-cluster", "flux-namespace"},
		{"ext-no", "ext-yes"},
		{"fleet-no", "fleet-yes"},
		{"quiet", "pulled", "pulled-rotated", "refused", "refused-written", "upper"},
		{"direct", "group", "nested", "eligible", "user-role", "wildcard", "not-actions", "near-miss", "denied", "denied-but", "namespace", "conditional", "rbac-admin", "writer", "nodes", "cycle", "deleted", "disabled", "deny-child", "deny-above", "data-denied", "data-eligible", "data-custom", "owner-only", "pim-group", "cluster-wildcard"},
		{"k8s-none", "k8s-plain", "k8s-bound", "k8s-group", "k8s-escalate", "k8s-tokens", "k8s-csr"},
		{"diag-none", "diag-category", "diag-group"},
	}
}

// rows are n combinations, each chosen to bring the most pairs not seen yet.
func rows(n int, r *rand.Rand) [][]string {
	all := settings()
	seen := map[string]bool{}
	fresh := func(row []string) (count int) {
		for i := range row {
			for j := range i {
				if !seen[row[j]+" "+row[i]] {
					count++
				}
			}
		}
		return count
	}
	var out [][]string
	for range n {
		var best []string
		most := -1
		for range 400 {
			row := make([]string, len(all))
			for i, values := range all {
				row[i] = values[r.IntN(len(values))]
			}
			if c := fresh(row); c > most {
				best, most = row, c
			}
		}
		for i := range best {
			for j := range i {
				seen[best[j]+" "+best[i]] = true
			}
		}
		out = append(out, best)
	}
	return out
}

func user(name string, more object) object {
	u := object{"id": guid("user", name), "userPrincipalName": name + domain, "displayName": name, "password": "Lab-" + name + "-1!"}
	for k, v := range more {
		u[k] = v
	}
	return u
}

func group(name string, members []string, more object) object {
	g := object{"id": guid("group", name), "displayName": name, "members": upns(members)}
	for k, v := range more {
		g[k] = v
	}
	return g
}

// upns names users by UPN; groups and applications keep their names.
func upns(names []string) []string {
	out := []string{}
	for _, n := range names {
		if !strings.HasPrefix(n, "g-") && !strings.HasPrefix(n, "sp-") && !cloud.IsGUID(n) {
			n += domain
		}
		out = append(out, n)
	}
	return out
}

// builder makes the world.
type builder struct {
	clusters, assignments, eligible, denies, activity, fleets, diagnostic []object
	members                                                               []string
}

// World is a world file as JSON values.
func World(seed uint64) map[string]any {
	r := rand.New(rand.NewPCG(seed, 40))
	b := &builder{}
	subscriptions := []string{"", "LAB two", "LAB three", Refusing, throttling}
	groups := []string{"rg-one", "rg-two", "rg-three", "rg-sealed", "rg-busy"}
	for i, row := range rows(40, r) {
		b.cluster(i, row, subscriptions[i%5], groups[i%5])
	}
	b.assign("ann", "Owner", "managementGroups/corp")
	b.assign("sp-platform", "Contributor", "LAB two:.")
	b.assign("cyd", "Reader", ".")
	b.assign("dan", "Contributor", "LAB three:resourceGroups/rg-three")
	b.assign("sp-identity", "Azure Kubernetes Service Cluster User Role", "LAB two:resourceGroups/rg-two")
	b.assign("sp-postern", "Postern Reader", "/providers/Microsoft.Management/managementGroups/"+guid("tenant"))
	b.eligible = append(b.eligible, object{"principal": "g-ops", "role": "Owner", "scope": "LAB busy:.", "until": "+20d"})
	b.fleets = append(b.fleets, object{"name": "fleet-weu", "resourceGroup": "rg-one", "hub": true, "members": b.members})
	return object{
		"tenant":           object{"id": guid("tenant"), "displayName": "LAB forty", "domain": domain[1:], "pim": true},
		"managementGroups": []object{{"name": "corp", "displayName": "Corp"}, {"name": "edge", "displayName": "Edge", "parent": "corp"}},
		"subscription":     object{"id": guid("sub", "one"), "displayName": "LAB one", "managementGroup": "corp"},
		"subscriptions": []object{
			{"id": guid("sub", "two"), "displayName": "LAB two", "managementGroup": "corp"},
			{"id": guid("sub", "three"), "displayName": "LAB three", "managementGroup": "edge"},
			{"id": guid("sub", "sealed"), "displayName": Refusing, "managementGroup": "edge"},
			{"id": guid("sub", "busy"), "displayName": throttling},
		},
		"resourceGroups": []object{
			{"name": "rg-one", "location": "westeurope"}, {"name": "rg-two", "location": "northeurope", "subscription": "LAB two"},
			{"name": "rg-three", "location": "eastus", "subscription": "LAB three"}, {"name": "rg-sealed", "location": "eastus", "subscription": Refusing},
			{"name": "rg-busy", "location": "westus", "subscription": throttling},
		},
		"users": []object{
			user("ann", nil), user("bob", nil), user("cyd", nil), user("dan", nil), user("eve", object{"disabled": true}), user("gus", object{"guest": true}),
			user("hal", nil), user("ivy", nil), user("joe", nil), user("kim", nil), user("lea", nil), user("global", nil), user("grouper", nil), user("privileged", nil), user("appadmin", nil),
		},
		"groups": []object{
			group("g-flat", []string{"ann", "bob"}, object{"owners": upns([]string{"hal"})}),
			group("g-inner", []string{"cyd"}, object{"owners": upns([]string{"ivy"})}),
			group("g-nested", []string{"g-inner", "kim"}, nil),
			group("g-guest", []string{"gus", "eve"}, nil),
			group("g-empty", nil, object{"owners": upns([]string{"joe"})}),
			group("g-assignable", []string{"dan"}, object{"roleAssignable": true, "owners": upns([]string{"hal"})}),
			group("g-synced", []string{"kim"}, object{"synced": true}),
			group("g-pim", nil, object{"eligible": []object{{"principal": "ann" + domain, "access": "member", "until": "+30d"}, {"principal": "joe" + domain, "access": "owner"}}}),
			group("g-dynamic", []string{"cyd"}, object{"membershipRule": `user.department -eq "ops"`}),
			group("g-cycle-a", []string{"g-cycle-b", "bob"}, nil),
			group("g-cycle-b", []string{"g-cycle-a", "lea"}, nil),
			group("g-ops", []string{"lea", "sp-deploy"}, object{"owners": upns([]string{"hal"})}),
		},
		"servicePrincipals": []object{
			{"id": guid("sp", "postern"), "appId": guid("app", "postern"), "displayName": "sp-postern", "secret": "Lab-postern-secret-1!",
				"graphRoles": []string{"User.Read.All", "Group.Read.All", "Application.Read.All", "RoleManagement.Read.Directory", "PrivilegedEligibilitySchedule.Read.AzureADGroup"}},
			{"id": guid("sp", "deploy"), "appId": guid("app", "deploy"), "displayName": "sp-deploy", "application": object{"owners": upns([]string{"ivy", "joe"})}, "owners": upns([]string{"kim"}),
				"federatedCredentials": []object{{"name": "main", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:lab/deploy:ref:refs/heads/main"}},
				"credentials":          []object{{"name": "pipeline", "kind": "password", "until": "+90d"}}},
			{"id": guid("sp", "platform"), "appId": guid("app", "platform"), "displayName": "sp-platform", "application": object{}},
			{"id": guid("sp", "sync"), "appId": guid("app", "sync"), "displayName": "sp-sync", "application": object{"owners": upns([]string{"hal"})}, "graphRoles": []string{"Group.ReadWrite.All", "Application.ReadWrite.All"}},
			{"id": guid("sp", "identity"), "appId": guid("app", "identity"), "displayName": "sp-identity",
				"managedIdentity":      "LAB two:resourceGroups/rg-two/providers/Microsoft.ManagedIdentity/userAssignedIdentities/sp-identity",
				"federatedCredentials": []object{{"name": "pod", "issuer": "https://eastus.oic.prod-aks.azure.com/x/", "subject": "system:serviceaccount:apps:web"}}},
		},
		"directoryRoles": []object{
			{"role": "Global Administrator", "principal": "global" + domain}, {"role": "Groups Administrator", "principal": "grouper" + domain},
			{"role": "Privileged Role Administrator", "principal": "privileged" + domain, "eligible": true}, {"role": "Application Administrator", "principal": "appadmin" + domain},
			{"role": "Cloud Application Administrator", "principal": "lea" + domain, "scope": "/" + guid("sp", "platform")},
			{"role": "Groups Administrator", "principal": "dan" + domain, "scope": "g-flat"},
		},
		"roleDefinitions": []object{
			role("Everything AKS", []string{"Microsoft.ContainerService/*"}, nil),
			role("No Admin Key", []string{"Microsoft.ContainerService/managedClusters/*"}, []string{"Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"}),
			role("Node Runner", []string{"Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action"}, nil),
			data("Secrets But Not Exec", []string{"Microsoft.ContainerService/managedClusters/secrets/*"}, nil),
			data("Everything But Bindings", []string{"Microsoft.ContainerService/managedClusters/*"}, []string{"Microsoft.ContainerService/managedClusters/rbac.authorization.k8s.io/*"}),
			role("Every Write", []string{"*/write"}, []string{"Microsoft.Authorization/*"}),
			role("Identity Keeper", []string{"Microsoft.ManagedIdentity/*/write"}, nil),
			role("Postern Reader", posternReader(), nil),
		},
		"roleAssignments":     b.assignments,
		"eligibleAssignments": b.eligible,
		"denyAssignments":     b.denies,
		"clusters":            b.clusters,
		"fleets":              b.fleets,
		"activity":            b.activity,
		"diagnosticSettings":  b.diagnostic,
		"faults": []object{
			{"host": "arm", "path": "**", "subscription": Refusing, "status": 403},
			{"host": "arm", "path": "**", "subscription": throttling, "status": 429, "retryAfter": 1, "times": 6},
		},
	}
}

// posternReader is deploy/azure-role.json.
func posternReader() []string {
	var out []string
	for _, a := range strings.Fields(`ContainerService/managedClusters ContainerService/managedClusters/trustedAccessRoleBindings
		ContainerService/fleets ContainerService/fleets/members KubernetesConfiguration/fluxConfigurations KubernetesConfiguration/extensions
		ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials Authorization/roleAssignments Authorization/roleDefinitions
		Authorization/denyAssignments Authorization/roleEligibilityScheduleInstances Insights/diagnosticSettings Insights/eventtypes/values`) {
		out = append(out, "Microsoft."+a+"/read")
	}
	return out
}

func role(name string, actions, not []string) object {
	if not == nil {
		not = []string{}
	}
	return object{"id": guid("role", name), "roleName": name, "permissions": []object{{"actions": actions, "notActions": not}}, "assignableScopes": []string{"managementGroups/corp"}}
}

func data(name string, actions, not []string) object {
	if not == nil {
		not = []string{}
	}
	return object{"id": guid("role", name), "roleName": name, "permissions": []object{{"dataActions": actions, "notDataActions": not}}, "assignableScopes": []string{"managementGroups/corp"}}
}

// in is a resource group of a subscription, as scopes are written.
func in(subscription, group string) string {
	if subscription == "" {
		return "resourceGroups/" + group
	}
	return subscription + ":resourceGroups/" + group
}

func principal(name string) string { return upns([]string{name})[0] }

func (b *builder) assign(who, role, scope string) {
	b.assignments = append(b.assignments, object{"principal": principal(who), "role": role, "scope": scope})
}

// cluster adds the cluster that a row of settings describes.
func (b *builder) cluster(i int, row []string, subscription, resourceGroup string) {
	has := map[string]bool{}
	for _, v := range row {
		has[v] = true
	}
	name := fmt.Sprintf("aks-%02d", i+1)
	properties := object{}
	c := object{"name": name, "resourceGroup": resourceGroup, "properties": properties, "created": fmt.Sprintf("-%dd", 100+i)}
	if subscription != "" {
		c["subscription"] = subscription
	}
	for _, kind := range []string{"standard", "automatic", "private"} {
		if has[kind] {
			c["kind"] = kind
		}
	}
	if !has["automatic"] {
		if has["local-absent"] {
			properties["disableLocalAccounts"] = nil
		} else {
			properties["disableLocalAccounts"] = has["local-off"]
		}
		b.entra(has, properties)
		switch {
		case has["run-off"]:
			properties["apiServerAccessProfile"] = object{"disableRunCommand": true, "enablePrivateCluster": has["private"]}
		case has["run-on"]:
			properties["apiServerAccessProfile"] = object{"disableRunCommand": false, "enablePrivateCluster": has["private"]}
		}
	}
	if has["trusted-yes"] {
		c["trustedAccess"] = []object{{"name": "ml", "source": "/subscriptions/" + guid("sub", "one") + "/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/ws-" + name,
			"roles": []string{"Microsoft.MachineLearningServices/workspaces/mlworkload"}}}
	}
	if has["flux-cluster"] || has["flux-namespace"] {
		scope := "cluster"
		if has["flux-namespace"] {
			scope = "namespace"
		}
		c["flux"] = []object{{"name": "gitops", "url": "https://git.example/" + name + ".git", "scope": scope}}
	}
	if has["ext-yes"] {
		c["extensions"] = []object{{"name": "dapr-" + name, "type": "microsoft.dapr"}}
	}
	if has["pulled-rotated"] {
		c["certificatesRotated"] = "-10d"
	}
	if has["fleet-yes"] {
		b.members = append(b.members, name)
	}
	b.history(has, name, i)
	b.hold(has, name, resourceGroup, subscription)
	if !has["k8s-none"] {
		c["kubernetes"] = kubernetes(has, name)
	}
	if has["diag-category"] || has["diag-group"] {
		log := object{"category": "kube-audit-admin", "enabled": true}
		if has["diag-group"] {
			log = object{"categoryGroup": "allLogs", "enabled": true}
		}
		b.diagnostic = append(b.diagnostic, object{"name": "audit", "resourceId": "cluster:" + name, "properties": object{"logs": []object{log}, "storageAccountId": "/subscriptions/" + guid("sub", "one") + "/resourceGroups/rg-one/providers/Microsoft.Storage/storageAccounts/labaudit"}})
	}
	b.clusters = append(b.clusters, c)
}

func (b *builder) entra(has map[string]bool, properties object) {
	if has["entra-none"] {
		return
	}
	var groups []string
	for value, g := range map[string]string{"flat": "g-flat", "nested": "g-nested", "guest": "g-guest", "assignable": "g-assignable", "synced": "g-synced", "pim": "g-pim", "dynamic": "g-dynamic", "cycle": "g-cycle-a"} {
		if has["admin-"+value] {
			groups = []string{guid("group", g)}
		}
	}
	if has["admin-deleted"] {
		groups = []string{guid("group", "was deleted")}
	}
	if groups == nil {
		groups = []string{}
	}
	profile := object{"tenantID": guid("tenant"), "adminGroupObjectIDs": groups, "managed": has["entra-managed"], "enableAzureRBAC": has["azrbac-on"] && has["entra-managed"]}
	if has["entra-legacy"] {
		profile["serverAppID"] = guid("legacy")
	}
	properties["aadProfile"] = profile
}

// history is what the Activity Log says of a cluster.
func (b *builder) history(has map[string]bool, name string, i int) {
	const action = "Microsoft.ContainerService/managedClusters/"
	add := func(time, operation, caller, status, message, spelling string) {
		e := object{"time": time, "operation": action + operation, "resource": "cluster:" + name, "caller": principal(caller), "status": status, "ip": "203.0.113.9"}
		if message != "" {
			e["message"], e["httpStatus"] = message, 400
		}
		if spelling != "" {
			e["case"] = spelling
		}
		b.activity = append(b.activity, e)
	}
	const refusal = "Getting static credential is not allowed because this cluster is set to disable local accounts."
	switch {
	case has["pulled"]:
		add("-20d", "listClusterAdminCredential/action", "bob", "Succeeded", "", "")
		add("-19d", "listClusterUserCredential/action", "cyd", "Succeeded", "", "")
	case has["upper"]:
		add("-8d", "accessProfiles/listCredential/action", "sp-deploy", "Succeeded", "", "upper")
		add("-7d", "listClusterAdminCredential/action", "dan", "Failed", "", "lower")
	case has["pulled-rotated"]:
		add("-30d", "listClusterAdminCredential/action", "bob", "Succeeded", "", "")
		add("-25d", "write", "ann", "Succeeded", "", "")
		add("-10d", "rotateClusterCertificates/action", "ann", "Succeeded", "", "")
	case has["refused"]:
		add("-12d", "write", "ann", "Succeeded", "", "")
		add("-11d", "listClusterAdminCredential/action", "bob", "Failed", refusal, "")
	case has["refused-written"]:
		add("-12d", "listClusterAdminCredential/action", "bob", "Failed", refusal+" For more details, see the documentation.", "upper")
		add("-11d", "write", "ann", "Succeeded", "", "")
	}
	_ = i
}

// hold gives somebody something at the cluster, in one of many ways.
func (b *builder) hold(has map[string]bool, name, resourceGroup, subscription string) {
	at := "cluster:" + name
	deny := func(actions []string, who, exclude []string) {
		b.denies = append(b.denies, object{"name": "no-" + name, "scope": at, "principals": who, "exclude": upns(exclude), "actions": actions})
	}
	const adminKey = "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action"
	switch {
	case has["direct"]:
		b.assign("bob", "Azure Kubernetes Service Cluster Admin Role", at)
	case has["group"]:
		b.assign("g-flat", "Azure Kubernetes Service Contributor Role", at)
	case has["nested"]:
		b.assign("g-nested", "Azure Kubernetes Service Cluster Admin Role", at)
	case has["eligible"]:
		b.eligible = append(b.eligible, object{"principal": "g-flat", "role": "Contributor", "scope": at, "until": "+10d"})
	case has["user-role"]:
		b.assign("cyd", "Azure Kubernetes Service Cluster User Role", at)
	case has["wildcard"]:
		b.assign("sp-deploy", "Everything AKS", at)
	case has["not-actions"]:
		b.assign("kim", "No Admin Key", at)
	case has["near-miss"]:
		b.assign("lea", "Reader", at)
		b.assign("lea", "Azure Kubernetes Service RBAC Reader", at)
	case has["denied"]:
		b.assign("joe", "Azure Kubernetes Service Cluster Admin Role", at)
		deny([]string{adminKey}, []string{"everyone"}, nil)
	case has["denied-but"]:
		b.assign("g-flat", "Azure Kubernetes Service Cluster Admin Role", at)
		deny([]string{"Microsoft.ContainerService/managedClusters/*/action"}, []string{"g-flat"}, []string{"bob"})
	case has["namespace"]:
		b.assign("dan", "Azure Kubernetes Service RBAC Writer", at+"/namespaces/shop")
	case has["conditional"]:
		b.assignments = append(b.assignments, object{"principal": principal("kim"), "role": "Owner", "scope": at, "condition": "@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {}"})
	case has["rbac-admin"]:
		b.assign("g-nested", "Azure Kubernetes Service RBAC Admin", at)
	case has["writer"]:
		b.assign("sp-deploy", "Azure Kubernetes Service RBAC Writer", at)
	case has["nodes"]:
		b.assign("lea", "Node Runner", "nodes:"+name)
	case has["cycle"]:
		b.assign("g-cycle-a", "Azure Kubernetes Service Cluster Admin Role", at)
	case has["deleted"]:
		b.assign(guid("somebody", "who left"), "Azure Kubernetes Service Cluster Admin Role", at)
	case has["deny-child"]: // takes nothing: it does not apply below its own scope
		b.assign("joe", "Azure Kubernetes Service Cluster Admin Role", at)
		b.denies = append(b.denies, object{"name": "here-" + name, "scope": in(subscription, resourceGroup), "principals": []string{"joe" + domain}, "actions": []string{"*"}, "doNotApplyToChildScopes": true})
	case has["deny-above"]:
		b.assign("g-ops", "Azure Kubernetes Service Contributor Role", at)
		b.denies = append(b.denies, object{"name": "above-" + name, "scope": in(subscription, resourceGroup), "principals": []string{"g-ops"}, "exclude": []string{"sp-deploy"},
			"actions": []string{"Microsoft.ContainerService/managedClusters/*"}, "notActions": []string{"Microsoft.ContainerService/managedClusters/runCommand/action"}})
	case has["data-denied"]:
		b.assign("g-flat", "Azure Kubernetes Service RBAC Cluster Admin", at)
		b.denies = append(b.denies, object{"name": "data-" + name, "scope": at, "principals": []string{"ann" + domain}, "dataActions": []string{"Microsoft.ContainerService/managedClusters/rbac.authorization.k8s.io/*"}})
	case has["data-eligible"]:
		b.eligible = append(b.eligible, object{"principal": "g-ops", "role": "Azure Kubernetes Service RBAC Cluster Admin", "scope": in(subscription, resourceGroup), "until": "+5d"})
	case has["data-custom"]:
		b.assign("joe", "Secrets But Not Exec", at+"/namespaces/shop")
		b.assign("lea", "Everything But Bindings", at)
	case has["owner-only"]:
		b.assign("g-empty", "Azure Kubernetes Service Cluster Admin Role", at)
	case has["pim-group"]:
		b.assign("g-pim", "Contributor", in(subscription, resourceGroup))
	case has["cluster-wildcard"]:
		b.assign("sp-identity", "Every Write", at)
	case has["disabled"]:
		b.assign("eve", "Azure Kubernetes Service Cluster Admin Role", at)
	}
}

// kubernetes is what the API server of a cluster holds; each object says what it
// plants.
func kubernetes(has map[string]bool, name string) object {
	var objects []object
	add := func(kind, api, namespace, name, plants string, more object) {
		meta := object{"name": name}
		if namespace != "" {
			meta["namespace"] = namespace
		}
		if plants != "" {
			meta["annotations"] = object{expect.Plants: plants}
		}
		o := object{"kind": kind, "apiVersion": api, "metadata": meta}
		for k, v := range more {
			o[k] = v
		}
		objects = append(objects, o)
	}
	const rbac = "rbac.authorization.k8s.io/v1"
	rule := func(groups, resources, verbs []string) object {
		return object{"apiGroups": groups, "resources": resources, "verbs": verbs}
	}
	bind := func(name, role, plants string, subject object) {
		if subject["kind"] != "ServiceAccount" {
			subject["apiGroup"] = "rbac.authorization.k8s.io"
		}
		add("ClusterRoleBinding", rbac, "", name, plants, object{"roleRef": object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}, "subjects": []object{subject}})
	}
	reader := object{"kind": "User", "name": guid("sp", "postern")}
	add("ClusterRole", rbac, "", "postern-reader", "", object{"rules": []object{
		rule([]string{"rbac.authorization.k8s.io"}, []string{"clusterroles", "clusterrolebindings", "roles", "rolebindings"}, []string{"get", "list"}),
		rule([]string{""}, []string{"namespaces", "secrets", "pods", "serviceaccounts"}, []string{"list"}), rule([]string{"certificates.k8s.io"}, []string{"certificatesigningrequests"}, []string{"list"})}})
	bind("postern-reader", "postern-reader", "", reader)
	add("Role", rbac, "kube-system", "postern-reader", "", object{"rules": []object{
		{"apiGroups": []string{""}, "resources": []string{"configmaps"}, "resourceNames": []string{"extension-apiserver-authentication"}, "verbs": []string{"get"}}}})
	add("RoleBinding", rbac, "kube-system", "postern-reader", "", object{"roleRef": object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "postern-reader"},
		"subjects": []object{{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": guid("sp", "postern")}}})
	add("Namespace", "v1", "", "shop", "", nil)
	// Near misses: cluster-admin in one namespace, and a name that only looks alike.
	add("RoleBinding", rbac, "shop", "shop-admins", "", object{"roleRef": object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
		"subjects": []object{{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "kim" + domain}}})
	switch {
	case has["k8s-bound"]:
		bind("ann-admin", "cluster-admin", "kubernetes-rbac holds ann"+domain, object{"kind": "User", "name": "ann" + domain})
		bind("stranger-admin", "cluster-admin", "kubernetes-rbac as stranger", object{"kind": "User", "name": "stranger"})
		bind("robot-admin", "cluster-admin", "kubernetes-rbac as shop/robot", object{"kind": "ServiceAccount", "namespace": "shop", "name": "robot"})
	case has["k8s-group"]:
		bind("team-admin", "cluster-admin", "kubernetes-rbac holds g-nested", object{"kind": "Group", "name": guid("group", "g-nested")})
	case has["k8s-escalate"]:
		add("ClusterRole", rbac, "", "binder", "", object{"rules": []object{
			rule([]string{"rbac.authorization.k8s.io"}, []string{"clusterrolebindings"}, []string{"create"}),
			rule([]string{"rbac.authorization.k8s.io"}, []string{"clusterroles"}, []string{"bind"})}})
		bind("ivy-binder", "binder", "kubernetes-escalation holds ivy"+domain, object{"kind": "User", "name": "ivy" + domain})
	case has["k8s-tokens"]:
		add("Secret", "v1", "shop", "robot-token", "token-secrets source shop/robot", object{"type": "kubernetes.io/service-account-token", "data": object{"token": "bm90LWEtdG9rZW4="}})
		meta := objects[len(objects)-1]["metadata"].(object)
		meta["annotations"].(object)["kubernetes.io/service-account.name"] = "robot"
		add("Secret", "v1", "shop", "plain", "", object{"type": "Opaque", "data": object{"password": "c2VjcmV0"}})
	case has["k8s-csr"]:
		add("CertificateSigningRequest", "certificates.k8s.io/v1", "", "lea-1", "csr-certificates source lea", object{
			"spec":   object{"signerName": "kubernetes.io/kube-apiserver-client", "username": "lea" + domain, "usages": []string{"client auth"}, "request": requestOf("lea")},
			"status": object{"conditions": []object{{"type": "Approved", "status": "True", "reason": "ok", "message": "ok"}}}})
		add("CertificateSigningRequest", "certificates.k8s.io/v1", "", "lea-2", "", object{
			"spec":   object{"signerName": "kubernetes.io/kube-apiserver-client", "username": "lea" + domain, "usages": []string{"client auth"}, "request": requestOf("lea2")},
			"status": object{"conditions": []object{{"type": "Denied", "status": "True", "reason": "no", "message": "no"}}}})
	}
	_ = name
	return object{"version": "v1.33.4", "objects": objects}
}
