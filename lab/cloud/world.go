package cloud

import (
	"encoding/json"
	"strings"
	"time"
)

// World is everything the lab's Azure knows, as plain values. It is both the
// content of a world file and the persisted form. A World obtained from a
// State is shared: treat it as immutable.
type World struct {
	Tenant             Tenant              `json:"tenant"`
	Subscription       Subscription        `json:"subscription"`
	ResourceGroups     []ResourceGroup     `json:"resourceGroups,omitempty"`
	Users              []User              `json:"users,omitempty"`
	Groups             []Group             `json:"groups,omitempty"`
	ServicePrincipals  []ServicePrincipal  `json:"servicePrincipals,omitempty"`
	RoleDefinitions    []RoleDefinition    `json:"roleDefinitions,omitempty"`
	RoleAssignments    []RoleAssignment    `json:"roleAssignments,omitempty"`
	Clusters           []Cluster           `json:"clusters,omitempty"`
	DiagnosticSettings []DiagnosticSetting `json:"diagnosticSettings,omitempty"`
}

// Tenant is the Entra tenant.
type Tenant struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Domain      string `json:"domain"`
}

// Subscription is the one subscription of the world.
type Subscription struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

// Scope is the subscription's resource id.
func (s Subscription) Scope() string { return "/subscriptions/" + s.ID }

// ResourceGroup holds clusters.
type ResourceGroup struct {
	Name     string `json:"name"`
	Location string `json:"location"`
}

// User is a person in the directory. Passwords are lab-only and in the clear.
type User struct {
	ID          string `json:"id"`
	UPN         string `json:"userPrincipalName"`
	DisplayName string `json:"displayName,omitempty"`
	Password    string `json:"password"`
	// Guest users have no upn claim in their tokens, so that an API server
	// knows them by object id.
	Guest    bool `json:"guest,omitempty"`
	Disabled bool `json:"disabled,omitempty"`
}

// Group is a security group. Members are object ids of users, service
// principals or further groups; a world file may name them instead.
type Group struct {
	ID          string   `json:"id"`
	DisplayName string   `json:"displayName"`
	Members     []string `json:"members,omitempty"`
}

// ServicePrincipal is an application's identity in the tenant.
type ServicePrincipal struct {
	ID          string `json:"id"`
	AppID       string `json:"appId"`
	DisplayName string `json:"displayName"`
	Secret      string `json:"secret,omitempty"`
	// GraphRoles are application permissions such as Directory.Read.All.
	GraphRoles []string `json:"graphRoles,omitempty"`
	Disabled   bool     `json:"disabled,omitempty"`
}

// RoleDefinition is a custom role, or a built-in one from BuiltinRoles.
type RoleDefinition struct {
	ID               string       `json:"id"`
	RoleName         string       `json:"roleName"`
	Description      string       `json:"description,omitempty"`
	Builtin          bool         `json:"builtin,omitempty"`
	Permissions      []Permission `json:"permissions"`
	AssignableScopes []string     `json:"assignableScopes,omitempty"`
}

// Permission is one block of a role body.
type Permission struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
}

// RoleAssignment gives a principal a role at a scope and below.
type RoleAssignment struct {
	ID          string    `json:"id"`
	PrincipalID string    `json:"principalId"`
	RoleID      string    `json:"roleId"`
	Scope       string    `json:"scope"`
	CreatedOn   time.Time `json:"createdOn,omitzero"`
	CreatedBy   string    `json:"createdBy,omitempty"`
}

// Cluster is a managed cluster. Properties stay raw JSON, because clients put
// back whole objects and fields this lab does not know must survive.
type Cluster struct {
	Name          string            `json:"name"`
	ResourceGroup string            `json:"resourceGroup"`
	Location      string            `json:"location"`
	Tags          map[string]string `json:"tags,omitempty"`
	// Top holds sku, identity and whatever else stands beside properties.
	Top        map[string]json.RawMessage `json:"top,omitempty"`
	Properties json.RawMessage            `json:"properties"`
	// CertificatesRotated is when the CA was last replaced.
	CertificatesRotated time.Time `json:"certificatesRotated,omitzero"`
	ETag                string    `json:"etag,omitempty"`
}

// ClusterID is the ARM id of a cluster in this world.
func (w *World) ClusterID(c Cluster) string {
	return w.Subscription.Scope() + "/resourceGroups/" + c.ResourceGroup +
		"/providers/Microsoft.ContainerService/managedClusters/" + c.Name
}

// DiagnosticSetting routes log categories of a resource to destinations.
// Properties keep the wire form; see Routing for the parsed one.
type DiagnosticSetting struct {
	Name       string          `json:"name"`
	ResourceID string          `json:"resourceId"`
	Properties json.RawMessage `json:"properties"`
	Changed    time.Time       `json:"changed,omitzero"`
}

// User finds a user by object id or UPN, both without regard to case.
func (w *World) User(idOrUPN string) (User, bool) {
	for _, u := range w.Users {
		if strings.EqualFold(u.ID, idOrUPN) || strings.EqualFold(u.UPN, idOrUPN) {
			return u, true
		}
	}
	return User{}, false
}

// Group finds a group by object id.
func (w *World) Group(id string) (Group, bool) {
	for _, g := range w.Groups {
		if strings.EqualFold(g.ID, id) {
			return g, true
		}
	}
	return Group{}, false
}

// ServicePrincipal finds a service principal by object id or application id.
func (w *World) ServicePrincipal(id string) (ServicePrincipal, bool) {
	for _, p := range w.ServicePrincipals {
		if strings.EqualFold(p.ID, id) || strings.EqualFold(p.AppID, id) {
			return p, true
		}
	}
	return ServicePrincipal{}, false
}

// ResourceGroup finds a resource group by name, without regard to case.
func (w *World) ResourceGroup(name string) (ResourceGroup, bool) {
	for _, g := range w.ResourceGroups {
		if strings.EqualFold(g.Name, name) {
			return g, true
		}
	}
	return ResourceGroup{}, false
}

// Cluster finds a cluster by ARM id, without regard to case.
func (w *World) Cluster(id string) (Cluster, bool) {
	for _, c := range w.Clusters {
		if strings.EqualFold(w.ClusterID(c), strings.TrimSuffix(id, "/")) {
			return c, true
		}
	}
	return Cluster{}, false
}

// TransitiveGroups lists the ids of the groups an object belongs to, directly
// or through nesting, in the order of the world.
func (w *World) TransitiveGroups(objectID string) []string {
	in := map[string]bool{strings.ToLower(objectID): true}
	for grew := true; grew; {
		grew = false
		for _, g := range w.Groups {
			if in[strings.ToLower(g.ID)] {
				continue
			}
			for _, m := range g.Members {
				if in[strings.ToLower(m)] {
					in[strings.ToLower(g.ID)] = true
					grew = true
					break
				}
			}
		}
	}
	out := []string{}
	for _, g := range w.Groups {
		if in[strings.ToLower(g.ID)] && !strings.EqualFold(g.ID, objectID) {
			out = append(out, g.ID)
		}
	}
	return out
}

// PrincipalName is how people call an object id: UPN, group name or
// application name; empty when the directory does not know it.
func (w *World) PrincipalName(objectID string) (name, kind string) {
	if u, ok := w.User(objectID); ok {
		return u.UPN, "User"
	}
	if g, ok := w.Group(objectID); ok {
		return g.DisplayName, "Group"
	}
	if p, ok := w.ServicePrincipal(objectID); ok {
		return p.DisplayName, "ServicePrincipal"
	}
	return "", ""
}
