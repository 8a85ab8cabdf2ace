package posture

import (
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// kubernetesOf is a tenant whose cluster has one binding of one role.
func kubernetesOf(namespace string, subject rbac.Subject, rules ...rbac.Rule) *snapshot.Tenant {
	t := tenantOf(`{"properties":{"aadProfile":{"managed":true}}}`)
	t.Clusters[0].Kubernetes = &snapshot.Snapshot{RBAC: rbac.Policy{Complete: true,
		Roles:    []rbac.Role{{Name: "r", Rules: rules}},
		Bindings: []rbac.Binding{{Namespace: namespace, Name: "b", Role: rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: "r"}, Subjects: []rbac.Subject{subject}}},
	}}
	return t
}

func rule(verbs, group, resources string, names ...string) rbac.Rule {
	return rbac.Rule{Verbs: strings.Split(verbs, ","), APIGroups: []string{group}, Resources: strings.Split(resources, ","), ResourceNames: names}
}

func TestKubernetes(t *testing.T) {
	user, everybody := rbac.User("u"), rbac.Group(rbac.Authenticated)
	all := rule("*", "*", "*")
	for _, c := range []struct {
		check       string
		bad, nearly *snapshot.Tenant
	}{
		{"cluster-admin-bindings", kubernetesOf("", user, all), kubernetesOf("ns", user, all)},
		{"cluster-admin-bindings", kubernetesOf("", user, all), kubernetesOf("", rbac.Group("system:masters"), all)},
		{"wildcard-rules", kubernetesOf("", user, rule("get", "", "*")), kubernetesOf("", user, rule("get", "*", "pods"))},
		{"wildcard-rules", kubernetesOf("ns", user, all), kubernetesOf("", user, all)},
		{"default-serviceaccount", kubernetesOf("ns", rbac.Subject{Kind: rbac.ServiceAccountKind, Name: "default"}, rule("get", "", "pods")), kubernetesOf("ns", rbac.ServiceAccount("ns", "app"), rule("get", "", "pods"))},
		{"everybody-bound", kubernetesOf("", everybody, rule("get", "", "pods")), kubernetesOf("", rbac.Group("team"), rule("get", "", "pods"))},
		{"secrets-readers", kubernetesOf("ns", user, rule("list", "", "secrets")), kubernetesOf("ns", user, rule("list", "core", "secrets"))},
		{"secrets-readers", kubernetesOf("ns", user, rule("get", "", "secrets", "one")), kubernetesOf("ns", user, rule("delete", "", "secrets"))},
		{"pod-creators", kubernetesOf("ns", user, rule("create", "apps", "deployments")), kubernetesOf("ns", user, rule("create", "extensions", "deployments"))},
		{"pod-creators", kubernetesOf("ns", user, rule("*", "", "pods")), kubernetesOf("ns", user, rule("create", "", "pods", "one"))},
		{"pod-exec", kubernetesOf("ns", user, rule("get", "", "*/exec")), kubernetesOf("ns", user, rule("create", "", "pods"))},
		{"pod-exec", kubernetesOf("ns", user, rule("create", "", "pods/exec", "one")), kubernetesOf("ns", user, rule("get", "", "pods/log"))},
		{"escalate-verbs", kubernetesOf("", user, rule("impersonate", "", "users")), kubernetesOf("", user, rule("impersonate", "rbac.authorization.k8s.io", "users"))},
		{"nodes-proxy", kubernetesOf("", user, rule("get", "", "nodes/proxy")), kubernetesOf("ns", user, rule("get", "", "nodes/proxy"))},
		{"csr-approval", kubernetesOf("", user, rule("patch", "certificates.k8s.io", "certificatesigningrequests/approval")), kubernetesOf("", user, rule("patch", "certificates.k8s.io", "certificatesigningrequests"))},
		{"webhook-configs", kubernetesOf("", user, rule("update", "admissionregistration.k8s.io", "mutatingwebhookconfigurations")), kubernetesOf("", user, rule("get", "admissionregistration.k8s.io", "mutatingwebhookconfigurations"))},
		{"token-request", kubernetesOf("ns", user, rule("create", "", "serviceaccounts/token")), kubernetesOf("ns", user, rule("create", "", "serviceaccounts"))},
	} {
		if n, u := scanOf(t, c.bad, c.check); n != 1 || u != 0 {
			t.Errorf("%s: %d findings and %d unknown where one is wrong", c.check, n, u)
		}
		if n, u := scanOf(t, c.nearly, c.check); n != 0 || u != 0 {
			t.Errorf("%s: %d findings and %d unknown where nothing is wrong: %+v", c.check, n, u, c.nearly.Clusters[0].Kubernetes.RBAC)
		}
		c.bad.Clusters[0].Kubernetes.Unknown = []snapshot.Unknown{{What: snapshot.ClusterRoles, Why: "403"}}
		if n, u := scanOf(t, c.bad, c.check); n != 0 || u != 1 {
			t.Errorf("%s: %d findings and %d unknown where ClusterRoles could not be read", c.check, n, u)
		}
		c.bad.Clusters[0].Kubernetes = nil
		if n, u := scanOf(t, c.bad, c.check); n != 0 || u != 1 {
			t.Errorf("%s: %d findings and %d unknown where nobody asked the API server", c.check, n, u)
		}
	}
}

func TestEndpointsEdit(t *testing.T) {
	world := kubernetesOf("", rbac.User("u"))
	roles := &world.Clusters[0].Kubernetes.RBAC.Roles
	*roles = append(*roles, rbac.Role{Name: "system:aggregate-to-edit", Rules: []rbac.Rule{rule("update", "", "endpoints")}})
	if n, u := scanOf(t, world, "endpoints-edit"); n != 1 || u != 0 {
		t.Errorf("%d findings, %d unknown", n, u)
	}
	(*roles)[1].Rules[0].Verbs = []string{"get"}
	if n, u := scanOf(t, world, "endpoints-edit"); n != 0 || u != 0 {
		t.Errorf("near miss: %d findings, %d unknown", n, u)
	}
}

// What the provider keeps is told, and counts against nobody.
func TestManaged(t *testing.T) {
	world := kubernetesOf("", rbac.Group("66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06"), rule("*", "*", "*"))
	world.Clusters[0].Kubernetes.RBAC.Bindings[0].Name = "aks-cluster-admin-binding-aad"
	r := scanAll(world, "cluster-admin-bindings")
	if len(r.Findings) != 1 || !r.Findings[0].Managed || r.Findings[0].Counts() {
		t.Errorf("%+v", r.Findings)
	}
}
