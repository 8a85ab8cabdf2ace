package snapshot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/azrbac"
)

const tenantSub = "5e0a7c1e-0000-4000-8000-000000000001"

func clusterID(n int) string {
	return fmt.Sprintf("/subscriptions/%s/resourceGroups/rg-%d/providers/Microsoft.ContainerService/managedClusters/prod", tenantSub, n)
}

// fixedTenant has something of everything; cluster 0 has a Kubernetes part.
func fixedTenant() *snapshot.Tenant {
	at := time.Date(2026, 11, 23, 17, 58, 21, 0, time.UTC)
	kubernetes := fixed()
	kubernetes.Azure = nil
	return &snapshot.Tenant{
		Taken: at, Reader: snapshot.Asker{ObjectID: "o", Name: "reader@contoso.example"}, ID: "7f2b0c5e-0000-4000-8000-000000000001", Name: "Contoso <&>", Lab: true,
		Subscriptions: []snapshot.Subscription{{ID: tenantSub, Name: "one", ManagementGroups: []string{"mg"}, ActivitySince: at.AddDate(0, 0, -90), ActivityUntil: at}},
		Clusters: []snapshot.AzureCluster{
			{ID: clusterID(0), Raw: json.RawMessage(`{"id":"x","properties":{"fqdn":"prod-1.hcp.westeurope.azmk8s.io","aadProfile":{"enableAzureRBAC":true}},"future":[1,{"a":"<"}]}`), Diagnostic: []json.RawMessage{json.RawMessage(`{"name":"d"}`)},
				TrustedAccess: []snapshot.TrustedAccess{{ID: "t", Name: "t", Source: "s", Roles: []string{"r"}}}, Flux: []snapshot.Flux{{ID: "f", Name: "f", Source: "https://git", Scope: "cluster"}}, Extensions: []snapshot.Extension{{ID: "e", Name: "e", Type: "t"}}, Kubernetes: kubernetes},
			{ID: clusterID(1), Raw: json.RawMessage(`{"properties":{"privateFQDN":"in.privatelink.westeurope.azmk8s.io"}}`)},
		},
		Fleets: []snapshot.Fleet{{ID: "fl", Members: []string{clusterID(1)}, Hub: true}},
		Assignments: []snapshot.Assignment{
			{Assignment: azrbac.Assignment{ID: "root", PrincipalID: "p", RoleDefinitionID: "r0", Scope: "/"}},
			{Assignment: azrbac.Assignment{ID: "mg", PrincipalID: "p", RoleDefinitionID: "r1", Scope: "/providers/Microsoft.Management/managementGroups/MG"}},
			{Assignment: azrbac.Assignment{ID: "other mg", PrincipalID: "p", RoleDefinitionID: "r1", Scope: "/providers/Microsoft.Management/managementGroups/other"}},
			{Assignment: azrbac.Assignment{ID: "group", PrincipalID: "p", RoleDefinitionID: "r1", Scope: "/subscriptions/" + tenantSub + "/resourcegroups/RG-0"}},
			{Assignment: azrbac.Assignment{ID: "like", PrincipalID: "p", RoleDefinitionID: "r1", Scope: "/subscriptions/" + tenantSub + "/resourcegroups/rg"}},
			{Assignment: azrbac.Assignment{ID: "namespace", PrincipalID: "p", RoleDefinitionID: "r1", Scope: clusterID(0) + "/namespaces/dev"}},
			{Assignment: azrbac.Assignment{ID: "other", PrincipalID: "p", RoleDefinitionID: "r2", Scope: clusterID(1)}},
		},
		Eligible:       []snapshot.Assignment{{Assignment: azrbac.Assignment{ID: "e", PrincipalID: "p", RoleDefinitionID: "r1", Scope: clusterID(0)}, Until: at}},
		Definitions:    []azrbac.Definition{{ID: "/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/R1", Name: "one", Custom: true}, {ID: "r2", Name: "two"}},
		Denies:         []azrbac.DenyAssignment{{ID: "d", Scope: "/subscriptions/" + tenantSub, Principals: []azrbac.Principal{{ID: azrbac.Everyone}}}},
		Principals:     []snapshot.Principal{{ID: "p", Kind: snapshot.UserPrincipal, Name: "P", UPN: "p@contoso.example", EligibleIn: []snapshot.GroupEligibility{{PrincipalID: "q", Access: "member", Until: at}}, Federated: []snapshot.Federated{{Name: "n", Issuer: "i", Subject: "s"}}, Secrets: []snapshot.Secret{{Kind: "password", Until: at}}}},
		DirectoryRoles: []snapshot.DirectoryRole{{Template: "t", Name: "Global Administrator", PrincipalID: "p", Scope: "/", Eligible: true}},
		AppRoles:       []snapshot.AppRole{{PrincipalID: "p", Name: "Group.ReadWrite.All"}},
		Activity:       []snapshot.Activity{{Time: at, Operation: "write", Resource: "r", Caller: "c", Status: "Failed", Code: 400, Message: "m"}},
		Unread: []snapshot.Unread{
			{Piece: snapshot.PieceKubernetes, Scope: clusterID(1), Why: "no answer"},
			{Piece: snapshot.PieceDenies, Scope: "/subscriptions/" + tenantSub, Why: "AuthorizationFailed", Needs: "Microsoft.Authorization/denyAssignments/read"},
			{Piece: snapshot.PieceCluster, Scope: clusterID(1), Why: "elsewhere"},
		},
	}
}

