package escalate

import (
	"slices"

	"github.com/postern-dev/postern/rbac"
)

// power is a request whose permission can be more than it seems.
type power struct {
	group, resource, sub string
	verbs                []string
}

const (
	admission = "admissionregistration.k8s.io"
	certs     = "certificates.k8s.io"
)

var (
	write  = []string{"create", "update", "patch"}
	change = []string{"update", "patch"}
	read   = []string{"get", "list", "watch"}
	proxy  = []string{"get", "create", "update", "patch", "delete"}
)

// powers are all requests the edges ask for. A rule that allows none of them is
// left out before the search, so a missing row makes an edge silent; the test
// of each edge would notice.
func powers() []power {
	list := []power{
		{rbacGroup, "clusterrolebindings", "", write},
		{rbacGroup, "rolebindings", "", write},
		{rbacGroup, "clusterroles", "", append([]string{"bind", "escalate"}, write...)},
		{rbacGroup, "roles", "", append([]string{"bind", "escalate"}, write...)},
		{"", "users", "", []string{"impersonate"}},
		{"", "groups", "", []string{"impersonate"}},
		{"", "serviceaccounts", "", []string{"impersonate"}},
		{"", "serviceaccounts", "token", []string{"create"}},
		{"", "secrets", "", append(slices.Clone(read), "create", "patch")},
		{"", "pods", "", write},
		{"", "pods", "ephemeralcontainers", change},
		{"", "pods", "exec", []string{"get", "create"}},
		{"", "pods", "attach", []string{"get", "create"}},
		{"", "pods", "portforward", []string{"get", "create"}},
		{"", "pods", "proxy", proxy},
		{"", "services", "proxy", proxy},
		{"", "nodes", "proxy", proxy},
		{"", "nodes", "", write},
		{"", "nodes", "status", change},
		{"", "namespaces", "", change},
		{"", "persistentvolumes", "", []string{"create", "patch"}},
		{certs, "certificatesigningrequests", "", append(slices.Clone(read), "create", "patch")},
		{certs, "certificatesigningrequests", "approval", change},
		{certs, "certificatesigningrequests", "nodeclient", []string{"create"}},
		{certs, "signers", "", []string{"approve"}},
		{admission, "mutatingwebhookconfigurations", "", write},
		{admission, "validatingwebhookconfigurations", "", write},
		{admission, "mutatingadmissionpolicies", "", write},
		{admission, "mutatingadmissionpolicybindings", "", write},
		{"apiregistration.k8s.io", "apiservices", "", write},
	}
	for _, w := range workloads() {
		list = append(list, power{w.group, w.resource, "", write})
	}
	return list
}

// workload is a kind whose controller creates pods from a template in it.
type workload struct {
	group, resource string
	template        bool // the template can be changed later, and new pods follow it
}

func workloads() []workload {
	return []workload{
		{"apps", "deployments", true},
		{"apps", "daemonsets", true},
		{"apps", "statefulsets", true},
		{"apps", "replicasets", true},
		{"", "replicationcontrollers", true},
		{"batch", "cronjobs", true},
		{"batch", "jobs", false}, // its pod template is immutable (kubernetes/pkg/apis/batch/validation)
	}
}

// matters reports whether a rule could allow one of the powers, whatever names
// it lists.
func (g *Graph) matters(r *rbac.Rule) bool {
	if len(r.Resources) == 0 {
		return false
	}
	for _, p := range g.powers {
		if r.AllowsGroup(p.group) && r.AllowsResource(p.resource, p.sub) && slices.ContainsFunc(p.verbs, r.AllowsVerb) {
			return true
		}
	}
	return false
}
