package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/azure"
	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
)

// trust finds the CA that verifies an API server: given on the command line, or
// in a kubeconfig, whose credentials are not used.
type trust struct {
	given []givenCA
	known []cluster.Entry
}

func (e *Env) trust(given []givenCA) trust {
	known, err := cluster.Entries(cluster.Options{Kubeconfig: e.Flags.Kubeconfig, Getenv: e.Getenv})
	if err != nil {
		e.Warn("%s", report.Clean(err.Error()))
	}
	return trust{given, known}
}

// of is where a cluster's API server is reached, and the CA that verifies it.
// Where no entry has its address, one that is called like it and whose address
// is nobody's (a tunnel, the laboratory) is taken for it; assumed says so.
func (t trust) of(c *snapshot.AzureCluster) (server string, ca []byte, assumed string, err error) {
	hosts := c.Hosts()
	if len(hosts) > 0 {
		server = "https://" + hosts[0] + ":443"
	}
	for _, g := range t.given {
		if bare, _, _ := strings.Cut(g.host, ":"); slices.Contains(hosts, bare) || strings.EqualFold(g.host, c.Name()) {
			if slices.Contains(hosts, bare) {
				server = "https://" + g.host
			}
			if server == "" {
				break
			}
			return server, g.pem, "", nil
		}
	}
	for _, k := range t.known {
		if slices.Contains(hosts, hostOf(k.Server)) {
			return k.Server, k.CA, "", nil
		}
	}
	for _, k := range t.known {
		if calls(k, c.Name()) && !azure.AKS(k.Server) {
			return k.Server, k.CA, fmt.Sprintf("the API server %s is taken for %s, because the kubeconfig calls it so", k.Server, c.ID), nil
		}
	}
	if server == "" {
		return "", nil, "", errors.New("the cluster's address is not known")
	}
	return "", nil, "", fmt.Errorf("the CA of %s is not known, and a token is sent only to a server that a known CA verifies (a kubeconfig entry of that address has it, or --cluster-ca %s=FILE)", hosts[0], hosts[0])
}

// calls: az calls context and cluster by the cluster's name, and appends -admin
// to the context of the local account.
func calls(k cluster.Entry, name string) bool {
	return slices.ContainsFunc(k.Names, func(n string) bool { return strings.EqualFold(n, name) || strings.EqualFold(n, name+"-admin") })
}

func hostOf(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// kubernetesReader reads the API server of a cluster with the caller's Entra
// token. No kubeconfig is written.
func (e *Env) kubernetesReader(given []givenCA, o azure.TenantOptions) func(context.Context, *snapshot.AzureCluster) (*snapshot.Snapshot, error) {
	trust, token := e.trust(given), azure.AKSToken(o)
	return func(ctx context.Context, c *snapshot.AzureCluster) (*snapshot.Snapshot, error) {
		server, ca, assumed, err := trust.of(c)
		if err != nil {
			return nil, err
		}
		client, err := cluster.ConnectEntra(cluster.EntraOptions{
			Server: server, CA: ca, Token: token, Name: c.Name(), Timeout: time.Duration(e.Config.Timeout.Server), UserAgent: "postern/" + buildVersion(),
		})
		if err != nil {
			return nil, err
		}
		snap, err := client.Read(ctx, cluster.Request{Parts: cluster.Everything(), Now: e.Now()})
		if err != nil {
			return nil, err
		}
		snap.Name = c.Name()
		snap.Source.Lab = snap.Source.Lab || e.source(client).Lab
		if assumed != "" {
			snap.Remarks = append(snap.Remarks, snapshot.Remark{Text: assumed})
		}
		return snap, nil
	}
}
