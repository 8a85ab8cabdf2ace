package arm

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/arm/argquery"
)

// maxGraphRows is how many rows Resource Graph puts on one page at most.
const maxGraphRows = 1000

// resourceGraph answers a query over what the caller may read. It needs no
// right of its own, and refuses nobody: what may not be read is not there.
func (c *call) resourceGraph(_ string, rest path) (int, any, error) {
	if _, ok := rest.match("resources"); !ok {
		return 0, nil, c.noRoute()
	}
	if c.r.Method != http.MethodPost {
		return 0, nil, c.methodNotAllowed()
	}
	var body struct {
		Query            string
		Subscriptions    []string
		ManagementGroups []string
		Options          struct {
			Top          *int   `json:"$top"`
			Skip         *int   `json:"$skip"`
			SkipToken    string `json:"$skipToken"`
			ResultFormat string
		}
	}
	if err := json.NewDecoder(c.r.Body).Decode(&body); err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '%v'.", err)
	}
	o := body.Options
	switch {
	case o.ResultFormat != "" && !strings.EqualFold(o.ResultFormat, "objectArray"):
		return 0, nil, notInLab("resultFormat '%s'; objectArray is.", o.ResultFormat)
	case o.Skip != nil:
		return 0, nil, notInLab("options.$skip; $skipToken is.")
	case len(body.ManagementGroups) > 0:
		return 0, nil, notInLab("managementGroups; subscriptions are.")
	case o.Top != nil && (*o.Top < 1 || *o.Top > maxGraphRows):
		return 0, nil, refuse(http.StatusBadRequest, "BadRequest", "$top must be between 1 and %d.", maxGraphRows)
	}
	rows, err := c.graphRows(body.Query, body.Subscriptions)
	if err != nil {
		return 0, nil, err
	}
	from := 0
	if o.SkipToken != "" {
		if from, _, err = parseSkipToken(o.SkipToken); err != nil {
			return 0, nil, err
		}
	}
	size := min(maxGraphRows, c.world.Page())
	if o.Top != nil {
		size = min(size, *o.Top)
	}
	from = min(from, len(rows))
	page := rows[from:min(len(rows), from+size)]
	out := map[string]any{"totalRecords": len(rows), "count": len(page), "data": page, "facets": []any{}, "resultTruncated": "false"}
	if from+len(page) < len(rows) {
		out["$skipToken"] = skipToken(from+len(page), 0)
	}
	c.w.Header().Set("X-Ms-User-Quota-Remaining", "14")
	c.w.Header().Set("X-Ms-User-Quota-Resets-After", "00:00:05")
	return ok200(out)
}

// graphRows runs a query.
func (c *call) graphRows(text string, subscriptions []string) ([]argquery.Row, error) {
	q, err := argquery.Parse(text)
	if err != nil {
		return nil, badQuery(err.Error())
	}
	if q.Table != "resources" {
		return nil, badQuery("the LAB has no table '" + q.Table + "', only resources")
	}
	var rows []argquery.Row
	for _, r := range c.graphResources() {
		id := r["id"].(string)
		if len(subscriptions) > 0 && !foldIn(subscriptions, r["subscriptionId"].(string)) || !c.may(r["type"].(string)+"/read", id) {
			continue
		}
		rows = append(rows, r)
	}
	return q.Apply(rows), nil
}

func badQuery(why string) error {
	return refuse(http.StatusBadRequest, "BadRequest", "Query is invalid: %s. The LAB answers: resources | where type =~ 'microsoft.containerservice/managedclusters' | project …", why)
}

// graphResources are the world's resources as rows.
func (c *call) graphResources() []argquery.Row {
	var rows []argquery.Row
	add := func(body map[string]any) {
		text, err := json.Marshal(body)
		if err != nil {
			panic("BUG: marshal resource: " + err.Error())
		}
		var r argquery.Row
		if err := json.Unmarshal(text, &r); err != nil {
			panic("BUG: unmarshal resource: " + err.Error())
		}
		p := append(parsePath(r["id"].(string)), "", "", "", "")
		r["type"] = strings.ToLower(r["type"].(string))
		r["tenantId"], r["subscriptionId"], r["resourceGroup"] = c.world.Tenant.ID, p[1], strings.ToLower(p[3])
		for _, name := range []string{"kind", "managedBy", "sku", "plan", "tags", "identity", "zones", "extendedLocation"} {
			if _, ok := r[name]; !ok {
				r[name] = nil
			}
		}
		rows = append(rows, r)
	}
	for _, k := range c.world.Clusters {
		add(c.clusterBody(k))
	}
	for _, f := range c.world.Fleets {
		add(c.fleetBody(f))
	}
	for _, p := range c.world.ServicePrincipals {
		if p.ManagedIdentity != "" {
			add(c.identityBody(p))
		}
	}
	return rows
}
