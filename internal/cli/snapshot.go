package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

type snapshotOptions struct {
	out   string
	name  string
	force bool

	all, resume, fresh bool // of the tenant
	tenant             tenantOptions
}

func newSnapshotCmd(env *Env) *cobra.Command {
	var o snapshotOptions
	cmd := &cobra.Command{
		Use:   "snapshot --out FILE",
		Short: "Everything that can be read of a cluster, as a file every command reads with -f",
		Long: `Read a cluster into one file: roles and bindings, what the server serves and
which version it is, namespaces with their pod-security labels, who read it, and
what could not be read and why. Commands answer from it with -f FILE, without
the cluster; several files are several clusters. No Secret is read.

FILE is readable by its owner only and appears whole or not at all; - is stdout.
A name that ends in .gz is compressed. A file that is there is not overwritten
without --force. With -n only that namespace's Roles and RoleBindings are read
beside what is cluster-wide. Where a part could not be read the file is written all the
same, and the exit code is 5.

--all-clusters reads a whole tenant instead: every AKS cluster the Azure
credential sees, over all subscriptions, who holds what there, who these are, and
what each API server says where its CA is known. A run that is cut off leaves
what it read in FILE.part; the same command within an hour goes on from there.
Nothing that lists credentials is called.`,
		Example: `  postern snapshot --out aks-lab.json
  postern snapshot --context prod --name prod-weu --out prod.json.gz
  postern snapshot --all-clusters --out tenant.json.gz
  postern who-can get secrets -A -f aks-lab.json -f prod.json.gz`,
		Args: atMost(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.all {
				return runTenantSnapshot(cmd, env, o)
			}
			for _, name := range []string{"resume", "fresh", "cluster-ca", "no-kubernetes"} {
				if cmd.Flags().Changed(name) {
					return usageError("", "--%s has a meaning with --all-clusters only", name)
				}
			}
			return runSnapshot(cmd, env, o)
		},
	}
	cmd.Flags().StringVar(&o.out, "out", "", "the file to write, or - for stdout (required)")
	cmd.Flags().StringVar(&o.name, "name", "", "what answers call this cluster (default the kubeconfig context)")
	env.azureFlags(cmd)
	cmd.Flags().BoolVar(&o.force, "force", false, "overwrite FILE")
	cmd.Flags().BoolVar(&o.all, "all-clusters", false, "every AKS cluster of the tenant, with what Azure and Entra say")
	cmd.Flags().BoolVar(&o.resume, "resume", false, "go on with what a run that was cut off left (done anyway where it is younger than an hour)")
	cmd.Flags().BoolVar(&o.fresh, "fresh", false, "begin anew, whatever a run that was cut off left")
	o.tenant.flags(cmd)
	return uses(cmd, "kubeconfig", "context", "namespace", "all-namespaces")
}

func runSnapshot(cmd *cobra.Command, env *Env, o snapshotOptions) error {
	file, err := o.check(cmd, env)
	if err != nil {
		return err
	}
	if strings.HasPrefix(o.name, "/") && env.Flags.Azure != azureNever {
		env.Flags.Cluster = o.name // an ARM id says which cluster of Azure's it is
	}
	client, err := env.connect()
	if err != nil {
		return err
	}
	if env.StderrTerminal {
		env.Say("reading %s", report.Clean(client.Server()))
	}
	snap, err := env.readLive(cmd.Context(), client, cluster.Everything())
	if err != nil {
		return err
	}
	if o.name != "" {
		snap.Name = o.name
	}
	if err := nothingRead(snap); err != nil {
		return err
	}
	if err := env.writeSnapshot(o, file, snap); err != nil {
		return err
	}
	if len(snap.Unknown) == 0 {
		return nil
	}
	return &ExitError{Code: ExitUnknown, Err: errors.New("the snapshot is incomplete and says so, this could not be read:\n" + unread(snap)), Hint: unreadHints(snap)}
}

