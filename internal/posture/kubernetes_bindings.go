package posture

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/finding"
	"github.com/postern-dev/postern/rbac"
)

// bound is a binding, the role it grants with aggregated rules filled in, and the
// Subjects that concern a check.
type bound struct {
	rbac.Binding
	role    rbac.Role
	who     []rbac.Subject
	managed bool // the provider keeps who bound so
}

// bindings are those of Subjects that want is true of, and whose role exists. One
// that names Subjects of the provider and others stands there twice, once each.
func (c *cluster) bindings(want func(rbac.Subject) bool) (all []bound) {
	for _, b := range c.index.Policy().Bindings {
		role, found := c.index.Role(b)
		if !found {
			continue
		}
		for _, provider := range []bool{false, true} {
			one := bound{Binding: b, role: role, managed: provider}
			for _, s := range named(b) {
				if want(s) && c.managed(b, s) == provider && !slices.Contains(one.who, s) {
					one.who = append(one.who, s)
				}
			}
			if len(one.who) > 0 {
				all = append(all, one)
			}
		}
	}
	return all
}

// named is whom a binding means: a ServiceAccount without a namespace is one of
// the binding's own, and nobody in a ClusterRoleBinding; a User or Group has none.
func named(b rbac.Binding) (who []rbac.Subject) {
	for _, s := range b.Subjects {
		switch {
		case s.Kind != rbac.ServiceAccountKind:
			s.Namespace = ""
		case s.Namespace == "" && b.Namespace == "":
			continue
		case s.Namespace == "":
			s.Namespace = b.Namespace
		}
		who = append(who, s.Canonical())
	}
	return who
}

// outside: a Subject that is not of Kubernetes' own. What is bound to the groups
// that anybody is in is everybody's.
func outside(s rbac.Subject) bool {
	switch {
	case s.Kind == rbac.ServiceAccountKind:
		return s.Namespace != "kube-system"
	case public(s):
		return true
	case s.Kind == rbac.GroupKind && strings.HasPrefix(s.Name, rbac.ServiceAccounts+":"):
		return s.Name != rbac.ServiceAccounts+":kube-system"
	}
	return !strings.HasPrefix(s.Name, "system:")
}

// public: everybody who asks, or every ServiceAccount.
func public(s rbac.Subject) bool {
	switch s.Kind {
	case rbac.GroupKind:
		return s.Name == rbac.Authenticated || s.Name == rbac.Unauthenticated || s.Name == rbac.ServiceAccounts
	case rbac.UserKind:
		return s.Name == rbac.Anonymous
	}
	return false
}

// managed: the provider puts the binding back.
func (c *cluster) managed(b rbac.Binding, s rbac.Subject) bool {
	var groups []string
	for _, g := range c.list(adminGroups) {
		if id, ok := g.(string); ok {
			groups = append(groups, id)
		}
	}
	return doors.Managed(b, s, groups)
}

// wide: the binding reaches every namespace, or the one where the cluster's own
// ServiceAccounts and their secrets are.
func (b bound) wide() bool { return b.Namespace == "" || b.Namespace == "kube-system" }

// where is where the grants of a binding hold.
func (b bound) where() string {
	if b.Namespace == "" {
		return "in every namespace"
	}
	return "in namespace " + b.Namespace
}

// object names a thing of the API server as findings do.
func object(kind, namespace, name string) string {
	if namespace == "" {
		return kind + "/" + name
	}
	return kind + "/" + namespace + "/" + name
}

func (b bound) object() string { return object(b.Kind(), b.Namespace, b.Name) }

func roleObject(r rbac.Role) string { return object(string(r.Ref().Kind), r.Namespace, r.Name) }

// command is an object as arguments of kubectl.
func command(kind, namespace, name string) string {
	kind = strings.ToLower(kind)
	if namespace == "" {
		return kind + " " + name
	}
	return kind + " " + name + " -n " + namespace
}

// subjects are Subjects with their names in the directory, where it was read.
func (c *cluster) subjects(who []rbac.Subject) string {
	var all []string
	for _, s := range who {
		text := s.String()
		if p := c.people[strings.ToLower(s.Name)]; p != nil && p.Name != "" && s.Kind != rbac.ServiceAccountKind {
			text += " (" + p.Name + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// ruleText is a rule as it stands in a role.
func ruleText(r rbac.Rule) string {
	var parts []string
	add := func(name string, list []string) {
		if len(list) == 0 {
			return
		}
		quoted := make([]string, len(list))
		for i, s := range list {
			quoted[i] = `"` + s + `"`
		}
		parts = append(parts, name+" ["+strings.Join(quoted, " ")+"]")
	}
	add("apiGroups", r.APIGroups)
	add("resources", r.Resources)
	add("resourceNames", r.ResourceNames)
	add("nonResourceURLs", r.NonResourceURLs)
	add("verbs", r.Verbs)
	return strings.Join(parts, " ")
}

// failBound notes a finding about a binding, with the rules of its role that make it one.
func (c *cluster) failBound(b bound, severity finding.Severity, what string, rules ...rbac.Rule) {
	at := c.Kubernetes.Taken
	evidence := []finding.Evidence{{What: b.Kind() + " " + b.Name + " binds " + c.subjects(b.who) + " to " + string(b.Binding.Role.Kind) + " " + b.Binding.Role.Name, From: b.object(), At: at}}
	for _, r := range rules {
		text := "rule: " + ruleText(r)
		if b.role.Aggregated() {
			text = "aggregated " + text
		}
		evidence = append(evidence, finding.Evidence{What: text, From: roleObject(b.role), At: at})
	}
	c.add(finding.Finding{
		Severity: severity, Object: b.object(), What: what, Evidence: evidence, Managed: b.managed,
		Remedy: strings.NewReplacer(
			"{binding}", command(b.Kind(), b.Namespace, b.Name),
			"{role}", command(string(b.Binding.Role.Kind), b.role.Namespace, b.role.Name),
		).Replace(c.remedy()),
	})
}
