// Package azrbac is Azure RBAC for one AKS cluster as plain values: role
// assignments, definitions and deny assignments, and what they decide.
//
// It answers two questions. Evaluate and WhoCan are about requests to the API
// server, as AKS's authorizer puts them to Azure (data actions). ActionAllows
// and WhoHolds are about calls to Azure Resource Manager (control-plane
// actions). Like rbac it never denies: what Azure does not allow, another
// authorizer may.
//
// Sources: the authorizer's published source (github.com/kubeguard/guard,
// authz/providers/azure, commit 5bcf8b5), Microsoft's pages on role
// definitions, scopes and deny assignments, and reasons captured on AKS in
// October 2026. Where these leave something open, a Decision says so: in Basis
// if it was decided all the same, as Unknown if it could not be. Not examined:
// assignments on a fleet the cluster has joined.
//
// What could not be read is part of Facts and turns what depends on it into
// Unknown. Reading Azure is internal/azure's.
//
//	x := azrbac.New(facts)
//	d := x.Evaluate(user, rbac.Request{Verb: "list", Resource: "pods", Namespace: "shop"})
package azrbac

import "fmt"

// Facts are what is known of Azure RBAC at one cluster.
type Facts struct {
	// ClusterID is the cluster's ARM id.
	ClusterID string `json:"clusterId,omitempty"`
	// Enabled is aadProfile.enableAzureRBAC; unknown where Unread has the Cluster.
	Enabled bool `json:"enabled"`
	// ManagementGroups are the names of those known to stand above the cluster.
	ManagementGroups []string         `json:"managementGroups,omitempty"`
	Assignments      []Assignment     `json:"assignments,omitempty"`
	Definitions      []Definition     `json:"definitions,omitempty"`
	Denies           []DenyAssignment `json:"denies,omitempty"`
	Unread           []Unread         `json:"unread,omitempty"`
	// Assumed is what was taken for granted without being read, for the Basis of decisions.
	Assumed []string `json:"assumed,omitempty"`
}

// Part is something that can be read, or not.
type Part string

// The parts of Facts.
const (
	Cluster     Part = "cluster"                      // its settings: is Azure RBAC in force
	Assignments Part = "role assignments"             // at the cluster and above
	Below       Part = "role assignments below"       // on the cluster's namespaces
	Definitions Part = "role definitions"             // those the assignments name
	Denies      Part = "deny assignments"             // at the cluster and above
	DeniesBelow Part = "deny assignments below"       // on the cluster's namespaces
	Groups      Part = "management group memberships" // which management groups are above
)

// Unread is a part that could not be read.
type Unread struct {
	Part  Part   `json:"part"`
	Why   string `json:"why"`
	Needs string `json:"needs,omitempty"` // the right that is wanting, where that is known
}

// String is the sentence for people.
func (u Unread) String() string {
	if u.Needs == "" {
		return fmt.Sprintf("%s could not be read: %s", u.Part, u.Why)
	}
	return fmt.Sprintf("%s could not be read: %s (needs %s)", u.Part, u.Why, u.Needs)
}

// Assignment gives a role to a principal at a scope.
type Assignment struct {
	ID               string `json:"id"` // ARM id, or its last part
	PrincipalID      string `json:"principalId"`
	PrincipalType    string `json:"principalType,omitempty"` // User, Group, ServicePrincipal, ForeignGroup, Device
	RoleDefinitionID string `json:"roleDefinitionId"`        // ARM id, or its last part
	Scope            string `json:"scope"`
	Condition        string `json:"condition,omitempty"`
	ConditionVersion string `json:"conditionVersion,omitempty"`
}

// Definition is a role.
type Definition struct {
	ID               string       `json:"id"` // ARM id, or its last part
	Name             string       `json:"name"`
	Permissions      []Permission `json:"permissions,omitempty"`
	AssignableScopes []string     `json:"assignableScopes,omitempty"`
	Custom           bool         `json:"custom,omitempty"`
}

// Permission is one block of a role or deny assignment. Its not-lists take away
// from this block alone: another block or another role may still give.
type Permission struct {
	Actions        []string `json:"actions,omitempty"`
	NotActions     []string `json:"notActions,omitempty"`
	DataActions    []string `json:"dataActions,omitempty"`
	NotDataActions []string `json:"notDataActions,omitempty"`
	Condition      string   `json:"condition,omitempty"` // of built-in roles that delegate
}

// DenyAssignment takes actions away from principals, whatever roles give them.
type DenyAssignment struct {
	ID                      string       `json:"id"`
	Name                    string       `json:"name,omitempty"`
	Principals              []Principal  `json:"principals"`
	ExcludePrincipals       []Principal  `json:"excludePrincipals,omitempty"`
	Permissions             []Permission `json:"permissions,omitempty"`
	Scope                   string       `json:"scope"`
	DoNotApplyToChildScopes bool         `json:"doNotApplyToChildScopes,omitempty"`
	Condition               string       `json:"condition,omitempty"`
}

// Principal is who a deny assignment names.
type Principal struct {
	ID   string `json:"id"`
	Type string `json:"type,omitempty"`
}

// Everyone is the id by which deny assignments name all principals.
const Everyone = "00000000-0000-0000-0000-000000000000"
