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
	Tenant           Tenant            `json:"tenant"`
	ManagementGroups []ManagementGroup `json:"managementGroups,omitempty"`
	// Subscription is the home subscription, where the cluster is that runs;
	// Subscriptions are all, the home one first.
	Subscription       Subscription        `json:"subscription"`
	Subscriptions      []Subscription      `json:"subscriptions,omitempty"`
	ResourceGroups     []ResourceGroup     `json:"resourceGroups,omitempty"`
	Users              []User              `json:"users,omitempty"`
	Groups             []Group             `json:"groups,omitempty"`
	ServicePrincipals  []ServicePrincipal  `json:"servicePrincipals,omitempty"`
	RoleDefinitions    []RoleDefinition    `json:"roleDefinitions,omitempty"`
	RoleAssignments    []RoleAssignment    `json:"roleAssignments,omitempty"`
	Clusters           []Cluster           `json:"clusters,omitempty"`
	DiagnosticSettings []DiagnosticSetting `json:"diagnosticSettings,omitempty"`

	DirectoryRoles      []DirectoryRole  `json:"directoryRoles,omitempty"`
	EligibleAssignments []RoleAssignment `json:"eligibleAssignments,omitempty"`
	DenyAssignments     []DenyAssignment `json:"denyAssignments,omitempty"`
	Fleets              []Fleet          `json:"fleets,omitempty"`
	// History is what the Activity Log held before the lab began to write it.
	History []Activity `json:"history,omitempty"`
	Faults  []Fault    `json:"faults,omitempty"`
	// PageSize is how many items a page of a list has, 0 for DefaultPageSize.
	PageSize int `json:"pageSize,omitempty"`
	// ActivityDelay is how late records appear in the Activity Log.
	ActivityDelay time.Duration `json:"activityDelay,omitempty"`
}

// DefaultPageSize is how many items a page has where a world does not say.
const DefaultPageSize = 100

// Page is how many items a page of a list has.
func (w *World) Page() int {
	if w.PageSize > 0 {
		return w.PageSize
	}
	return DefaultPageSize
}

// Tenant is the Entra tenant.
type Tenant struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Domain      string `json:"domain"`
	// PIM: the tenant has Entra ID P2, and with it eligible assignments.
	PIM bool `json:"pim,omitempty"`
}

// ManagementGroup stands above subscriptions and further groups. One without a
// parent is below the tenant's root group, whose name is the tenant's id.
type ManagementGroup struct {
	Name        string `json:"name"`
	DisplayName string `json:"displayName,omitempty"`
	Parent      string `json:"parent,omitempty"`
}

// Scope is the management group's resource id.
func (g ManagementGroup) Scope() string { return managementGroupScope + g.Name }

const managementGroupScope = "/providers/Microsoft.Management/managementGroups/"

// Subscription is one subscription of the world.
type Subscription struct {
	ID              string `json:"id"`
	DisplayName     string `json:"displayName"`
	ManagementGroup string `json:"managementGroup,omitempty"` // name of the one above it; empty: the tenant's root
}

// Scope is the subscription's resource id.
func (s Subscription) Scope() string { return "/subscriptions/" + s.ID }

// ResourceGroup holds clusters.
type ResourceGroup struct {
	Name         string `json:"name"`
	Location     string `json:"location"`
	Subscription string `json:"subscription,omitempty"` // id; empty: the home subscription
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
	Owners      []string `json:"owners,omitempty"`
	// RoleAssignable groups are changed by few directory roles only.
	RoleAssignable bool            `json:"roleAssignable,omitempty"`
	Synced         bool            `json:"synced,omitempty"` // from a directory on premises
	MembershipRule string          `json:"membershipRule,omitempty"`
	Eligible       []GroupEligible `json:"eligible,omitempty"` // PIM for Groups
}

