package cli

import (
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/postern-dev/postern/internal/cluster"
	"github.com/postern-dev/postern/internal/snapshot"
)

// connect prepares the client for the cluster the user chose.
func (e *Env) connect() (*cluster.Client, error) {
	client, err := cluster.Connect(cluster.Options{
		Kubeconfig: e.Flags.Kubeconfig,
		Context:    e.Flags.Context,
		Getenv:     e.Getenv,
		Timeout:    time.Duration(e.Config.Timeout.Server),
		UserAgent:  "postern/" + buildVersion(),
	})
	if err != nil {
		return nil, clusterError(err)
	}
	e.Log.Info("cluster", "context", client.Context, "server", client.Server())
	return client, nil
}

// clusterError gives an obstacle its exit code: a wrong kubeconfig is the
// command line's fault, everything else kept us from answering.
func clusterError(err error) error {
	var obstacle *cluster.Error
	if !errors.As(err, &obstacle) {
		return err
	}
	code := ExitRefused
	if obstacle.Fault == cluster.FaultConfig {
		code = ExitUsage
	}
	return &ExitError{Code: code, Err: err, Hint: obstacle.Hint}
}

// source describes the cluster, and says LAB where it is the laboratory's: the
// environment of `postern lab env`, and a server on this machine.
func (e *Env) source(client *cluster.Client) snapshot.Source {
	s := snapshot.Source{Kind: snapshot.Cluster, Context: client.Context, Server: client.Server()}
	s.Lab = e.Getenv("POSTERN_LAB") != "" && loopback(s.Server)
	return s
}

func loopback(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// clusterLabel is how tables name a cluster.
func clusterLabel(s snapshot.Source) string {
	label := s.Server
	if s.Context != "" {
		label = s.Context + " (" + s.Server + ")"
	}
	if s.Lab {
		label = "LAB " + label
	}
	return label
}
