package posture

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/finding"
)

const learn = "https://learn.microsoft.com/en-us/azure/aks/"

// settingsChecks look at settings of the managed cluster and its diagnostic
// settings. Field names are those of the 2025-02-01 API.
func settingsChecks() []Check {
	return slices.Concat(entraChecks(), apiServerChecks(), identityChecks(), diagnosticChecks())
}

// holds is a check that one setting is true.
func holds(path string, says string) func(*cluster) {
	return func(c *cluster) {
		if !c.settings() {
			return
		}
		switch v := c.get(path).(type) {
		case bool, nil:
			if v != true {
				c.fail(says, c.says(path))
			}
		default:
			c.unknown("%s is %v, which is neither true nor false", path, v)
		}
	}
}

// reach says how much of the world an authorized range lets in, where that is no
// network of anybody's: the largest that were ever given away are /8.
func reach(text string) (says string, err error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		if _, err := netip.ParseAddr(text); err == nil {
			return "", nil
		}
		return "", err
	}
	switch {
	case p.Bits() == 0:
		return "an authorized range is every address", nil
	case p.Bits() < 8:
		return fmt.Sprintf("the authorized range %s is one address in %d", text, 1<<p.Bits()), nil
	}
	return "", nil
}

const (
	localAccounts = "properties.disableLocalAccounts"
	aadProfile    = "properties.aadProfile"
	adminGroups   = "properties.aadProfile.adminGroupObjectIDs"
	runCommandOff = "properties.apiServerAccessProfile.disableRunCommand"
)

