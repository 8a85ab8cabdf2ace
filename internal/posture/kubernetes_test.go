package posture

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// words splits a list of rules' words; an empty group is written core.
func words(text string) []string {
	all := strings.Fields(text)
	for i, w := range all {
		if w == "core" {
			all[i] = ""
		}
	}
	return all
}

// rule is a rule from its lists.
func rule(groups, resources, verbs string, names ...string) rbac.Rule {
	return rbac.Rule{APIGroups: words(groups), Resources: words(resources), Verbs: words(verbs), ResourceNames: names}
}

// boundTo is a ClusterRole r and who is bound to it, cluster-wide or in a namespace.
func boundTo(namespace string, s rbac.Subject, rules ...rbac.Rule) rbac.Policy {
	return rbac.Policy{Complete: true,
		Roles:    []rbac.Role{{Name: "r", Rules: rules}},
		Bindings: []rbac.Binding{{Namespace: namespace, Name: "b", Role: rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: "r"}, Subjects: []rbac.Subject{s}}},
	}
}

func asked(p rbac.Policy, version string, unknown ...snapshot.Unknown) *snapshot.Tenant {
	t := tenantOf(`{"properties":{"enableRBAC":true}}`)
	t.Clusters[0].Kubernetes = &snapshot.Snapshot{Name: "c", Taken: testNow(), Version: version, RBAC: p, Unknown: unknown}
	return t
}

func findingsOf(t *testing.T, tenant *snapshot.Tenant, check string) ([]finding.Finding, []finding.Unknown) {
	t.Helper()
	r := Scan(tenant, doors.Find(tenant, doors.Options{Now: testNow()}), Options{Now: testNow(), Checks: []string{check}})
	return r.Findings, r.Unknown
}

