package daemon

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/postern-dev/postern/lab/arm"
	"github.com/postern-dev/postern/lab/azshim"
	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/controlplane"
	"github.com/postern-dev/postern/lab/daemon/layout"
	"github.com/postern-dev/postern/lab/entra"
	"github.com/postern-dev/postern/lab/export"
	"github.com/postern-dev/postern/lab/graph"
	"github.com/postern-dev/postern/lab/guard"
	"github.com/postern-dev/postern/lab/loganalytics"
	"github.com/postern-dev/postern/lab/proxy"
	"github.com/postern-dev/postern/lab/standin"
)

// lab is the running whole. Each part that runs in the background has a
// function on stops that ends it and waits; they are called in reverse.
type lab struct {
	options       Options
	log           *slog.Logger
	state         *cloud.State
	clusterID     string
	proxyListener net.Listener
	plane         *controlplane.Plane

	management *arm.Server
	exporter   *export.Exporter
	fleet      *standin.Fleet

	stops  []func()
	failed chan error
}

// start brings the parts up in the order in which they need each other.
func (l *lab) start(ctx context.Context) error {
	l.failed = make(chan error, 4)
	dir := string(l.options.Dir)
	for _, path := range []string{l.options.Dir.Storage(), l.options.Dir.AzureConfig()} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return err
		}
	}
	if _, err := azshim.Write(dir); err != nil {
		return err
	}
	authority, err := proxy.OpenAuthority(dir)
	if err != nil {
		return err
	}
	key, err := entra.OpenKey(dir)
	if err != nil {
		return err
	}
	if l.plane.Guard, err = l.startGuard(authority, key); err != nil {
		return err
	}
	if world := l.state.World(); len(world.Clusters) > 0 {
		if aad := l.cluster(world).Settings().AADProfile; aad != nil {
			l.plane.AdminGroups = aad.AdminGroupObjectIDs
		}
	}
	l.startExporter()
	if err := l.plane.Start(ctx); err != nil {
		return err
	}
	l.onStop(l.plane.Stop)
	for _, problem := range l.fill(ctx, nil) {
		l.options.say(problem)
	}
	l.management = &arm.Server{
		State: l.state, Key: key, ControlPlane: l.plane, ClusterID: l.clusterID,
		Log: l.log.With("room", "arm"),
	}
	if err := l.management.Resume(ctx); err != nil {
		return err
	}
	if err := l.startEndpoints(authority, key); err != nil {
		return err
	}
	if err := l.startControl(); err != nil {
		return err
	}
	credential, err := l.plane.LocalAccount(cloud.AccountUser)
	if err != nil {
		return err
	}
	return firstKubeconfig(l.options.Dir, l.describe(), credential)
}

// fill makes the API server hold what the world says that its cluster holds,
// after the last one's, and tells what it did not take.
func (l *lab) fill(ctx context.Context, last *cloud.Kubernetes) (problems []string) {
	cluster := l.cluster(l.state.World())
	var want, before []json.RawMessage
	if cluster.Kubernetes != nil {
		want = cluster.Kubernetes.Objects
	}
	if last != nil {
		before = last.Objects
	}
	for _, err := range l.plane.Fill(ctx, want, before) {
		l.log.Warn("the cluster is not as the world says", "error", err)
		problems = append(problems, fmt.Sprintf("%s is not as the world says: %v", cluster.Name, err))
	}
	return problems
}

func (l *lab) onStop(stop func()) { l.stops = append(l.stops, stop) }

// stop ends what was started, last first.
func (l *lab) stop() {
	if err := layout.Forget(l.options.Dir); err != nil {
		l.log.Warn("cannot remove description", "error", err)
	}
	for i := len(l.stops) - 1; i >= 0; i-- {
		l.stops[i]()
	}
	l.stops = nil
}

// fail reports a part that ended unasked.
func (l *lab) fail(err error) {
	select {
	case l.failed <- err:
	default:
		l.log.Error("another part failed", "error", err)
	}
}

// startGuard serves the webhooks that kube-apiserver asks about tokens and
// access.
func (l *lab) startGuard(authority *proxy.Authority, key *entra.Key) (controlplane.Guard, error) {
	none := controlplane.Guard{}
	log, err := os.OpenFile(l.options.Dir.GuardLog(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return none, fmt.Errorf("open guard log: %w", err)
	}
	l.onStop(func() { log.Close() })
	config, err := authority.ServerTLS("127.0.0.1", "localhost")
	if err != nil {
		return none, err
	}
	listener, err := guardListener()
	if err != nil {
		return none, err
	}
	server := &http.Server{
		Handler:           &guard.Server{State: l.state, Key: key, ClusterID: l.clusterID, Log: log},
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(l.log.Handler(), slog.LevelDebug),
	}
	l.serve("guard", server, tls.NewListener(listener, config))
	url := "https://" + listener.Addr().String()
	return controlplane.Guard{
		AuthenticateURL: url + guard.TokenReviewPath,
		AuthorizeURL:    url + guard.AccessReviewPath,
		CAFile:          authority.File(),
	}, nil
}

// serve runs a server until the lab stops.
func (l *lab) serve(name string, server *http.Server, listener net.Listener) {
	var done sync.WaitGroup
	done.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			l.fail(fmt.Errorf("serve %s: %w", name, err))
		}
	})
	l.onStop(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			server.Close()
		}
		done.Wait()
	})
}

