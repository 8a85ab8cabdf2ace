package manifest

import (
	yaml "go.yaml.in/yaml/v3"

	"github.com/postern-dev/postern/rbac"
)

func (d *decoder) binding(h header) rbac.Binding {
	b := rbac.Binding{Namespace: h.namespace, Name: h.name, Labels: h.labels, At: d.position(h.at)}
	for _, f := range h.rest {
		switch f.key.Value {
		case "subjects":
			for _, item := range d.items(f.value, "subjects") {
				b.Subjects = append(b.Subjects, d.subject(item, h))
			}
		case "roleRef":
			b.Role = d.roleRef(f.value, h)
		default:
			d.unknown(f, h.kind)
		}
	}
	if b.Role == (rbac.RoleRef{}) && d.faults == 0 {
		d.problem(h.at, "", "%s %s has no roleRef", h.kind, h.name)
	}
	return b
}

func (d *decoder) roleRef(n *yaml.Node, h header) rbac.RoleRef {
	var kind, apiGroup string
	ref := rbac.RoleRef{}
	kindAt := n
	for _, f := range d.fields(n, "roleRef") {
		switch f.key.Value {
		case "kind":
			kind, kindAt = d.text(f.value, "roleRef.kind"), f.value
		case "name":
			ref.Name = d.text(f.value, "roleRef.name")
		case "apiGroup":
			if apiGroup = d.text(f.value, "roleRef.apiGroup"); apiGroup != "" && apiGroup != group {
				d.problem(f.value, "write "+group, "roleRef.apiGroup is %q", apiGroup)
			}
		default:
			d.unknown(f, "roleRef")
		}
	}
	if d.faults > 0 {
		return ref
	}
	ref.Kind = rbac.RoleKind(kind)
	switch {
	case ref.Kind != rbac.ClusterRoleKind && ref.Kind != rbac.RoleRoleKind:
		d.problem(kindAt, "write Role or ClusterRole", "roleRef.kind is %q", kind)
	case ref.Kind == rbac.RoleRoleKind && h.kind == "ClusterRoleBinding":
		d.problem(kindAt, "a ClusterRoleBinding grants ClusterRoles only", "ClusterRoleBinding %s refers to a Role", h.name)
	case ref.Name == "":
		d.problem(n, "", "roleRef has no name")
	}
	return ref
}

func (d *decoder) subject(n *yaml.Node, h header) rbac.Subject {
	var s rbac.Subject
	var apiGroup string
	kindAt, groupAt, before := n, n, d.faults
	for _, f := range d.fields(n, "a subject") {
		switch f.key.Value {
		case "kind":
			s.Kind, kindAt = rbac.SubjectKind(d.text(f.value, "subject kind")), f.value
		case "name":
			s.Name = d.text(f.value, "subject name")
		case "namespace":
			s.Namespace = d.text(f.value, "subject namespace")
		case "apiGroup":
			apiGroup, groupAt = d.text(f.value, f.key.Value), f.value
		case "apiVersion": // of v1alpha1, still in old dumps
			d.text(f.value, f.key.Value)
		default:
			d.unknown(f, "a subject")
		}
	}
	if d.faults > before {
		return s
	}
	switch s.Kind {
	case rbac.UserKind, rbac.GroupKind:
		s.Namespace = "" // means nothing there
		if apiGroup != "" && apiGroup != group {
			d.problem(groupAt, "write "+group, "the apiGroup of %s subject %q is %q", s.Kind, s.Name, apiGroup)
		}
	case rbac.ServiceAccountKind:
		if apiGroup != "" {
			d.problem(groupAt, "leave it out: ServiceAccounts are in the core group", "the apiGroup of ServiceAccount subject %q is %q", s.Name, apiGroup)
		}
		if s.Namespace == "" {
			s.Namespace = h.namespace // the RoleBinding's own
		}
		if s.Namespace == "" {
			d.problem(n, "name the ServiceAccount's own namespace: a ClusterRoleBinding has none to take for it", "ServiceAccount subject %q has no namespace", s.Name)
		}
	default:
		d.problem(kindAt, "write User, Group or ServiceAccount", "subject kind is %q", string(s.Kind))
	}
	if s.Name == "" {
		d.problem(n, "", "a subject has no name")
	}
	return s
}
