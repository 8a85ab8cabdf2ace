package doors

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
)

// refusal is a read that a fault refuses, and which doors must say so: each door
// of these kinds, in every cluster of the small world, is unknown then or says
// that holders may be missing. Clusters narrows it.
type refusal struct {
	name     string
	fault    cloud.Fault
	doors    string
	clusters string
	// lost: clusters may be missing from the report; empty: nobody can be
	// answered at all.
	lost, empty bool
}

// keyed are the doors that role assignments hold.
const keyed = "admin-credential access-profile user-credential run-command extension-write node-resource-group cluster-write role-assignment-write"

// refusals are every read that collecting makes.
func refusals() []refusal {
	arm := func(name, path, doors, clusters string) refusal {
		return refusal{name: name, fault: cloud.Fault{Host: cloud.HostARM, Method: "GET", Path: path, Status: 403}, doors: doors, clusters: clusters}
	}
	graph := func(name, path, doors, clusters string) refusal {
		return refusal{name: name, fault: cloud.Fault{Host: cloud.HostGraph, Path: "/v1.0" + path, Status: 403}, doors: doors, clusters: clusters}
	}
	kubernetes := func(name, path, doors string) refusal {
		return refusal{name: name, fault: cloud.Fault{Host: cloud.HostKubernetes, Path: path, Status: 403}, doors: doors, clusters: "s-entra s-old"}
	}
	const (
		authorization = "/subscriptions/*/providers/Microsoft.Authorization/"
		cluster       = "/subscriptions/*/resourceGroups/*/providers/Microsoft.ContainerService/managedClusters/*/"
		arc           = cluster + "providers/Microsoft.KubernetesConfiguration/"
	)
	lists := arm("clusters", "/subscriptions/*/providers/Microsoft.ContainerService/managedClusters", "", "")
	lists.lost = true
	subscriptions := arm("subscriptions", "/subscriptions", "", "")
	subscriptions.lost, subscriptions.empty = true, true
	return []refusal{
		subscriptions,
		lists,
		arm("role assignments", authorization+"roleAssignments", keyed, ""),
		arm("deny assignments", authorization+"denyAssignments", keyed, ""),
		arm("eligible assignments", authorization+"roleEligibilityScheduleInstances", keyed, ""),
		arm("role definitions", "/**/providers/Microsoft.Authorization/roleDefinitions**", "run-command cluster-write", "s-entra"),
		arm("diagnostic settings", cluster+"providers/Microsoft.Insights/diagnosticSettings", "", ""),
		arm("trusted access", cluster+"trustedAccessRoleBindings", "trusted-access", ""),
		arm("flux", arc+"fluxConfigurations", "flux", ""),
		arm("extensions", arc+"extensions", "extensions", ""),
		arm("fleets", "/subscriptions/*/providers/Microsoft.ContainerService/fleets", "fleet", ""),
		arm("fleet members", "/subscriptions/*/resourceGroups/*/providers/Microsoft.ContainerService/fleets/*/members", "fleet", "s-default s-private"),
		arm("activity log", "/subscriptions/*/providers/Microsoft.Insights/eventtypes/management/values", "local-account", ""),
		arm("federated credentials of identities", "/**/federatedIdentityCredentials", "", ""),
		graph("users", "/users", "", ""),
		graph("groups", "/groups", "", ""),
		graph("members", "/groups/*/members", "run-command entra-admin-group", "s-entra"),
		graph("owners", "/groups/*/owners", "run-command entra-admin-group", "s-entra"),
		graph("eligible members", "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances", "run-command entra-admin-group", "s-entra"),
		graph("service principals", "/servicePrincipals", "", ""),
		graph("owners of service principals", "/servicePrincipals/*/owners", "", ""),
		graph("applications", "/applications", "", ""),
		graph("owners of applications", "/applications/*/owners", "", ""),
		graph("federated credentials", "/applications/*/federatedIdentityCredentials", "", ""),
		graph("directory roles", "/roleManagement/directory/roleAssignments", "run-command entra-admin-group", "s-entra"),
		graph("eligible directory roles", "/roleManagement/directory/roleEligibilityScheduleInstances", "run-command entra-admin-group", "s-entra"),
		graph("permissions on Graph", "/servicePrincipals/*/appRoleAssignedTo", "run-command entra-admin-group", "s-entra"),
		kubernetes("bindings", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "kubernetes-rbac kubernetes-escalation"),
		kubernetes("roles", "/apis/rbac.authorization.k8s.io/v1/clusterroles", "kubernetes-rbac kubernetes-escalation"),
		kubernetes("certificate requests", "/apis/certificates.k8s.io/v1/certificatesigningrequests", "csr-certificates"),
		kubernetes("secrets", "/api/v1/secrets", "token-secrets"),
		kubernetes("everything in the cluster", "/**", "kubernetes-rbac kubernetes-escalation csr-certificates token-secrets"),
	}
}

