package arm

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

const diagnosticType = "Microsoft.Insights/diagnosticSettings"

// maxSettings is how many diagnostic settings a resource can have.
const maxSettings = 5

// insights serves Microsoft.Insights at a scope.
func (c *call) insights(scope string, rest path) (int, any, error) {
	if _, ok := rest.match("eventtypes/management/values"); ok {
		return c.activityLog(scope)
	}
	if _, ok := rest.match("diagnosticSettings"); ok {
		return c.listDiagnostics(scope)
	}
	if v, ok := rest.match("diagnosticSettings/{name}"); ok {
		return c.diagnostic(scope, v[0])
	}
	if _, ok := rest.match("diagnosticSettingsCategories"); ok {
		return c.categories(scope, "")
	}
	if v, ok := rest.match("diagnosticSettingsCategories/{name}"); ok {
		return c.categories(scope, v[0])
	}
	return 0, nil, c.noRoute()
}

func (c *call) resourceExists(id string) error {
	if _, ok := c.world.Cluster(id); !ok {
		return refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", id)
	}
	return nil
}

func (c *call) listDiagnostics(scope string) (int, any, error) {
	if c.r.Method != http.MethodGet {
		return 0, nil, c.methodNotAllowed()
	}
	if err := c.allow(diagnosticType+"/read", scope); err != nil {
		return 0, nil, err
	}
	if err := c.resourceExists(scope); err != nil {
		return 0, nil, err
	}
	items := []any{}
	for _, d := range c.world.DiagnosticSettings {
		if sameScope(d.ResourceID, scope) {
			items = append(items, diagnosticBody(d))
		}
	}
	return c.page(items)
}

func diagnosticBody(d cloud.DiagnosticSetting) map[string]any {
	return map[string]any{
		"id":   strings.ToLower(d.ResourceID) + "/providers/microsoft.insights/diagnosticSettings/" + d.Name,
		"type": diagnosticType, "name": d.Name, "location": nil, "kind": nil, "tags": nil, "identity": nil,
		"properties": d.Properties,
	}
}

func (c *call) diagnostic(scope, name string) (int, any, error) {
	action := map[string]string{http.MethodGet: "/read", http.MethodPut: "/write", http.MethodDelete: "/delete"}[c.r.Method]
	if action == "" {
		return 0, nil, c.methodNotAllowed()
	}
	if err := c.allow(diagnosticType+action, scope); err != nil {
		return 0, nil, err
	}
	if err := c.resourceExists(scope); err != nil {
		return 0, nil, err
	}
	at := slices.IndexFunc(c.world.DiagnosticSettings, func(d cloud.DiagnosticSetting) bool {
		return sameScope(d.ResourceID, scope) && strings.EqualFold(d.Name, name)
	})
	switch {
	case c.r.Method == http.MethodPut:
		return c.putDiagnostic(scope, name)
	case at < 0 && c.r.Method == http.MethodDelete:
		return http.StatusNoContent, nil, nil
	case at < 0:
		return 0, nil, refuse(http.StatusNotFound, "ResourceNotFound", "The diagnostic setting '%s' doesn't exist.", name)
	case c.r.Method == http.MethodGet:
		return ok200(diagnosticBody(c.world.DiagnosticSettings[at]))
	}
	err := c.State.Update(func(w *cloud.World) error {
		w.DiagnosticSettings = slices.DeleteFunc(w.DiagnosticSettings, func(d cloud.DiagnosticSetting) bool {
			return sameScope(d.ResourceID, scope) && strings.EqualFold(d.Name, name)
		})
		return nil
	})
	return http.StatusOK, nil, err
}

func (c *call) putDiagnostic(scope, name string) (int, any, error) {
	text, err := io.ReadAll(c.r.Body)
	if err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "%v", err)
	}
	var body struct{ Properties json.RawMessage }
	if err := json.Unmarshal(text, &body); err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "%v", err)
	}
	next := cloud.DiagnosticSetting{Name: name, ResourceID: scope, Properties: body.Properties, Changed: c.State.Now().UTC()}
	routing, err := next.Routing()
	if err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "%v", err)
	}
	if err := checkRouting(routing); err != nil {
		return 0, nil, err
	}
	err = c.State.Update(func(w *cloud.World) error { return storeDiagnostic(w, next, routing) })
	if err != nil {
		return 0, nil, err
	}
	return ok200(diagnosticBody(next))
}

