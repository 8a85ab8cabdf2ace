package arm

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// activityLog answers who did what through Resource Manager, newest first.
func (c *call) activityLog(scope string) (int, any, error) {
	if c.r.Method != http.MethodGet {
		return 0, nil, c.methodNotAllowed()
	}
	f, err := parseFilter(c.r.URL.Query().Get("$filter"))
	if err != nil {
		return 0, nil, err
	}
	if err := f.only("eventtimestamp ge", "eventtimestamp le", "resourcegroupname eq", "resourceid eq", "resourceuri eq",
		"resourceprovider eq", "resourcetype eq", "caller eq", "correlationid eq", "status eq", "eventchannels eq", "operations eq"); err != nil {
		return 0, nil, err
	}
	resource, byResource := f.value("resourceUri")
	if !byResource {
		resource, byResource = f.value("resourceId")
	}
	log := scope
	// A reader of one resource or group may ask for that one's events.
	switch group, byGroup := f.value("resourceGroupName"); {
	case byResource:
		scope = resource
	case byGroup:
		scope = strings.TrimSuffix(scope, "/") + "/resourceGroups/" + group
	}
	if err := c.allow("Microsoft.Insights/eventtypes/values/read", scope); err != nil {
		return 0, nil, err
	}
	if err := c.withinRetention(f); err != nil {
		return 0, nil, err
	}
	all := c.State.Activities()
	from, length, err := c.skipped()
	if err != nil {
		return 0, nil, err
	}
	// Later pages are of the log as it was at the first one.
	if length > 0 && length < len(all) {
		all = all[:length]
	}
	items := []any{}
	forgotten := c.State.Now().Add(-retention)
	for i := len(all) - 1; i >= 0; i-- {
		a := all[i]
		in, err := f.covers("eventTimestamp", a.Time)
		if err != nil {
			return 0, nil, err
		}
		if in && a.Time.After(forgotten) && inScope(log, a.ResourceID) && activityMatches(f, a, resource, byResource) {
			items = append(items, c.pick(c.eventData(a)))
		}
	}
	page, next := c.part(items, from)
	body := list(page...)
	if next > 0 {
		body["nextLink"] = c.nextLink(skipToken(next, len(all)))
	}
	return ok200(body)
}

// retention is how long the Activity Log is kept. A start somewhat earlier
// passes, for clocks that differ.
const (
	retention = 90 * 24 * time.Hour
	grace     = 5 * time.Minute
)

func (c *call) withinRetention(f filter) error {
	for _, t := range f {
		if !strings.EqualFold(t.field, "eventTimestamp") || t.op != "ge" {
			continue
		}
		start, err := parseTime(t.value)
		if err != nil {
			return badFilter(t.value, "not a time")
		}
		if start.Before(c.State.Now().Add(-retention - grace)) {
			return providerFault(http.StatusBadRequest, "BadRequest", "The start time cannot be more than 90 days in the past.")
		}
	}
	return nil
}

// inScope: a subscription's log has what happened in it, the tenant's what
// happened in none.
func inScope(scope, resource string) bool {
	p := parsePath(resource)
	if len(p) > 0 && strings.EqualFold(p[0], "subscriptions") {
		return scope != "/" && cloud.ScopeCovers(scope, resource)
	}
	return scope == "/"
}

func activityMatches(f filter, a cloud.Activity, resource string, byResource bool) bool {
	group := ""
	if p := parsePath(a.ResourceID); len(p) >= 4 && strings.EqualFold(p[2], "resourceGroups") {
		group = p[3]
	}
	return (!byResource || sameScope(resource, a.ResourceID)) && f.matches("resourceGroupName", group) &&
		f.matches("resourceProvider", a.Operation[:strings.IndexByte(a.Operation+"/", '/')]) &&
		f.matches("resourceType", operationType(a.Operation)) &&
		f.matches("caller", a.Caller) && f.matches("correlationId", a.CorrelationID) &&
		f.matches("status", a.Status) && f.matches("operations", a.Operation)
}

// operationType is the resource type an operation is on.
func operationType(operation string) string {
	p := strings.Split(strings.TrimSuffix(operation, "/action"), "/")
	if len(p) > 2 {
		p = p[:len(p)-1]
	}
	return strings.Join(p, "/")
}

// pick applies $select.
func (c *call) pick(event map[string]any) map[string]any {
	fields := c.r.URL.Query().Get("$select")
	if fields == "" {
		return event
	}
	out := map[string]any{}
	for _, f := range strings.Split(fields, ",") {
		for name, v := range event {
			if strings.EqualFold(name, strings.TrimSpace(f)) {
				out[name] = v
			}
		}
	}
	return out
}

// eventData is the record's wire form.
func (c *call) eventData(a cloud.Activity) map[string]any {
	word := func(s string) map[string]string { return map[string]string{"value": s, "localizedValue": s} }
	eventName, level := "EndRequest", "Informational"
	if a.Status == "Accepted" || a.Status == "Started" {
		eventName = "BeginRequest"
	}
	if a.Status == "Failed" {
		level = "Error"
	}
	group := ""
	if p := parsePath(a.ResourceID); len(p) >= 4 && strings.EqualFold(p[2], "resourceGroups") {
		group = p[3]
	}
	authorization := map[string]any{"action": a.Operation, "scope": a.ResourceID}
	if a.Role != "" {
		authorization["evidence"] = map[string]string{
			"role": a.Role, "roleAssignmentId": dashless(a.Assignment), "roleAssignmentScope": a.Scope, "principalId": dashless(a.CallerID)}
	}
	const identifier = "http://schemas.microsoft.com/identity/claims/objectidentifier"
	claims := map[string]string{"appid": a.AppID, identifier: a.CallerID, "ipaddr": a.IP}
	if strings.Contains(a.Caller, "@") {
		claims["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"] = a.Caller
	}
	properties := map[string]string{
		"statusCode": http.StatusText(a.HTTPStatus), "eventCategory": "Administrative", "entity": a.ResourceID, "message": a.Operation}
	if a.Message != "" {
		properties["statusMessage"] = a.Message
	}
	return map[string]any{
		"authorization": authorization, "caller": a.Caller, "channels": "Operation", "claims": claims,
		"correlationId": a.CorrelationID, "description": "", "eventDataId": a.ID,
		"eventName": word(eventName), "category": word("Administrative"), "eventTimestamp": stamp(a.Time),
		"submissionTimestamp": stamp(a.Time.Add(c.world.ActivityDelay)), "level": level, "operationId": a.OperationID,
		"id":            a.ResourceID + "/events/" + a.ID + "/ticks/" + strconv.FormatInt(a.Time.UnixNano()/100, 10),
		"operationName": word(a.Operation), "resourceGroupName": group,
		"resourceProviderName": word(a.Operation[:strings.IndexByte(a.Operation+"/", '/')]),
		"resourceType":         word(operationType(a.Operation)), "resourceId": a.ResourceID,
		"status": word(a.Status), "subStatus": word(http.StatusText(a.HTTPStatus)),
		"subscriptionId": subscriptionOf(a.ResourceID), "tenantId": c.world.Tenant.ID, "properties": properties,
		"httpRequest": map[string]string{"clientRequestId": a.ID, "clientIpAddress": a.IP, "method": a.Method, "uri": a.URI},
	}
}

// subscriptionOf is the subscription in an id, as written there.
func subscriptionOf(id string) string {
	if p := parsePath(id); len(p) > 1 && strings.EqualFold(p[0], "subscriptions") {
		return p[1]
	}
	return ""
}