func entraChecks() []Check {
	return []Check{
		{
			ID: "local-accounts", Title: "Local accounts are disabled", Severity: finding.High, Harden: "local-accounts",
			Why:        "Everybody who may list the admin credential becomes the same certificate-signed cluster admin, in system:masters, past Entra ID, groups and conditional access; no log tells who it was.",
			Remedy:     "postern harden local-accounts --cluster {name}; or az aks update -g {rg} -n {name} --disable-local-accounts, once Entra integration with an admin group is on",
			Doc:        learn + "manage-local-accounts-managed-azure-ad",
			References: ref(policy, "993c2fcd-2b29-49d2-9eb0-df2c3a730c32", checkov, "CKV_AZURE_141", psrule, "AZR-000031", prowler, "aks_cluster_local_accounts_disabled", mcsb, "IM-1", mcsb, "PA-7", iso, "A.5.15", soc, "CC6.1"),
			run:        holds(localAccounts, "local accounts are on: a shared cluster-admin credential can be fetched"),
		},
		{
			ID: "entra", Title: "Entra integration is on", Severity: finding.High,
			Why:        "Without it every kubeconfig holds the same certificate: the user role is as powerful as the admin role, and nobody is named in the log.",
			Remedy:     "az aks update -g {rg} -n {name} --enable-aad --aad-admin-group-object-ids GROUP",
			Doc:        learn + "enable-authentication-microsoft-entra-id",
			References: ref(policy, "450d2877-ebea-41e8-b00c-e286317d21bf", mcsb, "IM-1", iso, "A.5.15", soc, "CC6.1"),
			run: func(c *cluster) {
				if c.settings() && c.get(aadProfile) == nil {
					c.fail("there is no Entra integration: user and admin kubeconfig are the same shared cluster admin", c.says(aadProfile))
				}
			},
		},
		{
			ID: "entra-managed", Title: "Entra integration is the managed one", Severity: finding.Medium,
			Why:        "Legacy integration keeps a server application and its secret, and is retired.",
			Remedy:     "az aks update -g {rg} -n {name} --enable-aad --aad-admin-group-object-ids GROUP (changes the kubeconfig; the API server may be down meanwhile on the Free tier)",
			Doc:        learn + "enable-authentication-microsoft-entra-id",
			References: ref(psrule, "AZR-000029", cis, "5.5.1", kubescape, "C-0088", iso, "A.5.15", soc, "CC6.1"),
			run: func(c *cluster) {
				if c.settings() && c.get(aadProfile) != nil && !c.on(aadProfile+".managed") {
					c.fail("the Entra integration is the legacy one", c.says(aadProfile+".managed"))
				}
			},
		},
		{
			ID: "admin-group", Title: "An Entra group holds cluster-admin", Severity: finding.Medium,
			Why:        "With Entra and without an admin group nobody reaches cluster-admin by name, and the local account is what is left.",
			Remedy:     "az aks update -g {rg} -n {name} --aad-admin-group-object-ids GROUP",
			Doc:        learn + "enable-authentication-microsoft-entra-id",
			References: ref(policy, "36a27de4-199b-40fb-b336-945a8475d6c5", iso, "A.5.15", iso, "A.5.18", soc, "CC6.3"),
			run: func(c *cluster) {
				if c.settings() && c.get(aadProfile) != nil && len(c.list(adminGroups)) == 0 && !c.on(aadProfile+".enableAzureRBAC") {
					c.fail("no admin group is named, and Azure RBAC is off: nobody is cluster-admin by name", c.says(adminGroups))
				}
			},
		},
		{
			ID: "azure-rbac", Title: "Azure RBAC authorizes Kubernetes requests", Severity: finding.Low,
			Why:        "Access is then assigned, reviewed and time-limited where the rest of Azure's is, with PIM and conditions. Bindings of Kubernetes go on working beside it.",
			Remedy:     "az aks update -g {rg} -n {name} --enable-azure-rbac",
			Doc:        learn + "manage-azure-rbac",
			References: ref(psrule, "AZR-000032", cis, "5.5.2", kubescape, "C-0241", iso, "A.5.15", soc, "CC6.3"),
			run: func(c *cluster) {
				if c.settings() && c.get(aadProfile) != nil && !c.on(aadProfile+".enableAzureRBAC") {
					c.fail("Azure RBAC for Kubernetes is off", c.says(aadProfile+".enableAzureRBAC"))
				}
			},
		},
		{
			ID: "kubernetes-rbac", Title: "Kubernetes RBAC is on", Severity: finding.Critical,
			Why:        "Without it everybody who can sign in may do everything.",
			Remedy:     "create the cluster anew with RBAC: it cannot be turned on later",
			Doc:        learn + "concepts-identity",
			References: ref(policy, "ac4a19c2-fa67-49b4-8ae5-0b2e78c49457", checkov, "CKV_AZURE_5", psrule, "AZR-000038", trivy, "AZU-0042", prowler, "aks_cluster_rbac_enabled", iso, "A.5.15", soc, "CC6.3"),
			run: func(c *cluster) {
				if !c.settings() {
					return
				}
				switch v, said := c.get("properties.enableRBAC").(bool); {
				case !said:
					c.unknown("properties.enableRBAC is absent from the cluster's settings")
				case !v:
					c.fail("Kubernetes RBAC is off: whoever signs in may do everything", c.says("properties.enableRBAC"))
				}
			},
		},
	}
}

