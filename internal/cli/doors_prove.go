package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/azure"
	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

// readOldKubeconfig reads the file of --prove before anything else is asked.
func readOldKubeconfig(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usageError("", "read --prove %s: %w", path, reason(err))
	}
	return data, nil
}

// prove tries the credentials of an old kubeconfig against the API server they
// were made for, and settles old-credentials by what it says.
func (e *Env) prove(ctx context.Context, o doorsOptions, t *snapshot.Tenant, r *doors.Report, old []byte) error {
	entries, err := cluster.Entries(cluster.Options{Kubeconfig: o.prove, Getenv: e.Getenv})
	if err != nil {
		return usageError("a kubeconfig, as az aks get-credentials --admin writes it", "--prove %s: %w", o.prove, err)
	}
	c, err := provable(t, o.cluster, entries)
	if err != nil {
		return err
	}
	given, err := o.tenant.given()
	if err != nil {
		return err
	}
	server, ca, _, err := e.trust(given).of(c)
	if err != nil {
		return &ExitError{Code: ExitRefused, Err: fmt.Errorf("prove %s: %w", report.Clean(o.prove), err), Hint: "only a server that its current CA verifies can prove a credential dead"}
	}
	attempts, err := cluster.TryCredentials(ctx, old, ca, server, time.Duration(e.Config.Timeout.Server))
	if err != nil {
		return clusterError(err)
	}
	var tried []doors.Tried
	for _, a := range attempts {
		tried = append(tried, doors.Tried(a))
	}
	if !r.Prove(c.ID, tried, e.Now().UTC(), o.prove) {
		return errors.New("BUG: the cluster that was tried is not in the report")
	}
	return nil
}

// provable is the cluster that an old kubeconfig was made for: the one that
// --cluster names, has its address, or is called like it.
func provable(t *snapshot.Tenant, name string, entries []cluster.Entry) (*snapshot.AzureCluster, error) {
	var named, byHost, byName []*snapshot.AzureCluster
	for i := range t.Clusters {
		c := &t.Clusters[i]
		if name != "" {
			if strings.EqualFold(c.Name(), name) || strings.EqualFold(strings.TrimRight(name, "/"), c.ID) {
				named = append(named, c)
			}
			continue
		}
		if slices.ContainsFunc(entries, func(k cluster.Entry) bool { return slices.Contains(c.Hosts(), hostOf(k.Server)) }) {
			byHost = append(byHost, c)
		}
		if slices.ContainsFunc(entries, func(k cluster.Entry) bool { return calls(k, c.Name()) && !azure.AKS(k.Server) }) {
			byName = append(byName, c)
		}
	}
	for _, found := range [][]*snapshot.AzureCluster{named, byHost, byName} {
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return nil, usageError("--cluster ARM-ID says which", "--prove: nothing tells which one cluster the old kubeconfig was made for")
}
