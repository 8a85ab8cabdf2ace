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
	identity := w.GroupScope(c.Subscription, node) +
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
	sku := "Base"
	switch c.Kind {
	case KindAutomatic:
		sku = "Automatic"
		props["disableLocalAccounts"] = true
		props["aadProfile"] = map[string]any{"managed": true, "enableAzureRBAC": true, "tenantID": w.Tenant.ID, "adminGroupObjectIDs": []any{}}
		props["nodeResourceGroupProfile"] = map[string]any{"restrictionLevel": "ReadOnly"}
		props["oidcIssuerProfile"] = map[string]any{"enabled": true}
	case KindPrivate:
		delete(props, "fqdn")
		props["privateFQDN"] = c.Name + "-lab." + derivedGUID("zone", w.Subscription.ID, c.ResourceGroup, c.Name) + ".privatelink." + c.Location + ".azmk8s.io"
		props["apiServerAccessProfile"] = map[string]any{"enablePrivateCluster": true, "enablePrivateClusterPublicFQDN": false}
	}
	maps.Copy(props, over)
	for name, v := range props {
		if v == nil { // null takes a default away
			delete(props, name)
		}
	}
	c.Properties = mustJSON(props)
	c.Top = map[string]json.RawMessage{
		"sku":        mustJSON(map[string]any{"name": sku, "tier": "Free"}),
		"systemData": mustJSON(map[string]any{"createdAt": c.Created, "createdByType": "User"}),
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
