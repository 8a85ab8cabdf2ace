package harden

import (
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/doors"
)

var binary = flag.String("postern", "../../bin/postern", "the program that is tried")

// world has a cluster that can be hardened, by sp-admin who is in its admin group,
// and others that must be refused.
const world = `
tenant: {id: 1ab50000-0000-4000-8000-000000000001, displayName: LAB harden, domain: lab.onmicrosoft.com}
subscription: {id: 1ab50000-0000-4000-8000-000000000011, displayName: LAB one}
resourceGroups:
  - {name: rg, location: westeurope}
users:
  - {id: 1ab50000-0000-4000-8000-000000000101, userPrincipalName: ann@lab.onmicrosoft.com, displayName: Ann, password: Lab-ann-1!}
  - {id: 1ab50000-0000-4000-8000-000000000102, userPrincipalName: eve@lab.onmicrosoft.com, displayName: Eve, password: Lab-eve-1!, disabled: true}
groups:
  - {id: 1ab50000-0000-4000-8000-000000000201, displayName: g-admins, members: [sp-admin]}
  - {id: 1ab50000-0000-4000-8000-000000000202, displayName: g-empty}
  - {id: 1ab50000-0000-4000-8000-000000000203, displayName: g-disabled, members: [eve@lab.onmicrosoft.com]}
  - {id: 1ab50000-0000-4000-8000-000000000204, displayName: g-ann, members: [ann@lab.onmicrosoft.com]}
servicePrincipals:
  - id: 1ab50000-0000-4000-8000-000000000301
    appId: 1ab50000-0000-4000-8000-000000000351
    displayName: sp-admin
    secret: Lab-admin-secret-1!
    graphRoles: [User.Read.All, Group.Read.All, Application.Read.All, RoleManagement.Read.Directory, PrivilegedEligibilitySchedule.Read.AzureADGroup]
roleAssignments:
  - {principal: sp-admin, role: Owner, scope: .}
clusters:
  - name: real
    resourceGroup: rg
    location: westeurope
  - name: good
    resourceGroup: rg
    location: westeurope
    properties: {aadProfile: {managed: true, adminGroupObjectIDs: [1ab50000-0000-4000-8000-000000000201]}, futureField: {kept: as it was}}
    kubernetes: {version: v1.33.4, objects: []}
  - name: other
    resourceGroup: rg
    location: westeurope
    properties: {aadProfile: {managed: true, adminGroupObjectIDs: [1ab50000-0000-4000-8000-000000000204]}}
    kubernetes: {version: v1.33.4, objects: []}
  - name: bare
    resourceGroup: rg
    location: westeurope
    kubernetes: {version: v1.33.4, objects: []}
  - name: empty
    resourceGroup: rg
    location: westeurope
    properties: {aadProfile: {managed: true, adminGroupObjectIDs: [1ab50000-0000-4000-8000-000000000202]}}
    kubernetes: {version: v1.33.4, objects: []}
  - name: disabled
    resourceGroup: rg
    location: westeurope
    properties: {aadProfile: {managed: true, adminGroupObjectIDs: [1ab50000-0000-4000-8000-000000000203]}}
    kubernetes: {version: v1.33.4, objects: []}
`

// bench is a fresh world that is served.
type bench struct {
	*doors.Azure
	app cloud.ServicePrincipal
}

func start(t *testing.T) bench {
	t.Helper()
	w, err := cloud.ParseWorld([]byte(world))
	if err != nil {
		t.Fatal(err)
	}
	a, err := doors.Start(t.TempDir(), w, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Stop)
	return bench{a, w.ServicePrincipals[0]}
}

// harden runs `postern harden local-accounts --apply` on a cluster.
func (b bench) harden(t *testing.T, cluster string, more ...string) (stdout, stderr string, exit int) {
	t.Helper()
	program, err := filepath.Abs(*binary)
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"harden", "local-accounts", "--cluster", cluster, "--apply", "--confirm", cluster, "-o", "json"}, more...)
	out, said, exit, err := b.Run(t.Context(), b.app, program, args...)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), string(said), exit
}

