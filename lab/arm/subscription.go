package arm

import (
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// subscriptions serves tenants, subscriptions, resource groups and providers.
func (c *call) subscriptions() (int, any, error) {
	if c.r.Method != http.MethodGet {
		return 0, nil, c.methodNotAllowed()
	}
	if _, ok := c.path.match("/tenants"); ok {
		t := c.world.Tenant
		return ok200(list(map[string]any{
			"id": "/tenants/" + t.ID, "tenantId": t.ID, "displayName": t.DisplayName,
			"defaultDomain": t.Domain, "domains": []string{t.Domain}, "tenantCategory": "Home",
			"tenantType": "AAD", "countryCode": "XX",
		}))
	}
	if _, ok := c.path.match("/subscriptions"); ok {
		if !c.seesSubscription() {
			return ok200(list())
		}
		return ok200(list(c.subscription()))
	}
	if _, ok := c.path.match("/subscriptions/{s}"); ok {
		if !c.seesSubscription() {
			return 0, nil, c.allow("Microsoft.Resources/subscriptions/read", c.world.Subscription.Scope())
		}
		return ok200(c.subscription())
	}
	if _, ok := c.path.match("/subscriptions/{s}/resourceGroups"); ok {
		return c.resourceGroups()
	}
	if v, ok := c.path.match("/subscriptions/{s}/resourceGroups/{rg}"); ok {
		if err := c.allow("Microsoft.Resources/subscriptions/resourceGroups/read", c.path.String()); err != nil {
			return 0, nil, err
		}
		rg, ok := c.world.ResourceGroup(v[1])
		if !ok {
			return 0, nil, groupNotFound(v[1])
		}
		return ok200(c.resourceGroup(rg))
	}
	if v, ok := c.path.match("/subscriptions/{s}/providers/{ns}"); ok {
		if err := c.allow("Microsoft.Resources/subscriptions/providers/read", c.world.Subscription.Scope()); err != nil {
			return 0, nil, err
		}
		return ok200(map[string]any{"id": c.world.Subscription.Scope() + "/providers/" + v[1], "namespace": v[1],
			"registrationState": "Registered", "registrationPolicy": "RegistrationRequired", "resourceTypes": []any{}})
	}
	return 0, nil, c.noRoute()
}

// seesSubscription: whoever holds a role anywhere in it sees the subscription.
func (c *call) seesSubscription() bool {
	who := append([]string{c.who.ObjectID}, c.world.TransitiveGroups(c.who.ObjectID)...)
	for _, a := range c.world.RoleAssignments {
		for _, id := range who {
			if strings.EqualFold(a.PrincipalID, id) && (a.Scope == "/" || cloud.ScopeCovers(c.world.Subscription.Scope(), a.Scope)) {
				return true
			}
		}
	}
	return false
}

func (c *call) subscription() map[string]any {
	s := c.world.Subscription
	return map[string]any{
		"id": s.Scope(), "authorizationSource": "RoleBased", "managedByTenants": []any{},
		"subscriptionId": s.ID, "tenantId": c.world.Tenant.ID, "displayName": s.DisplayName, "state": "Enabled",
		"subscriptionPolicies": map[string]any{"locationPlacementId": "LAB", "quotaId": "LAB", "spendingLimit": "On"},
	}
}

func (c *call) resourceGroups() (int, any, error) {
	const action = "Microsoft.Resources/subscriptions/resourceGroups/read"
	items := []any{}
	for _, g := range c.world.ResourceGroups {
		// A list shows what may be read, and is not refused.
		if c.world.Decide(c.who.ObjectID, action, c.world.Subscription.Scope()+"/resourceGroups/"+g.Name).Allowed {
			items = append(items, c.resourceGroup(g))
		}
	}
	return ok200(map[string]any{"value": items})
}

func (c *call) resourceGroup(g cloud.ResourceGroup) map[string]any {
	return map[string]any{
		"id": c.world.Subscription.Scope() + "/resourceGroups/" + g.Name, "name": g.Name, "location": g.Location,
		"type": "Microsoft.Resources/resourceGroups", "properties": map[string]any{"provisioningState": "Succeeded"},
	}
}

func groupNotFound(name string) error {
	return refuse(http.StatusNotFound, "ResourceGroupNotFound", "Resource group '%s' could not be found.", name)
}

func list(items ...any) map[string]any {
	if items == nil {
		items = []any{}
	}
	return map[string]any{"value": items}
}

func ok200(v any) (int, any, error) { return http.StatusOK, v, nil }
