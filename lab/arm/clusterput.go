package arm

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// readOnly properties keep the server's value whatever a client puts.
func readOnly() []string {
	return []string{"provisioningState", "powerState", "currentKubernetesVersion", "fqdn", "resourceUID", "maxAgentPools"}
}

// putCluster replaces a cluster's description: a long-running operation.
func (c *call) putCluster(ref clusterRef, old cloud.Cluster) (int, any, error) {
	body, err := c.readObject()
	if err != nil {
		return 0, nil, err
	}
	if err := c.precondition(old); err != nil {
		return 0, nil, err
	}
	next, err := c.merged(old, body)
	if err != nil {
		return 0, nil, err
	}
	if err := checkChange(c.world, old.Settings(), next.Settings()); err != nil {
		return 0, nil, err
	}
	if err := c.claim(ref, "Updating", func(k *cloud.Cluster) { *k = next }); err != nil {
		return 0, nil, err
	}
	after := adminGroups(next.Settings())
	entraOn := next.Settings().Entra()
	c.start(ref, old.Location, asyncStatus, func(ctx context.Context) error {
		if !entraOn || !strings.EqualFold(ref.id, c.ClusterID) {
			return nil
		}
		return c.ControlPlane.ReconcileAdminGroups(ctx, after)
	})
	now, _ := c.State.World().Cluster(ref.id)
	return ok200(c.clusterBody(now))
}

// readObject decodes the body as one JSON object.
func (c *call) readObject() (map[string]json.RawMessage, error) {
	text, err := io.ReadAll(c.r.Body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "The request body could not be read: %v", err)
	}
	body := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '%v'.", err)
	}
	return body, nil
}

// precondition honours If-Match, which lets a client notice that somebody else
// changed the cluster meanwhile.
func (c *call) precondition(k cloud.Cluster) error {
	want := strings.Trim(c.r.Header.Get("If-Match"), `"`)
	if want == "" || want == "*" || want == k.ETag {
		return nil
	}
	return refuse(http.StatusPreconditionFailed, "PreconditionFailed", "The eTag '%s' does not match the resource's '%s'.", want, k.ETag)
}

// merged is the old cluster with the put body in place.
func (c *call) merged(old cloud.Cluster, body map[string]json.RawMessage) (cloud.Cluster, error) {
	next := old
	next.Top = map[string]json.RawMessage{}
	next.Tags = nil
	props := map[string]json.RawMessage{}
	for name, v := range body {
		switch strings.ToLower(name) {
		case "id", "name", "type", "etag", "systemdata":
		case "location":
			var l string
			if json.Unmarshal(v, &l) != nil || !strings.EqualFold(l, old.Location) {
				return next, refuse(http.StatusConflict, "InvalidResourceLocation",
					"The resource '%s' already exists in location '%s'. A resource with the same name cannot be created in location %s. Please select a new resource name.", old.Name, old.Location, v)
			}
		case "tags":
			if err := json.Unmarshal(v, &next.Tags); err != nil {
				return next, refuse(http.StatusBadRequest, "InvalidRequestContent", "tags: %v", err)
			}
		case "properties":
			if err := json.Unmarshal(v, &props); err != nil {
				return next, refuse(http.StatusBadRequest, "InvalidRequestContent", "properties: %v", err)
			}
		default:
			next.Top[name] = v
		}
	}
	if old.Top["identity"] != nil {
		next.Top["identity"] = old.Top["identity"] // ids are the server's; clients strip them
	}
	if next.Top["sku"] == nil {
		next.Top["sku"] = old.Top["sku"]
	}
	had := map[string]json.RawMessage{}
	if err := json.Unmarshal(old.Properties, &had); err != nil {
		return next, err
	}
	for name := range props {
		if isNull(props[name]) {
			delete(props, name)
		}
	}
	for _, name := range readOnly() {
		if v, ok := had[name]; ok {
			props[name] = v
		}
	}
	text, err := json.Marshal(props)
	if err != nil {
		return next, err
	}
	set, err := cloud.ParseSettings(text)
	if err != nil {
		return next, refuse(http.StatusBadRequest, "InvalidParameter", "%v", err)
	}
	if set.AADProfile != nil && set.AADProfile.TenantID == "" {
		profile, err := withField(props["aadProfile"], "tenantID", c.world.Tenant.ID)
		if err != nil {
			return next, refuse(http.StatusBadRequest, "InvalidParameter", "aadProfile: %v", err)
		}
		if text, err = withField(text, "aadProfile", profile); err != nil {
			return next, err
		}
	}
	next.Properties, next.ETag = text, newGUID()
	return next, nil
}

