package cloud

import (
	"strings"
	"testing"
	"time"
)

// TestDefaultWorld holds what the tour relies on.
func TestDefaultWorld(t *testing.T) {
	w := DefaultWorld()
	h, ok := w.User("HSHAHIN@lab.onmicrosoft.com")
	if !ok {
		t.Fatal("no hshahin")
	}
	groups := w.TransitiveGroups(h.ID)
	if len(groups) != 3 || !strings.HasPrefix(groups[0], "66992c59-") {
		t.Errorf("hshahin's groups: %q", groups)
	}
	u, _ := w.User("test-user@lab.onmicrosoft.com")
	const aks = "Microsoft.ContainerService/managedClusters/"
	for _, c := range []struct {
		who, action string
		want        bool
	}{
		{h.ID, aks + "listClusterAdminCredential/action", true},
		{h.ID, aks + "write", true},
		{u.ID, aks + "listClusterUserCredential/action", true},
		{u.ID, aks + "listClusterAdminCredential/action", false},
		{u.ID, aks + "write", false},
	} {
		if got := w.Decide(c.who, c.action, cluster).Allowed; got != c.want {
			t.Errorf("%s %s: %v", c.who, c.action, got)
		}
	}
	k, ok := w.Cluster(strings.ToUpper(cluster))
	if !ok || k.Settings().Entra() || k.Settings().DisableLocalAccounts {
		t.Errorf("cluster at start: %v %+v", ok, k.Settings())
	}
}

// TestParseWorldFaults: every fault names its place.
func TestParseWorldFaults(t *testing.T) {
	good := string(defaultYAML)
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown field", "  - {name: rg-lab, location: westeurope}", "  - {name: rg-lab, location: westeurope, size: 3}", `unknown field "size"`},
		{"repeated key", "tenant:\n", "tenant: {}\ntenant:\n", "tenant"},
		{"bad id", "66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06", "66992c59", `groups[0].id: "66992c59" is not a GUID`},
		{"repeated id", "a3c85e19-7d40-4b26-8f93-0e1d6c2b5a47", "66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06", "groups[1].id: 66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06 is already the id of groups[0].id"},
		{"unknown role", "role: Owner", "role: Overlord", `roleAssignments[0].role: no role "Overlord"`},
		{"unknown member", "members: [test-user@lab.onmicrosoft.com]", "members: [nobody]", `groups[3].members[0]: no user, group or service principal "nobody"`},
		{"not LAB", "displayName: LAB directory", "displayName: Contoso", "tenant.displayName: must contain LAB"},
		{"unknown group", "    resourceGroup: rg-lab", "    resourceGroup: rg", `clusters[0].resourceGroup: no resource group "rg"`},
		{"bad settings", "    resourceGroup: rg-lab", "    resourceGroup: rg-lab\n    properties: {disableLocalAccounts: sometimes}", "clusters[0]: read cluster properties"},
		{"empty", good, "", "tenant.id"},
	} {
		if !strings.Contains(good, c.old) {
			t.Fatalf("%s: the default world has no %q", c.name, c.old)
		}
		_, err := ParseWorld([]byte(strings.Replace(good, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
}

// FuzzParseWorld: whatever is given, there is a world or an error that says so,
// and a world can be stored and read back.
func FuzzParseWorld(f *testing.F) {
	f.Add(defaultYAML)
	f.Add([]byte("clusters: [{name: x, resourceGroup: y, properties: {aadProfile: 3}}]"))
	for _, seed := range []string{
		"", "{}", "tenant: 3", "clusters: [{name: a, resourceGroup: b}]", "subscription: {id: x}\nfleets: [{members: [x]}]",
		"managementGroups: [{name: a, parent: b}, {name: b, parent: a}]\nroleAssignments: [{scope: \"nodes:a\"}]",
		"activity: [{time: -1d, case: upper}]\nfaults: [{host: arm, path: \"**\", delay: 1s}]", "denyAssignments: [{principals: [everyone]}]",
		"clusters: [{name: a, properties: {disableLocalAccounts: 3, nodeResourceGroup: [1]}}]",
	} {
		f.Add([]byte(seed))
	}
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text []byte) {
		w, err := ParseWorldAt(text, now)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		again, err := clone(w)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range again.Clusters {
			again.Above(again.NodeScope(c))
			if _, ok := again.Cluster(again.ClusterID(c)); !ok {
				t.Errorf("cluster %s is lost", c.Name)
			}
		}
	})
}
