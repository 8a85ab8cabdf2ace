// Package standin answers at the addresses of clusters that the lab does not run.
//
// It is no API server: it serves the objects that a world gives a cluster, for
// reading, to callers with an Entra token, and refuses as kube-apiserver does.
// Who may read what is decided by Kubernetes' own RBAC authorizer over these
// objects and by the guard where Azure RBAC is on. What it stands in for is
// package controlplane's real kube-apiserver, of which a machine runs one.
package standin

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"

	"github.com/postern-dev/postern/lab/cloud"
	"github.com/postern-dev/postern/lab/entra"
	"github.com/postern-dev/postern/lab/guard"
)

// Fleet is every stand-in of a world. It follows the world as it changes.
type Fleet struct {
	State *cloud.State
	Key   *entra.Key
	// Real is the ARM id of the cluster that has an API server; it has no
	// stand-in.
	Real string

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
	config := map[string]any{"apiVersion": "v1", "kind": "Config"}
	var clusters, contexts []any
	for _, c := range f.State.World().Clusters {
		if _, ok := f.Cluster(FQDN(c)); !ok {
			continue
		}
		ca, err := f.authority(c)
		if err != nil {
			return nil, err
		}
		clusters = append(clusters, map[string]any{"name": c.Name, "cluster": map[string]any{"server": "https://" + FQDN(c) + ":443",
			"certificate-authority-data": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.der})}})
		contexts = append(contexts, map[string]any{"name": c.Name, "context": map[string]any{"cluster": c.Name, "user": ""}})
	}
	config["clusters"], config["contexts"] = clusters, contexts
	return json.MarshalIndent(config, "", " ")
}

// server is one stand-in answering one request.
type server struct {
	fleet   *Fleet
	cluster cloud.Cluster
	id      string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who, ok := s.authenticate(r)
	if !ok {
		status(w, http.StatusUnauthorized, "Unauthorized", "Unauthorized")
		return
	}
	if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/selfsubjectreviews") && strings.HasPrefix(r.URL.Path, "/apis/authentication.k8s.io/v1/") {
		answer(w, http.StatusCreated, map[string]any{"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": map[string]any{},
			"status": map[string]any{"userInfo": map[string]any{"username": who.Name, "groups": who.Groups, "extra": who.Extra}}})
		return
	}
	if r.Method != http.MethodGet {
		status(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "the LAB's stand-in is read-only")
		return
	}
	a := attributes(r, who)
	if !s.allowed(r, a, who) {
		what := fmt.Sprintf("%s is forbidden: User %q cannot %s resource %q in API group %q at the cluster scope", a.Resource, who.Name, a.Verb, a.Resource, a.APIGroup)
		if !a.ResourceRequest {
			what = fmt.Sprintf("forbidden: User %q cannot get path %q", who.Name, a.Path)
		}
		status(w, http.StatusForbidden, "Forbidden", what)
		return
	}
	s.serve(w, r, a)
}

// authenticate asks the guard, as kube-apiserver's webhook does.
func (s *server) authenticate(r *http.Request) (*user.DefaultInfo, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil, false
	}
	var review struct {
		Status struct {
			Authenticated bool
			User          struct {
				Username string
				Groups   []string
				Extra    map[string][]string
			}
		}
	}
	if !s.ask(guard.TokenReviewPath, map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": map[string]any{"token": token}}, &review) || !review.Status.Authenticated {
		return nil, false
	}
	u := review.Status.User
	return &user.DefaultInfo{Name: u.Username, Groups: append(slices.Clone(u.Groups), user.AllAuthenticated), Extra: u.Extra}, true
}

// ask posts a review to the guard of this cluster.
func (s *server) ask(path string, review, into any) bool {
	text, err := json.Marshal(review)
	if err != nil {
		return false
	}
	g := &guard.Server{State: s.fleet.State, Key: s.fleet.Key, ClusterID: s.id}
	rec := httptest.NewRecorder()
	g.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(text)))
	return rec.Code == http.StatusOK && json.Unmarshal(rec.Body.Bytes(), into) == nil
}

// attributes are what is asked of the authorizers.
func attributes(r *http.Request, who user.Info) authorizer.AttributesRecord {
	a := authorizer.AttributesRecord{User: who, Verb: "get", Path: r.URL.Path}
	p := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(p) >= 3 && p[0] == "api":
		a.APIVersion, p = p[1], p[2:]
	case len(p) >= 4 && p[0] == "apis":
		a.APIGroup, a.APIVersion, p = p[1], p[2], p[3:]
	default:
		return a
	}
	a.ResourceRequest = true
	if len(p) >= 3 && p[0] == "namespaces" {
		a.Namespace, p = p[1], p[2:]
	}
	a.Resource = p[0]
	if len(p) > 1 {
		a.Name = p[1]
	} else {
		a.Verb = "list"
	}
	return a
}

// allowed asks Kubernetes' RBAC, then the guard: either allows.
func (s *server) allowed(r *http.Request, a authorizer.AttributesRecord, who *user.DefaultInfo) bool {
	if decision, _, err := s.authorizer().Authorize(r.Context(), a); err == nil && decision == authorizer.DecisionAllow {
		return true
	}
	spec := map[string]any{"user": who.Name, "groups": who.Groups, "extra": who.Extra}
	if a.ResourceRequest {
		spec["resourceAttributes"] = map[string]any{"namespace": a.Namespace, "verb": a.Verb, "group": a.APIGroup, "version": a.APIVersion, "resource": a.Resource, "name": a.Name}
	} else {
		spec["nonResourceAttributes"] = map[string]any{"path": a.Path, "verb": a.Verb}
	}
	var review struct{ Status struct{ Allowed bool } }
	return s.ask(guard.AccessReviewPath, map[string]any{"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}, &review) && review.Status.Allowed
}

// bootstrap are the roles and bindings that every API server begins with, and
// the two that AKS adds.
func (s *server) bootstrap() (roles []rbacv1.ClusterRole, bindings []rbacv1.ClusterRoleBinding) {
	roles, bindings = bootstrappolicy.ClusterRoles(), bootstrappolicy.ClusterRoleBindings()
	admin := func(name string, subjects ...rbacv1.Subject) {
		b := rbacv1.ClusterRoleBinding{RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"}, Subjects: subjects}
		b.Name, b.Labels = name, map[string]string{"addonmanager.kubernetes.io/mode": "Reconcile", "kubernetes.io/cluster-service": "true"}
		bindings = append(bindings, b)
	}
	admin("aks-cluster-admin-binding", rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: "clusterAdmin"})
	if aad := s.cluster.Settings().AADProfile; aad != nil && len(aad.AdminGroupObjectIDs) > 0 {
		var groups []rbacv1.Subject
		for _, g := range aad.AdminGroupObjectIDs {
			groups = append(groups, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "Group", Name: g})
		}
		admin("aks-cluster-admin-binding-aad", groups...)
	}
	return roles, bindings
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the client is gone if this fails
}

func status(w http.ResponseWriter, code int, reason, message string) {
	answer(w, code, map[string]any{"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{}, "status": "Failure", "message": message, "reason": reason, "code": code})
}