func isNull(v json.RawMessage) bool { return string(v) == "null" }

// checkChange refuses what AKS refuses.
func checkChange(w *cloud.World, old, next cloud.Settings) error {
	bad := func(format string, args ...any) error {
		return providerFault(http.StatusBadRequest, "BadRequest", format, args...)
	}
	if old.Entra() && !next.Entra() {
		return bad("Microsoft Entra integration cannot be disabled once it is enabled: the request has no aadProfile.")
	}
	if next.DisableLocalAccounts && !next.Entra() {
		return bad("Local accounts can be disabled only on a cluster with Microsoft Entra integration; otherwise any attempt to authenticate with user or admin credentials will fail. Set aadProfile first.")
	}
	if next.EnableRBAC != nil && old.EnableRBAC != nil && !reflect.DeepEqual(next.EnableRBAC, old.EnableRBAC) {
		return bad("enableRBAC cannot be changed on an existing cluster.")
	}
	if p := next.AADProfile; p != nil {
		if !p.Managed {
			return bad("Legacy Microsoft Entra integration (aadProfile.managed false) is not supported in the LAB, and retired in AKS.")
		}
		if p.TenantID != "" && !strings.EqualFold(p.TenantID, w.Tenant.ID) {
			return bad("aadProfile.tenantID %s is not the subscription's tenant %s.", p.TenantID, w.Tenant.ID)
		}
		for _, id := range p.AdminGroupObjectIDs {
			if !cloud.IsGUID(id) {
				return bad("aadProfile.adminGroupObjectIDs: %q is not an object id.", id)
			}
		}
	}
	return nil
}

// claim edits a cluster and puts it in a provisioning state, unless another
// operation is under way.
func (c *call) claim(ref clusterRef, state string, edit func(*cloud.Cluster)) error {
	return c.State.Update(func(w *cloud.World) error {
		return editCluster(w, ref.id, func(k *cloud.Cluster) error {
			if now := provisioningState(*k); now != "Succeeded" && now != "Failed" {
				return providerFault(http.StatusConflict, "OperationNotAllowed",
					"Operation is not allowed because there's an in progress operation (%s) on the managed cluster. Please wait for it to finish before starting a new operation.", now)
			}
			edit(k)
			var err error
			k.Properties, err = withField(k.Properties, "provisioningState", state)
			return err
		})
	})
}

func (c *call) patchTags(ref clusterRef) (int, any, error) {
	body, err := c.readObject()
	if err != nil {
		return 0, nil, err
	}
	var tags map[string]string
	for name, v := range body {
		if !strings.EqualFold(name, "tags") {
			return 0, nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "Only tags can be changed by PATCH; use PUT for '%s'.", name)
		}
		if err := json.Unmarshal(v, &tags); err != nil {
			return 0, nil, refuse(http.StatusBadRequest, "InvalidRequestContent", "tags: %v", err)
		}
	}
	err = c.State.Update(func(w *cloud.World) error {
		return editCluster(w, ref.id, func(k *cloud.Cluster) error {
			k.Tags, k.ETag = tags, newGUID()
			return nil
		})
	})
	if err != nil {
		return 0, nil, err
	}
	now, _ := c.State.World().Cluster(ref.id)
	return ok200(c.clusterBody(now))
}
