package standin

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/union"
	"k8s.io/kubernetes/pkg/registry/rbac/validation"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"

	"github.com/postern-dev/postern/lab/guard"
)

// authorizer is Kubernetes' own over the objects, then the guard: AKS's order.
func (s *server) authorizer() authorizer.Authorizer {
	_, static := validation.NewTestRuleResolver(typed[rbacv1.Role](s, "Role"), typed[rbacv1.RoleBinding](s, "RoleBinding"),
		typed[rbacv1.ClusterRole](s, "ClusterRole"), typed[rbacv1.ClusterRoleBinding](s, "ClusterRoleBinding"))
	return union.New(rbac.New(static, static, static, static), authorizer.AuthorizerFunc(s.azure))
}

// azure asks the guard, which has an opinion where Azure RBAC is on.
func (s *server) azure(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	spec := object{"user": a.GetUser().GetName(), "groups": a.GetUser().GetGroups(), "extra": a.GetUser().GetExtra()}
	if a.IsResourceRequest() {
		spec["resourceAttributes"] = object{"namespace": a.GetNamespace(), "verb": a.GetVerb(), "group": a.GetAPIGroup(), "version": a.GetAPIVersion(),
			"resource": a.GetResource(), "subresource": a.GetSubresource(), "name": a.GetName()}
	} else {
		spec["nonResourceAttributes"] = object{"path": a.GetPath(), "verb": a.GetVerb()}
	}
	var review struct {
		Status struct {
			Allowed bool
			Reason  string
		}
	}
	err := s.ask(guard.AccessReviewPath, object{"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}, &review)
	if err != nil || !review.Status.Allowed {
		return authorizer.DecisionNoOpinion, review.Status.Reason, err
	}
	return authorizer.DecisionAllow, review.Status.Reason, nil
}

// bootstrap are the roles and bindings that every API server begins with, and
// the two that AKS adds.
func (s *server) bootstrap() (roles []rbacv1.ClusterRole, bindings []rbacv1.ClusterRoleBinding) {
	roles = append(bootstrappolicy.ClusterRoles(), bootstrappolicy.ControllerRoles()...)
	bindings = append(bootstrappolicy.ClusterRoleBindings(), bootstrappolicy.ControllerRoleBindings()...)
	admin := func(name string, subjects ...rbacv1.Subject) {
		b := rbacv1.ClusterRoleBinding{RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"}, Subjects: subjects}
		b.Name, b.Labels = name, map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile", "kubernetes.io/cluster-service": "true"}
		bindings = append(bindings, b)
	}
	admin("aks-cluster-admin-binding", rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: "clusterAdmin"})
	if aad := s.cluster.Settings().AADProfile; aad != nil && len(aad.AdminGroupObjectIDs) > 0 {
		var groups []rbacv1.Subject
		for _, g := range aad.AdminGroupObjectIDs {
			groups = append(groups, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "Group", Name: g})
		}
		admin("aks-cluster-admin-binding-aad", groups...)
	}
	return roles, bindings
}
