package arm

import (
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

const configurationType = "Microsoft.KubernetesConfiguration"

// kubernetesConfiguration serves what is installed into a cluster from
// outside: extensions and Flux configurations. They are the world's, and
// read-only here.
func (c *call) kubernetesConfiguration(scope string, rest path) (int, any, error) {
	kind := ""
	if len(rest) > 0 {
		for _, k := range []string{"fluxConfigurations", "extensions"} {
			if strings.EqualFold(rest[0], k) {
				kind = k
			}
		}
	}
	if kind == "" || len(rest) > 2 {
		return 0, nil, c.noRoute()
	}
	if c.r.Method != http.MethodGet {
		action, ok := map[string]string{http.MethodPut: "/write", http.MethodPatch: "/write", http.MethodDelete: "/delete"}[c.r.Method]
		if !ok {
			return 0, nil, c.methodNotAllowed()
		}
		if err := c.allow(configurationType+"/"+kind+action, scope); err != nil {
			return 0, nil, err
		}
		return 0, nil, notInLab("%s are put into the world file.", kind)
	}
	if err := c.allow(configurationType+"/"+kind+"/read", scope); err != nil {
		return 0, nil, err
	}
	k, ok := c.world.Cluster(scope)
	if !ok {
		return 0, nil, refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", scope)
	}
	items := []any{}
	if kind == "extensions" {
		for _, e := range k.Extensions {
			items = append(items, c.extensionBody(k, e))
		}
	} else {
		for _, f := range k.Flux {
			items = append(items, c.fluxBody(k, f))
		}
	}
	if len(rest) == 2 {
		return named(items, rest[1], kind)
	}
	return c.page(items)
}

// named finds one item of a list by name.
func named(items []any, name, kind string) (int, any, error) {
	for _, item := range items {
		if have, _ := item.(map[string]any)["name"].(string); strings.EqualFold(have, name) {
			return ok200(item)
		}
	}
	return 0, nil, refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s/%s' was not found.", kind, name)
}

// childID is the id of something kept below a cluster.
func (c *call) childID(k cloud.Cluster, below string) string {
	return c.world.ClusterID(k) + "/" + below
}

func (c *call) extensionBody(k cloud.Cluster, e cloud.Extension) map[string]any {
	return map[string]any{
		"id": c.childID(k, "providers/"+configurationType+"/extensions/"+e.Name), "name": e.Name,
		"type": configurationType + "/extensions",
		"properties": map[string]any{
			"extensionType": e.Type, "autoUpgradeMinorVersion": true, "releaseTrain": "Stable",
			"provisioningState": "Succeeded", "isSystemExtension": false, "statuses": []any{},
			"scope":                 map[string]any{"cluster": map[string]any{"releaseNamespace": e.Name + "-system"}},
			"configurationSettings": map[string]any{},
			"aksAssignedIdentity":   map[string]any{"type": "SystemAssigned"},
		},
	}
}

func (c *call) fluxBody(k cloud.Cluster, f cloud.Flux) map[string]any {
	scope := f.Scope
	if scope == "" {
		scope = "cluster"
	}
	return map[string]any{
		"id": c.childID(k, "providers/"+configurationType+"/fluxConfigurations/"+f.Name), "name": f.Name,
		"type": configurationType + "/fluxConfigurations",
		"properties": map[string]any{
			"scope": scope, "namespace": f.Name, "sourceKind": "GitRepository", "suspend": false,
			"gitRepository": map[string]any{"url": f.URL, "timeoutInSeconds": 600, "syncIntervalInSeconds": 600,
				"repositoryRef": map[string]any{"branch": "main"}},
			"kustomizations": map[string]any{}, "statuses": []any{},
			"provisioningState": "Succeeded", "complianceState": "Compliant",
		},
	}
}

// trustedAccess serves the Azure resources that a cluster lets in.
func (c *call) trustedAccess(ref clusterRef, rest path) (int, any, error) {
	if err := c.allow(clusterType+"/trustedAccessRoleBindings/read", ref.id); err != nil {
		return 0, nil, err
	}
	k, err := c.find(ref)
	if err != nil {
		return 0, nil, err
	}
	items := []any{}
	for _, b := range k.TrustedAccess {
		items = append(items, map[string]any{
			"id": c.childID(k, "trustedAccessRoleBindings/"+b.Name), "name": b.Name,
			"type":       clusterType + "/trustedAccessRoleBindings",
			"properties": map[string]any{"provisioningState": "Succeeded", "sourceResourceId": b.Source, "roles": b.Roles},
		})
	}
	if len(rest) == 2 {
		return named(items, rest[1], "trustedAccessRoleBindings")
	}
	return c.page(items)
}
