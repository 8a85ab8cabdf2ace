package resource

import "slices"

// Facts of k8s.io/kubernetes v1.36: pkg/registry/rbac/escalation_check.go (bind,
// escalate), apiserver pkg/endpoints/filters/impersonation (impersonate and its
// constrained forms), plugin/pkg/admission/certificates (approve, sign, attest),
// pkg/kubelet/server/auth.go (subresources of nodes).

const (
	authentication = "authentication.k8s.io"
	certificates   = "certificates.k8s.io"
	rbacGroup      = "rbac.authorization.k8s.io"
)

// check is the verbs that authorization is asked for beyond the API's own.
type check struct {
	group, resource string
	verbs           []string
	virtual         *Resource // where no API serves the resource
}

func checks() []check {
	return []check{
		{rbacGroup, "roles", []string{"bind", "escalate"}, nil},
		{rbacGroup, "clusterroles", []string{"bind", "escalate"}, nil},
		{"", "serviceaccounts", []string{"impersonate"}, nil},
		{"", "users", []string{"impersonate"}, &Resource{Singular: "user", Kind: "User"}},
		{"", "groups", []string{"impersonate"}, &Resource{Singular: "group", Kind: "Group"}},
		{authentication, "users", []string{"impersonate:user-info"}, &Resource{Singular: "user", Kind: "User"}},
		{authentication, "groups", []string{"impersonate:user-info"}, &Resource{Singular: "group", Kind: "Group"}},
		{authentication, "uids", []string{"impersonate", "impersonate:user-info"}, &Resource{Singular: "uid", Kind: "UID"}},
		{authentication, "userextras", []string{"impersonate", "impersonate:user-info"}, &Resource{Singular: "userextra", Kind: "UserExtra"}},
		{authentication, "serviceaccounts", []string{"impersonate:serviceaccount"}, &Resource{Singular: "serviceaccount", Kind: "ServiceAccount", Namespaced: true}},
		{authentication, "nodes", []string{"impersonate:arbitrary-node", "impersonate:associated-node"}, &Resource{Singular: "node", Kind: "Node"}},
		{certificates, "signers", []string{"approve", "attest", "sign"}, &Resource{Singular: "signer", Kind: "Signer"}},
	}
}

// kubeletSubs are what a kubelet asks authorization for, beside proxy.
func kubeletSubs() []Sub {
	var subs []Sub
	for _, name := range []string{"checkpoint", "configz", "healthz", "log", "metrics", "pods", "stats", "statusz"} {
		subs = append(subs, Sub{Name: name, Verbs: []string{"create", "delete", "get", "patch", "update"}, Virtual: true})
	}
	return subs
}

// addChecks adds what discovery does not tell.
func (t *Table) addChecks() {
	if i := slices.IndexFunc(t.all, func(r Resource) bool { return r.Group == "" && r.Name == "nodes" }); i >= 0 {
		t.all[i].Subresources = append(slices.Clone(t.all[i].Subresources), kubeletSubs()...)
	}
	for _, c := range checks() {
		i := slices.IndexFunc(t.all, func(r Resource) bool { return r.Group == c.group && r.Name == c.resource })
		switch {
		case i >= 0:
			t.all[i].Checks = c.verbs
		case c.virtual != nil:
			r := *c.virtual
			r.Group, r.Name, r.Checks, r.Virtual = c.group, c.resource, c.verbs, true
			t.all = append(t.all, r)
		}
	}
}