func tenantText(t *testing.T, of *snapshot.Tenant) string {
	t.Helper()
	var text bytes.Buffer
	if err := snapshot.EncodeTenant(&text, of, "postern test"); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestTenantRoundTrip(t *testing.T) {
	for seed := range uint64(50) {
		want := fixedTenant()
		if seed > 0 {
			want.Clusters[1].Kubernetes = random(seed)
		}
		got, err := snapshot.DecodeTenant([]byte(tenantText(t, want)), "x.json")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, got, want)
		}
	}
	// Nothing was there to read: an empty tenant is one too.
	empty := &snapshot.Tenant{Taken: fixedTenant().Taken, ID: "t"}
	if got, err := snapshot.DecodeTenant([]byte(tenantText(t, empty)), "x.json"); err != nil || got.ID != "t" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestTenantWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.json.gz")
	if _, err := (snapshot.File{Path: path}).WriteTenant(fixedTenant(), ""); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	if _, err := (snapshot.File{Path: path}).WriteTenant(fixedTenant(), ""); !errors.Is(err, snapshot.ErrExists) {
		t.Errorf("a second time: %v", err)
	}
	tenants, snaps, others, err := snapshot.Reader{}.ReadTenants(t.Context(), []string{path}, time.Now())
	if err != nil || len(tenants) != 1 || len(snaps) != 0 || len(others) != 0 || !reflect.DeepEqual(tenants[0].Tenant, fixedTenant()) {
		t.Errorf("%+v %v %v %v", tenants, snaps, others, err)
	}
}

