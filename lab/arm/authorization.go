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
	if v, ok := rest.match("denyAssignments/{id}"); ok {
		return c.denyAssignment(scope, v[0])
	}
	if len(rest) != 1 {
		return 0, nil, c.noRoute()
	}
	if c.r.Method != http.MethodGet {
		return 0, nil, c.methodNotAllowed()
	}
	switch strings.ToLower(rest[0]) {
	case "permissions":
		return ok200(map[string]any{"value": c.permissions(scope)})
	case "denyassignments":
		return c.listDenies(scope)
	case "roleeligibilityscheduleinstances", "roleeligibilityschedules":
		return c.listEligible(scope, rest[0])
	case "roleassignmentscheduleinstances", "roleassignmentschedules":
		if err := c.allow("Microsoft.Authorization/"+rest[0]+"/read", scope); err != nil {
			return 0, nil, err
		}
		if !c.world.Tenant.PIM {
			return 0, nil, noPremium()
		}
		return 0, nil, notInLab("schedules of active assignments; roleAssignments lists these.")
	}
	return 0, nil, c.noRoute()
}

// scopeExists knows the root, management groups, subscriptions, resource
// groups, those of nodes too, and the resources of the world.
func (c *call) scopeExists(scope string) error {
	p := parsePath(scope)
	if len(p) == 0 {
		return nil
	}
	if v, ok := p.match("/providers/Microsoft.Management/managementGroups/{name}"); ok {
		if c.managementGroup(v[0]) {
			return nil
		}
		return refuse(http.StatusNotFound, "NotFound", "Management group '%s' was not found.", v[0])
	}
	if _, ok := p.match("/subscriptions/{s}"); ok {
		return nil
	}
	if len(p) >= 4 && strings.EqualFold(p[2], "resourceGroups") {
		if _, ok := c.world.GroupIn(c.sub.ID, p[3]); !ok {
			return groupNotFound(p[3])
		}
		if len(p) == 4 || c.resource(p) {
			return nil
		}
	}
	return refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", scope)
}

func (c *call) managementGroup(name string) bool {
	if strings.EqualFold(name, c.world.Tenant.ID) {
		return true
	}
	for _, g := range c.world.ManagementGroups {
		if strings.EqualFold(g.Name, name) {
			return true
		}
	}
	return false
}

// resource knows clusters and namespaces of them, fleets, managed identities.
func (c *call) resource(p path) bool {
	if len(p) < 8 {
		return false
	}
	if _, ok := c.world.Cluster(p[:8].String()); ok {
		return len(p) == 8 || len(p) == 10 && strings.EqualFold(p[8], "namespaces")
	}
	_, fleet := c.fleet(p.String())
	_, identity := c.identity(p.String())
	return fleet || identity
}

// permissions are the role blocks the caller holds at a scope.
func (c *call) permissions(scope string) []cloud.Permission {
	out := []cloud.Permission{}
	who := append([]string{c.who.ObjectID}, c.world.TransitiveGroups(c.who.ObjectID)...)
	for _, a := range c.world.RoleAssignments {
		if !c.world.Covers(a.Scope, scope) || !foldIn(who, a.PrincipalID) {
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
