package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/controlplane"
	"github.com/postern-dev/postern/lab/daemon/layout"
	"github.com/postern-dev/postern/lab/standin"
)

// Run starts a lab, tells ready about it, and keeps it until ctx ends or a
// part of it fails. When it returns, nothing of the lab runs any more.
func Run(ctx context.Context, o Options, ready func(layout.Lab)) (err error) {
	if err := o.Check(); err != nil {
		return err
	}
	if err := prepareDir(o.Dir); err != nil {
		return err
	}
	held, err := acquire(o.Dir)
	if err != nil {
		return err
	}
	defer held.release()
	// A daemon that was killed left the description of its lab behind.
	if err := layout.Forget(o.Dir); err != nil {
		return err
	}
	// Ports next: a taken one is told before anything was started or forgotten.
	api, err := listen(o.APIPort, "kube-apiserver", "--api-port")
	if err != nil {
		return err
	}
	defer api.Close()
	proxy, err := listen(o.ProxyPort, "the proxy", "--proxy-port")
	if err != nil {
		return err
	}
	defer proxy.Close()
	if o.Fresh {
		if err := forgetState(o.Dir); err != nil {
			return err
		}
	}
	logFile, err := os.OpenFile(o.Dir.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return hint(fmt.Errorf("open log: %w", err), "choose another directory with --state DIR")
	}
	defer logFile.Close()
	log := slog.New(slog.NewTextHandler(logFile, nil))
	log.Info("starting", "pid", os.Getpid())
	defer func() { log.Info("stopped", "error", err) }()

	state, err := cloud.Open(cloud.Options{Dir: string(o.Dir), World: o.World})
	if err != nil {
		return err
	}
	defer state.Close()
	if o.World != nil {
		if err := state.Replace(o.World); err != nil {
			return err
		}
	}
	world := state.World()
	if len(world.Clusters) == 0 {
		return hint(errors.New("start lab: its world has no cluster"), "load one that has: --world FILE")
	}
	l := &lab{
		options: o, log: log, state: state, proxyListener: proxy,
		clusterID: world.ClusterID(world.Running()),
	}
	l.plane = &controlplane.Plane{
		Dir: o.Dir.Cluster(), Executable: o.Executable, Listener: api, Log: log, Progress: o.say,
	}
	if fqdn := standin.FQDN(world.Running()); fqdn != "" {
		l.plane.Hosts = []string{fqdn}
	}
	for _, name := range o.Faults {
		l.plane.Faults = append(l.plane.Faults, controlplane.Fault(name))
	}
	return l.live(ctx, ready)
}

func (o Options) say(text string) {
	if o.Progress != nil {
		o.Progress(text)
	}
}

// live starts the parts, waits for the end, and stops them in reverse.
func (l *lab) live(ctx context.Context, ready func(layout.Lab)) error {
	began := time.Now()
	defer l.stop()
	if err := l.start(ctx); err != nil {
		if cause := ctx.Err(); cause != nil {
			return fmt.Errorf("start lab: interrupted: %w", cause)
		}
		return fmt.Errorf("start lab: %w", err)
	}
	description := l.describe()
	if err := layout.Write(l.options.Dir, description); err != nil {
		return err
	}
	l.log.Info("ready", "after", time.Since(began))
	ready(description)
	select {
	case <-ctx.Done():
		l.options.say("stopping")
		return nil
	case err := <-l.plane.Failed():
		return fmt.Errorf("run lab: %w", err)
	case err := <-l.failed:
		return fmt.Errorf("run lab: %w", err)
	}
}

// forgetState empties the directory of a lab. A directory that holds
// something and no lab is left alone.
func forgetState(d layout.Dir) error {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return fmt.Errorf("forget state: %w", err)
	}
	const lockName = "daemon.lock"
	if _, err := os.Stat(d.Cloud()); errors.Is(err, os.ErrNotExist) {
		for _, entry := range entries {
			if name := entry.Name(); name != lockName && name != filepath.Base(d.Log()) {
				return fmt.Errorf("forget state: %s holds %s and is no lab's state: nothing removed", d, name)
			}
		}
	}
	for _, entry := range entries {
		if entry.Name() == lockName {
			continue
		}
		if err := os.RemoveAll(filepath.Join(string(d), entry.Name())); err != nil {
			return fmt.Errorf("forget state: %w", err)
		}
	}
	return nil
}

// guardListener is where kube-apiserver asks; nobody else needs to know.
func guardListener() (net.Listener, error) {
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("listen for the guard: %w", err)
	}
	return listener, nil
}