// storeDiagnostic adds or replaces a setting of a resource.
func storeDiagnostic(w *cloud.World, next cloud.DiagnosticSetting, routing cloud.Routing) error {
	at, others := -1, 0
	for i, d := range w.DiagnosticSettings {
		switch {
		case !sameScope(d.ResourceID, next.ResourceID):
		case strings.EqualFold(d.Name, next.Name):
			at = i
		default:
			others++
			if err := conflict(d, routing); err != nil {
				return err
			}
		}
	}
	switch {
	case at >= 0:
		w.DiagnosticSettings[at] = next
	case others >= maxSettings:
		return refuse(http.StatusConflict, "Conflict", "The limit of %d diagnostic settings was reached on the resource.", maxSettings)
	default:
		w.DiagnosticSettings = append(w.DiagnosticSettings, next)
	}
	return nil
}

// checkRouting refuses settings that send nothing or nowhere.
func checkRouting(r cloud.Routing) error {
	bad := func(format string, args ...any) error {
		return refuse(http.StatusBadRequest, "BadRequest", format, args...)
	}
	if r.StorageAccountID == "" && r.WorkspaceID == "" && r.EventHubRuleID == "" {
		return bad("At least one data sink needs to be specified.")
	}
	for _, sink := range []struct{ id, kind string }{
		{r.StorageAccountID, "Microsoft.Storage/storageAccounts"}, {r.WorkspaceID, "Microsoft.OperationalInsights/workspaces"},
	} {
		if sink.id != "" && !strings.Contains(strings.ToLower(sink.id), strings.ToLower("/providers/"+sink.kind+"/")) {
			return bad("'%s' is not the resource id of a %s.", sink.id, sink.kind)
		}
	}
	if len(r.Logs) == 0 && len(r.Metrics) == 0 {
		return bad("At least one log or metric category needs to be specified.")
	}
	for _, l := range r.Logs {
		switch {
		case l.Category != "" && l.CategoryGroup != "":
			return bad("A log names a category or a categoryGroup, not both: '%s', '%s'.", l.Category, l.CategoryGroup)
		case l.CategoryGroup != "" && l.CategoryGroup != "allLogs" && l.CategoryGroup != "audit":
			return bad("Category group '%s' is not supported.", l.CategoryGroup)
		case l.CategoryGroup == "" && !slices.Contains(cloud.Categories(), l.Category):
			return bad("Category '%s' is not supported.", l.Category)
		}
	}
	return nil
}

// conflict refuses sending one category twice to one sink.
func conflict(other cloud.DiagnosticSetting, next cloud.Routing) error {
	had, err := other.Routing()
	if err != nil {
		return fmt.Errorf("compare settings: %w", err)
	}
	for _, sink := range [][2]string{{had.StorageAccountID, next.StorageAccountID}, {had.WorkspaceID, next.WorkspaceID}} {
		if sink[0] == "" || !strings.EqualFold(sink[0], sink[1]) {
			continue
		}
		for _, category := range next.Enabled() {
			if slices.Contains(had.Enabled(), category) {
				return refuse(http.StatusConflict, "Conflict",
					"Data sink '%s' is already used in diagnostic setting '%s' for category '%s'. Data sinks can't be reused in different settings on the same category for the same resource.",
					sink[1], other.Name, category)
			}
		}
	}
	return nil
}

func (c *call) categories(scope, name string) (int, any, error) {
	if c.r.Method != http.MethodGet {
		return 0, nil, c.methodNotAllowed()
	}
	if err := c.allow("Microsoft.Insights/diagnosticSettingsCategories/read", scope); err != nil {
		return 0, nil, err
	}
	if err := c.resourceExists(scope); err != nil {
		return 0, nil, err
	}
	items := []any{}
	for _, category := range append(cloud.Categories(), "AllMetrics") {
		kind := "Logs"
		if category == "AllMetrics" {
			kind = "Metrics"
		}
		properties := map[string]any{"categoryType": kind}
		if groups := categoryGroups(category); kind == "Logs" {
			properties["categoryGroups"] = groups
		}
		item := map[string]any{
			"id":   strings.ToLower(scope) + "/providers/microsoft.insights/diagnosticSettingsCategories/" + category,
			"type": "Microsoft.Insights/diagnosticSettingsCategories", "name": category, "properties": properties,
		}
		if strings.EqualFold(category, name) {
			return ok200(item)
		}
		items = append(items, item)
	}
	if name != "" {
		return 0, nil, refuse(http.StatusNotFound, "ResourceNotFound", "The category '%s' does not exist.", name)
	}
	return ok200(map[string]any{"value": items})
}

func categoryGroups(category string) []string {
	for _, l := range []string{"kube-audit", "kube-audit-admin", "guard"} {
		if l == category {
			return []string{"allLogs", "audit"}
		}
	}
	return []string{"allLogs"}
}
