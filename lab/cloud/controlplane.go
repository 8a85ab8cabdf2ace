package cloud

import "context"

// Names of the local accounts a control plane can hand out.
const (
	// AccountMaster is the shared account behind both credential calls of a
	// cluster without Entra integration, and behind --admin of one with it.
	AccountMaster = "masterclient"
	AccountAdmin  = "clusterAdmin"
	AccountUser   = "clusterUser"
)

// A Credential is what a local account's kubeconfig carries. CA, Certificate
// and Key are PEM.
type Credential struct {
	Server           string
	CA               []byte
	Certificate, Key []byte
	Token            string
}

// ControlPlane is the API server behind the lab's managed cluster, as far as
// Azure reaches into it.
type ControlPlane interface {
	// LocalAccount returns the local account's credential of the current CA
	// and token generation.
	LocalAccount(name string) (Credential, error)
	// Endpoint returns the API server's URL and the PEM bundle that verifies it.
	Endpoint() (server string, ca []byte)
	// RotateCertificates replaces CA, leaf certificates and static token and
	// returns when the API server serves with them. Earlier ones get 401.
	RotateCertificates(ctx context.Context) error
	// ReconcileAdminGroups hands the Entra admin groups to the add-on manager,
	// which makes and keeps the managed ClusterRoleBinding.
	ReconcileAdminGroups(ctx context.Context, groupObjectIDs []string) error
}