// GroupEligible is a membership or ownership that can be activated.
type GroupEligible struct {
	PrincipalID string    `json:"principalId"`
	Access      string    `json:"access"` // member or owner
	Until       time.Time `json:"until,omitzero"`
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

	Owners []string `json:"owners,omitempty"` // of the service principal
	// Application is nil where it belongs to another tenant, and for managed
	// identities.
	Application          *Application `json:"application,omitempty"`
	FederatedCredentials []Federated  `json:"federatedCredentials,omitempty"`
	Credentials          []Secret     `json:"credentials,omitempty"`
	ManagedIdentity      string       `json:"managedIdentity,omitempty"` // ARM id of its resource
}

// Application is what a service principal of this tenant is an instance of.
type Application struct {
	ID     string   `json:"id"` // object id
	Owners []string `json:"owners,omitempty"`
}

// Federated is a federated identity credential.
type Federated struct {
	Name    string `json:"name"`
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// Secret is a password or certificate of an application, by its description.
type Secret struct {
	Name  string    `json:"name,omitempty"`
	Kind  string    `json:"kind"` // password or certificate
	Until time.Time `json:"until,omitzero"`
}

// DirectoryRole is a role of Entra that somebody holds or may activate.
type DirectoryRole struct {
	Role        string `json:"role"` // its name
	PrincipalID string `json:"principalId"`
	Scope       string `json:"scope"` // "/", /OBJECT-ID or /administrativeUnits/ID
	Eligible    bool   `json:"eligible,omitempty"`
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
	Condition   string    `json:"condition,omitempty"`
	Until       time.Time `json:"until,omitzero"` // of eligible ones
}

// DenyAssignment takes from principals what roles give.
type DenyAssignment struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Scope      string     `json:"scope"`
	Principals []string   `json:"principals"` // object ids; Everyone for all
	Exclude    []string   `json:"exclude,omitempty"`
	Permission Permission `json:"permission"`
	// ThisScopeOnly is doNotApplyToChildScopes.
	ThisScopeOnly bool   `json:"thisScopeOnly,omitempty"`
	Condition     string `json:"condition,omitempty"`
	System        bool   `json:"system,omitempty"` // made by Azure, as by node resource group lockdown
}

// Everyone is the id by which deny assignments name all principals.
const Everyone = "00000000-0000-0000-0000-000000000000"

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

	Subscription  string          `json:"subscription,omitempty"` // id; empty: the home subscription
	Kind          string          `json:"kind,omitempty"`         // standard, automatic or private
	Created       time.Time       `json:"created,omitzero"`
	TrustedAccess []TrustedAccess `json:"trustedAccess,omitempty"`
	Flux          []Flux          `json:"flux,omitempty"`
	Extensions    []Extension     `json:"extensions,omitempty"`
	// Kubernetes is what the cluster's API server holds; nil: nobody answers at
	// its address, unless the lab runs it.
	Kubernetes *Kubernetes `json:"kubernetes,omitempty"`
}

// Kubernetes is the content of an API server.
type Kubernetes struct {
	Version string            `json:"version,omitempty"`
	Objects []json.RawMessage `json:"objects,omitempty"`
}

// TrustedAccess lets an Azure resource into a cluster.
type TrustedAccess struct {
	Name   string   `json:"name"`
	Source string   `json:"source"` // ARM id
	Roles  []string `json:"roles"`
}

// Flux is a fluxConfiguration.
type Flux struct {
	Name  string `json:"name"`
	URL   string `json:"url"`
	Scope string `json:"scope"` // cluster or namespace
}

// Extension is a cluster extension.
type Extension struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Fleet is an Azure Kubernetes Fleet Manager.
type Fleet struct {
	Name          string   `json:"name"`
	ResourceGroup string   `json:"resourceGroup"`
	Subscription  string   `json:"subscription,omitempty"` // id; empty: the home subscription
	Hub           bool     `json:"hub,omitempty"`
	Members       []string `json:"members"` // ARM ids of clusters
}

// ClusterID is the ARM id of a cluster in this world.
func (w *World) ClusterID(c Cluster) string {
	return w.GroupScope(c.Subscription, c.ResourceGroup) + "/providers/Microsoft.ContainerService/managedClusters/" + c.Name
}

// FleetID is the ARM id of a fleet in this world.
func (w *World) FleetID(f Fleet) string {
	return w.GroupScope(f.Subscription, f.ResourceGroup) + "/providers/Microsoft.ContainerService/fleets/" + f.Name
}

