package cli

import (
	"fmt"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// How rules, grants and requests read in a terminal.

// few shortens a list for a line of text.
func few(list []string, sep string) string {
	const most = 6
	if len(list) > most+1 {
		return strings.Join(list[:most], sep) + fmt.Sprintf("%sand %d more", sep, len(list)-most)
	}
	return strings.Join(list, sep)
}

// ruleText is a rule in words: get, list on pods, deployments.apps.
func ruleText(r rbac.Rule) string {
	if len(r.Resources) == 0 && len(r.NonResourceURLs) > 0 {
		return few(r.Verbs, ", ") + " on " + few(r.NonResourceURLs, ", ")
	}
	resources := r.Resources
	groups := ""
	switch {
	case len(r.APIGroups) == 0:
		groups = " of no API group"
	case len(r.APIGroups) == 1 && r.APIGroups[0] == "":
	case len(r.APIGroups) == 1 && r.APIGroups[0] == "*":
		groups = " of all API groups"
	case len(r.APIGroups) == 1:
		groups = " of " + r.APIGroups[0]
	default:
		var names []string
		for _, g := range r.APIGroups {
			if g == "" {
				g = "core"
			}
			names = append(names, g)
		}
		groups = " of " + few(names, ", ")
	}
	text := few(r.Verbs, ", ") + " on " + few(resources, ", ") + groups
	if len(r.ResourceNames) > 0 {
		text += ", only " + few(r.ResourceNames, ", ")
	}
	if len(r.NonResourceURLs) > 0 {
		text += "; and on " + few(r.NonResourceURLs, ", ")
	}
	return text
}

func (b askBinding) title() string {
	if b.Namespace == "" {
		return b.Kind + " " + b.Name
	}
	return b.Kind + " " + b.Namespace + "/" + b.Name
}

func (r askRole) title() string {
	if r.Namespace == "" {
		return string(r.Kind) + " " + r.Name
	}
	return string(r.Kind) + " " + r.Namespace + "/" + r.Name
}

// place is " (file:line:column)", empty for what a cluster holds.
func place(p rbac.Position) string {
	if p == (rbac.Position{}) {
		return ""
	}
	return " (" + p.String() + ")"
}

// subjectText is whom a binding names, with the directory's name.
func subjectText(s namedSubject) string {
	text := string(s.Kind) + " " + s.Label()
	if n := s.text(); n != "" {
		text += " (" + n + ")"
	}
	return text
}

// grantText is a grant in one line.
func grantText(g askGrant) string {
	if g.Assignment != nil {
		return fmt.Sprintf("Azure role assignment %s to %s of %s at %s: %s", g.Assignment.short(), subjectText(g.Subject), g.Assignment.Role, g.Scope, g.Assignment.DataAction)
	}
	if g.Binding == nil {
		return "Group system:masters: " + g.Reason
	}
	return fmt.Sprintf("%s to %s of %s: %s%s", g.Binding.title(), subjectText(g.Subject), g.Role.title(), ruleText(*g.Rule), place(g.At))
}

// questionText is the request with its namespace told even where it has none.
func questionText(q rbac.Request, namespaced bool) string {
	if namespaced && q.Namespace == "" {
		return q.String() + " in all namespaces"
	}
	return q.String()
}

// short is the last part of the assignment's ARM id.
func (a askAssignment) short() string { return a.ID[strings.LastIndexByte(a.ID, '/')+1:] }
