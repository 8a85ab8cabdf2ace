package posture

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/snapshot"
)

const testID = "/subscriptions/1111/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c"

func testNow() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }

// tenantOf is a tenant with one cluster.
func tenantOf(body string, diagnostic ...string) *snapshot.Tenant {
	a := snapshot.AzureCluster{ID: testID, Raw: json.RawMessage(body)}
	for _, d := range diagnostic {
		a.Diagnostic = append(a.Diagnostic, json.RawMessage(d))
	}
	return &snapshot.Tenant{Taken: testNow(), Subscriptions: []snapshot.Subscription{{ID: "1111"}}, Clusters: []snapshot.AzureCluster{a}}
}

func scanAll(tenant *snapshot.Tenant, checks ...string) Result {
	return Scan(tenant, doors.Find(tenant, doors.Options{Now: testNow()}), Options{Now: testNow(), Checks: checks})
}

func scanOf(t *testing.T, tenant *snapshot.Tenant, check string) (findings, unknown int) {
	t.Helper()
	r := scanAll(tenant, check)
	for _, f := range r.Findings {
		if f.Check != check || f.What == "" || f.Remedy == "" || len(f.Evidence) == 0 {
			t.Errorf("a finding without what it needs: %+v", f)
		}
	}
	return len(r.Findings), len(r.Unknown)
}

func TestSettings(t *testing.T) {
	const nothing = `{"properties":{"enableRBAC":true}}`
	logs := func(entries string) string {
		return `{"name":"d","properties":{"workspaceId":"/w","logs":[` + entries + `]}}`
	}
	type world struct{ body, diagnostic string }
	for _, c := range []struct {
		check       string
		bad, nearly world
	}{
		{"local-accounts", world{body: nothing}, world{body: `{"properties":{"DisableLocalAccounts":true}}`}},
		{"entra", world{body: nothing}, world{body: `{"properties":{"aadProfile":{}}}`}},
		{"entra-managed", world{body: `{"properties":{"aadProfile":{"serverAppID":"x"}}}`}, world{body: `{"properties":{"aadProfile":{"managed":true}}}`}},
		{"admin-group", world{body: `{"properties":{"aadProfile":{"managed":true}}}`}, world{body: `{"properties":{"aadProfile":{"adminGroupObjectIds":["g"]}}}`}},
		{"azure-rbac", world{body: `{"properties":{"aadProfile":{"managed":true}}}`}, world{body: `{"properties":{"aadProfile":{"enableAzureRbac":true}}}`}},
		{"kubernetes-rbac", world{body: `{"properties":{"enableRBAC":false}}`}, world{body: nothing}},
		{"run-command", world{body: `{"properties":{"apiServerAccessProfile":{"disableRunCommand":false}}}`}, world{body: `{"properties":{"apiServerAccessProfile":{"disableRunCommand":true}}}`}},
		{"private-cluster", world{body: nothing}, world{body: `{"properties":{"apiServerAccessProfile":{"enablePrivateCluster":true}}}`}},
		{"authorized-ranges", world{body: `{"properties":{"apiServerAccessProfile":{"authorizedIPRanges":["0.0.0.0/0"]}}}`}, world{body: `{"properties":{"apiServerAccessProfile":{"authorizedIPRanges":["10.0.0.0/8"]}}}`}},
		{"managed-identity", world{body: `{"properties":{"servicePrincipalProfile":{"clientId":"x"}}}`}, world{body: `{"identity":{"type":"UserAssigned"}}`}},
		{"workload-identity", world{body: nothing}, world{body: `{"properties":{"securityProfile":{"workloadIdentity":{"enabled":true}}}}`}},
		{"oidc-issuer", world{body: `{"properties":{"oidcIssuerProfile":{"enabled":false}}}`}, world{body: `{"properties":{"oidcIssuerProfile":{"enabled":true}}}`}},
		{"resource-logs", world{nothing, logs(`{"category":"guard","enabled":false}`)}, world{nothing, logs(`{"category":"guard","enabled":true}`)}},
		{"audit-logs", world{nothing, logs(`{"category":"guard","enabled":true},{"category":"kube-audit","enabled":false}`)}, world{nothing, logs(`{"categoryGroup":"audit","enabled":true}`)}},
		{"audit-admin", world{nothing, logs(`{"category":"kube-audit","enabled":true}`)}, world{nothing, logs(`{"category":"kube-audit-admin","enabled":true}`)}},
		{"container-insights", world{body: nothing}, world{body: `{"properties":{"addonProfiles":{"omsAgent":{"enabled":true}}}}`}},
		{"metrics", world{body: nothing}, world{body: `{"properties":{"azureMonitorProfile":{"metrics":{"enabled":true}}}}`}},
	} {
		of := func(w world) *snapshot.Tenant {
			if w.diagnostic == "" {
				return tenantOf(w.body)
			}
			return tenantOf(w.body, w.diagnostic)
		}
		if n, u := scanOf(t, of(c.bad), c.check); n != 1 || u != 0 {
			t.Errorf("%s: %d findings and %d unknown where one is wrong", c.check, n, u)
		}
		if n, u := scanOf(t, of(c.nearly), c.check); n != 0 || u != 0 {
			t.Errorf("%s: %d findings and %d unknown where nothing is wrong", c.check, n, u)
		}
		blind := of(c.bad)
		blind.Unread = []snapshot.Unread{{Piece: snapshot.PieceCluster, Scope: testID, Why: "403"}, {Piece: snapshot.PieceDiagnostic, Scope: testID, Why: "403"}}
		if n, u := scanOf(t, blind, c.check); n != 0 || u != 1 {
			t.Errorf("%s: %d findings and %d unknown where nothing could be read", c.check, n, u)
		}
	}
}

// Every check says what it is, and no two have the same id.
func TestChecks(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Checks() {
		if seen[c.ID] || c.ID == "" || c.Title == "" || c.Why == "" || c.Remedy == "" || c.Doc == "" || c.Severity == "" || c.run == nil {
			t.Errorf("check %q is there twice or lacks something: %+v", c.ID, c)
		}
		seen[c.ID] = true
	}
}

// TestRanges: what an authorized range lets in.
func TestRanges(t *testing.T) {
	for text, want := range map[string]string{
		"0.0.0.0/0": "every address", "::/0": "every address", "1.2.3.4/0": "every address",
		"0.0.0.0/1": "one address in 2", "128.0.0.0/1": "one address in 2", "8.0.0.0/7": "one address in 128",
		"10.0.0.0/8": "", "1.2.3.4": "", "1.2.3.4/32": "", "2001:db8::/32": "",
	} {
		says, err := reach(text)
		if err != nil || (says == "") != (want == "") || !strings.Contains(says, want) {
			t.Errorf("%s: %q, %v, want %q", text, says, err, want)
		}
	}
	for _, text := range []string{"", "all", "1.2.3.4/33", "1.2.3/8"} {
		if says, err := reach(text); err == nil {
			t.Errorf("%s: %q, want an error", text, says)
		}
	}
}