// startEndpoints serves Azure's hosts behind the proxy.
func (l *lab) startEndpoints(authority *proxy.Authority, key *entra.Key) error {
	identity := &entra.Server{
		State: l.state, Key: key, VerificationURL: l.signIn(), Log: l.log.With("room", "entra"),
	}
	directory := &graph.Server{State: l.state, Key: key}
	l.fleet = &standin.Fleet{State: l.state, Key: key, Real: l.clusterID, Dir: l.options.Dir.StandIns()}
	if err := l.writeFleet(); err != nil {
		return err
	}
	front := &proxy.Server{
		Authority: authority,
		More:      l.fleet,
		Through:   l.apiServer,
		Hosts: map[string]http.Handler{
			entra.Host:            l.state.Faulty(cloud.HostEntra, "", nil, identity.Handler()),
			arm.Host:              l.state.Faulty(cloud.HostARM, "", l.management.CallerID, l.management.Handler()),
			graph.Host:            l.state.Faulty(cloud.HostGraph, "", nil, directory.Handler()),
			"api.loganalytics.io": loganalytics.Handler(),
		},
		Direct: identity.SignIn(),
		State:  l.state,
		Log:    l.log.With("room", "proxy"),
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := front.Serve(ctx, l.proxyListener); err != nil && ctx.Err() == nil {
			l.fail(err)
		}
	})
	l.onStop(func() {
		cancel()
		done.Wait()
		l.finishOperations()
	})
	return nil
}

// writeFleet writes the kubeconfig of the stand-ins: addresses and CAs, no
// credential.
func (l *lab) writeFleet() error {
	text, err := l.fleet.Kubeconfig()
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.options.Dir.Fleet(), text, 0o600); err != nil {
		return fmt.Errorf("write kubeconfig of stand-ins: %w", err)
	}
	return nil
}

// apiServer is where the real API server listens, for the host that the world
// gives its cluster as address.
func (l *lab) apiServer(host string) string {
	if fqdn := standin.FQDN(l.cluster(l.state.World())); fqdn == "" || !strings.EqualFold(fqdn, host) {
		return ""
	}
	return l.plane.Listener.Addr().String()
}

// finishOperations lets long-running operations, which outlive their requests,
// come to their end. What they wait for is the cluster: one that takes too
// long gives up when that stops.
func (l *lab) finishOperations() {
	finished := make(chan struct{})
	go func() {
		l.management.Wait()
		close(finished)
	}()
	select {
	case <-finished:
	case <-time.After(operationPatience):
		l.log.Warn("an operation is broken off", "after", operationPatience)
		l.plane.Stop()
		<-finished
	}
}

// operationPatience is enough for a certificate rotation.
const operationPatience = 6 * time.Second

// startExporter delivers logs from now until after the cluster has stopped.
func (l *lab) startExporter() {
	l.exporter = &export.Exporter{
		Dir: string(l.options.Dir),
		Sources: []export.Source{
			export.AuditSource(l.options.Dir.AuditLog()),
			export.GuardSource(l.options.Dir.GuardLog()),
		},
		Settings: l.diagnosticSettings,
		Log:      l.log.With("room", "export"),
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := l.exporter.Run(ctx); err != nil {
			l.log.Error("logs not delivered to the end", "error", err)
		}
	})
	l.onStop(func() {
		cancel()
		done.Wait()
	})
}

// diagnosticSettings are the cluster's as they are now.
func (l *lab) diagnosticSettings() []export.Setting {
	var settings []export.Setting
	for _, d := range l.state.World().DiagnosticSettings {
		routing, err := d.Routing()
		if err != nil {
			l.log.Error("diagnostic setting ignored", "name", d.Name, "error", err)
			continue
		}
		s := export.Setting{
			ID: d.ResourceID + "/" + d.Name, ResourceID: d.ResourceID,
			StorageAccountID: routing.StorageAccountID, WorkspaceID: routing.WorkspaceID,
			Changed: d.Changed,
		}
		for _, c := range routing.Logs {
			s.Logs = append(s.Logs, export.Log{Category: c.Category, CategoryGroup: c.CategoryGroup, Enabled: c.Enabled})
		}
		settings = append(settings, s)
	}
	return settings
}

func (l *lab) cluster(w *cloud.World) cloud.Cluster {
	c, _ := w.Cluster(l.clusterID)
	return c
}

func (l *lab) proxyURL() string { return "http://" + l.proxyListener.Addr().String() }

func (l *lab) signIn() string { return l.proxyURL() + "/devicelogin" }

// describe is what lab.json says.
func (l *lab) describe() layout.Lab {
	world := l.state.World()
	cluster := l.cluster(world)
	d := l.options.Dir.Describe()
	d.PID, d.Started = os.Getpid(), time.Now().UTC()
	d.TenantID, d.TenantName, d.Domain = world.Tenant.ID, world.Tenant.DisplayName, world.Tenant.Domain
	d.SubscriptionID, d.SubscriptionName = world.Subscription.ID, world.Subscription.DisplayName
	d.ResourceGroup, d.Cluster, d.ClusterID = cluster.ResourceGroup, cluster.Name, l.clusterID
	d.Server, d.Proxy, d.SignIn = l.plane.Server(), l.proxyURL(), l.signIn()
	d.Faults = l.options.Faults
	if l.fleet != nil && !l.fleet.Empty() {
		d.Clusters = l.options.Dir.Fleet()
	}
	return d
}
