package snapshot

import (
	"encoding/json"
	"time"

	"github.com/postern-dev/postern/rbac/azrbac"
)

// Tenant is what was read of Azure at one time: every AKS cluster its reader
// could see, over all subscriptions, with who holds what there and who these
// principals are. Ids compare without regard to case and are kept as written.
// What is nil or empty was read and is empty, unless Unread says otherwise:
// ask Missing before concluding that something is not there.
type Tenant struct {
	Taken          time.Time               `json:"taken"`
	Reader         Asker                   `json:"reader"`
	ID             string                  `json:"id"`             // of the Entra tenant
	Name           string                  `json:"name,omitempty"` // its display name
	Lab            bool                    `json:"lab,omitempty"`  // a laboratory, not anybody's production
	Subscriptions  []Subscription          `json:"subscriptions"`
	Clusters       []AzureCluster          `json:"clusters"`
	Fleets         []Fleet                 `json:"fleets"`
	Assignments    []Assignment            `json:"assignments"` // at every scope, of all subscriptions, each once
	Eligible       []Assignment            `json:"eligible"`    // of Privileged Identity Management: to be activated
	Definitions    []azrbac.Definition     `json:"definitions"`
	Denies         []azrbac.DenyAssignment `json:"denies"`
	Principals     []Principal             `json:"principals"`     // whoever any of the rest names
	DirectoryRoles []DirectoryRole         `json:"directoryRoles"` // held roles of Entra that matter to access
	AppRoles       []AppRole               `json:"appRoles"`       // held permissions on Microsoft Graph that matter to access
	Activity       []Activity              `json:"activity"`       // oldest first
	Unread         []Unread                `json:"unread"`
}

// Asker is who read: the subject of the token.
type Asker struct {
	ObjectID string `json:"objectId,omitempty"`
	Name     string `json:"name,omitempty"` // UPN, or the application's id
	App      bool   `json:"app,omitempty"`  // a service principal or managed identity
}

// Subscription is one that the reader sees.
type Subscription struct {
	ID   string `json:"id"` // the GUID
	Name string `json:"name,omitempty"`
	// ManagementGroups are names of those known to stand above it: scopes of
	// management groups in its own listing.
	ManagementGroups []string `json:"managementGroups,omitempty"`
	// ActivitySince is from when on its Activity Log was read; zero: it was not.
	// Records arrive some minutes late: the log says nothing certain about the
	// time after ActivityUntil.
	ActivitySince time.Time `json:"activitySince,omitzero"`
	ActivityUntil time.Time `json:"activityUntil,omitzero"`
}

// AzureCluster is a managed cluster and what is kept beside it.
type AzureCluster struct {
	ID  string          `json:"id"`  // ARM id
	Raw json.RawMessage `json:"raw"` // as Resource Manager answered, whole
	// Diagnostic are its diagnostic settings as answered.
	Diagnostic    []json.RawMessage `json:"diagnostic,omitempty"`
	TrustedAccess []TrustedAccess   `json:"trustedAccess,omitempty"`
	Flux          []Flux            `json:"flux,omitempty"`
	Extensions    []Extension       `json:"extensions,omitempty"`
	// Kubernetes is what its API server said, nil where nobody could ask.
	Kubernetes *Snapshot `json:"-"`
}

// TrustedAccess lets an Azure resource into the cluster.
type TrustedAccess struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Source string   `json:"source"` // ARM id of the resource let in
	Roles  []string `json:"roles"`
}

// Flux is a fluxConfiguration: what lies at its source is applied to the cluster.
type Flux struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Source string `json:"source"` // URL of the repository or bucket
	Scope  string `json:"scope"`  // cluster or namespace
}

// Extension is a cluster extension.
type Extension struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// Fleet is an Azure Kubernetes Fleet Manager and the clusters in it.
type Fleet struct {
	ID      string   `json:"id"`
	Members []string `json:"members"` // ARM ids of clusters
	Hub     bool     `json:"hub,omitempty"`
}

// Assignment is a role assignment, or an eligibility for one.
type Assignment struct {
	azrbac.Assignment
	Until time.Time `json:"until,omitzero"` // the end of an eligibility
}

// PrincipalKind says what a Principal is.
type PrincipalKind string

// The kinds of principals.
const (
	UserPrincipal    PrincipalKind = "user"
	GroupPrincipal   PrincipalKind = "group"
	ServicePrincipal PrincipalKind = "servicePrincipal" // managed identities too
	UnknownPrincipal PrincipalKind = "unknown"          // the directory does not know the id, or may not be asked
)

