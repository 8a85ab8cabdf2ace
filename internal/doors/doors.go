// Package doors finds the ways into AKS clusters: which doors there are, whether
// each is open, who holds its key, who can make themselves a key, and who can
// open again what is closed.
//
// It reasons over a snapshot.Tenant and never asks anybody: reading is
// internal/azure's and internal/cluster's, printing internal/cli's. What could
// not be read makes the state of what depends on it Unknown, and what may be
// missing from the holders stands in Door.HoldersUnknown: nothing is called
// closed because nobody could look.
//
//	r := doors.Find(tenant, doors.Options{Now: now})
//
// The rules of every state are in docs/design/0004-doors.md, what each door is
// in docs/doors.md.
package doors

import (
	"time"

	"github.com/postern-dev/postern/internal/snapshot"
)

// Kind is a way in.
type Kind string

// The kinds, in the order of reports.
const (
	LocalAccount      Kind = "local-account"         // the shared default credential
	AdminCredential   Kind = "admin-credential"      // listClusterAdminCredential hands it out
	AccessProfile     Kind = "access-profile"        // accessProfiles/listCredential hands it out
	UserCredential    Kind = "user-credential"       // listClusterUserCredential hands it out without Entra
	OldCredentials    Kind = "old-credentials"       // copies from before, until the CA is rotated
	RunCommand        Kind = "run-command"           // az aks command invoke
	AdminGroup        Kind = "entra-admin-group"     // adminGroupObjectIDs
	AzureRBAC         Kind = "azure-rbac"            // data actions of role assignments
	KubernetesRBAC    Kind = "kubernetes-rbac"       // bindings to what is cluster-admin
	Escalation        Kind = "kubernetes-escalation" // less than that, and a path to it
	Certificates      Kind = "csr-certificates"      // client certificates of the CSR API
	TokenSecrets      Kind = "token-secrets"         // tokens without expiry
	TrustedAccess     Kind = "trusted-access"        // other Azure resources
	Flux              Kind = "flux"                  // what a source repository holds is applied
	Extensions        Kind = "extensions"            // installed ones
	ExtensionWrite    Kind = "extension-write"       // who may install code through the cluster's agent
	NodeResourceGroup Kind = "node-resource-group"   // run command on nodes, their disks
	Fleet             Kind = "fleet"                 // the fleet the cluster has joined
	ClusterWrite      Kind = "cluster-write"         // managedClusters/write: can open what is closed
	AssignmentWrite   Kind = "role-assignment-write" // can give themselves any key
	ElevatedAccess    Kind = "elevated-access"       // of the tenant: roles at the root scope
)

// Kinds are all kinds in the order of reports.
func Kinds() []Kind {
	return []Kind{LocalAccount, AdminCredential, AccessProfile, UserCredential, OldCredentials, RunCommand,
		AdminGroup, AzureRBAC, KubernetesRBAC, Escalation, Certificates, TokenSecrets, TrustedAccess, Flux,
		Extensions, ExtensionWrite, NodeResourceGroup, Fleet, ClusterWrite, AssignmentWrite, ElevatedAccess}
}

// State is whether a door is open.
type State string

// The states.
const (
	Open    State = "open"    // a success was seen, or configuration implies it
	Closed  State = "closed"  // configuration says so
	Proved  State = "proved"  // a refusal was observed
	Unknown State = "unknown" // what decides it could not be read
)

// Report is every door of every cluster.
type Report struct {
	Taken         time.Time               `json:"taken"`
	Reader        snapshot.Asker          `json:"reader"`
	TenantID      string                  `json:"tenantId"`
	TenantName    string                  `json:"tenantName,omitempty"`
	Lab           bool                    `json:"lab,omitempty"`
	Subscriptions []snapshot.Subscription `json:"subscriptions"`
	Clusters      []Cluster               `json:"clusters"`
	Tenant        []Door                  `json:"tenant"` // doors of the tenant as a whole
	Keys          []Key                   `json:"keys"`
	NotExamined   []Gap                   `json:"notExamined"`
}

// Cluster is one cluster and its doors.
type Cluster struct {
	ID            string    `json:"id"` // ARM id
	Name          string    `json:"name"`
	Subscription  string    `json:"subscription"` // GUID
	ResourceGroup string    `json:"resourceGroup"`
	Location      string    `json:"location,omitempty"`
	SKU           string    `json:"sku,omitempty"` // Base, Automatic
	Private       bool      `json:"private,omitempty"`
	Entra         bool      `json:"entra"`
	AzureRBAC     bool      `json:"azureRBAC"`
	Doors         []Door    `json:"doors"`
	Breaks        []User    `json:"breaks,omitempty"` // who breaks if the local account closes
	BreaksSince   time.Time `json:"breaksSince,omitzero"`
	NotExamined   []Gap     `json:"notExamined"`
}

