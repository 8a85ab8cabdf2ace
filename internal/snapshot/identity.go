package snapshot

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// Identity is who an API server says a caller is.
type Identity struct {
	User   string
	UID    string
	Groups []string
	Extra  map[string][]string
	API    string // the version of SelfSubjectReview that answered
}

// CredentialIDKey is the extra key by which newer API servers name the
// credential that was used: X509SHA256=… for a certificate, JTI=… for a token.
const CredentialIDKey = "authentication.kubernetes.io/credential-id"

// CredentialID is the server's own name for the credential, empty on older servers.
func (id Identity) CredentialID() string {
	return first(id.Extra[CredentialIDKey])
}

// ObjectID is the Entra object id of the caller, empty outside Entra.
func (id Identity) ObjectID() string { return first(id.Extra["oid"]) }

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// localAccounts are the user names that AKS has put into the certificate which
// everybody downloads who may list the cluster's credentials.
var localAccounts = []string{"masterclient", "clusterAdmin", "clusterUser"}

// LocalAccount reports whether a user name is that of AKS's local account.
func LocalAccount(user string) bool { return slices.Contains(localAccounts, user) }

// Answer is yes, no or unknown.
type Answer string

// The answers there are.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unclear Answer = "unknown"
)

// Shared says whether more than one person is this user.
type Shared struct {
	Answer Answer `json:"answer"`
	Why    string `json:"why"`
}

// Shared judges from what the server said; certificate is true where the caller
// is known to have presented one.
func (id Identity) Shared(certificate bool) Shared {
	masters := slices.Contains(id.Groups, rbac.Masters)
	account := rbac.User(id.User).Canonical()
	switch {
	case LocalAccount(id.User) && masters:
		return Shared{Yes, "this is the AKS local account: everybody who downloads its credential is the same user with full power, and the audit log cannot tell them apart"}
	case LocalAccount(id.User):
		return Shared{Yes, "this is the AKS local account: everybody who downloads its credential is the same user, and the audit log cannot tell them apart"}
	case masters && certificate:
		return Shared{Yes, "a certificate in system:masters names no person: whoever holds the file has full power under this one name"}
	case masters:
		return Shared{Unclear, "a member of system:masters: full power, whoever holds the credential"}
	case account.Kind == rbac.ServiceAccountKind:
		return Shared{Unclear, "a ServiceAccount: whoever can read or request one of its tokens is this user"}
	case id.ObjectID() != "" && id.User != id.ObjectID():
		return Shared{No, "signed in through Entra as one user"}
	case id.ObjectID() != "":
		return Shared{Unclear, "signed in through Entra, known by object id: a guest, or a service principal that everybody is who holds its secret"}
	case certificate:
		return Shared{Unclear, "a client certificate: whoever holds the file is this user"}
	case strings.HasPrefix(id.User, "system:"):
		return Shared{Unclear, "a system user: whoever holds the credential is this user"}
	}
	return Shared{Unclear, "the server does not say who holds this credential"}
}
