package role

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
)

// controllerSet starts controllers that each write as their own service
// account and all watch as kube-controller-manager does.
type controllerSet struct {
	server  string
	pki     string
	watched informers.SharedInformerFactory
	wait    sync.WaitGroup
}

// controllers runs the part of kube-controller-manager without which a
// cluster that has no nodes is not usable: aggregated ClusterRoles, a default
// service account and CA bundle in each namespace, namespace deletion.
func controllers(args []string) error {
	spareMemory()
	flags := flag.NewFlagSet("controllers", flag.ContinueOnError)
	server := flags.String("server", "", "URL of the kube-apiserver")
	pki := flags.String("pki", "pki/current", "directory of the cluster's credentials")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	set := &controllerSet{server: *server, pki: *pki}
	watcher, _, err := set.client("kube-controller-manager")
	if err != nil {
		return err
	}
	set.watched = informers.NewSharedInformerFactory(watcher, 10*time.Minute)
	for _, start := range []func(context.Context) error{
		set.clusterRoleAggregation, set.serviceAccounts, set.rootCA, set.namespaces,
	} {
		if err := start(ctx); err != nil {
			return err
		}
	}
	set.watched.Start(ctx.Done())
	<-ctx.Done()
	set.wait.Wait()
	return nil
}

func (s *controllerSet) clusterRoleAggregation(ctx context.Context) error {
	client, _, err := s.client("clusterrole-aggregation-controller")
	if err != nil {
		return err
	}
	controller := clusterroleaggregation.NewClusterRoleAggregation(s.watched.Rbac().V1().ClusterRoles(), client.RbacV1())
	s.wait.Go(func() { controller.Run(ctx, 2) })
	return nil
}

func (s *controllerSet) serviceAccounts(ctx context.Context) error {
	client, _, err := s.client("service-account-controller")
	if err != nil {
		return err
	}
	controller, err := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx),
		s.watched.Core().V1().ServiceAccounts(), s.watched.Core().V1().Namespaces(), client,
		serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return fmt.Errorf("make service account controller: %w", err)
	}
	s.wait.Go(func() { controller.Run(ctx, 1) })
	return nil
}

func (s *controllerSet) rootCA(ctx context.Context) error {
	client, config, err := s.client("root-ca-cert-publisher")
	if err != nil {
		return err
	}
	bundle, err := os.ReadFile(config.CAFile)
	if err != nil {
		return err
	}
	controller, err := rootcacertpublisher.NewPublisher(
		s.watched.Core().V1().ConfigMaps(), s.watched.Core().V1().Namespaces(), client, bundle)
	if err != nil {
		return fmt.Errorf("make root CA publisher: %w", err)
	}
	s.wait.Go(func() { controller.Run(ctx, 1) })
	return nil
}

func (s *controllerSet) namespaces(ctx context.Context) error {
	client, config, err := s.client("namespace-controller")
	if err != nil {
		return err
	}
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make namespace controller: %w", err)
	}
	controller := namespace.NewNamespaceController(ctx, client, objects,
		client.Discovery().ServerPreferredNamespacedResources,
		s.watched.Core().V1().Namespaces(), 5*time.Minute, v1.FinalizerKubernetes)
	s.wait.Go(func() { controller.Run(ctx, 2) })
	return nil
}

func (s *controllerSet) client(account string) (*kubernetes.Clientset, *rest.Config, error) {
	config := &rest.Config{
		Host:      s.server,
		UserAgent: "kube-controller-manager/" + account,
		QPS:       50,
		Burst:     200,
		TLSClientConfig: rest.TLSClientConfig{
			CAFile:   filepath.Join(s.pki, "ca.crt"),
			CertFile: filepath.Join(s.pki, account+".crt"),
			KeyFile:  filepath.Join(s.pki, account+".key"),
		},
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("make client of %s: %w", account, err)
	}
	return client, config, nil
}
