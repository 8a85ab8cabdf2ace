package arm

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

const assignmentType = "Microsoft.Authorization/roleAssignments"

func (c *call) listAssignments(scope string) (int, any, error) {
	if c.r.Method != http.MethodGet {
		return 0, nil, c.methodNotAllowed()
	}
	if err := c.allow(assignmentType+"/read", scope); err != nil {
		return 0, nil, err
	}
	filter, err := parseFilter(c.r.URL.Query().Get("$filter"))
	if err != nil {
		return 0, nil, err
	}
	if err := filter.only("principalid eq", "assignedto()", "atscope()", "roledefinitionid eq"); err != nil {
		return 0, nil, err
	}
	var holders []string
	if who, ok := filter.call("assignedTo"); ok {
		holders = append([]string{who}, c.world.TransitiveGroups(who)...)
	}
	_, only := filter.call("atScope")
	// A listing at a resource does not show what is assigned below it, such as
	// namespaces of a cluster.
	below := !only && len(parsePath(scope)) <= 4
	items := []any{}
	for _, a := range c.world.RoleAssignments {
		switch {
		case !c.world.Covers(a.Scope, scope) && !(below && c.world.Covers(scope, a.Scope)),
			!filter.matches("principalId", a.PrincipalID),
			holders != nil && !foldIn(holders, a.PrincipalID),
			!filter.matches("roleDefinitionId", c.roleID(a.Scope, a.RoleID)):
			continue
		}
		items = append(items, c.assignmentBody(scope, a))
	}
	return c.page(items)
}

// assignmentBody is an assignment as a listing at a scope shows it: its role by
// the subscription asked about.
func (c *call) assignmentBody(scope string, a cloud.RoleAssignment) map[string]any {
	created := stamp(a.CreatedOn)
	return map[string]any{
		"id": assignmentID(a), "name": a.ID, "type": assignmentType,
		"properties": map[string]any{
			"roleDefinitionId": c.roleID(scope, a.RoleID), "principalId": a.PrincipalID, "principalType": c.kindOf(a.PrincipalID),
			"scope": a.Scope, "condition": orNull(a.Condition), "conditionVersion": conditionVersion(a.Condition),
			"createdOn": created, "updatedOn": created, "createdBy": a.CreatedBy, "updatedBy": a.CreatedBy,
			"delegatedManagedIdentityResourceId": nil, "description": nil,
		},
	}
}

// kindOf is a principal's type.
func (c *call) kindOf(id string) string {
	if _, kind := c.world.PrincipalName(id); kind != "" {
		return kind
	}
	return "Unknown" // deleted meanwhile
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func conditionVersion(condition string) any {
	if condition == "" {
		return nil
	}
	return "2.0"
}

func assignmentID(a cloud.RoleAssignment) string {
	return strings.TrimRight(a.Scope, "/") + "/providers/" + assignmentType + "/" + a.ID
}

func (c *call) assignment(scope, id string) (int, any, error) {
	action := map[string]string{http.MethodGet: "/read", http.MethodPut: "/write", http.MethodDelete: "/delete"}[c.r.Method]
	if action == "" {
		return 0, nil, c.methodNotAllowed()
	}
	if err := c.allow(assignmentType+action, scope); err != nil {
		return 0, nil, err
	}
	if c.r.Method == http.MethodPut {
		return c.putAssignment(scope, id)
	}
	for _, a := range c.world.RoleAssignments {
		if !strings.EqualFold(a.ID, id) || !sameScope(a.Scope, scope) {
			continue
		}
		if c.r.Method == http.MethodDelete {
			return c.deleteAssignment(a)
		}
		return ok200(c.assignmentBody(a.Scope, a))
	}
	if c.r.Method == http.MethodDelete {
		return http.StatusNoContent, nil, nil
	}
	return 0, nil, refuse(http.StatusNotFound, "RoleAssignmentNotFound", "The role assignment '%s' is not found.", id)
}

func sameScope(a, b string) bool {
	return strings.EqualFold(strings.Trim(a, "/"), strings.Trim(b, "/"))
}

func (c *call) deleteAssignment(a cloud.RoleAssignment) (int, any, error) {
	err := c.State.Update(func(w *cloud.World) error {
		kept := w.RoleAssignments[:0]
		for _, other := range w.RoleAssignments {
			if other.ID != a.ID || !sameScope(other.Scope, a.Scope) {
				kept = append(kept, other)
			}
		}
		w.RoleAssignments = kept
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return ok200(c.assignmentBody(a.Scope, a))
}

func (c *call) putAssignment(scope, id string) (int, any, error) {
	var body struct {
		Properties struct {
			RoleDefinitionID string
			PrincipalID      string
			Condition        *string
		}
	}
	if err := json.NewDecoder(c.r.Body).Decode(&body); err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "%v", err)
	}
	next := cloud.RoleAssignment{ID: id, PrincipalID: strings.ToLower(body.Properties.PrincipalID), Scope: scope,
		CreatedOn: c.State.Now().UTC(), CreatedBy: c.who.ObjectID}
	role, err := c.checkAssignment(id, next.PrincipalID, body.Properties.RoleDefinitionID, body.Properties.Condition)
	if err != nil {
		return 0, nil, err
	}
	next.RoleID = role.ID
	status := http.StatusCreated
	err = c.State.Update(func(w *cloud.World) error {
		for _, a := range w.RoleAssignments {
			same := strings.EqualFold(a.PrincipalID, next.PrincipalID) && strings.EqualFold(a.RoleID, next.RoleID) && sameScope(a.Scope, next.Scope)
			switch {
			case strings.EqualFold(a.ID, id) && same:
				next, status = a, http.StatusOK
				return nil
			case strings.EqualFold(a.ID, id):
				return refuse(http.StatusConflict, "RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
			case same:
				return refuse(http.StatusConflict, "RoleAssignmentExists", "The role assignment already exists. The ID of the existing role assignment is %s.", dashless(a.ID))
			}
		}
		w.RoleAssignments = append(w.RoleAssignments, next)
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	return status, c.assignmentBody(next.Scope, next), nil
}

func (c *call) checkAssignment(id, principal, roleID string, condition *string) (cloud.RoleDefinition, error) {
	var none cloud.RoleDefinition
	if !cloud.IsGUID(id) {
		return none, refuse(http.StatusBadRequest, "InvalidRoleAssignmentId", "The role assignment ID '%s' is not valid. The role assignment ID must be a GUID.", id)
	}
	if condition != nil && *condition != "" {
		return none, notInLab("role assignment conditions are not evaluated, so none can be stored.")
	}
	guid := roleID[strings.LastIndexByte(roleID, '/')+1:]
	role, ok := c.world.RoleDefinition(guid)
	if !ok || !strings.EqualFold(role.ID, guid) {
		return none, refuse(http.StatusNotFound, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", dashless(guid))
	}
	if _, kind := c.world.PrincipalName(principal); kind == "" {
		return none, refuse(http.StatusBadRequest, "PrincipalNotFound", "Principal %s does not exist in the directory %s. Check that you have the correct principal ID.", dashless(principal), c.world.Tenant.ID)
	}
	return role, nil
}
