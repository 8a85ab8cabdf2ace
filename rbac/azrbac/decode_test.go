package azrbac_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

const (
	azAssignments = `[{"canDelegate": null, "condition": null, "conditionVersion": null, "description": null,
 "id": "/subscriptions/11110000-0000-4000-8000-000000000001/providers/Microsoft.Authorization/roleAssignments/59ae41cf-f153-4419-94fc-e848787e000b",
 "name": "59ae41cf-f153-4419-94fc-e848787e000b", "principalId": "4f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10", "principalName": "ann@contoso.example",
 "principalType": "User", "roleDefinitionId": "/subscriptions/11110000-0000-4000-8000-000000000001/providers/Microsoft.Authorization/roleDefinitions/7f6c6a51-bcf8-42ba-9220-52d62157d7db",
 "roleDefinitionName": "Azure Kubernetes Service RBAC Reader", "scope": "/subscriptions/11110000-0000-4000-8000-000000000001", "type": "Microsoft.Authorization/roleAssignments"},
 {"id": "/providers/Microsoft.Management/managementGroups/root/providers/Microsoft.Authorization/roleAssignments/69ae41cf-f153-4419-94fc-e848787e000b",
 "principalId": "5f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10", "principalType": "Group", "roleDefinitionId": "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
 "scope": "/providers/Microsoft.Management/managementGroups/root", "type": "Microsoft.Authorization/roleAssignments"}]`
	armDefinitions = `{"value": [{"properties": {"roleName": "Pod Watcher", "type": "CustomRole", "description": "", "assignableScopes": ["/subscriptions/x"],
 "permissions": [{"actions": [], "notActions": [], "dataActions": ["Microsoft.ContainerService/managedClusters/pods/read"], "notDataActions": [], "condition": null}]},
 "id": "/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/aaaa41cf-f153-4419-94fc-e848787e000b", "type": "Microsoft.Authorization/roleDefinitions", "name": "aaaa41cf-f153-4419-94fc-e848787e000b"}]}`
	azDefinition = `[{"assignableScopes": ["/"], "roleName": "Thing", "roleType": "BuiltInRole", "permissions": [{"actions": ["*/read"], "condition": "x"}],
 "id": "/providers/Microsoft.Authorization/roleDefinitions/bbbb41cf-f153-4419-94fc-e848787e000b", "type": "Microsoft.Authorization/roleDefinitions"}]`
	armDenies = `{"value": [{"id": "/subscriptions/x/providers/Microsoft.Authorization/denyAssignments/d", "type": "Microsoft.Authorization/denyAssignments", "properties":
 {"denyAssignmentName": "no secrets", "scope": "/subscriptions/x", "doNotApplyToChildScopes": true, "principals": [{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}],
 "excludePrincipals": [{"id": "e", "type": "User"}], "permissions": [{"dataActions": ["*"]}], "isSystemProtected": true}}]}`
	azCluster = `{"id": "` + testCluster + `", "name": "aks-shop", "type": "Microsoft.ContainerService/ManagedClusters", "fqdn": "Shop-x.hcp.westeurope.azmk8s.io",
 "privateFqdn": null, "provisioningState": "Succeeded", "aadProfile": {"enableAzureRbac": true, "managed": true, "adminGroupObjectIDs": null}}`
	armCluster = `{"id": "` + testCluster + `", "name": "aks-shop", "type": "Microsoft.ContainerService/ManagedClusters", "properties":
 {"fqdn": "shop-x.hcp.westeurope.azmk8s.io", "privateFQDN": "shop-p.privatelink.westeurope.azmk8s.io", "provisioningState": "Succeeded", "aadProfile": {"enableAzureRBAC": true}}}`
)

func decode(t *testing.T, text string) azrbac.Document {
	t.Helper()
	d, ok, err := azrbac.Decode([]byte(text))
	if !ok || err != nil {
		t.Fatalf("ok %v, err %v: %s", ok, err, text)
	}
	return d
}

