package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/azure"
	"github.com/postern-dev/postern/internal/doors"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

type doorsOptions struct {
	principal string
	cluster   string
	prove     string
	since     string
	tenant    tenantOptions
}

// doorFormats are those of doors.
var doorFormats = []string{"table", "wide", "json", "yaml", "csv", "name", "html"}

func newDoorsCmd(env *Env) *cobra.Command {
	var o doorsOptions
	cmd := &cobra.Command{
		Use:   "doors [PRINCIPAL]",
		Short: "Every way into the AKS clusters of a tenant, and who holds the key",
		Long: `List every way into every AKS cluster that can be seen: whether it is open, why,
who holds its key and by which path, who can open again what is closed, and what
could not be examined. What could not be read is unknown, never closed.

With PRINCIPAL (UPN, object id, application id or display name in Entra): the
doors this one holds, who can become it, and what it can become.

Reads Azure with the credential of az, of the environment or of a managed
identity, and Kubernetes with the same identity, where a kubeconfig or
--cluster-ca tells the CA of the API server. With -f it reads the files of
postern snapshot --all-clusters instead, and beside them those of postern
snapshot made next to a cluster out of reach. Nothing that lists credentials is
called.

--prove tries the certificate and the token of an old kubeconfig against the API
server: only a 401 of the server itself proves them dead.`,
		Example: `  postern doors
  postern doors ci-deployer
  postern doors --cluster aks-lab -o wide
  postern doors -f tenant.json -f private-cluster.json -o html > doors.html
  postern doors --cluster aks-lab --prove old.kubeconfig`,
		Args: atMost(1, "PRINCIPAL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if o.principal = strings.TrimSpace(args[0]); o.principal == "" {
					return usageError("a UPN, object id, application id or display name", "PRINCIPAL is empty")
				}
			}
			return runDoors(cmd, env, o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f := cmd.Flags()
	f.StringVar(&o.cluster, "cluster", "", "only this cluster, by ARM id or name")
	f.StringVar(&o.prove, "prove", "", "try this old kubeconfig against its API server")
	f.StringVar(&o.since, "since", "30d", "how far to look back for who uses the shared account, from now or from when the file was made: 30d, 12h, 2w")
	o.tenant.flags(cmd)
	env.completeClusters(cmd)
	return uses(cmd, "kubeconfig", "filename", "store")
}

func runDoors(cmd *cobra.Command, env *Env, o doorsOptions) error {
	format, err := env.format(cmd, doorFormats...)
	if err != nil {
		return err
	}
	window, err := sinceDuration(o.since)
	if err != nil {
		return usageError("a number with d, h, m or w: --since 30d", "--since: %w", err)
	}
	if cmd.Flags().Changed("cluster") && strings.TrimSpace(o.cluster) == "" {
		return usageError("", "--cluster is empty")
	}
	var old []byte
	if o.prove != "" {
		if old, err = readOldKubeconfig(o.prove); err != nil {
			return err
		}
	}
	tenant, err := env.doorsTenant(cmd, o)
	if err != nil {
		return err
	}
	if err := oneOf(tenant, o.cluster); err != nil {
		return err
	}
	r := doors.Find(tenant, doors.Options{Now: env.Now(), Cluster: o.cluster})
	since := tenant.Taken.Add(-window) // of files: as of when they were made
	uses, gaps := env.sharedUses(cmd.Context(), r, since)
	r.Breaks(tenant, uses, since)
	if o.prove != "" {
		if err := env.prove(cmd.Context(), o, tenant, r, old); err != nil {
			return err
		}
	}
	incomplete := r.Incomplete()
	r.NotExamined = append(r.NotExamined, gaps...)
	view := doorsView{Report: r}
	if o.principal != "" {
		if view, err = aboutPrincipal(r, tenant, o.principal); err != nil {
			return err
		}
	}
	if err := env.writeDoors(view, format); err != nil {
		return err
	}
	if incomplete {
		return &ExitError{Code: ExitUnknown, Err: errors.New("the answer is incomplete: " + unknownDoors(r))}
	}
	return nil
}

// unknownDoors counts what is not known.
func unknownDoors(r *doors.Report) string {
	states, holders := 0, 0
	count := func(d doors.Door) {
		if d.State == doors.Unknown {
			states++
		}
		if len(d.HoldersUnknown) > 0 {
			holders++
		}
	}
	for _, c := range r.Clusters {
		for _, d := range c.Doors {
			count(d)
		}
	}
	for _, d := range r.Tenant {
		count(d)
	}
	return fmt.Sprintf("%s unknown, %s may have more holders than listed; not examined says why", doorCount(states, "is", "are"), doorCount(holders, "", ""))
}

func doorCount(n int, one, many string) string {
	text := count(n, "door")
	if n == 1 {
		return strings.TrimSpace(text + " " + one)
	}
	return strings.TrimSpace(text + " " + many)
}

// doorsTenant is what doors reasons about: collected now, or from files.
func (e *Env) doorsTenant(cmd *cobra.Command, o doorsOptions) (*snapshot.Tenant, error) {
	if len(e.Flags.Filename) == 0 {
		if o.cluster != "" {
			o.tenant.clusters = []string{o.cluster}
		}
		if o.principal != "" {
			o.tenant.principals = []string{o.principal}
		}
		return e.collectTenant(cmd.Context(), o.tenant, nil)
	}
	for _, name := range []string{"kubeconfig", "cluster-ca", "no-kubernetes"} {
		if cmd.Flags().Changed(name) && (o.prove == "" || name == "no-kubernetes") {
			return nil, usageError("", "-f reads files: --%s has no meaning with it", name)
		}
	}
	return e.tenantOf(cmd.Context(), e.Flags.Filename)
}

// tenantOf reads the tenant of files, joined with the snapshots beside it. What
// joins nothing is said.
func (e *Env) tenantOf(ctx context.Context, paths []string) (*snapshot.Tenant, error) {
	tenants, snaps, others, err := snapshot.Reader{Stdin: e.Stdin}.ReadTenants(ctx, paths, e.Now())
	if err != nil {
		return nil, readError(ctx, err)
	}
	const made = "postern snapshot --all-clusters --out FILE makes one"
	switch {
	case len(tenants) == 0 && len(snaps) > 0:
		return nil, usageError(made+"; snapshots of single clusters go beside it", "%s: a snapshot of one cluster, and none of a tenant: doors needs what Azure says", report.Clean(snaps[0].File))
	case len(tenants) == 0:
		return nil, usageError(made, "%s: no tenant's snapshot", report.Clean(strings.Join(paths, ", ")))
	case len(tenants) > 1:
		return nil, usageError("postern diff compares two", "%s and %s are two tenants' snapshots; doors answers from one", report.Clean(tenants[0].File), report.Clean(tenants[1].File))
	}
	t := tenants[0].Tenant
	e.Say("%s: as of %s", report.Clean(tenants[0].File), t.Taken.UTC().Format(time.RFC3339))
	for _, s := range t.Join(snaps) {
		e.Warn("%s left aside: no cluster of the tenant has the address %s", report.Clean(s.File), report.Clean(s.Source.Server))
		e.Hint("postern snapshot --name ARM-ID says which cluster it is of")
	}
	for _, file := range others {
		e.Warn("%s left aside: doors reads snapshots", report.Clean(file))
	}
	return t, nil
}

// oneOf is the error of a --cluster that no cluster is.
func oneOf(t *snapshot.Tenant, name string) error {
	if name == "" {
		return nil
	}
	var known, found []string
	for i := range t.Clusters {
		c := &t.Clusters[i]
		known = append(known, c.Name())
		if strings.EqualFold(c.Name(), name) || strings.EqualFold(strings.TrimRight(name, "/"), c.ID) {
			found = append(found, c.ID)
		}
	}
	if len(found) > 0 {
		return nil // several of one name are all meant
	}
	slices.Sort(known)
	hint := "clusters there are: " + report.Clean(few(slices.Compact(known), ", "))
	if len(known) == 0 {
		hint = "there is no cluster that could be seen"
	}
	return &ExitError{Code: ExitRefused, Err: fmt.Errorf("no cluster is called %s", report.Clean(name)), Hint: hint}
}

// sinceDuration reads 30d, 2w, 12h, 90m.
func sinceDuration(text string) (time.Duration, error) {
	var n int
	var unit string
	if _, err := fmt.Sscanf(text, "%d%s", &n, &unit); err == nil && n > 0 && n <= 36500 {
		switch unit {
		case "d":
			return time.Duration(n) * 24 * time.Hour, nil
		case "w":
			return time.Duration(min(n, 5200)) * 7 * 24 * time.Hour, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d, nil
	}
	return 0, fmt.Errorf("%q is no length of time", text)
}

// signedOut is the error of nobody being signed in.
func signedOut(err error) error {
	var exit *ExitError
	if errors.As(err, &exit) {
		return err
	}
	hint := "az login signs in; a service principal does by AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET"
	var none *azure.NotFound
	if errors.As(err, &none) && none.Hint != "" {
		hint = none.Hint
	}
	return &ExitError{Code: ExitRefused, Err: err, Hint: hint}
}
