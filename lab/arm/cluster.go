package arm

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

const clusterType = "Microsoft.ContainerService/managedClusters"

// containerService serves managed clusters and the operations on them.
func (c *call) containerService(scope string, rest path) (int, any, error) {
	if v, ok := rest.match("locations/{l}/operations/{id}"); ok {
		return c.operationStatus(v[1])
	}
	if v, ok := rest.match("locations/{l}/operationresults/{id}"); ok {
		return c.operationResult(v[1])
	}
	if _, ok := rest.match("managedClusters"); ok {
		return c.listClusters(scope)
	}
	if len(rest) > 0 && strings.EqualFold(rest[0], "fleets") {
		return c.fleets(scope, rest)
	}
	if len(rest) < 2 || !strings.EqualFold(rest[0], "managedClusters") {
		return 0, nil, c.noRoute()
	}
	group, ok := parsePath(scope).match("/subscriptions/{s}/resourceGroups/{rg}")
	if !ok {
		return 0, nil, c.noRoute()
	}
	ref := clusterRef{group: group[1], name: rest[1],
		id: scope + "/providers/" + clusterType + "/" + rest[1]}
	if len(rest) == 2 {
		return c.cluster(ref)
	}
	return c.clusterAction(ref, rest[2:])
}

// clusterRef names a cluster as the caller wrote it.
type clusterRef struct{ group, name, id string }

// find returns the cluster, or what Azure says where it is not.
func (c *call) find(ref clusterRef) (cloud.Cluster, error) {
	if _, ok := c.world.GroupIn(c.sub.ID, ref.group); !ok {
		return cloud.Cluster{}, groupNotFound(ref.group)
	}
	got, ok := c.world.Cluster(ref.id)
	if !ok {
		return cloud.Cluster{}, refuse(http.StatusNotFound, "ResourceNotFound",
			"The Resource '%s/%s' under resource group '%s' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
			clusterType, ref.name, ref.group)
	}
	return got, nil
}

func (c *call) listClusters(scope string) (int, any, error) {
	if c.r.Method != http.MethodGet {
		return 0, nil, c.methodNotAllowed()
	}
	if v, ok := parsePath(scope).match("/subscriptions/{s}/resourceGroups/{rg}"); ok {
		if _, ok := c.world.GroupIn(c.sub.ID, v[1]); !ok {
			return 0, nil, groupNotFound(v[1])
		}
	}
	items := []any{}
	for _, k := range c.world.Clusters {
		id := c.world.ClusterID(k)
		if cloud.ScopeCovers(scope, id) && c.may(clusterType+"/read", id) {
			items = append(items, c.clusterBody(k))
		}
	}
	return c.listed(items, clusterType+"/read", scope)
}

func (c *call) cluster(ref clusterRef) (int, any, error) {
	action := map[string]string{http.MethodGet: "/read", http.MethodPut: "/write", http.MethodPatch: "/write", http.MethodDelete: "/delete"}[c.r.Method]
	if action == "" {
		return 0, nil, c.methodNotAllowed()
	}
	if err := c.allow(clusterType+action, ref.id); err != nil {
		return 0, nil, err
	}
	k, err := c.find(ref)
	if err != nil {
		if c.r.Method == http.MethodPut {
			return 0, nil, notInLab("clusters are not created; put %q into the world file.", ref.name)
		}
		return 0, nil, err
	}
	switch c.r.Method {
	case http.MethodGet:
		return ok200(c.clusterBody(k))
	case http.MethodPut:
		return c.putCluster(ref, k)
	case http.MethodPatch:
		return c.patchTags(ref)
	}
	return 0, nil, notInLab("clusters are not deleted; use postern lab down.")
}

// clusterBody is a cluster as AKS writes it, with "resourcegroups" in lower
// case, as AKS has always done.
func (c *call) clusterBody(k cloud.Cluster) map[string]any {
	body := map[string]any{
		"id":   strings.Replace(c.world.ClusterID(k), "/resourceGroups/", "/resourcegroups/", 1),
		"name": k.Name, "type": clusterType, "location": k.Location,
		"properties": k.Properties, "eTag": k.ETag,
	}
	if data := systemData(k.Created); data != nil {
		body["systemData"] = data
	}
	for name, v := range k.Top {
		body[name] = v
	}
	if len(k.Tags) > 0 {
		body["tags"] = k.Tags
	}
	return body
}

// systemData says when something was made, where the world knows.
func systemData(created time.Time) map[string]any {
	if created.IsZero() {
		return nil
	}
	return map[string]any{"createdAt": stamp(created), "createdByType": "User", "lastModifiedAt": stamp(created), "lastModifiedByType": "User"}
}

func provisioningState(k cloud.Cluster) string {
	var p struct{ ProvisioningState string }
	if err := json.Unmarshal(k.Properties, &p); err != nil {
		panic("BUG: unchecked cluster properties: " + err.Error())
	}
	return p.ProvisioningState
}

// setProvisioning changes provisioningState alone.
func (s *Server) setProvisioning(id, state string) error {
	return s.State.Update(func(w *cloud.World) error {
		return editCluster(w, id, func(k *cloud.Cluster) error {
			var err error
			k.Properties, err = withField(k.Properties, "provisioningState", state)
			return err
		})
	})
}

func editCluster(w *cloud.World, id string, edit func(*cloud.Cluster) error) error {
	for i := range w.Clusters {
		if strings.EqualFold(w.ClusterID(w.Clusters[i]), id) {
			return edit(&w.Clusters[i])
		}
	}
	return refuse(http.StatusNotFound, "ResourceNotFound", "The Resource '%s' was not found.", id)
}

func withField(object json.RawMessage, name string, value any) (json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &fields); err != nil {
		return nil, err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	fields[name] = text
	return json.Marshal(fields)
}