func TestDecode(t *testing.T) {
	if d := decode(t, azAssignments); len(d.Assignments) != 2 || d.Assignments[0].PrincipalType != "User" || d.Assignments[0].Condition != "" {
		t.Errorf("%+v", d)
	}
	if d := decode(t, armDefinitions); len(d.Definitions) != 1 || !d.Definitions[0].Custom || d.Definitions[0].Name != "Pod Watcher" || len(d.Definitions[0].Permissions[0].DataActions) != 1 {
		t.Errorf("%+v", d)
	}
	if d := decode(t, azDefinition); d.Definitions[0].Custom || d.Definitions[0].Permissions[0].Condition != "x" {
		t.Errorf("%+v", d)
	}
	if d := decode(t, armDenies); !d.Denies[0].DoNotApplyToChildScopes || d.Denies[0].Name != "no secrets" || d.Denies[0].ExcludePrincipals[0].ID != "e" {
		t.Errorf("%+v", d)
	}
	for _, text := range []string{azCluster, armCluster} {
		if c := decode(t, text).Clusters[0]; !c.Enabled || !c.Known || c.Name != "aks-shop" || c.Hosts[0] != "shop-x.hcp.westeurope.azmk8s.io" {
			t.Errorf("%+v", c)
		}
	}
	if c := decode(t, strings.Replace(armCluster, `"aadProfile": {"enableAzureRBAC": true}`, `"aadProfile": null`, 1)).Clusters[0]; c.Enabled || !c.Known {
		t.Errorf("%+v", c)
	}
}

func TestDecodeOthers(t *testing.T) {
	for _, text := range []string{``, `[]`, `{"value": []}`, `{`, `apiVersion: v1`, `{"kind": "Role", "apiVersion": "v1"}`, `{"kind": "List", "items": []}`, `[1]`, `"x"`, `{"type": 3}`, `[{"type": "Microsoft.Compute/disks"}]`} {
		if d, ok, err := azrbac.Decode([]byte(text)); ok || err != nil {
			t.Errorf("%s: %+v, %v, %v", text, d, ok, err)
		}
	}
	for text, want := range map[string]string{
		`[{"type": "Microsoft.Authorization/roleAssignments", "id": "x", "principalId": "p"}]`:                                              "item 1: x: role assignment without a roleDefinitionId",
		`[{"type": "Microsoft.Authorization/roleAssignments", "id": "x", "roleDefinitionId": "p"}]`:                                         "without a principalId",
		`[{"type": "Microsoft.Authorization/roleAssignments", "id": "x", "roleDefinitionId": "p", "principalId": "p"}]`:                     "without a scope",
		`[{"type": "Microsoft.Authorization/roleAssignments", "principalId": "p"}]`:                                                         "without an id",
		`[{"type": "Microsoft.Authorization/roleDefinitions", "id": "x"}]`:                                                                  "without roleName",
		`[{"type": "Microsoft.Authorization/denyAssignments", "id": "x"}]`:                                                                  "without a scope",
		`[{"type": "Microsoft.Authorization/roleDefinitions", "id": "x", "permissions": "all"}]`:                                            "cannot unmarshal",
		`[{"type": "Microsoft.Authorization/roleDefinitions", "id": "x", "roleName": "r"}, {"type": "Microsoft.Compute/disks", "id": "y"}]`: "item 2 is neither",
		`{"clusterId": "x", "assignments": 3}`:                                                                                              "read facts",
	} {
		if _, ok, err := azrbac.Decode([]byte(text)); !ok || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v, want %q", text, ok, err, want)
		}
	}
}

