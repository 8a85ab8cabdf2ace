package arm

import (
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

const denyType = "Microsoft.Authorization/denyAssignments"

// listDenies lists deny assignments: at, above and below a subscription or
// resource group, or with atScope() at and above.
func (c *call) listDenies(scope string) (int, any, error) {
	if err := c.allow(denyType+"/read", scope); err != nil {
		return 0, nil, err
	}
	f, err := parseFilter(c.r.URL.Query().Get("$filter"))
	if err != nil {
		return 0, nil, err
	}
	if err := f.only("atscope()", "assignedto()", "principalid eq", "denyassignmentname eq"); err != nil {
		return 0, nil, err
	}
	var holders []string
	if who, ok := f.call("assignedTo"); ok {
		holders = append(c.world.TransitiveGroups(who), who, cloud.Everyone)
	}
	items := []any{}
	for _, d := range c.world.DenyAssignments {
		if !c.inListing(f, scope, d.Scope) || !f.matches("denyAssignmentName", d.Name) ||
			holders != nil && (!anyFold(d.Principals, holders) || anyFold(d.Exclude, holders)) {
			continue
		}
		if who, ok := f.value("principalId"); ok && !foldIn(d.Principals, who) {
			continue
		}
		items = append(items, c.denyBody(d))
	}
	return c.page(items)
}

// inListing: what stands at a scope or above it is listed, and what is below,
// unless atScope() or a resource was asked about.
func (c *call) inListing(f filter, scope, at string) bool {
	_, only := f.call("atScope")
	return c.world.Covers(at, scope) || !only && len(parsePath(scope)) <= 4 && c.world.Covers(scope, at)
}

func anyFold(list, of []string) bool {
	for _, s := range of {
		if foldIn(list, s) {
			return true
		}
	}
	return false
}

// denyAssignment answers for one. Nobody makes or deletes them by hand.
func (c *call) denyAssignment(scope, id string) (int, any, error) {
	action, ok := map[string]string{http.MethodGet: "/read", http.MethodPut: "/write", http.MethodDelete: "/delete"}[c.r.Method]
	if !ok {
		return 0, nil, c.methodNotAllowed()
	}
	if err := c.allow(denyType+action, scope); err != nil {
		return 0, nil, err
	}
	if c.r.Method != http.MethodGet {
		return 0, nil, notInLab("deny assignments are put into the world file.")
	}
	for _, d := range c.world.DenyAssignments {
		if strings.EqualFold(d.ID, id) && c.world.Covers(d.Scope, scope) {
			return ok200(c.denyBody(d))
		}
	}
	return 0, nil, refuse(http.StatusNotFound, "DenyAssignmentNotFound", "The deny assignment '%s' is not found.", id)
}

func (c *call) denyBody(d cloud.DenyAssignment) map[string]any {
	p := wirePermission(d.Permission)
	return map[string]any{
		"id": strings.TrimRight(d.Scope, "/") + "/providers/" + denyType + "/" + d.ID, "name": d.ID, "type": denyType,
		"properties": map[string]any{
			"denyAssignmentName": d.Name, "description": "", "scope": d.Scope,
			"permissions": []any{map[string]any{
				"actions": p.Actions, "notActions": p.NotActions, "dataActions": p.DataActions, "notDataActions": p.NotDataActions,
				"condition": orNull(d.Condition), "conditionVersion": conditionVersion(d.Condition),
			}},
			"doNotApplyToChildScopes": d.ThisScopeOnly, "isSystemProtected": d.System,
			"principals": c.denied(d.Principals), "excludePrincipals": c.denied(d.Exclude),
			"condition": orNull(d.Condition), "conditionVersion": conditionVersion(d.Condition),
		},
	}
}

func (c *call) denied(ids []string) []any {
	out := []any{}
	for _, id := range ids {
		if id == cloud.Everyone {
			out = append(out, map[string]any{"id": id, "displayName": "All Principals", "type": "SystemDefined"})
			continue
		}
		name, _ := c.world.PrincipalName(id)
		out = append(out, map[string]any{"id": id, "displayName": name, "type": c.kindOf(id)})
	}
	return out
}