// properties are a cluster's, as the world has them.
func (b bench) properties(t *testing.T, cluster string) map[string]json.RawMessage {
	t.Helper()
	for _, c := range b.State.World().Clusters {
		if c.Name == cluster {
			var p map[string]json.RawMessage
			if err := json.Unmarshal(c.Properties, &p); err != nil {
				t.Fatal(err)
			}
			return p
		}
	}
	t.Fatalf("no cluster %s", cluster)
	return nil
}

func (b bench) disabled(t *testing.T, cluster string) bool {
	return string(b.properties(t, cluster)["disableLocalAccounts"]) == "true"
}

// count counts requests by method and part of the path.
func (b bench) count(method, part string) (n int) {
	for _, q := range b.State.Requests() {
		if q.Method == method && strings.Contains(strings.ToLower(q.URI), strings.ToLower(part)) {
			n++
		}
	}
	return n
}

func TestApply(t *testing.T) {
	b := start(t)
	out, said, exit := b.harden(t, "good")
	if exit != 0 || !b.disabled(t, "good") {
		t.Fatalf("exit %d\n%s%s", exit, out, said)
	}
	for _, want := range []string{`"proved": true`, `"status": 400`, `with an Entra token`} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not in\n%s", want, out)
		}
	}
	if kept := string(b.properties(t, "good")["futureField"]); !strings.Contains(kept, "as it was") {
		t.Errorf("a field that nobody knows became %s", kept)
	}
	if n := b.count("POST", "listClusterAdminCredential"); n != 1 {
		t.Errorf("the admin credential was asked for %d times", n)
	}
	for _, other := range []string{"other", "bare", "empty", "disabled"} {
		if b.disabled(t, other) {
			t.Errorf("%s was changed too", other)
		}
	}
	if out, said, exit = b.harden(t, "good"); exit != 0 || b.count("PUT", "/managedClusters/good") != 1 {
		t.Errorf("again: exit %d, %d changes\n%s%s", exit, b.count("PUT", "/managedClusters/good"), out, said)
	}
}

// TestRefused: nobody would be left.
func TestRefused(t *testing.T) {
	b := start(t)
	for cluster, want := range map[string]string{
		"bare": "Entra integration is off", "empty": "has no members", "disabled": "eve@lab.onmicrosoft.com (disabled)", "other": "is not proved",
	} {
		out, said, exit := b.harden(t, cluster)
		if exit != 4 || !strings.Contains(said, want) || b.disabled(t, cluster) {
			t.Errorf("%s: exit %d, want a refusal with %q\n%s%s", cluster, exit, want, out, said)
		}
	}
	if out, said, exit := b.harden(t, "good", "--removing", "sp-admin"); exit != 4 || !strings.Contains(said, "taken away by the other plan") {
		t.Errorf("removing the last administrator: exit %d\n%s%s", exit, out, said)
	}
	if out, said, exit := b.harden(t, "good", "--confirm", "god"); exit != 4 || !strings.Contains(said, "is not the cluster's name") {
		t.Errorf("a wrong name: exit %d\n%s%s", exit, out, said)
	}
	if n := b.count("PUT", "/"); n != 0 {
		t.Errorf("%d changes were sent", n)
	}
	if out, said, exit := b.harden(t, "other", "--accept-unproved"); exit != 0 || !b.disabled(t, "other") {
		t.Errorf("accepted: exit %d\n%s%s", exit, out, said)
	}
}

// TestKilled: killed in the middle of each step, then run again, it ends in the
// planned state, and the change is made once.
func TestKilled(t *testing.T) {
	for _, place := range []string{"harden.undo", "harden.put", "harden.follow", "harden.prove"} {
		t.Run(place, func(t *testing.T) {
			b := start(t)
			b.Env = []string{"POSTERN_FAILPOINT=" + place}
			if out, said, exit := b.harden(t, "good"); exit != -1 {
				t.Fatalf("not killed: exit %d\n%s%s", exit, out, said)
			}
			b.Env = nil
			out, said, exit := b.harden(t, "good")
			if exit != 0 || !b.disabled(t, "good") || !strings.Contains(out, `"proved": true`) {
				t.Errorf("run again: exit %d\n%s%s", exit, out, said)
			}
			if n := b.count("PUT", "/managedClusters/good"); n != 1 {
				t.Errorf("%d changes", n)
			}
		})
	}
}
