package arm

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// staticRefused is what AKS answers where local accounts are disabled. The
// sentence and its link are AKS's own.
const staticRefused = "Getting static credential is not allowed because this cluster is set to disable local accounts. For more details, see https://learn.microsoft.com/en-us/azure/aks/manage-local-accounts-managed-azure-ad"

// clusterAction serves what stands below a cluster.
func (c *call) clusterAction(ref clusterRef, rest path) (int, any, error) {
	if len(rest) <= 2 && c.r.Method == http.MethodGet && strings.EqualFold(rest[0], "trustedAccessRoleBindings") {
		return c.trustedAccess(ref, rest)
	}
	if v, ok := rest.match("commandResults/{id}"); ok && c.r.Method == http.MethodGet {
		return c.commandResult(ref, v[0])
	}
	if c.r.Method != http.MethodPost {
		return 0, nil, c.noRoute()
	}
	if v, ok := rest.match("accessProfiles/{role}/listCredential"); ok {
		return c.accessProfile(ref, v[0])
	}
	if len(rest) != 1 {
		return 0, nil, c.noRoute()
	}
	do, ok := map[string]struct {
		action string
		run    func(clusterRef, cloud.Cluster) (int, any, error)
	}{
		"listclusterusercredential":           {"listClusterUserCredential", c.userCredential},
		"listclusteradmincredential":          {"listClusterAdminCredential", c.adminCredential},
		"listclustermonitoringusercredential": {"listClusterMonitoringUserCredential", c.noMonitoringUser},
		"rotateclustercertificates":           {"rotateClusterCertificates", c.rotateCertificates},
		"rotateserviceaccountsigningkeys":     {"rotateServiceAccountSigningKeys", c.noKeyRotation},
		"runcommand":                          {"runCommand", c.runCommand},
	}[strings.ToLower(rest[0])]
	if !ok {
		return 0, nil, c.noRoute()
	}
	if err := c.allow(clusterType+"/"+do.action+"/action", ref.id); err != nil {
		return 0, nil, err
	}
	k, err := c.find(ref)
	if err != nil {
		return 0, nil, err
	}
	return do.run(ref, k)
}

func (c *call) userCredential(ref clusterRef, k cloud.Cluster) (int, any, error) {
	config, err := c.userKubeconfig(ref, k)
	if err != nil {
		return 0, nil, err
	}
	return ok200(credentialResults("clusterUser", config))
}

func (c *call) adminCredential(ref clusterRef, k cloud.Cluster) (int, any, error) {
	config, err := c.adminKubeconfig(ref, k)
	if err != nil {
		return 0, nil, err
	}
	return ok200(credentialResults("clusterAdmin", config))
}

func credentialResults(name string, config []byte) map[string]any {
	return map[string]any{"kubeconfigs": []any{map[string]any{
		"name": name, "value": base64.StdEncoding.EncodeToString(config)}}}
}

// accessProfile is the older way to the same credentials.
func (c *call) accessProfile(ref clusterRef, role string) (int, any, error) {
	if err := c.allow(clusterType+"/accessProfiles/listCredential/action", ref.id); err != nil {
		return 0, nil, err
	}
	k, err := c.find(ref)
	if err != nil {
		return 0, nil, err
	}
	var config []byte
	switch strings.ToLower(role) {
	case "clusteradmin":
		config, err = c.adminKubeconfig(ref, k)
	case "clusteruser":
		config, err = c.userKubeconfig(ref, k)
	default:
		err = refuse(http.StatusNotFound, "NotFound", "There is no access profile '%s'.", role)
	}
	if err != nil {
		return 0, nil, err
	}
	return ok200(map[string]any{
		"id": ref.id + "/accessProfiles/" + role, "name": role, "location": k.Location,
		"type":       clusterType + "/accessProfiles",
		"properties": map[string]any{"kubeConfig": base64.StdEncoding.EncodeToString(config)},
	})
}

func (c *call) userKubeconfig(ref clusterRef, k cloud.Cluster) ([]byte, error) {
	if err := c.served(ref); err != nil {
		return nil, err
	}
	name := "clusterUser_" + k.ResourceGroup + "_" + k.Name
	if !k.Settings().Entra() {
		// Without Entra both calls hand out one identity.
		return c.staticKubeconfig(k, name)
	}
	server, ca := c.ControlPlane.Endpoint()
	switch format := c.r.URL.Query().Get("format"); strings.ToLower(format) {
	case "", "exec":
		return kubeconfig(k.Name, name, server, ca, execUser(c.world.Tenant.ID))
	case "azure":
		return kubeconfig(k.Name, name, server, ca, authProviderUser(c.world.Tenant.ID))
	default:
		return nil, refuse(http.StatusBadRequest, "InvalidParameter", "format '%s' is neither exec nor azure.", format)
	}
}

func (c *call) adminKubeconfig(ref clusterRef, k cloud.Cluster) ([]byte, error) {
	if k.Settings().DisableLocalAccounts {
		return nil, providerFault(http.StatusBadRequest, "BadRequest", staticRefused)
	}
	if err := c.served(ref); err != nil {
		return nil, err
	}
	return c.staticKubeconfig(k, "clusterAdmin_"+k.ResourceGroup+"_"+k.Name)
}

func (c *call) staticKubeconfig(k cloud.Cluster, user string) ([]byte, error) {
	cred, err := c.ControlPlane.LocalAccount(cloud.AccountMaster)
	if err != nil {
		return nil, err
	}
	return kubeconfig(k.Name, user, cred.Server, cred.CA, staticUser(cred))
}

// served refuses credentials of clusters without an API server.
func (c *call) served(ref clusterRef) error {
	if strings.EqualFold(ref.id, c.ClusterID) {
		return nil
	}
	return notInLab("cluster '%s' has a configuration, but no API server.", ref.name)
}

func (c *call) rotateCertificates(ref clusterRef, k cloud.Cluster) (int, any, error) {
	if err := c.served(ref); err != nil {
		return 0, nil, err
	}
	if err := c.claim(ref, "RotatingClusterCertificates", func(*cloud.Cluster) {}); err != nil {
		return 0, nil, err
	}
	c.start(ref, k.Location, location, func(ctx context.Context) error {
		if err := c.ControlPlane.RotateCertificates(ctx); err != nil {
			return err
		}
		return c.State.Update(func(w *cloud.World) error {
			return editCluster(w, ref.id, func(k *cloud.Cluster) error {
				k.CertificatesRotated = c.State.Now().UTC()
				return nil
			})
		})
	})
	return http.StatusAccepted, nil, nil
}

func (c *call) noMonitoringUser(clusterRef, cloud.Cluster) (int, any, error) {
	return 0, nil, notInLab("there is no monitoring account.")
}

func (c *call) noKeyRotation(clusterRef, cloud.Cluster) (int, any, error) {
	return 0, nil, notInLab("service account signing keys are not rotated.")
}