// Principal is an object of the directory. Fields that do not concern its kind
// are empty.
type Principal struct {
	ID   string        `json:"id"`
	Kind PrincipalKind `json:"kind"`
	// Deleted: the directory was asked and has no such object.
	Deleted bool   `json:"deleted,omitempty"`
	Name    string `json:"name,omitempty"` // display name
	UPN     string `json:"upn,omitempty"`
	Guest   bool   `json:"guest,omitempty"`
	// Disabled is accountEnabled = false.
	Disabled bool `json:"disabled,omitempty"`

	// Of groups. Members and owners are object ids, direct ones only.
	Members        []string           `json:"members,omitempty"`
	Owners         []string           `json:"owners,omitempty"` // of service principals too
	RoleAssignable bool               `json:"roleAssignable,omitempty"`
	Synced         bool               `json:"synced,omitempty"`   // kept in a directory on premises
	Dynamic        string             `json:"dynamic,omitempty"`  // its membership rule
	EligibleIn     []GroupEligibility `json:"eligible,omitempty"` // PIM for Groups

	// Of service principals.
	AppID           string      `json:"appId,omitempty"`
	ManagedIdentity string      `json:"managedIdentity,omitempty"` // ARM id of its resource
	ApplicationID   string      `json:"applicationId,omitempty"`   // object id of the application, where it is this tenant's
	AppOwners       []string    `json:"appOwners,omitempty"`       // owners of the application
	Federated       []Federated `json:"federated,omitempty"`
	Secrets         []Secret    `json:"secrets,omitempty"`
}

// GroupEligibility is a membership or ownership that can be activated.
type GroupEligibility struct {
	PrincipalID string    `json:"principalId"`
	Access      string    `json:"access"` // member or owner
	Until       time.Time `json:"until,omitzero"`
}

// Federated is a federated identity credential: tokens of an issuer for a
// subject sign in as the principal.
type Federated struct {
	Name    string `json:"name"`
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// Secret is a password or certificate of an application: its description, never
// its value.
type Secret struct {
	Name  string    `json:"name,omitempty"`
	Kind  string    `json:"kind"` // password or certificate
	Until time.Time `json:"until,omitzero"`
}

// DirectoryRole is a role of Entra that somebody holds or may activate.
type DirectoryRole struct {
	Template    string `json:"template"` // id of the role's template
	Name        string `json:"name"`
	PrincipalID string `json:"principalId"`
	Scope       string `json:"scope"` // "/" is the whole directory; /OBJECT-ID one object; /administrativeUnits/ID
	Eligible    bool   `json:"eligible,omitempty"`
}

// AppRole is a permission on Microsoft Graph that a service principal holds by
// itself.
type AppRole struct {
	PrincipalID string `json:"principalId"`
	Name        string `json:"name"` // Group.ReadWrite.All
}

// Activity is a record of the Activity Log.
type Activity struct {
	Time      time.Time `json:"time"`
	Operation string    `json:"operation"` // Microsoft.ContainerService/managedClusters/write; case varies
	Resource  string    `json:"resource"`
	Caller    string    `json:"caller"`             // UPN or application id
	CallerID  string    `json:"callerId,omitempty"` // object id
	AppID     string    `json:"appId,omitempty"`    // the client that acted
	Address   string    `json:"address,omitempty"`
	Status    string    `json:"status"` // Started, Accepted, Succeeded, Failed
	Code      int       `json:"code,omitempty"`
	Message   string    `json:"message,omitempty"` // of a failure
	ID        string    `json:"id,omitempty"`      // eventDataId
}

// Piece is something of a Tenant that can be read, or not.
type Piece string

// The pieces, with what Unread.Scope names for them.
const (
	PieceSubscriptions  Piece = "subscriptions"            // ""
	PieceClusters       Piece = "clusters"                 // subscription: others may be there
	PieceCluster        Piece = "cluster"                  // cluster: its settings
	PieceAssignments    Piece = "role assignments"         // subscription
	PieceEligible       Piece = "eligible assignments"     // subscription
	PieceDenies         Piece = "deny assignments"         // subscription
	PieceDefinitions    Piece = "role definitions"         // role definition
	PieceDiagnostic     Piece = "diagnostic settings"      // cluster
	PieceTrustedAccess  Piece = "trusted access"           // cluster
	PieceFlux           Piece = "flux configurations"      // cluster
	PieceExtensions     Piece = "extensions"               // cluster
	PieceFleets         Piece = "fleets"                   // subscription, or fleet: its members
	PieceActivity       Piece = "activity log"             // subscription
	PieceKubernetes     Piece = "kubernetes"               // cluster: its API server was not asked
	PiecePrincipals     Piece = "principals"               // "" or principal: who it is
	PieceMembers        Piece = "group members"            // group
	PieceOwners         Piece = "owners"                   // group or service principal
	PieceGroupEligible  Piece = "group eligibility"        // group
	PieceApplications   Piece = "applications"             // service principal: application, its owners, credentials
	PieceFederated      Piece = "federated credentials"    // service principal
	PieceDirectoryRoles Piece = "directory roles"          // ""
	PieceDirectoryElig  Piece = "eligible directory roles" // ""
	PieceAppRoles       Piece = "graph permissions"        // ""
)

// Unread is a piece that could not be read. Scope "" is the tenant. Subscription
// scopes are /subscriptions/GUID.
type Unread struct {
	Piece Piece  `json:"piece"`
	Scope string `json:"scope,omitempty"`
	Why   string `json:"why"`
	Needs string `json:"needs,omitempty"` // the right that is wanting, where that is known
}
