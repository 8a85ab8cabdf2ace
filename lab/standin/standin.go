// Package standin answers at the addresses of clusters that the lab does not run.
//
// It is no API server: it serves the objects that a world gives a cluster, for
// reading, to callers with an Entra token, and refuses as kube-apiserver does.
// Who may read what is decided by Kubernetes' own RBAC authorizer over these
// objects and by the guard where Azure RBAC is on. What it stands in for is
// package controlplane's real kube-apiserver, of which a machine runs one.
package standin

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"sync"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
)

// Fleet is every stand-in of a world. It follows the world as it changes.
type Fleet struct {
	State *cloud.State
	Key   *entra.Key
	// Real is the ARM id of the cluster that has an API server; it has no
	// stand-in.
	Real string
	// Dir keeps what the stand-ins show of themselves, so that a lab that starts
	// again is the same to those who know it; empty keeps nothing.
	Dir string

	mu  sync.Mutex
	cas map[string]*authority // by cluster id and the time its CA begins
}

// Cluster finds the cluster that is answered at a host, where one is: private
// clusters have no address that others reach.
func (f *Fleet) Cluster(host string) (cloud.Cluster, bool) {
	w := f.State.World()
	for _, c := range w.Clusters {
		if c.Kubernetes != nil && c.Kind != cloud.KindPrivate && strings.EqualFold(FQDN(c), host) && !strings.EqualFold(w.ClusterID(c), f.Real) {
			return c, true
		}
	}
	return cloud.Cluster{}, false
}

// FQDN is a cluster's public address.
func FQDN(c cloud.Cluster) string {
	var p struct{ FQDN string }
	if json.Unmarshal(c.Properties, &p) != nil {
		return ""
	}
	return p.FQDN
}

// Handler answers for a host.
func (f *Fleet) Handler(host string) (http.Handler, bool) {
	c, ok := f.Cluster(host)
	if !ok {
		return nil, false
	}
	s := &server{fleet: f, cluster: c, id: f.State.World().ClusterID(c)}
	return f.State.Faulty(cloud.HostKubernetes, c.Name, nil, s), true
}

// Kubeconfig names every stand-in with its CA, and no credential: what a person
// who once fetched a kubeconfig knows of a cluster.
func (f *Fleet) Kubeconfig() ([]byte, error) {
	var clusters, contexts []any
	for _, n := range f.named() {
		ca, err := f.authority(n.cluster)
		if err != nil {
			return nil, err
		}
		clusters = append(clusters, map[string]any{"name": n.name, "cluster": map[string]any{"server": "https://" + FQDN(n.cluster) + ":443",
			"certificate-authority-data": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.der})}})
		contexts = append(contexts, map[string]any{"name": n.name, "context": map[string]any{"cluster": n.name, "user": ""}})
	}
	return json.MarshalIndent(map[string]any{"apiVersion": "v1", "kind": "Config", "clusters": clusters, "contexts": contexts}, "", " ")
}

// Empty reports whether the world has no stand-in.
func (f *Fleet) Empty() bool { return len(f.named()) == 0 }

// entry is a stand-in with the name that a kubeconfig has for it.
type entry struct {
	name    string
	cluster cloud.Cluster
}

// named are all stand-ins. Of clusters with one name, the real one among them,
// each is called by its address: a kubeconfig with a name twice is refused by
// kubectl whole.
func (f *Fleet) named() (all []entry) {
	w := f.State.World()
	times := map[string]int{}
	for _, c := range w.Clusters {
		times[strings.ToLower(c.Name)]++
	}
	seen := map[string]bool{}
	for _, c := range w.Clusters {
		host := strings.ToLower(FQDN(c))
		if at, ok := f.Cluster(host); !ok || w.ClusterID(at) != w.ClusterID(c) || seen[host] {
			continue
		}
		seen[host] = true
		n := entry{c.Name, c}
		if times[strings.ToLower(c.Name)] > 1 {
			n.name = host
		}
		all = append(all, n)
	}
	return all
}
