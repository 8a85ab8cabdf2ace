package controlplane

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/controlplane/pki"
)

const etcdSocket = "etcd.sock"

//go:embed audit-policy.yaml
var auditPolicy []byte

// Guard says where kube-apiserver asks about tokens and about access.
type Guard struct {
	AuthenticateURL string
	AuthorizeURL    string
	// CAFile verifies both.
	CAFile string
}

// Fault is a defect planted on purpose, so that the checks above the control
// plane can be seen to notice it.
type Fault string

// RotationNoop makes certificate rotation report success and change nothing.
const RotationNoop Fault = "rotation-noop"

// Plane is one cluster. Its exported fields are set before Start and not
// changed after.
type Plane struct {
	// Dir holds everything of the cluster. Nobody else may read it.
	Dir string
	// Executable is a binary that runs package role for `role NAME …`.
	Executable string
	// Listener is where kube-apiserver serves. The plane does not close it.
	Listener *net.TCPListener
	Guard    Guard
	Log      *slog.Logger
	// Progress is told what is being waited for; may be nil.
	Progress func(string)
	// AdminGroups are the object ids bound to cluster-admin from the start.
	AdminGroups []string
	Faults      []Fault
	// Hosts are further names of kube-apiserver in its certificate. One that
	// exists already gets them with the next rotation.
	Hosts []string

	spawner   *spawner
	lifetime  context.Context
	end       context.CancelFunc
	listening *os.File
	failed    chan error
	watchers  sync.WaitGroup
	addons    *addonManager

	// change serializes start, rotation and stop; children belong to its
	// holder.
	change                      sync.Mutex
	etcd, apiserver, controller *child

	// credentials guards generation and the files that its name stands for.
	credentials sync.RWMutex
	generation  pki.Generation
}

var _ cloud.ControlPlane = (*Plane)(nil)

// AuditLog is the file kube-apiserver appends to; nothing rotates it away.
func (p *Plane) AuditLog() string { return filepath.Join(p.Dir, "audit.log") }

// Failed delivers the error of a child that ended unasked.
func (p *Plane) Failed() <-chan error { return p.failed }

// Server is the URL of kube-apiserver.
func (p *Plane) Server() string { return "https://" + p.Listener.Addr().String() }

func (p *Plane) pki() string { return filepath.Join(p.Dir, "pki") }

func (p *Plane) say(text string) {
	if p.Progress != nil {
		p.Progress(text)
	}
}

// Start brings the cluster up and returns when it can be used: the server is
// ready, aggregated roles have their rules, the default service account
// exists. On an error nothing is left running.
func (p *Plane) Start(ctx context.Context) (err error) {
	p.change.Lock()
	defer p.change.Unlock()
	p.spawner = newSpawner()
	p.lifetime, p.end = context.WithCancel(context.WithoutCancel(ctx))
	p.failed = make(chan error, 1)
	defer func() {
		if err != nil {
			p.stopAll()
		}
	}()
	if err := p.prepare(); err != nil {
		return err
	}
	if p.listening, err = p.Listener.File(); err != nil {
		return fmt.Errorf("hand over listener: %w", err)
	}
	p.say("starting etcd and kube-apiserver")
	if p.etcd, err = p.launch("etcd", []string{"-socket", etcdSocket}); err != nil {
		return err
	}
	// kube-apiserver would find nothing, and try again only after a second.
	if err := p.await(ctx, "etcd to listen", func(context.Context) error {
		_, err := os.Stat(filepath.Join(p.Dir, etcdSocket))
		return err
	}); err != nil {
		return err
	}
	if err := p.startServer(ctx); err != nil {
		return err
	}
	p.say("filling in roles and service accounts")
	if err := p.awaitUsable(ctx); err != nil {
		return err
	}
	p.addons = &addonManager{client: p.operator, log: p.Log, groups: p.AdminGroups}
	if err := p.addons.reconcile(ctx); err != nil {
		return err
	}
	p.addons.run(p.lifetime)
	return nil
}

