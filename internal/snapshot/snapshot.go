// Package snapshot is one cluster at one time as plain values: what was read,
// where from, and what could not be read.
//
// The last part is as important as the first: an answer that depends on
// something unread is unknown, never "no". Live clusters are read by
// internal/cluster, manifests by this package's Files.
package snapshot

import (
	"time"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/azrbac"
	"github.com/postern-dev/postern/rbac/resource"
)

// Snapshot is everything that was read. What is nil was not asked for, or is
// among Unknown.
type Snapshot struct {
	// Name is what answers call this cluster; among several snapshots each has
	// its own.
	Name     string
	File     string // it was read from; empty: from a cluster, or the manifests of Source
	Source   Source
	Taken    time.Time
	Identity *Identity // who read it; nil where nobody had to ask
	// Version is the server's gitVersion as it says it; empty: not known.
	Version string
	// VersionAssumed: Version is not what the server said, but what the user
	// wants assumed.
	VersionAssumed bool
	// DefaultNamespace is the one a question without a namespace means: the
	// kubeconfig context's, else "default".
	DefaultNamespace string
	// Tenant is the Entra tenant the kubeconfig signs in to, where it names one.
	Tenant    string
	Resources []resource.Resource // what the server serves
	// Unserved are API groups whose resources the server could not tell.
	Unserved   []string
	Namespaces []Namespace
	RBAC       rbac.Policy
	Azure      *azrbac.Facts
	// Requests are CertificateSigningRequests; the API server forgets issued ones
	// after an hour.
	Requests []CertificateRequest
	// TokenSecrets are Secrets of type kubernetes.io/service-account-token, by
	// their metadata: no token is read.
	TokenSecrets []TokenSecret
	// ClientCAs verify client certificates (extension-apiserver-authentication).
	ClientCAs []Authority
	// ServiceAccounts and Pods are there for the tokens that are mounted.
	ServiceAccounts []ServiceAccount
	Pods            []Pod
	Unknown         []Unknown // what could not be read
	Remarks         []Remark  // what was assumed or left aside while reading
}

// Namespace is a namespace and what its labels decide.
type Namespace struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
}

// CertificateRequest is a CertificateSigningRequest.
type CertificateRequest struct {
	Name      string    `json:"name"`
	Signer    string    `json:"signer"`
	Requester string    `json:"requester"`        // user name of who asked
	User      string    `json:"user"`             // CN asked for
	Groups    []string  `json:"groups,omitempty"` // O asked for
	Created   time.Time `json:"created"`
	Approved  bool      `json:"approved,omitempty"`
	Denied    bool      `json:"denied,omitempty"`
	Issued    bool      `json:"issued,omitempty"`
	Expires   time.Time `json:"expires,omitzero"` // of the certificate, where it is there
}

// TokenSecret is a Secret that holds a token without expiry.
type TokenSecret struct {
	Namespace      string    `json:"namespace"`
	Name           string    `json:"name"`
	ServiceAccount string    `json:"serviceAccount"`
	Created        time.Time `json:"created"`
	LastUsed       string    `json:"lastUsed,omitempty"` // label kubernetes.io/legacy-token-last-used, a date
}

// ServiceAccount is what one says about the mounting of its token.
type ServiceAccount struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Automount *bool  `json:"automountServiceAccountToken,omitempty"` // nil: not said, which mounts
}

// Pod is one as far as tokens go: nothing of what runs in it is kept.
type Pod struct {
	Namespace      string `json:"namespace"`
	Name           string `json:"name"`
	Owner          string `json:"owner,omitempty"` // its controller, e.g. ReplicaSet/web-5d4f
	ServiceAccount string `json:"serviceAccount,omitempty"`
	Automount      *bool  `json:"automountServiceAccountToken,omitempty"` // nil: the ServiceAccount decides
	// Mounts: a container mounts a token for the API server. Admission wrote the
	// volume when the Pod was made; later changes of a ServiceAccount do not matter.
	Mounts bool `json:"mountsToken,omitempty"`
}

// Authority is a CA certificate.
type Authority struct {
	Subject   string    `json:"subject"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	SHA256    string    `json:"sha256"` // of the certificate, hex
}

// SourceKind says what a snapshot was made of.
type SourceKind string

// The kinds of Source.
const (
	Cluster SourceKind = "cluster"
	Files   SourceKind = "files" // manifests
)

// Source is where a snapshot comes from.
type Source struct {
	Kind      SourceKind `json:"kind"`
	Context   string     `json:"context,omitempty"`
	Server    string     `json:"server,omitempty"`
	Lab       bool       `json:"lab,omitempty"` // a laboratory, not anybody's production
	Namespace string     `json:"namespace,omitempty"`
	Files     []string   `json:"files,omitempty"`
}

// The things a snapshot is made of, as Unknown names them.
const (
	ClusterRoles        = "clusterroles"
	ClusterRoleBindings = "clusterrolebindings"
	Roles               = "roles"
	RoleBindings        = "rolebindings"
	Manifest            = "manifest"
	WhoAmI              = "identity"
	Discovery           = "discovery"
	ServerVersion       = "version"
	Namespaces          = "namespaces"
	CSRs                = "certificatesigningrequests"
	TokenSecretList     = "token secrets"
	ClientCA            = "client CA"
	ServiceAccountList  = "serviceaccounts"
	PodList             = "pods"
	Azure               = "azure"
)

// Unknown is something that could not be read, and why.
type Unknown struct {
	What string `json:"what"`
	Why  string `json:"why"`
	Hint string `json:"-"`
}

// Remark is something a reader should know about how the snapshot was read.
type Remark struct {
	Text string
}

// Missing reports whether a part could not be read.
func (s *Snapshot) Missing(what string) bool {
	for _, u := range s.Unknown {
		if u.What == what {
			return true
		}
	}
	return false
}
