package access

import (
	"fmt"

	"github.com/postern-dev/postern/rbac"
)

// Remedy is what would turn a near miss into a yes, where its text does not say
// so already. Whether it should be done is not judged.
func Remedy(n rbac.NearMiss, q Question) string {
	who := SubjectOf(q.Who)
	switch n.Kind {
	case rbac.NearObjectID, rbac.NearCase, rbac.NearAccount:
		if n.Kind == rbac.NearCase && n.Subject.Kind == rbac.GroupKind {
			return "" // which of the caller's groups is meant stands in the text
		}
		return fmt.Sprintf("name %s %s in %s", who.Kind, who.Label(), n.Binding.Title())
	case rbac.NearNamespace:
		if q.Request.Namespace == "" {
			return ""
		}
		return fmt.Sprintf("a RoleBinding of %s in namespace %s", n.Role.Title(), q.Request.Namespace)
	case rbac.NearDangling:
		return fmt.Sprintf("create %s %s, or change what %s refers to: a roleRef cannot be edited, the binding is made anew", n.Binding.Role.Kind, n.Binding.Role.Name, n.Binding.Title())
	}
	return ""
}
