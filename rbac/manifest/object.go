package manifest

import (
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"github.com/postern-dev/postern/rbac"
)

const group = "rbac.authorization.k8s.io"

// versions of the group whose Roles and bindings have the fields of v1.
var versions = map[string]bool{group + "/v1": true, group + "/v1beta1": true}

// header is what every object has.
type header struct {
	version, kind   string
	namespace, name string
	labels          map[string]string
	rest            []field // entries that belong to the kind
	at              *yaml.Node

	versionAt, metadataAt, namespaceAt, itemsAt *yaml.Node
}

// object reads one top-level value, or one item of a List.
func (d *decoder) object(n *yaml.Node) {
	if n = d.resolve(n); isNull(n) {
		return
	}
	if n.Kind == yaml.SequenceNode {
		d.problem(n, "wrap the objects in a List, or separate them with ---", "the document is a list, want an object with apiVersion and kind")
		return
	}
	if n.Kind != yaml.MappingNode {
		d.problem(n, "", "the document is %s, want an object with apiVersion and kind", describe(n))
		return
	}
	d.faults = 0
	h := d.header(n)
	switch {
	case h.kind == "":
		if d.faults == 0 {
			d.problem(n, "", "the object has no kind")
		}
	case strings.HasSuffix(h.kind, "List") && h.itemsAt != nil:
		d.list(h)
	case !isRBAC(h):
		d.result.Others++
	case !versions[h.version]:
		d.problem(h.versionAt, "write "+group+"/v1", "apiVersion %q is not one of %s this reads", h.version, group)
	default:
		d.rbacObject(h)
	}
}

func isRBAC(h header) bool {
	switch h.kind {
	case "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding":
		// OpenShift once had kinds of the same names in other groups.
		return h.version == "" || strings.HasPrefix(h.version, group+"/") || !strings.Contains(h.version, "/")
	}
	return false
}

func (d *decoder) header(n *yaml.Node) header {
	h := header{at: n, versionAt: n, metadataAt: n, namespaceAt: n}
	for _, f := range d.fields(n, "the object") {
		switch f.key.Value {
		case "apiVersion":
			h.version, h.versionAt = d.text(f.value, "apiVersion"), f.value
		case "kind":
			h.kind = d.text(f.value, "kind")
		case "items":
			h.itemsAt = f.value
		case "metadata":
			h.metadataAt = f.value
		default:
			h.rest = append(h.rest, f)
		}
	}
	return h
}

func (d *decoder) list(h header) {
	for _, item := range d.items(h.itemsAt, "items") {
		// Items of a typed list may leave out what the list's kind says.
		d.object(typed(item, h))
	}
}

// typed gives an item of, say, a RoleBindingList its kind and version.
func typed(item *yaml.Node, h header) *yaml.Node {
	kind := strings.TrimSuffix(h.kind, "List")
	if kind == "" || item.Kind != yaml.MappingNode {
		return item
	}
	for i := 0; i+1 < len(item.Content); i += 2 {
		if item.Content[i].Value == "kind" {
			return item
		}
	}
	text := func(s string) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Line: item.Line, Column: item.Column}
	}
	whole := *item
	whole.Content = append([]*yaml.Node{text("kind"), text(kind), text("apiVersion"), text(h.version)}, item.Content...)
	return &whole
}

func (d *decoder) rbacObject(h header) {
	d.metadata(&h)
	if h.name == "" && d.faults == 0 {
		d.problem(h.metadataAt, "", "%s has no metadata.name", h.kind)
	}
	d.place(&h)
	switch h.kind {
	case "Role", "ClusterRole":
		if role := d.role(h); d.faults == 0 {
			d.result.Policy.Roles = append(d.result.Policy.Roles, role)
		}
	default:
		if binding := d.binding(h); d.faults == 0 {
			d.result.Policy.Bindings = append(d.result.Policy.Bindings, binding)
		}
	}
}

func (d *decoder) metadata(h *header) {
	for _, f := range d.fields(h.metadataAt, "metadata") {
		switch f.key.Value {
		case "name":
			h.name = d.text(f.value, "metadata.name")
			if h.name == "." || h.name == ".." || strings.ContainsAny(h.name, "/%") {
				d.problem(f.value, "", "metadata.name %q cannot be part of a URL: the API server refuses it", h.name)
			}
		case "namespace":
			h.namespace, h.namespaceAt = d.text(f.value, "metadata.namespace"), f.value
		case "labels":
			h.labels = d.textMap(f.value, "metadata.labels")
		}
	}
}

