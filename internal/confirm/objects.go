package confirm

import (
	"encoding/json"
	"fmt"

	"github.com/postern-dev/postern/rbac"
)

const rbacGroup = "rbac.authorization.k8s.io"

// Objects are a policy as Kubernetes objects: roles first, then bindings.
func Objects(p rbac.Policy) ([]json.RawMessage, error) {
	var all []json.RawMessage
	add := func(o map[string]any) error {
		o["apiVersion"] = rbacGroup + "/v1"
		text, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("write object: %w", err)
		}
		all = append(all, text)
		return nil
	}
	for _, r := range p.Roles {
		if err := add(role(r)); err != nil {
			return nil, err
		}
	}
	for _, b := range p.Bindings {
		if err := add(binding(b)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func metadata(namespace, name string, labels map[string]string) map[string]any {
	m := map[string]any{"name": name}
	if namespace != "" {
		m["namespace"] = namespace
	}
	if len(labels) > 0 {
		m["labels"] = labels
	}
	return m
}

func role(r rbac.Role) map[string]any {
	o := map[string]any{"kind": string(r.Ref().Kind), "metadata": metadata(r.Namespace, r.Name, r.Labels), "rules": r.Rules}
	if r.Aggregate != nil {
		o["aggregationRule"] = map[string]any{"clusterRoleSelectors": r.Aggregate}
	}
	return o
}

func binding(b rbac.Binding) map[string]any {
	subjects := make([]map[string]string, len(b.Subjects))
	for i, s := range b.Subjects {
		subjects[i] = map[string]string{"kind": string(s.Kind), "name": s.Name}
		if s.Namespace != "" {
			subjects[i]["namespace"] = s.Namespace
		}
		if s.Kind != rbac.ServiceAccountKind {
			subjects[i]["apiGroup"] = rbacGroup
		}
	}
	return map[string]any{
		"kind": b.Kind(), "metadata": metadata(b.Namespace, b.Name, b.Labels), "subjects": subjects,
		"roleRef": map[string]string{"apiGroup": rbacGroup, "kind": string(b.Role.Kind), "name": b.Role.Name},
	}
}
