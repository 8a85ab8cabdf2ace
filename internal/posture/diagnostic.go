package posture

import (
	"encoding/json"
	"strings"

	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/internal/snapshot"
)

// setting is a diagnostic setting (2021-05-01-preview).
type setting struct {
	ID         string
	Name       string
	Properties struct {
		WorkspaceID, StorageAccountID, EventHubAuthorizationRuleID string
		LogAnalyticsDestinationType                                string
		Logs                                                       []struct {
			Category, CategoryGroup string
			Enabled                 bool
		}
	}
}

// diagnostic are the cluster's diagnostic settings; false where they could not be
// read, which is said.
func (c *cluster) diagnostic() ([]setting, bool) {
	if why, missing := c.missing(snapshot.PieceDiagnostic, c.ID); missing {
		c.unknown("%s", why)
		return nil, false
	}
	var all []setting
	for _, raw := range c.Diagnostic {
		var s setting
		if err := json.Unmarshal(raw, &s); err != nil {
			c.unknown("a diagnostic setting is not as expected: %v", err)
			return nil, false
		}
		all = append(all, s)
	}
	return all, true
}

// sends reports whether a setting sends a category, by its name or by a group
// that has it: allLogs has all, audit the audit categories and guard.
func (s setting) sends(category string) bool {
	for _, l := range s.Properties.Logs {
		group := strings.ToLower(l.CategoryGroup)
		switch {
		case !l.Enabled:
		case strings.EqualFold(l.Category, category), group == "alllogs":
			return true
		case group == "audit" && (category == "kube-audit" || category == "kube-audit-admin" || category == "guard"):
			return true
		}
	}
	return false
}

// sent reports whether any of the settings sends a category.
func sent(all []setting, category string) bool {
	for _, s := range all {
		if s.sends(category) {
			return true
		}
	}
	return false
}

func (c *cluster) settingsEvidence(all []setting) (e []finding.Evidence) {
	if len(all) == 0 {
		return []finding.Evidence{{What: "there is no diagnostic setting", From: c.ID, At: c.tenant.Taken}}
	}
	for _, s := range all {
		var on []string
		for _, l := range s.Properties.Logs {
			if l.Enabled {
				on = append(on, l.Category+l.CategoryGroup)
			}
		}
		e = append(e, finding.Evidence{What: "diagnostic setting " + s.Name + " sends " + strings.Join(on, ", "), From: s.ID, At: c.tenant.Taken})
	}
	return e
}

const diagnosticRemedy = "az monitor diagnostic-settings create --name audit --resource {id} --workspace WORKSPACE --export-to-resource-specific true --logs '[{\"category\":\"kube-audit-admin\",\"enabled\":true},{\"category\":\"guard\",\"enabled\":true}]'"

// diagnosticChecks look at what becomes of the control plane's logs.
func diagnosticChecks() []Check {
	return []Check{
		{
			ID: "resource-logs", Title: "Control-plane logs are sent somewhere", Severity: finding.High,
			Why:        "AKS keeps none: what is not sent by a diagnostic setting is gone.",
			Remedy:     diagnosticRemedy,
			Doc:        learn + "monitor-aks",
			References: ref(policy, "245fc9df-fa96-4414-9a0b-3738c2f7341c", policy, "6c66c325-74c8-42fd-a286-a74b0e2939d8", mcsb, "LT-3", soc, "CC7.2"),
			run: func(c *cluster) {
				all, ok := c.diagnostic()
				if !ok {
					return
				}
				for _, s := range all {
					for _, l := range s.Properties.Logs {
						if l.Enabled {
							return
						}
					}
				}
				c.fail("no log category is sent anywhere", c.settingsEvidence(all)...)
			},
		},
		{
			ID: "audit-logs", Title: "The audit log is kept", Severity: finding.High,
			Why:        "Without kube-audit or kube-audit-admin nobody can say who did what.",
			Remedy:     diagnosticRemedy,
			Doc:        learn + "monitor-aks",
			References: ref(psrule, "Azure.AKS.AuditLogs", cis, "2.1.1", kubescape, "C-0254", mcsb, "LT-3", soc, "CC7.2"),
			run: func(c *cluster) {
				if all, ok := c.diagnostic(); ok && !sent(all, "kube-audit") && !sent(all, "kube-audit-admin") {
					c.fail("neither kube-audit nor kube-audit-admin is sent: there is no audit trail", c.settingsEvidence(all)...)
				}
			},
		},
		{
			ID: "audit-admin", Title: "kube-audit-admin rather than kube-audit alone", Severity: finding.Info,
			Why:        "kube-audit holds every get and list and is many times larger; kube-audit-admin leaves reads out. Keep kube-audit where reads must be seen: Postern answers least privilege from it.",
			Remedy:     "send kube-audit-admin, and kube-audit to cheaper storage",
			Doc:        learn + "monitor-aks",
			References: ref(psrule, "Azure.AKS.AuditAdmin"),
			run: func(c *cluster) {
				all, ok := c.diagnostic()
				if !ok {
					return
				}
				for _, s := range all {
					if s.Properties.WorkspaceID != "" && s.sends("kube-audit") && !s.sends("kube-audit-admin") {
						c.fail("a workspace receives kube-audit with every read", c.settingsEvidence([]setting{s})...)
					}
				}
			},
		},
		{
			ID: "container-insights", Title: "Container insights is on", Severity: finding.Info,
			Why:        "The agent's logs of containers. It is what other scanners call logging; it is not the audit log.",
			Remedy:     "az aks enable-addons -g {rg} -n {name} -a monitoring",
			Doc:        learn + "monitor-aks",
			References: ref(checkov, "CKV_AZURE_4", trivy, "AZU-0040", psrule, "AZR-000041"),
			run:        holds("properties.addonProfiles.omsagent.enabled", "the monitoring add-on is off"),
		},
		{
			ID: "metrics", Title: "Managed Prometheus metrics are on", Severity: finding.Info,
			Why:        "Without metrics a control plane under load or attack is not seen.",
			Remedy:     "az aks update -g {rg} -n {name} --enable-azure-monitor-metrics",
			Doc:        learn + "monitor-aks",
			References: ref(prowler, "aks_cluster_azure_monitor_enabled"),
			run:        holds("properties.azureMonitorProfile.metrics.enabled", "Azure Monitor metrics are off"),
		},
	}
}