// TestRefusals: where a read of the small world is refused, what depends on it is
// unknown or says what may be missing, and no door is closed that was open.
func TestRefusals(t *testing.T) {
	base := load(t, smallFile)
	a := start(t, base)
	whole, _ := a.doors(t)
	began := time.Now()
	for _, x := range refusals() {
		t.Run(strings.ReplaceAll(x.name, " ", "-"), func(t *testing.T) {
			w := *base
			w.Faults = []cloud.Fault{x.fault}
			if err := a.State.Replace(&w); err != nil {
				t.Fatal(err)
			}
			before := len(a.State.Requests())
			r, exit, said := a.tryDoors(t)
			if x.fault.Host != cloud.HostKubernetes && !slices.ContainsFunc(a.State.Requests()[before:], func(q cloud.Request) bool { return q.Status == 403 }) {
				t.Error("nothing was refused: nobody asks for this, or the path is wrong")
			}
			if r == nil {
				if !x.empty || exit != 4 && exit != 5 {
					t.Errorf("no report, exit %d\n%s", exit, said)
				}
				return
			}
			if exit != 5 {
				t.Errorf("exit %d where something could not be read, want 5", exit)
			}
			x.judge(t, whole, *r)
		})
	}
	t.Logf("%d refusals in %.1f s", len(refusals()), time.Since(began).Seconds())
	a.onlyRead(t)
}

// judge holds the report of a world that refuses something against the whole.
func (x refusal) judge(t *testing.T, whole, got report) {
	t.Helper()
	if fresh := newGaps(whole, got); len(fresh) == 0 {
		t.Error("nothing stands under what was not examined")
	}
	was, is := whole.at(), got.at()
	for _, at := range slices.Sorted(maps.Keys(was)) {
		before, after := was[at], is[at]
		if after.State == "" {
			if !x.lost {
				t.Errorf("%s is missing", at)
			}
			continue
		}
		shut := func(s string) bool { return s == "closed" || s == "proved" }
		if shut(after.State) && !shut(before.State) {
			t.Errorf("%s is %s, was %s", at, after.State, before.State)
		}
		if after.State == "open" && shut(before.State) {
			t.Errorf("%s is open, was %s", at, before.State)
		}
		vague := after.vague()
		for _, h := range before.Holders {
			if !vague && !h.among(after.Holders) {
				t.Errorf("%s: %s %s is gone, and nothing says so", at, h.How, h.Principal.name())
			}
		}
		for _, h := range after.Holders {
			if h.Unsure == "" && !h.among(before.Holders) {
				t.Errorf("%s: %s %s came up for sure", at, h.How, h.Principal.name())
			}
		}
		cluster, kind, _ := strings.Cut(at, " ")
		if slices.Contains(strings.Fields(x.doors), kind) && (x.clusters == "" || slices.Contains(strings.Fields(x.clusters), cluster)) && !vague {
			t.Errorf("%s is %s and all holders known, though %s could not be read", at, after.State, x.name)
		}
	}
}

// among reports whether a list has the holder. Without the directory a Subject is
// called by its name alone.
func (h holder) among(all []holder) bool {
	return slices.ContainsFunc(all, func(o holder) bool {
		return o.How == h.How && (o.Principal.ID == h.Principal.ID || o.Principal.name() == h.Principal.name())
	})
}

// vague doors do not claim to know everything.
func (d door) vague() bool {
	return d.State == "unknown" || len(d.HoldersUnknown) > 0 || slices.ContainsFunc(d.Holders, func(h holder) bool { return h.Unsure != "" })
}

// at are the doors by cluster and kind; the tenant is the cluster "tenant".
func (r report) at() map[string]door {
	out := map[string]door{}
	for _, c := range r.Clusters {
		for _, d := range c.Doors {
			out[c.Name+" "+d.Kind] = d
		}
	}
	for _, d := range r.Tenant {
		out["tenant "+d.Kind] = d
	}
	return out
}

// gaps are all that was not examined, by what it is of.
func (r report) gaps() map[string]gap {
	out := map[string]gap{}
	note := func(at string, all []gap) {
		for _, g := range all {
			out[fmt.Sprintf("%s %s: %s", at, g.What, g.Why)] = g
		}
	}
	note("tenant", r.NotExamined)
	for _, c := range r.Clusters {
		note(c.Name, c.NotExamined)
	}
	return out
}

