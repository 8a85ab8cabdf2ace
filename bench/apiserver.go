package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// apiServer answers on loopback what both sides ask to read a cluster's RBAC:
// the four lists, page by page where pages are asked for, discovery, version,
// and who the caller is. Items are encoded beforehand: what is measured is not
// this server.
type apiServer struct {
	lists map[string][]json.RawMessage // by path
	kinds map[string]string
}

func serve(p rbac.Policy) (server *httptest.Server, err error) {
	const group = "/apis/rbac.authorization.k8s.io/v1/"
	s := &apiServer{lists: map[string][]json.RawMessage{"/api/v1/serviceaccounts": {}, "/api/v1/namespaces": {}}, kinds: map[string]string{
		group + "clusterroles": "ClusterRoleList", group + "roles": "RoleList",
		group + "clusterrolebindings": "ClusterRoleBindingList", group + "rolebindings": "RoleBindingList",
		"/api/v1/serviceaccounts": "ServiceAccountList", "/api/v1/namespaces": "NamespaceList",
	}}
	add := func(path string, object any) {
		item, e := json.Marshal(object)
		if e != nil {
			err = e
		}
		s.lists[path] = append(s.lists[path], item)
	}
	for _, r := range p.Roles {
		path := group + "clusterroles"
		if r.Namespace != "" {
			path = group + "roles"
		}
		add(path, map[string]any{"metadata": metadata(r.Namespace, r.Name), "rules": r.Rules})
	}
	for _, b := range p.Bindings {
		path := group + "clusterrolebindings"
		if b.Namespace != "" {
			path = group + "rolebindings"
		}
		add(path, map[string]any{"metadata": metadata(b.Namespace, b.Name), "subjects": b.Subjects, "roleRef": map[string]string{"apiGroup": "rbac.authorization.k8s.io", "kind": string(b.Role.Kind), "name": b.Role.Name}})
	}
	return httptest.NewServer(s), err
}

func metadata(namespace, name string) map[string]string {
	m := map[string]string{"name": name, "resourceVersion": "1"}
	if namespace != "" {
		m["namespace"] = namespace
	}
	return m
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if kind, found := s.kinds[r.URL.Path]; found {
		s.list(w, r, kind)
		return
	}
	answer, found := map[string]string{
		"/version": `{"major":"1","minor":"36","gitVersion":"v1.36.3"}`,
		"/api":     `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis":    `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}}]}`,
		"/api/v1": `{"kind":"APIResourceList","groupVersion":"v1","resources":[` + strings.Join([]string{
			apiResource("pods", "Pod"), apiResource("pods/exec", "PodExecOptions"), apiResource("pods/log", "Pod"), apiResource("secrets", "Secret"), apiResource("configmaps", "ConfigMap"), apiResource("services", "Service")}, ",") + `]}`,
		"/apis/apps/v1": `{"kind":"APIResourceList","groupVersion":"apps/v1","resources":[` + apiResource("deployments", "Deployment") + `]}`,
		"/apis/authentication.k8s.io/v1/selfsubjectreviews": `{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","status":{"userInfo":{"username":"bench","groups":["system:authenticated"]}}}`,
	}[r.URL.Path]
	if !found {
		w.WriteHeader(http.StatusNotFound)
		answer = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"not served"}`
	}
	fmt.Fprintln(w, answer)
}

func apiResource(name, kind string) string {
	return fmt.Sprintf(`{"name":%q,"singularName":"","namespaced":true,"kind":%q,"verbs":["create","delete","get","list","patch","update","watch"]}`, name, kind)
}

func (s *apiServer) list(w http.ResponseWriter, r *http.Request, kind string) {
	items := s.lists[r.URL.Path]
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	from = min(max(from, 0), len(items))
	to := len(items)
	if limit, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && limit > 0 {
		to = min(from+limit, len(items))
	}
	more := ""
	if to < len(items) {
		more = `,"continue":"` + strconv.Itoa(to) + `"`
	}
	version := "v1"
	if strings.HasPrefix(r.URL.Path, "/apis/rbac") {
		version = "rbac.authorization.k8s.io/v1"
	}
	fmt.Fprintf(w, `{"kind":%q,"apiVersion":%q,"metadata":{"resourceVersion":"1"%s},"items":[`, kind, version, more)
	for i, item := range items[from:to] {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		w.Write(item)
	}
	fmt.Fprint(w, "]}")
}

func writeKubeconfig(path, server string) error {
	return os.WriteFile(path, []byte(`apiVersion: v1
kind: Config
clusters: [{name: bench, cluster: {server: "`+server+`"}}]
contexts: [{name: bench, context: {cluster: bench, user: bench}}]
users: [{name: bench, user: {token: bench}}]
current-context: bench
`), 0o600)
}
