package arm

import (
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// authorization serves Microsoft.Authorization at a scope.
func (c *call) authorization(scope string, rest path) (int, any, error) {
	if err := c.scopeExists(scope); err != nil {
		// Whoever may not read there is told that first.
		if e := c.allow("Microsoft.Authorization/roleAssignments/read", scope); e != nil {
			return 0, nil, e
		}
		return 0, nil, err
	}
	if _, ok := rest.match("roleDefinitions"); ok {
		return c.listRoles(scope)
	}
	if v, ok := rest.match("roleDefinitions/{id}"); ok {
		return c.role(scope, strings.ToLower(v[0]))
	}
	if _, ok := rest.match("roleAssignments"); ok {
		return c.listAssignments(scope)
	}
	if v, ok := rest.match("roleAssignments/{id}"); ok {
		return c.assignment(scope, strings.ToLower(v[0]))
	}
	if c.r.Method != http.MethodGet || len(rest) != 1 {
		return 0, nil, c.noRoute()
	}
	switch strings.ToLower(rest[0]) {
	case "permissions":
		return ok200(map[string]any{"value": c.permissions(scope)})
	case "denyassignments":
		if err := c.allow("Microsoft.Authorization/denyAssignments/read", scope); err != nil {
			return 0, nil, err
		}
		return ok200(list()) // none can be made in this world
	case "roleeligibilityscheduleinstances", "roleassignmentscheduleinstances", "roleeligibilityschedules", "roleassignmentschedules":
		if err := c.allow("Microsoft.Authorization/"+rest[0]+"/read", scope); err != nil {
			return 0, nil, err
		}
		return 0, nil, refuse(http.StatusBadRequest, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")
	}
	return 0, nil, c.noRoute()
}

// scopeExists knows the root, the subscription, its resource groups, its
// clusters and namespaces below them.
func (c *call) scopeExists(scope string) error {
	p := parsePath(scope)
	if len(p) == 0 {
		return nil
	}
	if _, ok := p.match("/subscriptions/{s}"); ok {
		return nil
	}
	if len(p) >= 4 && strings.EqualFold(p[2], "resourceGroups") {
		if _, ok := c.world.ResourceGroup(p[3]); !ok {
			return groupNotFound(p[3])
		}
		if len(p) == 4 {
			return nil
		}
		if len(p) == 8 || len(p) == 10 && strings.EqualFold(p[8], "namespaces") {
			if _, ok := c.world.Cluster(p[:8].String()); ok {
				return nil
			}
		}
	}
	return refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", scope)
}

// permissions are the role blocks the caller holds at a scope.
func (c *call) permissions(scope string) []cloud.Permission {
	out := []cloud.Permission{}
	who := append([]string{c.who.ObjectID}, c.world.TransitiveGroups(c.who.ObjectID)...)
	for _, a := range c.world.RoleAssignments {
		if !cloud.ScopeCovers(a.Scope, scope) || !foldIn(who, a.PrincipalID) {
			continue
		}
		if r, ok := c.world.RoleDefinition(a.RoleID); ok {
			for _, p := range r.Permissions {
				out = append(out, wirePermission(p))
			}
		}
	}
	return out
}

func foldIn(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}
