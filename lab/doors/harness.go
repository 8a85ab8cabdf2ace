// Package doors tries `postern doors` on worlds: Azure's endpoints of the lab in
// this process, without an API server of its own, and the real binary as a
// process beside it. What must be found stands in files (docs/worlds.md) that
// Postern does not read.
package doors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/postern-dev/postern/lab/arm"
	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
	"github.com/postern-dev/postern/lab/graph"
	"github.com/postern-dev/postern/lab/proxy"
	"github.com/postern-dev/postern/lab/standin"
)

// Azure is Azure's endpoints over one world.
type Azure struct {
	State *cloud.State
	Env   []string // further variables of programs that Run runs
	dir   string
	fleet *standin.Fleet
	proxy string
	ca    string
	stop  func()
}

// Start serves a world below dir.
func Start(dir string, world *cloud.World, log *slog.Logger) (*Azure, error) {
	state, err := cloud.Open(cloud.Options{Dir: filepath.Join(dir, "cloud"), World: world})
	if err != nil {
		return nil, err
	}
	authority, err := proxy.OpenAuthority(dir)
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	key, err := entra.OpenKey(dir)
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	identity := &entra.Server{State: state, Key: key, Log: log}
	management := &arm.Server{State: state, Key: key, Log: log}
	directory := &graph.Server{State: state, Key: key}
	fleet := &standin.Fleet{State: state, Key: key}
	front := &proxy.Server{
		Authority: authority, State: state, Log: log, More: fleet,
		Hosts: map[string]http.Handler{
			entra.Host: state.Faulty(cloud.HostEntra, "", nil, identity.Handler()),
			arm.Host:   state.Faulty(cloud.HostARM, "", management.CallerID, management.Handler()),
			graph.Host: state.Faulty(cloud.HostGraph, "", nil, directory.Handler()),
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- front.Serve(ctx, listener) }()
	return &Azure{State: state, dir: dir, fleet: fleet, proxy: "http://" + listener.Addr().String(), ca: authority.File(),
		stop: func() { cancel(); <-done; _ = state.Close() }}, nil
}

// Stop ends it.
func (a *Azure) Stop() { a.stop() }

// Run runs a program signed in as an application of the world, with no other
// way out than the lab's proxy.
func (a *Azure) Run(ctx context.Context, app cloud.ServicePrincipal, program string, args ...string) (stdout, stderr []byte, exit int, err error) {
	// A home of its own each time: what a run keeps must not answer for the next.
	home, err := os.MkdirTemp(a.dir, "home")
	if err != nil {
		return nil, nil, 0, fmt.Errorf("run %s: %w", program, err)
	}
	kubeconfig, err := a.fleet.Kubeconfig()
	if err == nil {
		err = os.WriteFile(filepath.Join(home, "clusters.kubeconfig"), kubeconfig, 0o600)
	}
	if err != nil {
		return nil, nil, 0, fmt.Errorf("run %s: %w", program, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = home
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "NO_COLOR=1", "POSTERN_LAB=" + a.dir,
		"HTTPS_PROXY=" + a.proxy, "https_proxy=" + a.proxy, "SSL_CERT_FILE=" + a.ca, "KUBECONFIG=" + filepath.Join(home, "clusters.kubeconfig"),
		"AZURE_TOKEN_CREDENTIALS=EnvironmentCredential", "AZURE_TENANT_ID=" + a.State.World().Tenant.ID, "AZURE_CLIENT_ID=" + app.AppID, "AZURE_CLIENT_SECRET=" + app.Secret}
	cmd.Env = append(cmd.Env, a.Env...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err = cmd.Run()
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		return out.Bytes(), said.Bytes(), exited.ExitCode(), nil
	}
	if err != nil {
		return nil, said.Bytes(), 0, fmt.Errorf("run %s: %w", program, err)
	}
	return out.Bytes(), said.Bytes(), 0, nil
}
