package controlplane

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/postern-dev/postern/lab/controlplane/pki"
)

// Patience of a start. It is generous because a start on a busy machine is
// slow and not wrong.
const (
	readyPatience = 90 * time.Second
	pollInterval  = 50 * time.Millisecond
)

// operator is the client of the provider's own identity, of the credentials
// in force.
func (p *Plane) operator() (*kubernetes.Clientset, error) {
	config, err := p.operatorConfig("aks-addon-manager")
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make client of %s: %w", pki.AKSService, err)
	}
	return client, nil
}

// operatorConfig is how the provider's own identity connects.
func (p *Plane) operatorConfig(agent string) (*rest.Config, error) {
	p.credentials.RLock()
	defer p.credentials.RUnlock()
	ca, err := p.generation.CA()
	if err != nil {
		return nil, fmt.Errorf("read credentials of %s: %w", pki.AKSService, err)
	}
	pair, err := p.generation.Client(pki.AKSService)
	if err != nil {
		return nil, fmt.Errorf("read credentials of %s: %w", pki.AKSService, err)
	}
	return &rest.Config{
		Host:      p.Server(),
		UserAgent: agent,
		Timeout:   5 * time.Second,
		QPS:       50,
		Burst:     100,
		TLSClientConfig: rest.TLSClientConfig{
			CAData:   ca,
			CertData: pair.Certificate,
			KeyData:  pair.Key,
		},
	}, nil
}

// awaitReady waits until kube-apiserver says of itself that it is ready.
func (p *Plane) awaitReady(ctx context.Context) error {
	client, err := p.operator()
	if err != nil {
		return err
	}
	return p.await(ctx, "kube-apiserver to be ready", func(ctx context.Context) error {
		return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// awaitUsable waits for what the controllers have to do before the first
// `kubectl run` can succeed and the first look at a role tells the truth.
func (p *Plane) awaitUsable(ctx context.Context) error {
	client, err := p.operator()
	if err != nil {
		return err
	}
	return p.await(ctx, "the controllers to fill in roles and service accounts", func(ctx context.Context) error {
		if _, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{}); err != nil {
			return err
		}
		for _, name := range []string{"admin", "edit", "view"} {
			role, err := client.RbacV1().ClusterRoles().Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if len(role.Rules) == 0 {
				return fmt.Errorf("clusterrole %s is empty", name)
			}
		}
		return nil
	})
}

// await polls until check succeeds, a child ends, or patience does.
func (p *Plane) await(ctx context.Context, what string, check func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case failure := <-p.failed:
			cancel(failure)
		case <-p.lifetime.Done():
			cancel(errors.New("stopped"))
		case <-time.After(readyPatience):
			cancel(errPatience)
		case <-ctx.Done():
		}
	}()
	var last error
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			cause := context.Cause(ctx)
			if errors.Is(cause, errPatience) && last != nil {
				return fmt.Errorf("wait %s for %s: %w", readyPatience, what, last)
			}
			return cause
		}
	}
}

var errPatience = errors.New("it takes too long")