func TestJoin(t *testing.T) {
	ann := rbac.UserInfo{Username: "ann", Extra: map[string][]string{"oid": {"4f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10"}}}
	list := rbac.Request{Verb: "list", Resource: "pods", Namespace: "shop"}
	for _, c := range []struct {
		name    string
		docs    []string
		cluster string
		want    azrbac.Verdict
	}{
		{"all there", []string{azAssignments, azCluster}, "", azrbac.Allow},
		{"two clusters, one named", []string{azAssignments, azCluster, strings.ReplaceAll(armCluster, "aks-shop", "aks-2")}, "AKS-shop", azrbac.Allow},
		{"two clusters", []string{azAssignments, azCluster, strings.ReplaceAll(armCluster, "aks-shop", "aks-2")}, "", azrbac.Unknown},
		{"no cluster", []string{azAssignments}, "", azrbac.Unknown},
		{"cluster by id alone", []string{azAssignments}, testCluster, azrbac.Unknown},
		{"another cluster", []string{azAssignments, azCluster}, "aks-3", azrbac.Unknown},
		{"no assignments", []string{azCluster}, "", azrbac.Unknown},
		{"off", []string{azAssignments, strings.Replace(azCluster, "true", "false", 1)}, "", azrbac.NoOpinion},
		{"settings not listed", []string{azAssignments, `{"type": "Microsoft.ContainerService/managedClusters", "id": "` + testCluster + `"}`}, "", azrbac.Unknown},
	} {
		var docs []azrbac.Document
		for _, text := range c.docs {
			docs = append(docs, decode(t, text))
		}
		f := azrbac.Join(docs, c.cluster)
		d := azrbac.New(*f).Evaluate(ann, list)
		if d.Verdict != c.want || d.Verdict == azrbac.Unknown && len(d.Reasons) == 0 {
			t.Errorf("%s: %+v", c.name, d)
		}
		// The file form says the same.
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		if f.ClusterID == "" {
			continue
		}
		again := azrbac.Join([]azrbac.Document{decode(t, string(text))}, "")
		if e := azrbac.New(*again).Evaluate(ann, list); !reflect.DeepEqual(d, e) {
			t.Errorf("%s: written and read again: %+v\n%+v", c.name, d, e)
		}
	}
	if azrbac.Join(nil, "x") != nil {
		t.Error("facts of nothing")
	}
}

// TestJoinGroups: a management group in a list of the cluster's own subscription
// is above it; in any other it is not known to be.
func TestJoinGroups(t *testing.T) {
	ops := rbac.UserInfo{Username: "ops", Extra: map[string][]string{"oid": {"5f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10"}}}
	for subscription, want := range map[string]azrbac.Verdict{"11110000-0000-4000-8000-000000000001": azrbac.Allow, "22220000-0000-4000-8000-000000000001": azrbac.Unknown} {
		text := strings.ReplaceAll(azAssignments, "11110000-0000-4000-8000-000000000001", subscription)
		f := azrbac.Join([]azrbac.Document{decode(t, text), decode(t, azCluster)}, "")
		if d := azrbac.New(*f).Evaluate(ops, rbac.Request{Verb: "get", Resource: "secrets"}); d.Verdict != want {
			t.Errorf("%s: %+v", subscription, d)
		}
	}
}

// FuzzDecode: whatever is read can be judged, and an error comes with ok.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{azAssignments, armDefinitions, azDefinition, armDenies, azCluster, armCluster, `{"clusterId": "/x", "enabled": true}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, ok, err := azrbac.Decode(data)
		if err != nil && !ok {
			t.Fatalf("an error about what is not ours: %v", err)
		}
		if !ok || err != nil {
			return
		}
		facts := azrbac.Join([]azrbac.Document{d}, "")
		x := azrbac.New(*facts)
		x.Evaluate(rbac.UserInfo{Username: "u", Groups: []string{"4f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10"}, Extra: map[string][]string{"oid": {"4f0d9a52-6c1e-4b83-9f27-1e5a8c3d7b10"}}}, rbac.Request{Verb: "*", Resource: "*", APIGroup: "*", Namespace: "n"})
		x.WhoCan(rbac.Request{Verb: "get", Resource: "pods"})
	})
}