// place settles the namespace: cluster-wide kinds have none, the others one.
func (d *decoder) place(h *header) {
	if strings.HasPrefix(h.kind, "Cluster") {
		if h.namespace != "" {
			d.problem(h.namespaceAt, "remove it, or use "+strings.TrimPrefix(h.kind, "Cluster"), "%s %s is cluster-wide but has metadata.namespace %q", h.kind, h.name, h.namespace)
		}
		return
	}
	if h.namespace == "" {
		h.namespace = d.Namespace
		if h.namespace == "" {
			h.namespace = "default"
		}
		d.result.Assumed = append(d.result.Assumed, d.at(h.metadataAt, "", "%s %s has no namespace: taken to be in %q", h.kind, h.name, h.namespace))
	}
}

func (d *decoder) role(h header) rbac.Role {
	role := rbac.Role{Namespace: h.namespace, Name: h.name, Labels: h.labels, At: d.position(h.at)}
	for _, f := range h.rest {
		switch {
		case f.key.Value == "rules":
			for _, item := range d.items(f.value, "rules") {
				role.Rules = append(role.Rules, d.rule(item, h))
				role.RuleAt = append(role.RuleAt, d.position(item))
			}
		case f.key.Value == "aggregationRule" && h.kind == "ClusterRole":
			role.Aggregate = d.aggregation(f.value)
		default:
			d.unknown(f, h.kind)
		}
	}
	return role
}

func (d *decoder) rule(n *yaml.Node, h header) rbac.Rule {
	var r rbac.Rule
	before := d.faults
	for _, f := range d.fields(n, "a rule") {
		switch f.key.Value {
		case "verbs":
			r.Verbs = d.texts(f.value, "verbs")
		case "apiGroups":
			r.APIGroups = d.texts(f.value, "apiGroups")
		case "resources":
			r.Resources = d.texts(f.value, "resources")
		case "resourceNames":
			r.ResourceNames = d.texts(f.value, "resourceNames")
		case "nonResourceURLs":
			r.NonResourceURLs = d.texts(f.value, "nonResourceURLs")
		default:
			d.unknown(f, "a rule")
		}
	}
	if d.faults == before {
		d.wholeRule(n, r, h)
	}
	return r
}

// wholeRule refuses what the API server's validation refuses: such a role never
// comes to exist.
func (d *decoder) wholeRule(n *yaml.Node, r rbac.Rule, h header) {
	switch urls := len(r.NonResourceURLs) > 0; {
	case len(r.Verbs) == 0:
		d.problem(n, "", "a rule has no verbs: the API server refuses it")
	case urls && h.kind == "Role":
		d.problem(n, "URLs are in no namespace: use a ClusterRole, bound by a ClusterRoleBinding", "a rule of a Role has nonResourceURLs: the API server refuses it")
	case urls && len(r.APIGroups)+len(r.Resources)+len(r.ResourceNames) > 0:
		d.problem(n, "make two rules of it", "a rule has both resources and nonResourceURLs: the API server refuses it")
	case !urls && len(r.APIGroups) == 0:
		d.problem(n, `write apiGroups: [""] for the core group`, "a rule has no apiGroups: the API server refuses it")
	case !urls && len(r.Resources) == 0:
		d.problem(n, "", "a rule has no resources: the API server refuses it")
	}
}

func (d *decoder) position(n *yaml.Node) rbac.Position {
	return rbac.Position{File: d.Name, Line: n.Line, Column: n.Column}
}

func (d *decoder) aggregation(n *yaml.Node) []rbac.Selector {
	if isNull(n) {
		return nil
	}
	selectors := []rbac.Selector{}
	for _, f := range d.fields(n, "aggregationRule") {
		if f.key.Value != "clusterRoleSelectors" {
			d.unknown(f, "aggregationRule")
			continue
		}
		for _, item := range d.items(f.value, "clusterRoleSelectors") {
			selectors = append(selectors, d.selector(item))
		}
	}
	return selectors
}

func (d *decoder) selector(n *yaml.Node) rbac.Selector {
	var s rbac.Selector
	for _, f := range d.fields(n, "a selector") {
		switch f.key.Value {
		case "matchLabels":
			s.MatchLabels = d.textMap(f.value, "matchLabels")
		case "matchExpressions":
			for _, item := range d.items(f.value, "matchExpressions") {
				s.Expressions = append(s.Expressions, d.requirement(item))
			}
		default:
			d.unknown(f, "a selector")
		}
	}
	return s
}

func (d *decoder) requirement(n *yaml.Node) rbac.Requirement {
	var r rbac.Requirement
	for _, f := range d.fields(n, "an expression") {
		switch f.key.Value {
		case "key":
			r.Key = d.text(f.value, "key")
		case "operator":
			r.Operator = d.text(f.value, "operator")
		case "values":
			r.Values = d.texts(f.value, "values")
		default:
			d.unknown(f, "an expression")
		}
	}
	return r
}

// unknown refuses a field the API server does not know, as strict validation
// does: `subject:` for `subjects:` would otherwise bind nobody without a word.
func (d *decoder) unknown(f field, what string) {
	d.problem(f.key, "", "%s has no field %q", what, f.key.Value)
}
