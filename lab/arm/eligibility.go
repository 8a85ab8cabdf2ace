package arm

import (
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// noPremium is what a tenant without Entra ID P2 says of everything that
// Privileged Identity Management keeps.
func noPremium() error {
	return refuse(http.StatusBadRequest, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license.")
}

// listEligible lists role assignments that can be activated. kind is the
// collection as the caller wrote it: roleEligibilityScheduleInstances or
// roleEligibilitySchedules.
func (c *call) listEligible(scope, kind string) (int, any, error) {
	name := "roleEligibilitySchedules"
	if strings.EqualFold(kind, "roleEligibilityScheduleInstances") {
		name = "roleEligibilityScheduleInstances"
	}
	if err := c.allow("Microsoft.Authorization/"+name+"/read", scope); err != nil {
		return 0, nil, err
	}
	if !c.world.Tenant.PIM {
		return 0, nil, noPremium()
	}
	f, err := parseFilter(c.r.URL.Query().Get("$filter"))
	if err != nil {
		return 0, nil, err
	}
	if err := f.only("atscope()", "astarget()", "assignedto()", "principalid eq", "roledefinitionid eq"); err != nil {
		return 0, nil, err
	}
	who, mine := f.call("assignedTo")
	if _, ok := f.call("asTarget"); ok {
		who, mine = c.who.ObjectID, true
	}
	items := []any{}
	for _, a := range c.world.EligibleAssignments {
		gone := !a.Until.IsZero() && a.Until.Before(c.State.Now())
		if gone || !c.inListing(f, scope, a.Scope) || !f.matches("principalId", a.PrincipalID) || !f.matches("roleDefinitionId", c.roleID(scope, a.RoleID)) ||
			mine && !foldIn(append(c.world.TransitiveGroups(who), who), a.PrincipalID) {
			continue
		}
		items = append(items, c.eligibleBody(scope, name, a))
	}
	return c.page(items)
}

func (c *call) eligibleBody(scope, kind string, a cloud.RoleAssignment) map[string]any {
	member := "Direct"
	if !sameScope(a.Scope, scope) && c.world.Covers(a.Scope, scope) {
		member = "Inherited"
	}
	principal, _ := c.world.PrincipalName(a.PrincipalID)
	role, _ := c.world.RoleDefinition(a.RoleID)
	at := strings.TrimRight(a.Scope, "/") + "/providers/Microsoft.Authorization/"
	p := map[string]any{
		"roleEligibilityScheduleId": at + "roleEligibilitySchedules/" + a.ID, "scope": a.Scope,
		"roleDefinitionId": c.roleID(scope, a.RoleID), "principalId": a.PrincipalID, "principalType": c.kindOf(a.PrincipalID),
		"status": "Provisioned", "memberType": member, "startDateTime": stamp(a.CreatedOn), "createdOn": stamp(a.CreatedOn), "endDateTime": nil,
		"condition": orNull(a.Condition), "conditionVersion": conditionVersion(a.Condition),
		"expandedProperties": map[string]any{
			"principal":      map[string]any{"id": a.PrincipalID, "displayName": principal, "type": c.kindOf(a.PrincipalID)},
			"roleDefinition": map[string]any{"id": c.roleID(scope, a.RoleID), "displayName": role.RoleName, "type": roleKind(role)},
			"scope":          map[string]any{"id": a.Scope},
		},
	}
	if !a.Until.IsZero() {
		p["endDateTime"] = stamp(a.Until)
	}
	return map[string]any{"id": at + kind + "/" + a.ID, "name": a.ID, "type": "Microsoft.Authorization/" + kind, "properties": p}
}