// FleetLocation is the region of a fleet: that of its resource group.
func (w *World) FleetLocation(f Fleet) string {
	g, _ := w.GroupIn(f.Subscription, f.ResourceGroup)
	return g.Location
}

// GroupScope is the id of a resource group; an empty subscription is home.
func (w *World) GroupScope(subscription, group string) string {
	if subscription == "" {
		subscription = w.Subscription.ID
	}
	return "/subscriptions/" + subscription + "/resourceGroups/" + group
}

// NodeScope is the id of a cluster's node resource group.
func (w *World) NodeScope(c Cluster) string {
	return w.GroupScope(c.Subscription, c.Settings().NodeResourceGroup)
}

// AllSubscriptions are the world's, the home one first.
func (w *World) AllSubscriptions() []Subscription {
	if len(w.Subscriptions) == 0 {
		return []Subscription{w.Subscription}
	}
	return w.Subscriptions
}

// SubscriptionBy finds a subscription by id, without regard to case.
func (w *World) SubscriptionBy(id string) (Subscription, bool) {
	for _, s := range w.AllSubscriptions() {
		if strings.EqualFold(s.ID, id) {
			return s, true
		}
	}
	return Subscription{}, false
}

// GroupIn finds a resource group of a subscription (empty: home) by name. The
// node resource groups of clusters are there too.
func (w *World) GroupIn(subscription, name string) (ResourceGroup, bool) {
	if subscription == "" {
		subscription = w.Subscription.ID
	}
	home := func(id string) string {
		if id == "" {
			return w.Subscription.ID
		}
		return id
	}
	for _, g := range w.ResourceGroups {
		if strings.EqualFold(g.Name, name) && strings.EqualFold(home(g.Subscription), subscription) {
			return g, true
		}
	}
	for _, c := range w.Clusters {
		if strings.EqualFold(c.Settings().NodeResourceGroup, name) && strings.EqualFold(home(c.Subscription), subscription) {
			return ResourceGroup{Name: c.Settings().NodeResourceGroup, Location: c.Location, Subscription: c.Subscription}, true
		}
	}
	return ResourceGroup{}, false
}

// Above lists the scopes above a scope, nearest first, management groups and
// the root among them, itself not.
func (w *World) Above(scope string) []string {
	var out []string
	parts := strings.Split(strings.Trim(scope, "/"), "/")
	group := ""
	switch {
	case strings.EqualFold(parts[0], "subscriptions") && len(parts) >= 2:
		if len(parts) > 4 {
			out = append(out, "/"+strings.Join(parts[:4], "/"))
		}
		if len(parts) > 2 {
			out = append(out, "/"+strings.Join(parts[:2], "/"))
		}
		s, _ := w.SubscriptionBy(parts[1])
		if group = s.ManagementGroup; group == "" {
			group = w.Tenant.ID
		}
	case strings.HasPrefix(strings.ToLower(scope), strings.ToLower(managementGroupScope)):
		group = w.parentGroup(scope[len(managementGroupScope):])
	}
	for range len(w.ManagementGroups) + 1 {
		if group == "" {
			break
		}
		out = append(out, managementGroupScope+group)
		group = w.parentGroup(group)
	}
	if scope != "/" {
		out = append(out, "/")
	}
	return out
}

// parentGroup is the management group above one; "" above the root group.
func (w *World) parentGroup(name string) string {
	if strings.EqualFold(name, w.Tenant.ID) {
		return ""
	}
	for _, g := range w.ManagementGroups {
		if strings.EqualFold(g.Name, name) && g.Parent != "" {
			return g.Parent
		}
	}
	return w.Tenant.ID
}

// Covers reports whether an assignment at scope assigned applies at scope asked.
func (w *World) Covers(assigned, asked string) bool {
	if ScopeCovers(assigned, asked) {
		return true
	}
	for _, s := range w.Above(asked) {
		if strings.EqualFold(s, strings.TrimSuffix(assigned, "/")) {
			return true
		}
	}
	return false
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
