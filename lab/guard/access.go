package guard

import (
	"fmt"
	"strings"

	"github.com/postern-dev/postern/lab/cloud"
)

// Reasons as AKS words them (captured October 2026). Allowing ones carry GUIDs
// without dashes.
const (
	reasonDenied = "User does not have access to the resource in Azure. Update role assignment to allow access."
	reasonNoOID  = "Azure does not have opinion for this non AAD user. If you are an AAD user, please set Extra:oid parameter for impersonated user in the kubeconfig"
)

// provider prefixes every data action of a cluster.
const provider = "Microsoft.ContainerService/managedClusters/"

// authorize answers a SubjectAccessReview. No opinion is allowed=false and
// denied=false; the webhook never denies outright, so that Kubernetes RBAC's yes
// stands.
func (s *Server) authorize(r *accessReview) {
	r.Status = accessStatus{}
	world, settings := s.settings()
	if !settings.AzureRBAC() || strings.HasPrefix(r.Spec.User, "system:") {
		return
	}
	oid := r.Spec.Extra["oid"]
	if len(oid) == 0 {
		r.Status.Reason = reasonNoOID
		return
	}
	if n := r.Spec.NonResource; n != nil && discovery(n) {
		r.Status = accessStatus{Allowed: true}
		return
	}
	action, scope, ok := dataAction(r.Spec, s.ClusterID)
	if !ok {
		return
	}
	d := world.DecideDataFor(append([]string{oid[0]}, claimed(r.Spec.Groups)...), action, scope)
	r.Status = verdict(d, r.Spec.User)
	s.logf('I', "checkaccess.go:344", "checkaccess oid %s action %s scope %s: allowed=%v", oid[0], action, scope, d.Allowed)
}

func verdict(d cloud.Decision, name string) accessStatus {
	if !d.Allowed {
		return accessStatus{Reason: reasonDenied}
	}
	return accessStatus{Allowed: true, Reason: fmt.Sprintf("Access allowed by Azure RBAC Role Assignment %s of Role %s to user %s", undashed(d.Assignment.ID), undashed(d.Role.ID), name)}
}

func undashed(id string) string {
	if i := strings.LastIndexByte(id, '/'); i >= 0 {
		id = id[i+1:]
	}
	return strings.ReplaceAll(id, "-", "")
}

// claimed keeps the groups that are object ids.
func claimed(groups []string) []string {
	var out []string
	for _, g := range groups {
		if cloud.IsGUID(g) {
			out = append(out, g)
		}
	}
	return out
}

func discovery(n *nonResource) bool {
	if n.Verb != "get" {
		return false
	}
	for _, p := range []string{"/api", "/apis", "/openapi", "/version", "/healthz", "/livez", "/readyz"} {
		if n.Path == p || strings.HasPrefix(n.Path, p+"/") {
			return true
		}
	}
	return false
}

// dataAction maps a request to Azure's data action and the scope it is asked
// at. ok is false for verbs Azure RBAC has no action for.
func dataAction(spec accessSpec, cluster string) (action, scope string, ok bool) {
	if n := spec.NonResource; n != nil {
		verb, ok := verbs()[n.Verb]
		return provider + strings.Trim(n.Path, "/") + "/" + verb, cluster, ok
	}
	r := spec.Resource
	if r == nil {
		return "", "", false
	}
	scope = cluster
	if r.Namespace != "" {
		scope += "/namespaces/" + r.Namespace
	}
	if r.Group == "" && r.Resource == "pods" && r.Subresource == "exec" {
		return provider + "pods/exec/action", scope, true
	}
	verb, ok := verbs()[r.Verb]
	if !ok {
		return "", "", false
	}
	switch {
	case r.Group == "" || r.Group == "*":
		return provider + r.Resource + "/" + verb, scope, true
	case !builtin(r.Group):
		return provider + "customresources/" + verb, scope, true
	}
	return provider + r.Group + "/" + r.Resource + "/" + verb, scope, true
}

// verbs maps Kubernetes verbs to the last part of a data action.
func verbs() map[string]string {
	return map[string]string{
		"get": "read", "list": "read", "watch": "read",
		"create": "write", "update": "write", "patch": "write",
		"delete": "delete", "deletecollection": "delete",
		"bind": "bind/action", "escalate": "escalate/action", "use": "use/action", "impersonate": "impersonate/action",
		"*": "*",
	}
}

// builtin tells Kubernetes' own API groups from those of custom resources.
func builtin(group string) bool {
	switch group {
	case "apps", "autoscaling", "batch", "extensions", "policy":
		return true
	}
	return strings.HasSuffix(group, ".k8s.io")
}