// TestTenantCutAnywhere: no beginning of a file passes for a whole one.
func TestTenantCutAnywhere(t *testing.T) {
	whole := []byte(strings.TrimSpace(tenantText(t, fixedTenant())))
	recognised := 0
	for n := range whole {
		_, err := snapshot.DecodeTenant(whole[:n], "cut.json")
		var e *snapshot.FileError
		if !errors.As(err, &e) {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
		if !snapshot.IsTenant(whole[:n]) {
			continue
		}
		recognised++
		if e.Msg != "it is cut off here" || e.Offset != int64(n) {
			t.Fatalf("%d of %d bytes: %+v", n, len(whole), e)
		}
	}
	if recognised < len(whole)-100 {
		t.Errorf("only %d of %d beginnings are recognised", recognised, len(whole))
	}
}

func TestTenantFaults(t *testing.T) {
	replace := func(old, new string) string {
		text := tenantText(t, fixedTenant())
		if !strings.Contains(text, old) {
			t.Fatalf("the file has no %s", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	twice := fixedTenant()
	twice.Clusters[1].ID = strings.ToUpper(clusterID(0))
	for name, c := range map[string]struct{ text, want string }{
		"later version":   {replace("postern.dev/v1", "postern.dev/v12"), "newer than this postern reads"},
		"unknown field":   {replace(`"principals"`, `"principal"`), `unknown field "principal"`},
		"deep field":      {replace(`"resourceNames"`, `"resourcesNames"`), `unknown field "resourcesNames"`},
		"wrong type":      {replace(`"lab": true`, `"lab": "yes"`), "lab is a JSON string"},
		"unread unsaid":   {replace(`"why": "no answer"`, `"why": ""`), "tenant.unread[0] does not say what and why"},
		"unread missing":  {replace(`"unread": [`, `"unread": null, "fleets": [`), `unknown field "piece"`},
		"nobody's":        {replace(`"cluster": "`+clusterID(0), `"cluster": "/elsewhere`), `"/elsewhere" is no cluster of the tenant`},
		"nested version":  {replace("\"snapshot\": {\n    \"kind\": \"Snapshot\"", "\"snapshot\": {\n    \"kind\": \"Snap\""), `kubernetes[0].snapshot is postern.dev/v1 Snap`},
		"nested nameless": {replace(`"name": "aks-lab"`, `"name": ""`), "kubernetes[0].snapshot: name is empty"},
		"twice":           {tenantText(t, twice), "is there twice"},
		"two":             {tenantText(t, fixedTenant()) + "{}", "something follows the snapshot"},
	} {
		_, err := snapshot.DecodeTenant([]byte(c.text), "x.json")
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "read snapshot x.json") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestTenantFacts: what is at, above and below the cluster, and nothing else.
func TestTenantFacts(t *testing.T) {
	tenant := fixedTenant()
	f := tenant.Facts(&tenant.Clusters[0])
	var ids []string
	for _, a := range f.Assignments {
		ids = append(ids, a.ID)
	}
	if want := []string{"root", "mg", "group", "namespace"}; !slices.Equal(ids, want) {
		t.Errorf("assignments %q, want %q", ids, want)
	}
	if !f.Enabled || len(f.Definitions) != 1 || len(f.Denies) != 1 || len(f.ManagementGroups) != 1 {
		t.Errorf("%+v", f)
	}
	if len(f.Unread) != 2 || f.Unread[0].Part != azrbac.Denies || f.Unread[1].Part != azrbac.DeniesBelow {
		t.Errorf("unread %+v", f.Unread)
	}
	if f := tenant.Facts(&tenant.Clusters[1]); f.Enabled || !slices.ContainsFunc(f.Unread, func(u azrbac.Unread) bool { return u.Part == azrbac.Cluster }) {
		t.Errorf("%+v", f)
	}
}

// TestTenantFiles: every command reads the clusters that have a Kubernetes part;
// of the others it is said.
func TestTenantFiles(t *testing.T) {
	dir := t.TempDir()
	tenant := fixedTenant()
	path := filepath.Join(dir, "t.json")
	if _, err := (snapshot.File{Path: path}).WriteTenant(tenant, ""); err != nil {
		t.Fatal(err)
	}
	all, err := snapshot.Reader{}.ReadAll(t.Context(), []string{path}, time.Now())
	if err != nil || len(all) != 1 {
		t.Fatalf("%v %v", all, err)
	}
	s := all[0]
	if s.Name != "prod (rg-0)" || s.Azure == nil || len(s.Azure.Assignments) != 4 || len(s.RBAC.Roles) != 2 {
		t.Errorf("%+v", s)
	}
	if len(s.Remarks) != 2 || !strings.Contains(s.Remarks[1].Text, "prod (rg-1)") {
		t.Errorf("remarks %+v", s.Remarks)
	}
	tenant.Clusters[0].Kubernetes = nil
	if _, err := (snapshot.File{Path: path, Overwrite: true}).WriteTenant(tenant, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := (snapshot.Reader{}).ReadAll(t.Context(), []string{path}, time.Now()); err == nil || !strings.Contains(err.Error(), "none of its 2 clusters has a Kubernetes part") {
		t.Errorf("%v", err)
	}
}

// TestJoin: a snapshot made next to a cluster finds it by id or by address.
func TestJoin(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*snapshot.Snapshot)
		at   int // -1: nobody's
	}{
		"name":         {func(s *snapshot.Snapshot) { s.Name = strings.ToUpper(clusterID(1)) }, 1},
		"azure":        {func(s *snapshot.Snapshot) { s.Azure = &azrbac.Facts{ClusterID: clusterID(1)} }, 1},
		"private name": {func(s *snapshot.Snapshot) { s.Source.Server = "https://IN.privatelink.westeurope.azmk8s.io:443" }, 1},
		"nobody's":     {func(s *snapshot.Snapshot) {}, -1},
	} {
		tenant := fixedTenant()
		s := fixed()
		s.Azure, s.Source.Server, s.Name = nil, "https://127.0.0.1:1", "x"
		c.edit(s)
		left := tenant.Join([]*snapshot.Snapshot{s})
		if c.at < 0 {
			if len(left) != 1 {
				t.Errorf("%s: %v", name, left)
			}
			continue
		}
		if len(left) != 0 || tenant.Clusters[c.at].Kubernetes != s {
			t.Errorf("%s: %v %+v", name, left, tenant.Clusters[c.at].Kubernetes)
		}
		if slices.ContainsFunc(tenant.Unread, func(u snapshot.Unread) bool { return u.Piece == snapshot.PieceKubernetes }) {
			t.Errorf("%s: still unread", name)
		}
	}
}

func FuzzDecodeTenant(f *testing.F) {
	var text bytes.Buffer
	if err := snapshot.EncodeTenant(&text, fixedTenant(), "postern test"); err != nil {
		f.Fatal(err)
	}
	f.Add(text.Bytes())
	f.Add([]byte(`{"kind":"TenantSnapshot","apiVersion":"postern.dev/v1","tenant":{"taken":"2026-11-23T17:58:21Z","clusters":[{"id":"a"}],"unread":[]},"kubernetes":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tenant, err := snapshot.DecodeTenant(data, "x.json")
		if err != nil {
			var e *snapshot.FileError
			if !errors.As(err, &e) || e.Line > 0 && (e.Offset > int64(len(data)) || e.Column < 1) {
				t.Errorf("%#v", err)
			}
			return
		}
		for i := range tenant.Clusters {
			tenant.Facts(&tenant.Clusters[i])
		}
		var text bytes.Buffer
		if err := snapshot.EncodeTenant(&text, tenant, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := snapshot.DecodeTenant(text.Bytes(), "x.json"); err != nil {
			t.Fatalf("%v\n%s", err, text.Bytes())
		}
	})
}

// TestListsWanting: a list that is not there would say that there is nothing.
func TestListsWanting(t *testing.T) {
	var b bytes.Buffer
	if err := snapshot.EncodeTenant(&b, &snapshot.Tenant{Taken: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.DecodeTenant(b.Bytes(), "x"); err != nil {
		t.Fatalf("an empty tenant: %v", err)
	}
	for _, name := range []string{"subscriptions", "clusters", "fleets", "assignments", "eligible", "definitions", "denies", "principals", "directoryRoles", "appRoles", "activity", "unread"} {
		for _, instead := range []string{`"lab": true`, `"` + name + `": null`} {
			text := strings.Replace(b.String(), `"`+name+`": []`, instead, 1)
			if text == b.String() {
				t.Fatalf("%s is not in the file", name)
			}
			if _, err := snapshot.DecodeTenant([]byte(text), "x"); err == nil || !strings.Contains(err.Error(), "tenant."+name+" is missing") {
				t.Errorf("%s, instead of it %s: %v", name, instead, err)
			}
		}
	}
}
