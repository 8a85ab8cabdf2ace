package cli

import (
	"cmp"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/rbac/azrbac"
)

// azureGrant is one Azure role assignment, in the documents of rules and lookup.
type azureGrant struct {
	Cluster        string     `json:"cluster,omitempty"`
	Principal      namedValue `json:"principal"` // the object id the assignment names
	PrincipalType  string     `json:"principalType,omitempty"`
	Role           azureRole  `json:"role"`
	Scope          string     `json:"scope"`   // from the cluster's point of view
	ScopeID        string     `json:"scopeId"` // as Azure has it
	Assignment     string     `json:"assignment"`
	Condition      string     `json:"condition,omitempty"` // not evaluated
	DataActions    []string   `json:"dataActions,omitempty"`
	NotDataActions []string   `json:"notDataActions,omitempty"`
}

type azureRole struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"` // absent: the definition is not known
}

func describeAzure(cluster string, f *azrbac.Facts, g access.AzureGrant, known names) azureGrant {
	d := azureGrant{
		Cluster: cluster, Principal: namedValue{g.Principal, known.of(g.Principal)}, PrincipalType: g.Assignment.PrincipalType,
		Role: azureRole{ID: g.Assignment.RoleDefinitionID}, Scope: access.AzureScope(f, g.Assignment.Scope), ScopeID: g.Assignment.Scope,
		Assignment: g.Assignment.ID, Condition: g.Assignment.Condition, DataActions: g.Data, NotDataActions: g.NotData,
	}
	if g.Role != nil {
		d.Role.Name = g.Role.Name
	}
	return d
}

// azureIDs are the object ids that assignments name.
func azureIDs(f *azrbac.Facts) (ids []string) {
	for _, g := range access.AzureGrants(f, nil) {
		ids = append(ids, g.Principal)
	}
	return ids
}

func (g azureGrant) roleText() string {
	if g.Role.Name == "" {
		return "role " + g.Role.ID[strings.LastIndex(g.Role.ID, "/")+1:] + " (unknown)"
	}
	return g.Role.Name
}

func (g azureGrant) assignmentText() string {
	if g.Condition != "" {
		return "role assignment (condition)"
	}
	return "role assignment"
}

// actionsText is data actions without what they all begin with; few of them
// where eyes read it.
func (g azureGrant) actionsText(whole bool) string {
	short := func(list []string) string {
		var out []string
		for _, a := range list {
			if rest, found := cutPrefixFold(a, "Microsoft.ContainerService/managedClusters/"); found {
				a = rest
			}
			out = append(out, a)
		}
		if whole {
			return strings.Join(out, ",")
		}
		return few(out, ",")
	}
	text := short(g.DataActions)
	if len(g.NotDataActions) > 0 {
		text += " except " + short(g.NotDataActions)
	}
	return text
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

// dataRow is an assignment among the rules of Kubernetes.
func (g azureGrant) dataRow(a aboutAnswer, whole bool) []string {
	through, name := "", ""
	if slices.ContainsFunc(a.Who.Groups, func(v namedValue) bool { return strings.EqualFold(v.Name, g.Principal.Name) }) && a.Subject != "group:"+g.Principal.Name {
		through, name = g.Principal.Name, g.Principal.text()
	}
	actions := g.actionsText(whole)
	return []string{g.Scope, "data action", cmp.Or(actions, "unknown"), "", g.roleText(), g.assignmentText(), through, name, "", ""}
}
