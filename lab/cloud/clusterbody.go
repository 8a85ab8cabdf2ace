package cloud

import (
	"encoding/json"
	"maps"
)

// fillDefaults gives a cluster the body a freshly created AKS cluster has, with
// the given properties laid over it (one level deep). Clients rely on some of
// it: az refuses to update a cluster without identityProfile.kubeletidentity.
func (c *Cluster) fillDefaults(w *World, over map[string]any) {
	node := "MC_" + c.ResourceGroup + "_" + c.Name + "_" + c.Location
	identity := w.Subscription.Scope() + "/resourceGroups/" + node +
		"/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + c.Name + "-agentpool"
	props := map[string]any{
		"provisioningState":        "Succeeded",
		"powerState":               map[string]any{"code": "Running"},
		"kubernetesVersion":        "1.36",
		"currentKubernetesVersion": "1.36.3",
		"dnsPrefix":                c.Name + "-lab",
		"fqdn":                     c.Name + "-lab.hcp." + c.Location + ".azmk8s.io",
		"agentPoolProfiles": []any{map[string]any{
			"name": "nodepool1", "count": 0, "vmSize": "Standard_D2s_v3", "osType": "Linux",
			"mode": "System", "type": "VirtualMachineScaleSets", "provisioningState": "Succeeded",
			"powerState": map[string]any{"code": "Running"},
		}},
		"servicePrincipalProfile": map[string]any{"clientId": "msi"},
		"nodeResourceGroup":       node,
		"enableRBAC":              true,
		"supportPlan":             "KubernetesOfficial",
		"networkProfile": map[string]any{
			"networkPlugin": "azure", "loadBalancerSku": "standard",
			"serviceCidr": "10.0.0.0/16", "dnsServiceIP": "10.0.0.10", "outboundType": "loadBalancer",
		},
		"identityProfile": map[string]any{"kubeletidentity": map[string]any{
			"resourceId": identity,
			"clientId":   derivedGUID("kubelet-client", w.Subscription.ID, c.ResourceGroup, c.Name),
			"objectId":   derivedGUID("kubelet-object", w.Subscription.ID, c.ResourceGroup, c.Name),
		}},
		"disableLocalAccounts": false,
		"securityProfile":      map[string]any{},
		"storageProfile":       map[string]any{},
		"oidcIssuerProfile":    map[string]any{"enabled": false},
		"resourceUID":          derivedGUID("uid", w.Subscription.ID, c.ResourceGroup, c.Name),
	}
	maps.Copy(props, over)
	c.Properties = mustJSON(props)
	c.Top = map[string]json.RawMessage{
		"sku": mustJSON(map[string]any{"name": "Base", "tier": "Free"}),
		"identity": mustJSON(map[string]any{
			"type":        "SystemAssigned",
			"principalId": derivedGUID("principal", w.Subscription.ID, c.ResourceGroup, c.Name),
			"tenantId":    w.Tenant.ID,
		}),
	}
	c.ETag = derivedGUID("etag", w.Subscription.ID, c.ResourceGroup, c.Name)
}

// mustJSON marshals values that JSON can always express.
func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("BUG: marshal: " + err.Error())
	}
	return b
}
