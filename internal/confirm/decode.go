package confirm

import (
	"encoding/json"
	"fmt"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/manifest"
)

// decode reads objects as Postern reads manifests.
func decode(objects []json.RawMessage) (rbac.Policy, error) {
	list, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		return rbac.Policy{}, err
	}
	r := manifest.Decode(list, manifest.Options{Name: "recording"})
	for _, p := range r.Problems {
		return rbac.Policy{}, p
	}
	return r.Policy, nil
}

// plain takes objects over field by field, as a client of the API server would:
// what rbac/manifest makes clear on the way (the namespace that a ServiceAccount
// subject lacks) is left to rbac.
func plain(objects []json.RawMessage) (rbac.Policy, error) {
	var p rbac.Policy
	for _, text := range objects {
		var o struct {
			Kind     string
			Metadata struct {
				Name, Namespace string
				Labels          map[string]string
			}
			Rules           []rbac.Rule
			AggregationRule *struct{ ClusterRoleSelectors []rbac.Selector }
			RoleRef         rbac.RoleRef
			Subjects        []rbac.Subject
		}
		if err := json.Unmarshal(text, &o); err != nil {
			return p, fmt.Errorf("read object: %w", err)
		}
		m := o.Metadata
		switch o.Kind {
		case "Role", "ClusterRole":
			r := rbac.Role{Namespace: m.Namespace, Name: m.Name, Labels: m.Labels, Rules: o.Rules}
			if o.AggregationRule != nil {
				r.Aggregate = o.AggregationRule.ClusterRoleSelectors
			}
			p.Roles = append(p.Roles, r)
		case "RoleBinding", "ClusterRoleBinding":
			p.Bindings = append(p.Bindings, rbac.Binding{Namespace: m.Namespace, Name: m.Name, Labels: m.Labels, Role: o.RoleRef, Subjects: o.Subjects})
		default:
			return p, fmt.Errorf("read object: kind %q is not RBAC's", o.Kind)
		}
	}
	return p, nil
}
