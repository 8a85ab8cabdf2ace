package arm

import (
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

const fleetType = "Microsoft.ContainerService/fleets"

// fleets serves fleets and their members. They are the world's, and read-only
// here.
func (c *call) fleets(scope string, rest path) (int, any, error) {
	if c.r.Method != http.MethodGet {
		return 0, nil, c.methodNotAllowed()
	}
	if len(rest) == 1 {
		items := []any{}
		for _, f := range c.world.Fleets {
			id := c.world.FleetID(f)
			if cloud.ScopeCovers(scope, id) && c.may(fleetType+"/read", id) {
				items = append(items, c.fleetBody(f))
			}
		}
		return c.listed(items, fleetType+"/read", scope)
	}
	id := scope + "/providers/" + fleetType + "/" + rest[1]
	action := fleetType + "/read"
	switch {
	case len(rest) == 2:
	case len(rest) <= 4 && strings.EqualFold(rest[2], "members"):
		action = fleetType + "/members/read"
	default:
		return 0, nil, c.noRoute()
	}
	if err := c.allow(action, id); err != nil {
		return 0, nil, err
	}
	f, ok := c.fleet(id)
	switch {
	case !ok:
		return 0, nil, refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", id)
	case len(rest) == 2:
		return ok200(c.fleetBody(f))
	}
	items := []any{}
	for _, m := range f.Members {
		items = append(items, c.memberBody(f, m))
	}
	if len(rest) == 4 {
		return named(items, rest[3], fleetType+"/members")
	}
	return c.page(items)
}

func (c *call) fleet(id string) (cloud.Fleet, bool) {
	for _, f := range c.world.Fleets {
		if sameScope(c.world.FleetID(f), id) {
			return f, true
		}
	}
	return cloud.Fleet{}, false
}

func (c *call) fleetBody(f cloud.Fleet) map[string]any {
	properties := map[string]any{"provisioningState": "Succeeded"}
	if f.Hub {
		properties["hubProfile"] = map[string]any{"dnsPrefix": f.Name, "fqdn": f.Name + "-lab.hcp.azmk8s.io", "kubernetesVersion": "1.33.4"}
	}
	return map[string]any{
		"id": c.world.FleetID(f), "name": f.Name, "type": fleetType, "location": c.world.FleetLocation(f), "eTag": `"1"`,
		"properties": properties,
	}
}

func (c *call) memberBody(f cloud.Fleet, cluster string) map[string]any {
	name := cluster[strings.LastIndexByte(cluster, '/')+1:]
	return map[string]any{
		"id": c.world.FleetID(f) + "/members/" + name, "name": name, "type": fleetType + "/members", "eTag": `"1"`,
		"properties": map[string]any{"clusterResourceId": cluster, "provisioningState": "Succeeded"},
	}
}
