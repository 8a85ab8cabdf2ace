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
)

// Snapshot is everything that was read.
type Snapshot struct {
	Source   Source
	Taken    time.Time
	Identity *Identity // who read it; nil where nobody had to ask
	RBAC     rbac.Policy
	Unknown  []Unknown // what could not be read
	Remarks  []Remark  // what was assumed or left aside while reading
}

// SourceKind says what a snapshot was made of.
type SourceKind string

// The kinds of Source.
const (
	Cluster SourceKind = "cluster"
	Files   SourceKind = "files"
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
