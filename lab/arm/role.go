package arm

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

const roleType = "Microsoft.Authorization/roleDefinitions"

func (c *call) listRoles(scope string) (int, any, error) {
	if c.r.Method != http.MethodGet {
		return 0, nil, c.methodNotAllowed()
	}
	if err := c.allow(roleType+"/read", scope); err != nil {
		return 0, nil, err
	}
	filter, err := parseFilter(c.r.URL.Query().Get("$filter"))
	if err != nil {
		return 0, nil, err
	}
	if err := filter.only("rolename eq", "type eq", "atscope()", "atscopeandbelow()"); err != nil {
		return 0, nil, err
	}
	items := []any{}
	for _, r := range c.world.AllRoles() {
		if filter.matches("roleName", r.RoleName) && filter.matches("type", roleKind(r)) && c.assignable(r, scope) {
			items = append(items, c.roleBody(scope, r))
		}
	}
	return c.page(items)
}

// assignable: a role is listed where it may be assigned, and above and below.
func (c *call) assignable(r cloud.RoleDefinition, scope string) bool {
	if len(r.AssignableScopes) == 0 {
		return true
	}
	for _, s := range r.AssignableScopes {
		if c.world.Covers(s, scope) || c.world.Covers(scope, s) {
			return true
		}
	}
	return false
}

func roleKind(r cloud.RoleDefinition) string {
	if r.Builtin {
		return "BuiltInRole"
	}
	return "CustomRole"
}

func (c *call) roleID(scope, id string) string {
	if p := parsePath(scope); len(p) >= 2 && strings.EqualFold(p[0], "subscriptions") {
		return p[:2].String() + "/providers/" + roleType + "/" + id
	}
	return "/providers/" + roleType + "/" + id
}

func (c *call) roleBody(scope string, r cloud.RoleDefinition) map[string]any {
	permissions := []cloud.Permission{}
	for _, p := range r.Permissions {
		permissions = append(permissions, wirePermission(p))
	}
	return map[string]any{
		"id": c.roleID(scope, r.ID), "name": r.ID, "type": roleType,
		"properties": map[string]any{
			"roleName": r.RoleName, "type": roleKind(r), "description": r.Description,
			"assignableScopes": r.AssignableScopes, "permissions": permissions,
		},
	}
}

// wirePermission has empty lists where the body has none.
func wirePermission(p cloud.Permission) cloud.Permission {
	for _, l := range []*[]string{&p.Actions, &p.NotActions, &p.DataActions, &p.NotDataActions} {
		if *l == nil {
			*l = []string{}
		}
	}
	return p
}

func (c *call) role(scope, id string) (int, any, error) {
	action := map[string]string{http.MethodGet: "/read", http.MethodPut: "/write", http.MethodDelete: "/delete"}[c.r.Method]
	if action == "" {
		return 0, nil, c.methodNotAllowed()
	}
	if err := c.allow(roleType+action, scope); err != nil {
		return 0, nil, err
	}
	r, found := c.world.RoleDefinition(id)
	found = found && strings.EqualFold(r.ID, id)
	switch {
	case c.r.Method == http.MethodPut:
		return c.putRole(scope, id, r, found)
	case !found && c.r.Method == http.MethodDelete:
		return http.StatusNoContent, nil, nil
	case !found:
		return 0, nil, refuse(http.StatusNotFound, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", dashless(id))
	case c.r.Method == http.MethodGet:
		return ok200(c.roleBody(scope, r))
	}
	return c.deleteRole(scope, r)
}

func (c *call) putRole(scope, id string, old cloud.RoleDefinition, found bool) (int, any, error) {
	var body struct {
		Properties struct {
			RoleName         string
			Description      string
			Permissions      []cloud.Permission
			AssignableScopes []string
		}
	}
	if err := json.NewDecoder(c.r.Body).Decode(&body); err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "%v", err)
	}
	p := body.Properties
	switch {
	case found && old.Builtin:
		return 0, nil, refuse(http.StatusBadRequest, "RoleDefinitionCannotBeUpdated", "Built-in role '%s' cannot be changed.", old.RoleName)
	case !cloud.IsGUID(id):
		return 0, nil, refuse(http.StatusBadRequest, "InvalidRoleDefinitionId", "The role definition ID '%s' is not valid. The role definition ID must be a GUID.", id)
	case p.RoleName == "" || len(p.Permissions) == 0 || len(p.AssignableScopes) == 0:
		return 0, nil, refuse(http.StatusBadRequest, "InvalidRoleDefinition", "roleName, permissions and assignableScopes are required.")
	}
	if other, ok := c.world.RoleDefinition(p.RoleName); ok && !strings.EqualFold(other.ID, id) {
		return 0, nil, refuse(http.StatusConflict, "RoleDefinitionWithSameNameExists", "A custom role with the same name already exists in this directory. Use a different name.")
	}
	next := cloud.RoleDefinition{ID: id, RoleName: p.RoleName, Description: p.Description, Permissions: p.Permissions, AssignableScopes: p.AssignableScopes}
	err := c.State.Update(func(w *cloud.World) error {
		for i := range w.RoleDefinitions {
			if strings.EqualFold(w.RoleDefinitions[i].ID, id) {
				w.RoleDefinitions[i] = next
				return nil
			}
		}
		w.RoleDefinitions = append(w.RoleDefinitions, next)
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, c.roleBody(scope, next), nil
}

func (c *call) deleteRole(scope string, r cloud.RoleDefinition) (int, any, error) {
	if r.Builtin {
		return 0, nil, refuse(http.StatusBadRequest, "RoleDefinitionCannotBeDeleted", "Built-in role '%s' cannot be deleted.", r.RoleName)
	}
	err := c.State.Update(func(w *cloud.World) error {
		for _, a := range w.RoleAssignments {
			if strings.EqualFold(a.RoleID, r.ID) {
				return refuse(http.StatusBadRequest, "RoleDefinitionHasAssignments", "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).")
			}
		}
		kept := w.RoleDefinitions[:0]
		for _, other := range w.RoleDefinitions {
			if !strings.EqualFold(other.ID, r.ID) {
				kept = append(kept, other)
			}
		}
		w.RoleDefinitions = kept
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return ok200(c.roleBody(scope, r))
}

func dashless(id string) string { return strings.ReplaceAll(id, "-", "") }