func apiServerChecks() []Check {
	return []Check{
		{
			ID: "run-command", Title: "Run command is off", Severity: finding.Medium, Harden: "run-command",
			Why:        "az aks command invoke runs in the cluster past private networking and authorized ranges; without Entra as cluster-admin.",
			Remedy:     "postern harden run-command --cluster {name}; or az aks update -g {rg} -n {name} --disable-run-command",
			Doc:        learn + "access-private-cluster",
			References: ref(policy, "89f2d532-c53c-4f8f-9afa-4927b1114a0d", policy, "1b708b0a-3380-40e9-8b79-821f9fa224cc", iso, "A.5.15", soc, "CC6.6"),
			run:        holds(runCommandOff, "run command is on: it reaches the API server from anywhere"),
		},
		{
			ID: "private-cluster", Title: "The API server has no public address", Severity: finding.Medium,
			Why:        "A public address answers everybody; a credential alone then suffices.",
			Remedy:     "API Server VNet Integration: az aks update -g {rg} -n {name} --enable-apiserver-vnet-integration --enable-private-cluster",
			Doc:        learn + "private-clusters",
			References: ref(policy, "040732e8-d947-40b8-95d6-854c95024bf8", checkov, "CKV_AZURE_115", trivy, "AZU-0065", prowler, "aks_clusters_public_access_disabled", cis, "5.4.2", mcsb, "NS-2", soc, "CC6.6"),
			run:        holds("properties.apiServerAccessProfile.enablePrivateCluster", "the API server is reached from the internet"),
		},
		{
			ID: "authorized-ranges", Title: "Only known addresses reach the API server", Severity: finding.Medium,
			Why:        "Stolen credentials work from anywhere else.",
			Remedy:     "az aks update -g {rg} -n {name} --api-server-authorized-ip-ranges RANGES",
			Doc:        learn + "api-server-authorized-ip-ranges",
			References: ref(policy, "0e246bcf-5f6f-4f87-bc6f-775d4712c7ea", checkov, "CKV_AZURE_6", trivy, "AZU-0041", psrule, "AZR-000030", cis, "5.4.1", kubescape, "C-0247", mcsb, "NS-2", soc, "CC6.6"),
			run: func(c *cluster) {
				const ranges = "properties.apiServerAccessProfile.authorizedIPRanges"
				if !c.settings() || c.on("properties.apiServerAccessProfile.enablePrivateCluster") {
					return
				}
				list := c.list(ranges)
				if len(list) == 0 {
					c.fail("every address may reach the API server", c.says(ranges))
				}
				for _, v := range list {
					text, _ := v.(string)
					switch says, err := reach(text); {
					case err != nil:
						c.unknown("the authorized range %v could not be understood", v)
					case says != "":
						c.fail(says, c.says(ranges))
						return // one finding names them all
					}
				}
			},
		},
	}
}

func identityChecks() []Check {
	return []Check{
		{
			ID: "managed-identity", Title: "The cluster has a managed identity", Severity: finding.Medium,
			Why:        "A service principal's secret lies on every node and expires.",
			Remedy:     "az aks update -g {rg} -n {name} --enable-managed-identity",
			Doc:        learn + "use-managed-identity",
			References: ref(policy, "da6e2401-19da-4532-9141-fb8fbde08431", psrule, "AZR-000025", mcsb, "IM-3", soc, "CC6.1"),
			run: func(c *cluster) {
				kind, client := strings.ToLower(c.text("identity.type")), c.text("properties.servicePrincipalProfile.clientId")
				switch {
				case !c.settings(), kind == "systemassigned", kind == "userassigned", client == "msi":
				case kind == "" && client == "":
					c.unknown("neither identity nor servicePrincipalProfile is among the cluster's settings")
				default:
					c.fail("the cluster signs in as a service principal with a secret", c.says("identity.type"), c.says("properties.servicePrincipalProfile.clientId"))
				}
			},
		},
		{
			ID: "workload-identity", Title: "Workload identity is on", Severity: finding.Low,
			Why:        "Pods otherwise keep secrets to reach Azure, or share the node's identity.",
			Remedy:     "az aks update -g {rg} -n {name} --enable-oidc-issuer --enable-workload-identity",
			Doc:        learn + "workload-identity-overview",
			References: ref(policy, "2cc2e023-0dac-4046-875b-178f683929d5", mcsb, "IM-3", soc, "CC6.1"),
			run:        holds("properties.securityProfile.workloadIdentity.enabled", "workload identity is off"),
		},
		{
			ID: "oidc-issuer", Title: "The OIDC issuer is on", Severity: finding.Low,
			Why:        "Workload identity needs it: without an issuer no federated credential can trust the cluster's tokens.",
			Remedy:     "az aks update -g {rg} -n {name} --enable-oidc-issuer",
			Doc:        learn + "use-oidc-issuer",
			References: ref("KubeBuddy", "AKSSEC004"),
			run:        holds("properties.oidcIssuerProfile.enabled", "the cluster publishes no OIDC issuer"),
		},
	}
}
