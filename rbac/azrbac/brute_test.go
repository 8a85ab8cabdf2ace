package azrbac_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// The brute force here shares nothing with the package: patterns are regular
// expressions, scopes are walked upwards, everything is tried.

func matches(pattern, action string) bool {
	parts := strings.Split(pattern, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("(?is)^" + strings.Join(parts, ".*") + "$").MatchString(action)
}

func gives(p azrbac.Permission, action string) bool {
	given := false
	for _, s := range p.DataActions {
		given = given || matches(s, action)
	}
	for _, s := range p.NotDataActions {
		given = given && !matches(s, action)
	}
	return given
}

// upwards are a scope and all above it, the root included.
func upwards(scope string) (all []string) {
	for scope = strings.ToLower(scope); scope != ""; scope = scope[:strings.LastIndexByte(scope, '/')] {
		all = append(all, scope)
	}
	return append(all, "", "/providers/microsoft.management/managementgroups/platform")
}

func covers(assigned, asked string) bool {
	for _, s := range upwards(asked) {
		if strings.TrimRight(strings.ToLower(assigned), "/") == s {
			return true
		}
	}
	return false
}

// allowed decides one operation without wildcards.
func allowed(f azrbac.Facts, ids map[string]bool, action, scope string) bool {
	for _, d := range f.Denies {
		hit := false
		for _, p := range d.Principals {
			hit = hit || p.ID == azrbac.Everyone || ids[strings.ToLower(p.ID)]
		}
		for _, p := range d.ExcludePrincipals {
			hit = hit && !ids[strings.ToLower(p.ID)]
		}
		at := covers(d.Scope, scope)
		if d.DoNotApplyToChildScopes {
			at = strings.EqualFold(d.Scope, scope)
		}
		for _, p := range d.Permissions {
			if hit && at && gives(p, action) {
				return false
			}
		}
	}
	for _, a := range f.Assignments {
		for _, def := range f.Definitions {
			if !ids[strings.ToLower(a.PrincipalID)] || !covers(a.Scope, scope) || !strings.EqualFold(a.RoleDefinitionID, def.ID) {
				continue
			}
			for _, p := range def.Permissions {
				if gives(p, action) {
					return true
				}
			}
		}
	}
	return false
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// some are up to n of what one makes.
func some[T any](r *rand.Rand, n int, one func() T) (all []T) {
	for range r.IntN(n + 1) {
		all = append(all, one())
	}
	return all
}

func randomCase(r *rand.Rand, s string) string {
	switch r.IntN(4) {
	case 0:
		return strings.ToUpper(s)
	case 1:
		return strings.ToLower(s)
	}
	return s
}

func randomFacts(r *rand.Rand, w *world) azrbac.Facts {
	f := azrbac.Facts{ClusterID: testCluster, Enabled: true, ManagementGroups: []string{"platform"}}
	prefix := "Microsoft.ContainerService/managedClusters/"
	pattern := func() string {
		p := pick(r, "pods/read", "pods/*", "*/read", "*", "secrets/*", "apps/deployments/*", "apps/*", "pods/exec/action", "*/write", "s*s/read", "customresources/*", "metrics/read", "*ods/*d*")
		if r.IntN(12) == 0 {
			return "*" // without the provider
		}
		return randomCase(r, prefix+p)
	}
	block := func() azrbac.Permission {
		return azrbac.Permission{DataActions: some(r, 2, pattern), NotDataActions: some(r, 1, pattern)}
	}
	who := func() string { return randomCase(r, w.guid(pick(r, "ann", "ops", "dev", "bob"))) }
	scope := func() string {
		return randomCase(r, pick(r, "/", "/providers/Microsoft.Management/managementGroups/platform", w.scope("sub"), testGroup, testCluster, testCluster, testCluster+"/namespaces/shop", testCluster+"/namespaces/other", testCluster+"-2"))
	}
	for i := range 4 {
		f.Definitions = append(f.Definitions, azrbac.Definition{ID: w.guid(fmt.Sprint("role", i)), Name: fmt.Sprint("role", i), Permissions: []azrbac.Permission{block(), block()}})
	}
	for i := range r.IntN(6) {
		f.Assignments = append(f.Assignments, azrbac.Assignment{ID: w.guid(fmt.Sprint("a", i)), PrincipalID: who(), RoleDefinitionID: w.guid(fmt.Sprint("role", r.IntN(4))), Scope: scope()})
	}
	principal := func() azrbac.Principal {
		if r.IntN(4) == 0 {
			return azrbac.Principal{ID: azrbac.Everyone}
		}
		return azrbac.Principal{ID: who()}
	}
	f.Denies = some(r, 1, func() azrbac.DenyAssignment {
		return azrbac.DenyAssignment{ID: "d", Principals: some(r, 2, principal), ExcludePrincipals: some(r, 1, principal), Scope: strings.TrimRight(scope(), "/"), DoNotApplyToChildScopes: r.IntN(2) == 0, Permissions: []azrbac.Permission{block()}}
	})
	return f
}

// TestBruteForce compares decisions on plain requests, in both directions.
func TestBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	count := map[azrbac.Verdict]int{}
	ends := map[string]string{"get": "read", "list": "read", "watch": "read", "create": "write", "update": "write", "patch": "write", "delete": "delete", "deletecollection": "delete", "impersonate": "impersonate/action"}
	for n := range 6000 {
		w := &world{names: map[string]string{}}
		f := randomFacts(r, w)
		u := rbac.UserInfo{Username: "ann", Extra: map[string][]string{"oid": {w.guid("ann")}}, Groups: []string{"system:authenticated"}}
		ids := map[string]bool{w.guid("ann"): true}
		for _, g := range []string{"ops", "dev"} {
			if r.IntN(2) == 0 {
				u.Groups = append(u.Groups, randomCase(r, w.guid(g)))
				ids[w.guid(g)] = true
			}
		}
		q := rbac.Request{Verb: pick(r, "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate"), Resource: pick(r, "pods", "secrets", "services", "deployments"), Namespace: pick(r, "", "shop", "other")}
		want := "Microsoft.ContainerService/managedClusters/"
		switch {
		case q.Resource == "deployments":
			q.APIGroup = "apps"
			want += "apps/deployments/" + ends[q.Verb]
		case q.Resource == "pods" && r.IntN(4) == 0:
			q.Subresource = "exec"
			want += "pods/exec/action"
		default:
			want += q.Resource + "/" + ends[q.Verb]
		}
		scope := testCluster
		if q.Namespace != "" {
			scope += "/namespaces/" + q.Namespace
		}
		x := azrbac.New(f)
		d := x.Evaluate(u, q)
		yes := allowed(f, ids, want, scope)
		if (d.Verdict == azrbac.Allow) != yes || d.Verdict == azrbac.Unknown {
			t.Fatalf("world %d: %s: %+v, brute force says %v\n%+v", n, q, d, yes, f)
		}
		count[d.Verdict]++
		// Everybody whom brute force allows alone is a holder, and nobody else.
		holders := map[string]bool{}
		for _, h := range x.WhoCan(q) {
			if h.Verdict == azrbac.Allow {
				holders[strings.ToLower(h.PrincipalID)] = true
			}
		}
		for _, name := range []string{"ann", "bob", "ops", "dev"} {
			if id := w.guid(name); holders[id] != allowed(f, map[string]bool{id: true}, want, scope) {
				t.Fatalf("world %d: %s: holder %s: %v\n%+v", n, q, name, holders[id], f)
			}
		}
	}
	t.Log(count)
	if count[azrbac.Allow] < 1200 || count[azrbac.NoOpinion] < 1200 {
		t.Errorf("one-sided: %v", count)
	}
}

// TestWildcardRequests: a yes gives every operation there is, a no lacks one.
func TestWildcardRequests(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 71))
	count := map[azrbac.Verdict]int{}
	type operation struct{ group, resource, verb, action string }
	var operations []operation
	for _, x := range []string{
		"pods", "secrets", "services", "configmaps", "namespaces", "resourcequotas", "endpoints", "events", "persistentvolumeclaims", "replicationcontrollers", "serviceaccounts",
		"apps/deployments", "apps/daemonsets", "apps/replicasets", "apps/statefulsets", "batch/jobs", "batch/cronjobs", "autoscaling/horizontalpodautoscalers",
		"extensions/deployments", "extensions/daemonsets", "extensions/ingresses", "extensions/networkpolicies", "extensions/replicasets",
		"networking.k8s.io/ingresses", "networking.k8s.io/networkpolicies", "policy/poddisruptionbudgets",
	} {
		group, resource, found := strings.Cut(x, "/")
		if !found {
			group, resource = "", group
		}
		for _, verb := range []string{"read", "write", "delete"} {
			operations = append(operations, operation{group, resource, verb, "Microsoft.ContainerService/managedClusters/" + x + "/" + verb})
		}
	}
	for n := range 6000 {
		w := &world{names: map[string]string{}}
		f := randomFacts(r, w)
		u := rbac.UserInfo{Username: "ann", Extra: map[string][]string{"oid": {w.guid("ann")}}}
		q := rbac.Request{Verb: pick(r, "*", "get", "create"), Resource: pick(r, "*", "pods", "deployments"), APIGroup: pick(r, "", "*", "apps"), Namespace: pick(r, "", "shop")}
		if q.Verb != "*" && q.Resource != "*" && q.APIGroup != "*" {
			continue
		}
		end := map[string]string{"*": "*", "get": "read", "create": "write"}[q.Verb]
		scope := testCluster
		if q.Namespace != "" {
			scope += "/namespaces/" + q.Namespace
		}
		all, asked := true, 0
		for _, o := range operations {
			if (q.APIGroup == "*" || q.APIGroup == o.group) && (q.Resource == "*" || q.Resource == o.resource) && (end == "*" || end == o.verb) {
				asked++
				all = all && allowed(f, map[string]bool{w.guid("ann"): true}, o.action, scope)
			}
		}
		if asked == 0 {
			continue
		}
		d := azrbac.New(f).Evaluate(u, q)
		count[d.Verdict]++
		if d.Verdict == azrbac.Allow && !all || d.Verdict == azrbac.NoOpinion && all {
			t.Fatalf("world %d: %s: %+v, every operation allowed: %v\n%+v", n, q, d, all, f)
		}
	}
	t.Log(count)
	if count[azrbac.Allow] < 50 || count[azrbac.NoOpinion] < 300 {
		t.Errorf("one-sided: %v", count)
	}
}
