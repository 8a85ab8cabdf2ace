package controlplane

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	rbacclient "k8s.io/client-go/kubernetes/typed/rbac/v1"
)

// Names of the bindings that AKS makes and keeps.
const (
	AdminBinding      = "aks-cluster-admin-binding"
	AdminGroupBinding = "aks-cluster-admin-binding-aad"
)

// reconcileInterval is well below the ten seconds within which an edit is
// reverted.
const reconcileInterval = 3 * time.Second

// addonManager keeps the provider-managed bindings as the managed cluster's
// settings want them. It acts as aksService, like AKS's own: its reads are
// not audited, its writes are.
type addonManager struct {
	client func() (*kubernetes.Clientset, error)
	log    *slog.Logger

	// pass admits one reconciliation at a time.
	pass sync.Mutex

	mu     sync.Mutex
	groups []string

	background sync.WaitGroup
}

// desire replaces the admin groups.
func (m *addonManager) desire(groups []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.groups = slices.Clone(groups)
}

func (m *addonManager) desired() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.groups)
}

// run reconciles until ctx ends.
func (m *addonManager) run(ctx context.Context) {
	m.background.Go(func() {
		ticker := time.NewTicker(reconcileInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := m.reconcile(ctx); err != nil && ctx.Err() == nil {
				// Expected while the server is replaced; the next tick tries again.
				m.log.Warn("cannot reconcile add-ons", "error", err)
			}
		}
	})
}

func (m *addonManager) wait() { m.background.Wait() }

// reconcile makes the cluster's bindings what they should be, once.
func (m *addonManager) reconcile(ctx context.Context) error {
	m.pass.Lock()
	defer m.pass.Unlock()
	client, err := m.client()
	if err != nil {
		return err
	}
	bindings := client.RbacV1().ClusterRoleBindings()
	admin := binding(AdminBinding, rbacv1.UserKind, "clusterAdmin")
	if err := apply(ctx, bindings, admin); err != nil {
		return err
	}
	groups := m.desired()
	if len(groups) == 0 {
		return remove(ctx, bindings, AdminGroupBinding)
	}
	return apply(ctx, bindings, binding(AdminGroupBinding, rbacv1.GroupKind, groups...))
}

func binding(name, kind string, subjects ...string) *rbacv1.ClusterRoleBinding {
	b := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				"addonmanager.kubernetes.io/mode": "Reconcile",
				"kubernetes.io/cluster-service":   "true",
			},
		},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
	}
	for _, subject := range subjects {
		b.Subjects = append(b.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: kind, Name: subject})
	}
	return b
}

// apply creates the binding or reverts what differs. Labels of others stay, as
// with the real add-on manager's kubectl apply. A changed role reference can
// only be undone by making the binding anew.
func apply(ctx context.Context, bindings rbacclient.ClusterRoleBindingInterface, want *rbacv1.ClusterRoleBinding) error {
	have, err := bindings.Get(ctx, want.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return create(ctx, bindings, want)
	}
	if err != nil {
		return fmt.Errorf("read clusterrolebinding %s: %w", want.Name, err)
	}
	if have.RoleRef != want.RoleRef {
		if err := remove(ctx, bindings, want.Name); err != nil {
			return err
		}
		return create(ctx, bindings, want)
	}
	labels := maps.Clone(have.Labels)
	if labels == nil {
		labels = make(map[string]string)
	}
	maps.Copy(labels, want.Labels)
	if equality.Semantic.DeepEqual(have.Subjects, want.Subjects) && maps.Equal(labels, have.Labels) {
		return nil
	}
	have.Labels, have.Subjects = labels, want.Subjects
	if _, err := bindings.Update(ctx, have, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("update clusterrolebinding %s: %w", want.Name, err)
	}
	return nil
}

func create(ctx context.Context, bindings rbacclient.ClusterRoleBindingInterface, want *rbacv1.ClusterRoleBinding) error {
	if _, err := bindings.Create(ctx, want, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create clusterrolebinding %s: %w", want.Name, err)
	}
	return nil
}

func remove(ctx context.Context, bindings rbacclient.ClusterRoleBindingInterface, name string) error {
	// Asked first: a delete of nothing every few seconds would fill the audit
	// log with 404s.
	_, err := bindings.Get(ctx, name, metav1.GetOptions{})
	if err == nil {
		err = bindings.Delete(ctx, name, metav1.DeleteOptions{})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete clusterrolebinding %s: %w", name, err)
	}
	return nil
}