// newGaps are those of got that whole has not.
func newGaps(whole, got report) (out []gap) {
	was := whole.gaps()
	for k, g := range got.gaps() {
		if _, known := was[k]; !known {
			out = append(out, g)
		}
	}
	return out
}

// TestThrottled: a world whose every host throttles a few times is answered as
// one that does not.
func TestThrottled(t *testing.T) {
	base := load(t, smallFile)
	a := start(t, base)
	whole, _ := a.doors(t)
	w := *base
	w.Faults = []cloud.Fault{
		{Host: cloud.HostARM, Path: "**", Status: 429, RetryAfter: 1, Times: 4},
		{Host: cloud.HostGraph, Path: "**", Status: 429, RetryAfter: 1, Times: 4},
		{Host: cloud.HostARM, Path: "**", Status: 503, Times: 2},
		{Host: cloud.HostGraph, Path: "**", Delay: cloud.Duration(50 * time.Millisecond), Times: 4},
	}
	if err := a.State.Replace(&w); err != nil {
		t.Fatal(err)
	}
	r, _ := a.doors(t)
	check(t, r.lines(), whole.lines())
}

// TestPermissions: with what deploy/ grants nothing is unread that could be read;
// without one of its rights, something is, and names that right.
func TestPermissions(t *testing.T) {
	base := load(t, smallFile)
	role := deployed(t)
	i := slices.IndexFunc(base.RoleDefinitions, func(r cloud.RoleDefinition) bool { return r.RoleName == role.Name })
	p := slices.IndexFunc(base.ServicePrincipals, func(p cloud.ServicePrincipal) bool { return p.DisplayName == "sp-postern" })
	if i < 0 || p < 0 {
		t.Fatal("the small world has no reader")
	}
	with := func(actions, graph []string) *cloud.World {
		w := *base
		w.RoleDefinitions = slices.Clone(base.RoleDefinitions)
		w.RoleDefinitions[i].Permissions = []cloud.Permission{{Actions: actions}}
		w.ServicePrincipals = slices.Clone(base.ServicePrincipals)
		w.ServicePrincipals[p].GraphRoles = graph
		return &w
	}
	a := start(t, with(role.Actions, role.Graph))
	whole, _ := a.doors(t)
	for _, g := range whole.gaps() {
		if strings.Contains(g.Needs, "/read") || strings.Contains(g.Needs, "Graph") {
			t.Errorf("with everything that deploy/ grants: %s: %s (needs %s)", g.What, g.Why, g.Needs)
		}
	}
	less := func(right string, w *cloud.World) {
		t.Run(strings.ReplaceAll(right, "/", "|"), func(t *testing.T) {
			if err := a.State.Replace(w); err != nil {
				t.Fatal(err)
			}
			r, exit, said := a.tryDoors(t)
			if r == nil {
				if exit != 4 || !strings.Contains(said, right) {
					t.Errorf("no report, exit %d\n%s", exit, said)
				}
				return
			}
			fresh := newGaps(whole, *r)
			if !slices.ContainsFunc(fresh, func(g gap) bool { return strings.Contains(g.Needs+g.Why, right) }) {
				t.Errorf("exit %d: without %s nothing says that it is wanting: %v", exit, right, fresh)
			}
			refusal{name: right, lost: true}.judge(t, whole, *r)
		})
	}
	for _, right := range role.Actions {
		less(right, with(slices.DeleteFunc(slices.Clone(role.Actions), func(a string) bool { return a == right }), role.Graph))
	}
	for _, right := range role.Graph {
		less(right, with(role.Actions, slices.DeleteFunc(slices.Clone(role.Graph), func(a string) bool { return a == right })))
	}
}

// rights are what deploy/ grants Postern.
type rights struct {
	Name           string
	Actions, Graph []string
}

func deployed(t *testing.T) (r rights) {
	t.Helper()
	read := func(file string, into any) {
		text, err := os.ReadFile("../../deploy/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	read("azure-role.json", &r)
	var graph struct{ ApplicationPermissions []struct{ Name string } }
	read("graph-permissions.json", &graph)
	for _, p := range graph.ApplicationPermissions {
		r.Graph = append(r.Graph, p.Name)
	}
	if len(r.Actions) == 0 || len(r.Graph) == 0 {
		t.Fatal("deploy/ grants nothing")
	}
	return r
}