func TestKubernetes(t *testing.T) {
	dev := rbac.Group("dev")
	wide := func(rules ...rbac.Rule) rbac.Policy { return boundTo("", dev, rules...) }
	in := func(rules ...rbac.Rule) rbac.Policy { return boundTo("shop", dev, rules...) }
	to := func(s rbac.Subject) rbac.Policy { return boundTo("", s, rule("core", "configmaps", "get")) }
	feeds := func(r rbac.Rule) rbac.Policy {
		return rbac.Policy{Complete: true, Roles: []rbac.Role{{Name: "system:aggregate-to-edit", Rules: []rbac.Rule{r}, Labels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-edit": "true"}}}}
	}
	gone := to(dev)
	gone.Bindings[0].Role.Kind = rbac.RoleRoleKind
	for _, c := range []struct {
		check  string
		bad    []rbac.Policy
		nearly []rbac.Policy
	}{
		{"cluster-admin-bindings", []rbac.Policy{wide(rule("*", "*", "*")), in(rule("*", "*", "*"))},
			[]rbac.Policy{wide(rule("*", "*", "get list")), wide(rule("*", "*", "*", "one")), boundTo("", rbac.Group(rbac.Masters), rule("*", "*", "*"))}},
		{"wildcard-rules", []rbac.Policy{wide(rule("apps", "*", "get")), wide(rule("core", "pods", "*")), in(rule("*", "pods", "get"))},
			[]rbac.Policy{wide(rule("apps", "*/scale", "get")), boundTo("", rbac.User("system:kube-scheduler"), rule("apps", "*", "*"))}},
		{"public-bindings", []rbac.Policy{to(rbac.Group(rbac.Authenticated)), to(rbac.Group(rbac.Unauthenticated)), to(rbac.User(rbac.Anonymous)), to(rbac.Group(rbac.ServiceAccounts))},
			[]rbac.Policy{to(dev), to(rbac.Group("system:nodes")), to(rbac.User(rbac.Authenticated))}},
		{"default-serviceaccount", []rbac.Policy{to(rbac.ServiceAccount("shop", "default")), to(rbac.ServiceAccount("kube-system", "default")), to(rbac.User("system:serviceaccount:shop:default")), boundTo("shop", rbac.ServiceAccount("", "default"), rule("core", "pods", "get"))},
			[]rbac.Policy{to(rbac.User("default")), to(rbac.ServiceAccount("default", "web")), to(rbac.ServiceAccount("", "default"))}},
		{"dangling-bindings", []rbac.Policy{gone}, []rbac.Policy{to(dev)}},
		{"secrets-readers", []rbac.Policy{wide(rule("core", "secrets", "list")), in(rule("*", "secrets", "watch")), wide(rule("core", "*", "get"))},
			[]rbac.Policy{wide(rule("apps", "secrets", "get")), wide(rule("core", "secrets/status", "get")), wide(rule("core", "secrets", "get", "one")), wide(rule("core", "secrets", "create")), boundTo("", rbac.ServiceAccount("kube-system", "x"), rule("core", "secrets", "get"))}},
		{"pod-creators", []rbac.Policy{wide(rule("core", "pods", "create")), in(rule("core", "pods", "*", ""))},
			[]rbac.Policy{wide(rule("core", "pods", "create", "one")), wide(rule("core", "pods/exec", "create")), wide(rule("apps", "pods", "create"))}},
		{"workload-creators", []rbac.Policy{wide(rule("apps", "deployments", "create")), in(rule("batch", "cronjobs", "patch", "one")), wide(rule("core", "replicationcontrollers", "update"))},
			[]rbac.Policy{wide(rule("core", "deployments", "create")), wide(rule("apps", "deployments/scale", "patch")), wide(rule("apps", "*/scale", "update")), wide(rule("batch", "jobs", "create", "one"))}},
		{"pod-exec", []rbac.Policy{wide(rule("core", "pods/exec", "create")), wide(rule("core", "*/attach", "get")), in(rule("core", "pods/exec", "create", "one")), wide(rule("core", "pods/ephemeralcontainers", "patch"))},
			[]rbac.Policy{wide(rule("core", "pods", "create get")), wide(rule("core", "pods", "get", "exec")), wide(rule("core", "pods/log", "get"))}},
		{"endpoints-edit", []rbac.Policy{feeds(rule("core", "endpoints", "patch"))}, []rbac.Policy{feeds(rule("core", "endpoints", "get")), wide(rule("core", "endpoints", "patch"))}},
		{"escalate-verbs", []rbac.Policy{wide(rule(rbacGroup, "clusterroles", "escalate")), in(rule(rbacGroup, "clusterroles", "bind", "edit")), wide(rule("core", "users", "impersonate")), in(rule("core", "serviceaccounts", "impersonate"))},
			[]rbac.Policy{wide(rule("core", "clusterroles", "bind")), in(rule("core", "users", "impersonate")), in(rule(rbacGroup, "clusterroles", "escalate")), wide(rule("authentication.k8s.io", "uids", "impersonate"))}},
		{"role-writers", []rbac.Policy{wide(rule(rbacGroup, "clusterrolebindings", "create")), in(rule(rbacGroup, "rolebindings", "patch"))},
			[]rbac.Policy{in(rule(rbacGroup, "clusterrolebindings", "create")), wide(rule(rbacGroup, "rolebindings", "get list delete"))}},
		{"nodes-proxy", []rbac.Policy{wide(rule("core", "nodes/proxy", "get")), wide(rule("core", "*/proxy", "create"))},
			[]rbac.Policy{in(rule("core", "nodes/proxy", "get")), wide(rule("core", "nodes", "get")), wide(rule("core", "nodes/metrics", "get"))}},
		{"csr-approval", []rbac.Policy{wide(rule(certGroup, "certificatesigningrequests/approval", "update"), rule(certGroup, "signers", "approve"))},
			[]rbac.Policy{wide(rule(certGroup, "certificatesigningrequests", "update")), in(rule(certGroup, "certificatesigningrequests/approval", "update"))}},
		{"webhook-configs", []rbac.Policy{wide(rule(admitGroup, "mutatingwebhookconfigurations", "patch")), wide(rule(admitGroup, "*", "deletecollection"))},
			[]rbac.Policy{wide(rule(admitGroup, "mutatingwebhookconfigurations", "get")), wide(rule(admitGroup, "validatingwebhookconfigurations", "create deletecollection", "one")), in(rule(admitGroup, "*", "*"))}},
		{"token-request", []rbac.Policy{wide(rule("core", "serviceaccounts/token", "create")), in(rule("core", "*/token", "create", "web"))},
			[]rbac.Policy{wide(rule("core", "serviceaccounts", "create")), wide(rule("authentication.k8s.io", "tokenreviews", "create"))}},
	} {
		for i, p := range c.bad {
			found, unknown := findingsOf(t, asked(p, "v1.33.1"), c.check)
			if len(found) != 1 || len(unknown) != 0 {
				t.Errorf("%s, bad %d: %d findings and %d unknown", c.check, i, len(found), len(unknown))
				continue
			}
			f := found[0]
			if f.Object == "" || f.What == "" || len(f.Evidence) == 0 || f.Evidence[0].From == "" || f.Managed || strings.ContainsAny(f.Remedy, "{}") {
				t.Errorf("%s, bad %d: %+v", c.check, i, f)
			}
		}
		for i, p := range c.nearly {
			if found, unknown := findingsOf(t, asked(p, "v1.33.1"), c.check); len(found) != 0 || len(unknown) != 0 {
				t.Errorf("%s, near miss %d: %+v %+v", c.check, i, found, unknown)
			}
		}
	}
}

// Every check says unknown where the API server was not asked or did not answer.
func TestKubernetesUnread(t *testing.T) {
	silent := asked(boundTo("", rbac.Group("dev"), rule("*", "*", "*")), "", snapshot.Unknown{What: snapshot.RoleBindings, Why: "403"})
	for _, check := range kubernetesChecks() {
		for name, tenant := range map[string]*snapshot.Tenant{"not asked": tenantOf(`{}`), "forbidden": silent} {
			found, unknown := findingsOf(t, tenant, check.ID)
			if len(found) != 0 || len(unknown) != 1 || unknown[0].Why == "" {
				t.Errorf("%s, %s: %+v %+v", check.ID, name, found, unknown)
			}
		}
	}
	if found, unknown := findingsOf(t, asked(rbac.Policy{Complete: true}, ""), "token-automount"); len(found) != 0 || len(unknown) != 1 || !strings.Contains(unknown[0].Why, "ServiceAccounts") {
		t.Errorf("token-automount: %+v %+v", found, unknown)
	}
}

// An aggregated ClusterRole has the rules of what it is made of.
func TestKubernetesAggregated(t *testing.T) {
	p := boundTo("shop", rbac.Group("dev"))
	label := map[string]string{"feeds": "r"}
	p.Roles[0].Aggregate = []rbac.Selector{{MatchLabels: label}}
	p.Roles = append(p.Roles, rbac.Role{Name: "source", Labels: label, Rules: []rbac.Rule{rule("core", "secrets", "get")}})
	found, _ := findingsOf(t, asked(p, ""), "secrets-readers")
	if len(found) != 1 || found[0].Object != "RoleBinding/shop/b" || found[0].Severity != finding.Medium {
		t.Fatalf("%+v", found)
	}
	if e := found[0].Evidence; len(e) != 2 || e[0].From != "RoleBinding/shop/b" || e[1].From != "ClusterRole/r" || !strings.Contains(e[1].What, `resources ["secrets"]`) {
		t.Errorf("%+v", e)
	}
}

// What the provider keeps is marked; a label does not hide people.
func TestKubernetesManaged(t *testing.T) {
	const guid = "66992c59-0a3b-4c8e-9a53-3f5a1f4b6d7e"
	for _, c := range []struct {
		name    string
		labels  map[string]string
		subject rbac.Subject
		want    bool
	}{
		{"aks-cluster-admin-binding-aad", nil, rbac.Group(guid), true},
		{"aks-cluster-admin-binding-aad", nil, rbac.Group("77992c59-0a3b-4c8e-9a53-3f5a1f4b6d7e"), false},
		{"aks-cluster-admin-binding", nil, rbac.User("clusterAdmin"), true},
		{"aks-cluster-admin-binding", nil, rbac.User("eve@contoso.example"), false},
		{"x", map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile"}, rbac.ServiceAccount("gatekeeper-system", "g"), true},
		{"x", map[string]string{"addonmanager.kubernetes.io/mode": "EnsureExists"}, rbac.ServiceAccount("gatekeeper-system", "g"), false},
		{"x", map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile"}, rbac.Group(guid), false},
	} {
		p := boundTo("", c.subject, rule("*", "*", "*"))
		p.Bindings[0].Name, p.Bindings[0].Labels = c.name, c.labels
		tenant := asked(p, "")
		tenant.Clusters[0].Raw = json.RawMessage(`{"properties":{"aadProfile":{"managed":true,"adminGroupObjectIDs":["` + guid + `"]}}}`)
		if found, _ := findingsOf(t, tenant, "cluster-admin-bindings"); len(found) != 1 || found[0].Managed != c.want {
			t.Errorf("%+v: %+v", c, found)
		}
	}
}

// What depends on more than one rule: the server's version, a signer, who is bound.
func TestKubernetesDepends(t *testing.T) {
	dev := rbac.Group("dev")
	get := boundTo("", dev, rule("core", "pods/exec", "get"))
	for version, want := range map[string]int{"v1.34.2": 1, "v1.35.0": 0, "": 1} {
		if found, _ := findingsOf(t, asked(get, version), "pod-exec"); len(found) != want {
			t.Errorf("get pods/exec of %q: %+v", version, found)
		}
	}
	alone := boundTo("", dev, rule(certGroup, "certificatesigningrequests/approval", "update"))
	if found, _ := findingsOf(t, asked(alone, ""), "csr-approval"); len(found) != 1 || found[0].Severity != finding.Low {
		t.Errorf("approval without a signer: %+v", found)
	}
	unbound := boundTo("", dev, rule("apps", "*", "*"))
	unbound.Bindings = nil
	if found, _ := findingsOf(t, asked(unbound, ""), "wildcard-rules"); len(found) != 1 || found[0].Severity != finding.Info || found[0].Object != "ClusterRole/r" {
		t.Errorf("unbound wildcard: %+v", found)
	}
	own := boundTo("", rbac.Group(rbac.Authenticated), rule("core", "configmaps", "get"))
	own.Roles[0].Name, own.Bindings[0].Name, own.Bindings[0].Role.Name = "system:discovery", "system:discovery", "system:discovery"
	if found, _ := findingsOf(t, asked(own, ""), "public-bindings"); len(found) != 0 {
		t.Errorf("Kubernetes' own: %+v", found)
	}
	own.Bindings[0].Subjects = append(own.Bindings[0].Subjects, rbac.Group(rbac.Unauthenticated))
	if found, _ := findingsOf(t, asked(own, ""), "public-bindings"); len(found) != 1 || strings.Contains(found[0].What, rbac.Authenticated+",") {
		t.Errorf("opened to everybody: %+v", found)
	}
	kube := boundTo("kube-system", dev, rule("core", "secrets", "get"))
	if found, _ := findingsOf(t, asked(kube, ""), "secrets-readers"); len(found) != 1 || found[0].Severity != finding.High {
		t.Errorf("secrets of kube-system: %+v", found)
	}
}