// Door is one way in.
type Door struct {
	Kind     Kind       `json:"kind"`
	State    State      `json:"state"`
	Why      string     `json:"why"`               // one sentence
	Power    string     `json:"power,omitempty"`   // what it opens: cluster-admin, as the caller, …
	Reopens  bool       `json:"reopens,omitempty"` // not a way in by itself: opens again what is closed
	Evidence []Evidence `json:"evidence"`
	Holders  []Holder   `json:"holders"`
	// HoldersUnknown is what could not be read and may hide further holders.
	HoldersUnknown []string `json:"holdersUnknown,omitempty"`
	Fix            string   `json:"fix,omitempty"` // how to close it
}

// Nobody says in words that a door has no holder. The holders of a credential
// that lies about are those who were seen fetching it: others may have it.
func (d Door) Nobody() string {
	if d.Kind == LocalAccount || d.Kind == OldCredentials {
		return "nobody seen fetching it"
	}
	return "nobody"
}

// Evidence is where a fact was read.
type Evidence struct {
	What string    `json:"what"`           // disableLocalAccounts is absent, which is false
	From string    `json:"from,omitempty"` // ARM id, Kubernetes object, Activity Log record
	At   time.Time `json:"at,omitzero"`
}

// How says in which way a principal holds a key.
type How string

// The ways.
const (
	Active   How = "active"   // by an assignment, membership or binding in force
	Eligible How = "eligible" // may activate it (Privileged Identity Management)
	Owner    How = "owner"    // owns a group on the way and may add itself
	Editor   How = "editor"   // may change the members of a group on the way, or give itself the role
	Pulled   How = "pulled"   // was seen fetching the credential, and may have kept it
	Source   How = "source"   // not a principal of the directory: a resource, repository, extension, certificate
)

// Holder is who has a key, one for each way in which they do.
type Holder struct {
	Principal Principal `json:"principal"`
	How       How       `json:"how"`
	Power     string    `json:"power,omitempty"` // where it differs from the door's
	Scope     string    `json:"scope,omitempty"` // where it is less than the cluster: a namespace
	// Unsure is why it may not be so (a condition, members that could not be
	// read); empty: it is so.
	Unsure string    `json:"unsure,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Path   []Step    `json:"path"`
}

// Principal is who.
type Principal struct {
	ID       string `json:"id"`             // object id; of a Kubernetes Subject or a source its name
	Kind     string `json:"kind"`           // user, group, servicePrincipal, unknown; User, Group, ServiceAccount of Kubernetes; source
	Name     string `json:"name,omitempty"` // UPN, or display name
	Guest    bool   `json:"guest,omitempty"`
	Disabled bool   `json:"disabled,omitempty"`
	Deleted  bool   `json:"deleted,omitempty"`
}

// Step is one step of the path from the principal to the door, with its
// evidence: "is a member of group X", "Contributor at /subscriptions/… allows …".
type Step struct {
	What string `json:"what"`
	From string `json:"from,omitempty"` // ARM id, object id, Kubernetes object
}

// Key is a way to become a principal that holds something: the owners of an
// application can add a credential to it.
type Key struct {
	Of     Principal `json:"of"`
	Who    Principal `json:"who"`
	How    How       `json:"how"`
	Via    string    `json:"via"` // owner of the application, Application Administrator, federated credential …
	Unsure string    `json:"unsure,omitempty"`
	Path   []Step    `json:"path,omitempty"`
}

// Gap is something that was not examined, and what it hides.
type Gap struct {
	What  string `json:"what"`
	Why   string `json:"why"`
	Needs string `json:"needs,omitempty"`
	// Always: no reading tells this, so that the report is no less complete.
	Always bool `json:"always,omitempty"`
}

// User is somebody who used the shared credential.
type User struct {
	Cluster string    `json:"cluster"`
	Name    string    `json:"name"`              // UPN, application id, or the user name the API server saw
	Account string    `json:"account,omitempty"` // masterclient, clusterAdmin, clusterUser: of uses
	Agent   string    `json:"agent,omitempty"`
	Address string    `json:"address,omitempty"`
	What    string    `json:"what"` // pulled or used
	Kind    string    `json:"kind"` // person, pipeline, unknown
	KindWhy string    `json:"kindWhy,omitempty"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Count   int       `json:"count"`
}

// Options of Find.
type Options struct {
	Now     time.Time
	Cluster string // only this one, by ARM id or name; "" all
}
