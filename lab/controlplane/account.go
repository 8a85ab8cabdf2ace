package controlplane

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/controlplane/pki"
)

// LocalAccount returns the credential in force. All names lead to the same
// certificate and token: AKS gives its clusterAdmin and its clusterUser
// kubeconfig to everyone as one and the same user.
func (p *Plane) LocalAccount(name string) (cloud.Credential, error) {
	switch name {
	case cloud.AccountMaster, cloud.AccountAdmin, cloud.AccountUser:
	default:
		return cloud.Credential{}, fmt.Errorf("find local account: no account %q", name)
	}
	p.credentials.RLock()
	defer p.credentials.RUnlock()
	ca, err := p.generation.CA()
	if err != nil {
		return cloud.Credential{}, fmt.Errorf("read local account: %w", err)
	}
	pair, err := p.generation.Client(pki.MasterClient)
	if err != nil {
		return cloud.Credential{}, fmt.Errorf("read local account: %w", err)
	}
	token, err := p.generation.Token()
	if err != nil {
		return cloud.Credential{}, fmt.Errorf("read local account: %w", err)
	}
	return cloud.Credential{
		Server:      p.Server(),
		CA:          ca,
		Certificate: pair.Certificate,
		Key:         pair.Key,
		Token:       token,
	}, nil
}

// Endpoint returns the server's URL and the CA that verifies it.
func (p *Plane) Endpoint() (server string, ca []byte) {
	p.credentials.RLock()
	defer p.credentials.RUnlock()
	ca, err := p.generation.CA()
	if err != nil {
		p.Log.Error("cannot read cluster CA", "error", err)
	}
	return p.Server(), ca
}

// ReconcileAdminGroups makes and keeps the binding of the Entra admin groups
// to cluster-admin, or removes it when there are none.
func (p *Plane) ReconcileAdminGroups(ctx context.Context, groupObjectIDs []string) error {
	p.change.Lock()
	addons := p.addons
	p.change.Unlock()
	if addons == nil {
		return errors.New("reconcile admin groups: the cluster is not running")
	}
	addons.desire(groupObjectIDs)
	return addons.reconcile(ctx)
}

// RotateCertificates replaces the CA, every certificate below it and the
// static token, and returns when kube-apiserver serves with them. Clients that
// connect meanwhile wait: the listener stays open. Service account keys stay.
//
// Once begun it does not stop half-way when the caller leaves, only when the
// plane is stopped.
func (p *Plane) RotateCertificates(ctx context.Context) error {
	if slices.Contains(p.Faults, RotationNoop) {
		p.Log.Warn("certificates not rotated", "fault", RotationNoop)
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("rotate certificates: %w", err)
	}
	p.change.Lock()
	defer p.change.Unlock()
	if p.apiserver == nil {
		return errors.New("rotate certificates: the cluster is not running")
	}
	if err := p.rotate(p.lifetime); err != nil {
		return fmt.Errorf("rotate certificates: %w", err)
	}
	return nil
}

func (p *Plane) rotate(ctx context.Context) error {
	next, err := pki.Prepare(p.pki(), time.Now(), p.Hosts...)
	if err != nil {
		return err
	}
	p.stopServer()
	p.credentials.Lock()
	err = pki.Activate(p.pki(), next)
	p.generation = next
	p.credentials.Unlock()
	if err != nil {
		return err
	}
	if err := p.startServer(ctx); err != nil {
		// A cluster without a server is a failed one, whoever asked.
		p.fail(err)
		return err
	}
	p.Log.Info("certificates rotated", "generation", next.Number)
	return p.awaitUsable(ctx)
}
