package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/snapshot"
)

// tenantOptions are what doors and snapshot --all-clusters know of how a tenant
// is read.
type tenantOptions struct {
	clusters []string
	cas      []string // HOST=FILE
	none     bool     // no Kubernetes parts
}

func (o *tenantOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.cas, "cluster-ca", nil, "HOST=FILE: the CA certificate of an API server that no kubeconfig has; may be repeated")
	cmd.Flags().BoolVar(&o.none, "no-kubernetes", false, "do not ask the API servers")
}

func (e *Env) collectTenant(context.Context, tenantOptions, any) (*snapshot.Tenant, bool, error) {
	return nil, false, usageError("-f FILE", "reading Azure is not built yet")
}

func (e *Env) prove(context.Context, doorsOptions, *snapshot.Tenant, *doors.Report, []byte) error {
	return usageError("", "--prove is not built yet")
}

func readOldKubeconfig(string) ([]byte, error) { return nil, nil }