// Stop ends controllers, kube-apiserver and etcd, in this order, and returns
// when they are gone. It must not overlap Start: cancel that one's context.
func (p *Plane) Stop() {
	if p.end == nil {
		return
	}
	// A rotation in progress gives up and releases the lock.
	p.end()
	p.change.Lock()
	defer p.change.Unlock()
	p.stopAll()
}

func (p *Plane) stopAll() {
	p.end()
	if p.addons != nil {
		p.addons.wait()
		p.addons = nil
	}
	p.stopServer()
	p.etcd.stop(5*time.Second, p.Log)
	p.etcd = nil
	if p.listening != nil {
		p.listening.Close()
		p.listening = nil
	}
	p.watchers.Wait()
	if p.spawner != nil {
		p.spawner.close()
		p.spawner = nil
	}
}

func (p *Plane) stopServer() {
	p.controller.stop(3*time.Second, p.Log)
	p.controller = nil
	// A watch that a client holds open would delay a graceful end for a
	// minute. What was answered is in the audit log already: the server writes
	// it before it answers.
	patience := 4 * time.Second
	if !p.etcd.running() {
		patience = 0 // it would wait for etcd
	}
	p.apiserver.stop(patience, p.Log)
	p.apiserver = nil
}

// prepare writes the files that the children read.
func (p *Plane) prepare() error {
	for _, dir := range []string{p.Dir, p.pki()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("prepare cluster: %w", err)
		}
	}
	if err := pki.ServiceAccountKeys(p.pki()); err != nil {
		return fmt.Errorf("prepare cluster: %w", err)
	}
	generation, err := pki.Current(p.pki())
	if errors.Is(err, os.ErrNotExist) {
		if generation, err = pki.Prepare(p.pki(), time.Now(), p.Hosts...); err == nil {
			err = pki.Activate(p.pki(), generation)
		}
	}
	if err != nil {
		return fmt.Errorf("prepare cluster: %w", err)
	}
	p.setGeneration(generation)
	if err := os.WriteFile(filepath.Join(p.Dir, "audit-policy.yaml"), auditPolicy, 0o644); err != nil {
		return fmt.Errorf("prepare cluster: %w", err)
	}
	if err := endLine(p.AuditLog()); err != nil {
		return fmt.Errorf("prepare cluster: %w", err)
	}
	// A crashed etcd leaves its sockets, and the first is how a new one shows
	// that it listens.
	for _, socket := range []string{etcdSocket, "peer:2380"} {
		if err := os.Remove(filepath.Join(p.Dir, socket)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("prepare cluster: %w", err)
		}
	}
	return p.writeWebhooks()
}

// startServer starts kube-apiserver and, once it is ready, the controllers.
func (p *Plane) startServer(ctx context.Context) error {
	var err error
	if p.apiserver, err = p.launch("kube-apiserver", p.serverFlags(), p.listening); err != nil {
		return err
	}
	if err := p.awaitReady(ctx); err != nil {
		return err
	}
	p.controller, err = p.launch("controllers", []string{"-server", p.Server()})
	return err
}

// launch starts a role and reports its end unless it was asked for.
func (p *Plane) launch(role string, args []string, files ...*os.File) (*child, error) {
	c, err := launch(p.spawner, p.Executable, p.Dir, role, args, files...)
	if err != nil {
		return nil, err
	}
	p.Log.Info("child started", "role", role, "pid", c.cmd.Process.Pid)
	p.watchers.Go(func() {
		<-c.done
		if c.stopping.Load() {
			p.Log.Info("child ended", "role", role)
			return
		}
		p.fail(c.ended())
	})
	return c, nil
}

// fail reports an end that nobody asked for. Whoever listens needs only one.
func (p *Plane) fail(err error) {
	select {
	case p.failed <- err:
	default:
		p.Log.Error("cluster failed again", "error", err)
	}
}

func (p *Plane) setGeneration(g pki.Generation) {
	p.credentials.Lock()
	defer p.credentials.Unlock()
	p.generation = g
}

// endLine closes a last line that a crash of the machine cut, so that the
// next event does not continue it.
func endLine(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	_, err = file.Write([]byte{'\n'})
	return err
}
