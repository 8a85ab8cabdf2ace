package rbac

import "strings"

// How one rule meets one request. This follows the evaluation helpers of
// kubernetes/pkg/apis/rbac/v1 and nothing else: what is not written there (an
// asterisk inside a word, an empty list as "all") means nothing.

// Allows reports whether the rule by itself allows the request.
func (r Rule) Allows(q Request) bool {
	if q.Path != "" {
		return r.AllowsVerb(q.Verb) && r.AllowsPath(q.Path)
	}
	return r.AllowsVerb(q.Verb) && r.AllowsGroup(q.APIGroup) && r.AllowsResource(q.Resource, q.Subresource) && r.AllowsName(q.Name)
}

// AllowsVerb reports whether the rule names the verb or all.
func (r Rule) AllowsVerb(verb string) bool { return has(r.Verbs, "*") || has(r.Verbs, verb) }

// AllowsGroup reports whether the rule names the API group or all.
func (r Rule) AllowsGroup(group string) bool {
	return has(r.APIGroups, "*") || has(r.APIGroups, group)
}

// AllowsResource reports whether the rule names the resource: all ("*",
// subresources too), exactly ("pods", "pods/exec"), or that subresource of any
// resource ("*/exec").
func (r Rule) AllowsResource(resource, subresource string) bool {
	full := resource
	if subresource != "" {
		full += "/" + subresource
	}
	for _, named := range r.Resources {
		if named == "*" || named == full {
			return true
		}
		if subresource != "" && named == "*/"+subresource {
			return true
		}
	}
	return false
}

// AllowsName reports whether the rule is for all objects or names this one. A
// request without a name is allowed by rules for all objects only.
func (r Rule) AllowsName(name string) bool {
	return len(r.ResourceNames) == 0 || has(r.ResourceNames, name)
}

// AllowsPath reports whether the rule names the URL: all, exactly, or by a
// prefix with an asterisk behind it.
func (r Rule) AllowsPath(path string) bool {
	for _, named := range r.NonResourceURLs {
		if named == "*" || named == path {
			return true
		}
		if strings.HasSuffix(named, "*") && strings.HasPrefix(path, strings.TrimRight(named, "*")) {
			return true
		}
	}
	return false
}