// check refuses, before anything is read, what could not be written.
func (o snapshotOptions) check(cmd *cobra.Command, env *Env) (snapshot.File, error) {
	file := snapshot.File{Path: o.out, Overwrite: o.force}
	switch {
	case o.out == "":
		return file, usageError("name the file to write, e.g. --out cluster.json; - is stdout", "snapshot needs --out FILE")
	case cmd.Flags().Changed("output"):
		return file, usageError("--out names the file; a snapshot has one form", "snapshot does not use --output")
	case cmd.Flags().Changed("name") && strings.TrimSpace(o.name) == "":
		return file, usageError("", "--name is empty")
	case o.out == "-" && env.StdoutTerminal:
		return file, usageError("send it to a file or a pipe: --out FILE, or postern snapshot --out - > FILE", "a snapshot is not for reading on a terminal")
	case o.out == "-":
		return file, nil
	}
	if err := file.Check(); err != nil {
		hint := ""
		if errors.Is(err, snapshot.ErrExists) {
			hint = "--force overwrites it"
		}
		return file, &ExitError{Code: ExitUsage, Err: err, Hint: hint}
	}
	return file, nil
}

// nothingRead is the error of a cluster that let none of its RBAC be read.
func nothingRead(snap *snapshot.Snapshot) error {
	for _, what := range []string{snapshot.ClusterRoles, snapshot.ClusterRoleBindings, snapshot.Roles, snapshot.RoleBindings} {
		if !snap.Missing(what) {
			return nil
		}
	}
	return &ExitError{
		Code: ExitRefused, Err: errors.New("no role and no binding could be read, nothing was written:\n" + unread(snap)),
		Hint: "ask for get and list on the rbac.authorization.k8s.io resources (ClusterRole view does not include them)",
	}
}

// unread lists every part that could not be read: whoever reads the file may
// need any of them.
func unread(snap *snapshot.Snapshot) string {
	var lines []string
	for _, u := range snap.Unknown {
		lines = append(lines, report.Clean(u.What+": "+u.Why))
	}
	return strings.Join(lines, "\n")
}

func unreadHints(snap *snapshot.Snapshot) string {
	var all []string
	for _, u := range snap.Unknown {
		if u.Hint != "" && !slices.Contains(all, u.Hint) {
			all = append(all, report.Clean(u.Hint))
		}
	}
	return strings.Join(all, "\n")
}

func (e *Env) writeSnapshot(o snapshotOptions, file snapshot.File, snap *snapshot.Snapshot) error {
	madeBy := "postern " + buildVersion()
	if o.out == "-" {
		if err := snapshot.Encode(e.Stdout, snap, madeBy); err != nil {
			return err
		}
		e.Say("%s", contents(snap))
		return nil
	}
	size, err := file.Write(snap, madeBy)
	if err != nil {
		return err
	}
	e.Say("%s\nwritten to %s (%s), readable by you only", contents(snap), report.Clean(filepath.Clean(o.out)), bytesText(size))
	return nil
}

// contents says what of a cluster is in a snapshot.
func contents(snap *snapshot.Snapshot) string {
	text := report.Clean(clusterLabel(snap.Source))
	if snap.Name != snap.Source.Context && snap.Name != snap.Source.Server {
		text = report.Clean(snap.Name) + ", " + text
	}
	if snap.Version != "" {
		text += ", Kubernetes " + report.Clean(snap.Version)
	}
	if snap.Identity != nil {
		text += ", read as " + report.Clean(snap.Identity.User)
	}
	return text + ":\n" + strings.Join(counts(snap), ", ")
}

func counts(snap *snapshot.Snapshot) (parts []string) {
	add := func(what string, n int, noun string) {
		if !snap.Missing(what) {
			parts = append(parts, count(n, noun))
		}
	}
	clusterWide := 0
	for _, r := range snap.RBAC.Roles {
		if r.Namespace == "" {
			clusterWide++
		}
	}
	add(snapshot.ClusterRoles, clusterWide, "ClusterRole")
	add(snapshot.Roles, len(snap.RBAC.Roles)-clusterWide, "Role")
	clusterWide = 0
	for _, b := range snap.RBAC.Bindings {
		if b.Namespace == "" {
			clusterWide++
		}
	}
	add(snapshot.ClusterRoleBindings, clusterWide, "ClusterRoleBinding")
	add(snapshot.RoleBindings, len(snap.RBAC.Bindings)-clusterWide, "RoleBinding")
	add(snapshot.Namespaces, len(snap.Namespaces), "namespace")
	if snap.Resources != nil {
		var groups []string
		for _, r := range snap.Resources {
			groups = append(groups, r.Group)
		}
		slices.Sort(groups)
		parts = append(parts, count(len(snap.Resources), "resource")+" of "+count(len(slices.Compact(groups)), "API group"))
	}
	return parts
}

func count(n int, noun string) string {
	return fmt.Sprintf("%d %s", n, plural(int64(n), noun))
}

// bytesText is a size for people.
func bytesText(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}
