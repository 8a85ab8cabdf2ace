package arm

import (
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

const identityType = "Microsoft.ManagedIdentity/userAssignedIdentities"

// identities serves user-assigned managed identities, which are service
// principals of the world, and their federated credentials.
func (c *call) identities(scope string, rest path) (int, any, error) {
	if len(rest) == 0 || !strings.EqualFold(rest[0], "userAssignedIdentities") {
		return 0, nil, c.noRoute()
	}
	if c.r.Method != http.MethodGet {
		return 0, nil, c.methodNotAllowed()
	}
	if len(rest) == 1 {
		items := []any{}
		for _, p := range c.world.ServicePrincipals {
			if p.ManagedIdentity != "" && cloud.ScopeCovers(scope, p.ManagedIdentity) && c.may(identityType+"/read", p.ManagedIdentity) {
				items = append(items, c.identityBody(p))
			}
		}
		return c.listed(items, identityType+"/read", scope)
	}
	id := scope + "/providers/" + identityType + "/" + rest[1]
	action := identityType + "/read"
	switch {
	case len(rest) == 2:
	case len(rest) <= 4 && strings.EqualFold(rest[2], "federatedIdentityCredentials"):
		action = identityType + "/federatedIdentityCredentials/read"
	default:
		return 0, nil, c.noRoute()
	}
	if err := c.allow(action, id); err != nil {
		return 0, nil, err
	}
	p, ok := c.identity(id)
	switch {
	case !ok:
		return 0, nil, refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", id)
	case len(rest) == 2:
		return ok200(c.identityBody(p))
	}
	items := []any{}
	for _, f := range p.FederatedCredentials {
		items = append(items, map[string]any{
			"id": p.ManagedIdentity + "/federatedIdentityCredentials/" + f.Name, "name": f.Name,
			"type":       identityType + "/federatedIdentityCredentials",
			"properties": map[string]any{"issuer": f.Issuer, "subject": f.Subject, "audiences": []string{"api://AzureADTokenExchange"}},
		})
	}
	if len(rest) == 4 {
		return named(items, rest[3], identityType+"/federatedIdentityCredentials")
	}
	return c.page(items)
}

func (c *call) identity(id string) (cloud.ServicePrincipal, bool) {
	for _, p := range c.world.ServicePrincipals {
		if p.ManagedIdentity != "" && sameScope(p.ManagedIdentity, id) {
			return p, true
		}
	}
	return cloud.ServicePrincipal{}, false
}

func (c *call) identityBody(p cloud.ServicePrincipal) map[string]any {
	var group cloud.ResourceGroup
	if at := parsePath(p.ManagedIdentity); len(at) > 3 {
		group, _ = c.world.GroupIn(at[1], at[3])
	}
	return map[string]any{
		"id": p.ManagedIdentity, "name": p.ManagedIdentity[strings.LastIndexByte(p.ManagedIdentity, '/')+1:],
		"type": identityType, "location": group.Location, "tags": map[string]any{},
		"properties": map[string]any{"tenantId": c.world.Tenant.ID, "principalId": p.ID, "clientId": p.AppID},
	}
}
