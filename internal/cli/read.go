package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/resource"
)

// snapshots are what a command answers from: the live cluster, or with -f
// manifests and snapshot files. Of a live cluster these parts are read; without
// any, RBAC, what the server serves, and its version. With -n only that
// namespace's Roles and RoleBindings are read beside the cluster-wide ones.
func (e *Env) snapshots(ctx context.Context, parts ...cluster.Part) ([]*snapshot.Snapshot, error) {
	snaps, err := e.readAny(ctx, parts)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 || slices.Contains(parts, cluster.Discovery) {
		e.sayUnserved(snaps)
	}
	if e.Flags.AssumeVersion == "" {
		return snaps, nil
	}
	if _, ok := rbac.ParseVersion(e.Flags.AssumeVersion); !ok {
		return nil, usageError("a Kubernetes version, e.g. 1.35", "--assume-version %q is no version", e.Flags.AssumeVersion)
	}
	for _, s := range snaps {
		s.Version, s.VersionAssumed = e.Flags.AssumeVersion, true
	}
	return snaps, nil
}

// sayUnserved says which names of resources an answer rests on where the server
// did not tell its own.
func (e *Env) sayUnserved(snaps []*snapshot.Snapshot) {
	for _, s := range snaps {
		if s.Resources == nil && s.Missing(snapshot.Discovery) && !e.saidUnserved {
			e.saidUnserved = len(e.Flags.Filename) == 0 // a live cluster may be read again
			e.Say("%s: what the server serves could not be read; names of resources are Kubernetes' own (%s)", report.Clean(s.Name), resource.BuiltinVersion)
		}
	}
}

// assumeVersionFlag adds --assume-version, which snapshots honours.
func assumeVersionFlag(cmd *cobra.Command, env *Env) {
	cmd.Flags().StringVar(&env.Flags.AssumeVersion, "assume-version", "", "answer as this version of Kubernetes would, e.g. 1.35 (default the server's; offline the newest known)")
}

func (e *Env) readAny(ctx context.Context, parts []cluster.Part) ([]*snapshot.Snapshot, error) {
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
	snap, err := e.readLive(ctx, client, parts)
	if err != nil {
		return nil, err
	}
	return []*snapshot.Snapshot{snap}, nil
}

func (e *Env) readLive(ctx context.Context, client *cluster.Client, parts []cluster.Part) (*snapshot.Snapshot, error) {
	snap, err := client.Read(ctx, cluster.Request{Parts: parts, Namespace: e.Flags.Namespace, Now: e.Now()})
	if err != nil {
		return nil, clusterError(err)
	}
	snap.Source = e.source(client)
	snap.Source.Namespace = e.Flags.Namespace
	snap.Tenant = tenant(client.Credentials())
	if err := e.readAzure(ctx, client, snap); err != nil {
		return nil, err
	}
	return snap, nil
}

// readFiles reads what -f names. Of snapshot files it says of when they are.
func (e *Env) readFiles(ctx context.Context) ([]*snapshot.Snapshot, error) {
	for _, f := range []struct{ flag, value string }{{"--context", e.Flags.Context}, {"--kubeconfig", e.Flags.Kubeconfig}} {
		if f.value != "" {
			return nil, usageError("", "-f reads files: %s has no meaning with it", f.flag)
		}
	}
	snaps, err := snapshot.Reader{Stdin: e.Stdin, Namespace: e.Flags.Namespace, Cluster: e.Flags.Cluster}.ReadAll(ctx, e.Flags.Filename, e.Now())
	if err != nil {
		return nil, readError(ctx, err)
	}
	for _, s := range snaps {
		if s.File != "" {
			e.Say("%s: as of %s", report.Clean(s.Name), s.Taken.UTC().Format(time.RFC3339))
		}
	}
	return snaps, nil
}

// readError: a file that is not there is the command line's fault; one that is
// no whole snapshot keeps us from answering.
func readError(ctx context.Context, err error) error {
	var broken *snapshot.FileError
	switch {
	case ctx.Err() != nil:
		return err
	case errors.As(err, &broken):
		return &ExitError{Code: ExitRefused, Err: err, Hint: broken.Hint}
	}
	return fileError(err)
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
