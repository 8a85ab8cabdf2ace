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
		items := []any{}
		for _, sub := range c.world.AllSubscriptions() {
			if c.sees(sub) {
				items = append(items, c.subscription(sub))
			}
		}
		return c.page(items)
	}
	if _, ok := c.path.match("/subscriptions/{s}"); ok {
		if !c.sees(c.sub) {
			return 0, nil, c.allow("Microsoft.Resources/subscriptions/read", c.sub.Scope())
		}
		return ok200(c.subscription(c.sub))
	}
	if _, ok := c.path.match("/subscriptions/{s}/resourceGroups"); ok {
		return c.resourceGroups()
	}
	if v, ok := c.path.match("/subscriptions/{s}/resourceGroups/{rg}"); ok {
		if err := c.allow("Microsoft.Resources/subscriptions/resourceGroups/read", c.path.String()); err != nil {
			return 0, nil, err
		}
		rg, ok := c.world.GroupIn(c.sub.ID, v[1])
		if !ok {
			return 0, nil, groupNotFound(v[1])
		}
		return ok200(c.resourceGroup(rg, c.nodeGroupOwner(rg.Name)))
	}
	if v, ok := c.path.match("/subscriptions/{s}/providers/{ns}"); ok {
		if err := c.allow("Microsoft.Resources/subscriptions/providers/read", c.sub.Scope()); err != nil {
			return 0, nil, err
		}
		return ok200(map[string]any{"id": c.sub.Scope() + "/providers/" + v[1], "namespace": v[1],
			"registrationState": "Registered", "registrationPolicy": "RegistrationRequired", "resourceTypes": []any{}})
	}
	return 0, nil, c.noRoute()
}

// sees: whoever holds a role at a subscription, above or below it sees it.
func (c *call) sees(s cloud.Subscription) bool {
	who := append([]string{c.who.ObjectID}, c.world.TransitiveGroups(c.who.ObjectID)...)
	for _, a := range c.world.RoleAssignments {
		if foldIn(who, a.PrincipalID) && (c.world.Covers(a.Scope, s.Scope()) || cloud.ScopeCovers(s.Scope(), a.Scope)) {
			return true
		}
	}
	return false
}

func (c *call) subscription(s cloud.Subscription) map[string]any {
	return map[string]any{
		"id": s.Scope(), "authorizationSource": "RoleBased", "managedByTenants": []any{},
		"subscriptionId": s.ID, "tenantId": c.world.Tenant.ID, "displayName": s.DisplayName, "state": "Enabled",
		"subscriptionPolicies": map[string]any{"locationPlacementId": "LAB", "quotaId": "LAB", "spendingLimit": "On"},
	}
}

func (c *call) resourceGroups() (int, any, error) {
	const action = "Microsoft.Resources/subscriptions/resourceGroups/read"
	items := []any{}
	add := func(g cloud.ResourceGroup, owner string) {
		// A list shows what may be read, and is not refused.
		if c.may(action, c.sub.Scope()+"/resourceGroups/"+g.Name) {
			items = append(items, c.resourceGroup(g, owner))
		}
	}
	for _, g := range c.world.ResourceGroups {
		if c.inSubscription(g.Subscription) {
			add(g, "")
		}
	}
	for _, k := range c.world.Clusters {
		if g, ok := c.world.GroupIn(c.sub.ID, k.Settings().NodeResourceGroup); ok && c.inSubscription(k.Subscription) {
			add(g, c.world.ClusterID(k))
		}
	}
	return c.page(items)
}

// inSubscription compares a subscription of the world, empty for home, with
// the one asked about.
func (c *call) inSubscription(id string) bool {
	if id == "" {
		id = c.world.Subscription.ID
	}
	return strings.EqualFold(id, c.sub.ID)
}

// nodeGroupOwner is the cluster whose nodes a resource group holds.
func (c *call) nodeGroupOwner(name string) string {
	for _, k := range c.world.Clusters {
		if c.inSubscription(k.Subscription) && strings.EqualFold(k.Settings().NodeResourceGroup, name) {
			return c.world.ClusterID(k)
		}
	}
	return ""
}

func (c *call) resourceGroup(g cloud.ResourceGroup, managedBy string) map[string]any {
	body := map[string]any{
		"id": c.sub.Scope() + "/resourceGroups/" + g.Name, "name": g.Name, "location": g.Location,
		"type": "Microsoft.Resources/resourceGroups", "properties": map[string]any{"provisioningState": "Succeeded"},
	}
	if managedBy != "" {
		body["managedBy"] = managedBy
	}
	return body
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
