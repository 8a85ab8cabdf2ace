package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/internal/azure"
	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac/azrbac"
)

const (
	azureFlag    = "azure"
	azureAuto    = "auto"
	azureNever   = "never"
	azureRequire = "require"
)

// azurePatience is how long --azure=require waits; auto waits as long as for names.
const azurePatience = time.Minute

// azureFlags adds --azure and --cluster to a command whose answer Azure RBAC
// may change. Commands without them do not ask Azure.
func (e *Env) azureFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&e.Flags.Azure, azureFlag, "", "Azure role assignments of an AKS cluster: auto reads them where there is a sign of AKS, never, or require (default auto)")
	completeFixed(cmd, azureFlag, azureAuto, azureNever, azureRequire)
	if cmd.Flags().Lookup("cluster") == nil {
		cmd.Flags().StringVar(&e.Flags.Cluster, "cluster", "", "the AKS cluster in Azure, by ARM id or name (default the one with this API server)")
	}
}

// azureMode settles the flag of the command that runs: those without it do not
// ask Azure.
func (e *Env) azureMode(cmd *cobra.Command) {
	if cmd.Flags().Lookup(azureFlag) != nil && e.Flags.Azure == "" {
		e.Flags.Azure = azureAuto
	}
}

// readAzure adds what Azure says to a live snapshot. That it could not be asked
// is part of what is unknown, because it may allow what Kubernetes RBAC does not.
func (e *Env) readAzure(ctx context.Context, client *cluster.Client, snap *snapshot.Snapshot) error {
	facts, why, err := e.azureFacts(ctx, client)
	switch {
	case err != nil:
		return err
	case facts != nil:
		snap.Azure = facts
	case why != "" && e.Flags.Azure == azureNever:
		snap.Remarks = append(snap.Remarks, snapshot.Remark{Text: why})
	case why != "":
		snap.Unknown = append(snap.Unknown, snapshot.Unknown{What: snapshot.Azure, Why: why, Hint: "--azure=never leaves Azure aside"})
	}
	return nil
}

// azureFacts are Azure's role assignments at the cluster a client speaks to.
// Without facts the text says why, or is empty where nothing speaks of AKS. An
// error is a wrong flag, or that --azure=require was not met.
func (e *Env) azureFacts(ctx context.Context, client *cluster.Client) (*azrbac.Facts, string, error) {
	switch e.Flags.Azure {
	case "":
		return nil, "", nil
	case azureNever:
		if e.Flags.Cluster != "" {
			return nil, "", usageError("", "--cluster and --azure=never exclude each other")
		}
		if !e.looksLikeAKS(client) {
			return nil, "", nil
		}
		return nil, "Azure role assignments were not asked for (--azure=never)", nil
	case azureAuto:
		if e.Flags.Cluster == "" && !e.looksLikeAKS(client) {
			return nil, "", nil
		}
	case azureRequire:
	default:
		return nil, "", usageError("", "--azure is %q, want auto, never or require", e.Flags.Azure)
	}
	patience := time.Duration(e.Config.Timeout.Names)
	if e.Flags.Azure == azureRequire {
		patience = max(patience, azurePatience)
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	facts, err := azure.Collect(limited, azure.Options{
		Cluster: e.Flags.Cluster, Server: client.Server(), Names: kubeconfigNames(client),
		TenantID: tenant(client.Credentials()), Getenv: e.Getenv, Version: buildVersion(),
	})
	if err == nil {
		e.Log.Info("azure", "cluster", facts.ClusterID, "enabled", facts.Enabled, "assignments", len(facts.Assignments), "unread", len(facts.Unread))
		return facts, "", nil
	}
	if ctx.Err() != nil {
		return nil, "", context.Cause(ctx)
	}
	e.Log.Info("azure", "err", err)
	if e.Flags.Azure != azureRequire {
		return nil, err.Error(), nil // whoever shows it says what could not be read
	}
	hint := ""
	var none *azure.NotFound
	if errors.As(err, &none) {
		hint = none.Hint
	}
	return nil, "", &ExitError{Code: ExitRefused, Err: err, Hint: hint}
}

// looksLikeAKS: an address AKS gives, a sign-in through kubelogin, or the
// laboratory.
func (e *Env) looksLikeAKS(client *cluster.Client) bool {
	if azure.AKS(client.Server()) || e.source(client).Lab {
		return true
	}
	return slices.ContainsFunc(client.Credentials(), func(c cluster.Credential) bool {
		return c.Plugin != nil && strings.Contains(strings.ToLower(c.Plugin.Command), "kubelogin") && c.Plugin.ServerID == aksServerApp
	})
}

// aksServerApp is the application every AKS cluster with Entra integration takes
// tokens for; kubelogin of other projects (oidc-login) names another.
const aksServerApp = "6dae42f8-4368-4678-94ff-3960e28e3630"

// kubeconfigNames are what az calls a cluster: its name is the context's, to
// which az appends -admin for the local account.
func kubeconfigNames(client *cluster.Client) (names []string) {
	if client.Context == "" {
		return nil
	}
	names = []string{client.Context}
	if bare, found := strings.CutSuffix(client.Context, "-admin"); found && bare != "" {
		names = append(names, bare)
	}
	return names
}
