package cloud

import (
	"encoding/json"
	"fmt"
)

// Settings is the part of a managed cluster's properties that decides who gets
// in. Field names fold case on decoding, as ARM does.
type Settings struct {
	DisableLocalAccounts bool        `json:"disableLocalAccounts"`
	EnableRBAC           *bool       `json:"enableRBAC"`
	AADProfile           *AADProfile `json:"aadProfile"`
	KubernetesVersion    string      `json:"kubernetesVersion"`
	NodeResourceGroup    string      `json:"nodeResourceGroup"`
	APIServerAccess      *struct {
		DisableRunCommand bool `json:"disableRunCommand"`
	} `json:"apiServerAccessProfile"`
}

// AADProfile is a cluster's Entra integration.
type AADProfile struct {
	Managed             bool     `json:"managed"`
	EnableAzureRBAC     bool     `json:"enableAzureRBAC"`
	AdminGroupObjectIDs []string `json:"adminGroupObjectIDs"`
	TenantID            string   `json:"tenantID"`
}

// ParseSettings reads the access settings out of cluster properties.
func ParseSettings(properties json.RawMessage) (Settings, error) {
	var s Settings
	if err := json.Unmarshal(properties, &s); err != nil {
		return Settings{}, fmt.Errorf("read cluster properties: %w", err)
	}
	return s, nil
}

// Settings of a cluster. A cluster in a State has passed ParseSettings.
func (c Cluster) Settings() Settings {
	s, err := ParseSettings(c.Properties)
	if err != nil {
		panic("BUG: unchecked cluster properties: " + err.Error())
	}
	return s
}

// Entra reports whether the cluster signs people in through Entra.
func (s Settings) Entra() bool { return s.AADProfile != nil }

// AzureRBAC reports whether Azure role assignments decide inside the cluster.
func (s Settings) AzureRBAC() bool { return s.AADProfile != nil && s.AADProfile.EnableAzureRBAC }

// Routing is a diagnostic setting's parsed form.
type Routing struct {
	StorageAccountID string        `json:"storageAccountId"`
	WorkspaceID      string        `json:"workspaceId"`
	DestinationType  string        `json:"logAnalyticsDestinationType"`
	EventHubRuleID   string        `json:"eventHubAuthorizationRuleId"`
	EventHubName     string        `json:"eventHubName"`
	Logs             []CategoryLog `json:"logs"`
	Metrics          []CategoryLog `json:"metrics"`
}

// CategoryLog switches one category, or one group of them.
type CategoryLog struct {
	Category      string `json:"category,omitempty"`
	CategoryGroup string `json:"categoryGroup,omitempty"`
	Enabled       bool   `json:"enabled"`
}

// Categories are the log categories a managed cluster offers, from the page
// "Supported resource logs for Microsoft.ContainerService/managedClusters" of
// learn.microsoft.com.
func Categories() []string {
	return []string{
		"kube-apiserver", "kube-audit", "kube-audit-admin", "kube-controller-manager",
		"kube-scheduler", "cluster-autoscaler", "cloud-controller-manager", "guard",
		"csi-azuredisk-controller", "csi-azurefile-controller", "csi-snapshot-controller",
		"fleet-member-agent", "fleet-member-net-controller-manager", "fleet-mcs-controller-manager",
		"karpenter-events",
	}
}

// groupCategories expands a category group. allLogs is every category; audit
// is the two audit categories (the group's members as the portal lists them).
func groupCategories(group string) []string {
	switch group {
	case "allLogs":
		return Categories()
	case "audit":
		return []string{"kube-audit", "kube-audit-admin", "guard"}
	}
	return nil
}

// Routing parses the setting.
func (d DiagnosticSetting) Routing() (Routing, error) {
	var r Routing
	if err := json.Unmarshal(d.Properties, &r); err != nil {
		return Routing{}, fmt.Errorf("read diagnostic setting %s: %w", d.Name, err)
	}
	return r, nil
}

// Enabled lists the log categories that are on, groups expanded, in order and
// without repetition.
func (r Routing) Enabled() []string {
	var out []string
	seen := map[string]bool{}
	for _, l := range r.Logs {
		if !l.Enabled {
			continue
		}
		names := groupCategories(l.CategoryGroup)
		if l.Category != "" {
			names = []string{l.Category}
		}
		for _, n := range names {
			if !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	return out
}
