package cli

import (
	"context"
	"slices"

	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/resource"
)

// snapshots are what a command answers from: the live cluster, or with -f
// manifests and snapshot files. Of a live cluster these parts are read; without
// any, RBAC, what the server serves, and its version. With -n only that
// namespace's Roles and RoleBindings are read beside the cluster-wide ones.
func (e *Env) snapshots(ctx context.Context, parts ...cluster.Part) ([]*snapshot.Snapshot, error) {
	if len(e.Flags.Filename) > 0 {
		return e.readFiles(ctx)
	}
	if len(parts) == 0 {
		parts = []cluster.Part{cluster.RBAC, cluster.Discovery, cluster.Version}
	}
	client, err := e.connect()
	if err != nil {
		return nil, err
	}
	snap, err := client.Read(ctx, cluster.Request{Parts: parts, Namespace: e.Flags.Namespace, Now: e.Now()})
	if err != nil {
		return nil, clusterError(err)
	}
	snap.Source = e.source(client)
	snap.Source.Namespace = e.Flags.Namespace
	snap.Tenant = tenant(client.Credentials())
	return []*snapshot.Snapshot{snap}, nil
}

// readFiles reads what -f names.
func (e *Env) readFiles(ctx context.Context) ([]*snapshot.Snapshot, error) {
	for _, f := range []struct{ flag, value string }{{"--context", e.Flags.Context}, {"--kubeconfig", e.Flags.Kubeconfig}} {
		if f.value != "" {
			return nil, usageError("", "-f reads files: %s has no meaning with it", f.flag)
		}
	}
	snap, err := snapshot.Reader{Stdin: e.Stdin, Namespace: e.Flags.Namespace}.Read(ctx, e.Flags.Filename, e.Now())
	if err != nil && ctx.Err() == nil {
		return nil, fileError(err)
	}
	if err != nil {
		return nil, err
	}
	return []*snapshot.Snapshot{snap}, nil
}

// table is what is known of the resources of a snapshot's server: what it told,
// or what Kubernetes itself serves.
func (e *Env) table(s *snapshot.Snapshot) *resource.Table {
	if s.Resources == nil {
		return resource.Builtin()
	}
	t := resource.New(s.Resources)
	t.Live, t.Unread = true, slices.Clone(s.Unserved)
	return t
}
