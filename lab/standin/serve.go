package standin

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/kubernetes/pkg/registry/rbac/validation"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

// kinds are the resources that are served, by group.
func kinds() map[string]map[string]string {
	return map[string]map[string]string{
		"":                          {"namespaces": "Namespace", "serviceaccounts": "ServiceAccount", "secrets": "Secret", "configmaps": "ConfigMap"},
		"rbac.authorization.k8s.io": {"clusterroles": "ClusterRole", "clusterrolebindings": "ClusterRoleBinding", "roles": "Role", "rolebindings": "RoleBinding"},
		"certificates.k8s.io":       {"certificatesigningrequests": "CertificateSigningRequest"},
	}
}

func namespaced(kind string) bool {
	switch kind {
	case "Namespace", "ClusterRole", "ClusterRoleBinding", "CertificateSigningRequest":
		return false
	}
	return true
}

type object = map[string]any

// objects are all of a kind, the world's and those every cluster has.
func (s *server) objects(kind string) []object {
	all := []object{}
	add := func(v any) {
		text, err := json.Marshal(v)
		if err != nil {
			panic("BUG: marshal object: " + err.Error())
		}
		var o object
		if err := json.Unmarshal(text, &o); err != nil {
			panic("BUG: object: " + err.Error())
		}
		all = append(all, o)
	}
	roles, bindings := s.bootstrap()
	switch kind {
	case "Namespace":
		for _, n := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} {
			add(object{"metadata": object{"name": n}})
		}
	case "ClusterRole":
		for _, r := range roles {
			add(r)
		}
	case "ClusterRoleBinding":
		for _, b := range bindings {
			add(b)
		}
	case "Role":
		for ns, list := range bootstrappolicy.NamespaceRoles() {
			for _, r := range list {
				r.Namespace = ns
				add(r)
			}
		}
	case "RoleBinding":
		for ns, list := range bootstrappolicy.NamespaceRoleBindings() {
			for _, b := range list {
				b.Namespace = ns
				add(b)
			}
		}
	case "ConfigMap":
		if ca, err := s.fleet.authority(s.cluster); err == nil {
			add(object{"metadata": object{"name": "extension-apiserver-authentication", "namespace": "kube-system"},
				"data": object{"client-ca-file": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.der}))}})
		}
	}
	for _, raw := range s.cluster.Kubernetes.Objects {
		var o object
		if json.Unmarshal(raw, &o) == nil && o["kind"] == kind {
			meta, _ := o["metadata"].(map[string]any)
			if meta["creationTimestamp"] == nil && meta != nil {
				meta["creationTimestamp"] = s.cluster.Created.UTC().Format(time.RFC3339)
			}
			all = append(all, o)
		}
	}
	return all
}

func meta(o object, field string) string {
	m, _ := o["metadata"].(map[string]any)
	text, _ := m[field].(string)
	return text
}

// typed are the objects of a kind as Go values, for the authorizer.
func typed[T any](s *server, kind string) (all []*T) {
	for _, o := range s.objects(kind) {
		text, err := json.Marshal(o)
		if err != nil {
			continue
		}
		v := new(T)
		if json.Unmarshal(text, v) == nil {
			all = append(all, v)
		}
	}
	return all
}

// authorizer is Kubernetes' own, over the objects.
func (s *server) authorizer() authorizer.Authorizer {
	_, static := validation.NewTestRuleResolver(typed[rbacv1.Role](s, "Role"), typed[rbacv1.RoleBinding](s, "RoleBinding"),
		typed[rbacv1.ClusterRole](s, "ClusterRole"), typed[rbacv1.ClusterRoleBinding](s, "ClusterRoleBinding"))
	return rbac.New(static, static, static, static)
}

// serve answers an allowed request.
func (s *server) serve(w http.ResponseWriter, r *http.Request, a authorizer.AttributesRecord) {
	if !a.ResourceRequest {
		s.discovery(w, r)
		return
	}
	kind, ok := kinds()[a.APIGroup][a.Resource]
	if !ok || a.APIVersion != "v1" {
		status(w, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
		return
	}
	api := "v1"
	if a.APIGroup != "" {
		api = a.APIGroup + "/v1"
	}
	items := []object{}
	for _, o := range s.objects(kind) {
		if namespaced(kind) && a.Namespace != "" && meta(o, "namespace") != a.Namespace {
			continue
		}
		if want, ok := strings.CutPrefix(r.URL.Query().Get("fieldSelector"), "type="); ok && o["type"] != want {
			continue
		}
		o["kind"], o["apiVersion"] = kind, api
		if a.Name != "" && meta(o, "name") == a.Name {
			answer(w, http.StatusOK, o)
			return
		}
		items = append(items, o)
	}
	if a.Name != "" {
		status(w, http.StatusNotFound, "NotFound", a.Resource+" \""+a.Name+"\" not found")
		return
	}
	list := object{"kind": kind + "List", "apiVersion": api, "metadata": object{"resourceVersion": "1"}, "items": items}
	if strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
		for i, o := range items {
			items[i] = object{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]}
		}
		list["kind"], list["apiVersion"] = "PartialObjectMetadataList", "meta.k8s.io/v1"
	}
	answer(w, http.StatusOK, list)
}

// discovery says what is served, and which version the world wants told.
func (s *server) discovery(w http.ResponseWriter, r *http.Request) {
	resources := func(group, version string) object {
		list := []object{}
		for name, kind := range kinds()[group] {
			list = append(list, object{"name": name, "singularName": strings.ToLower(kind), "namespaced": namespaced(kind), "kind": kind, "verbs": []string{"get", "list"}})
		}
		return object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": list}
	}
	switch path := strings.TrimSuffix(r.URL.Path, "/"); path {
	case "/version":
		version := s.cluster.Kubernetes.Version
		if version == "" {
			version = "v1.33.4"
		}
		answer(w, http.StatusOK, object{"gitVersion": version, "platform": "linux/amd64"})
	case "/api":
		answer(w, http.StatusOK, object{"kind": "APIVersions", "versions": []string{"v1"}})
	case "/api/v1":
		answer(w, http.StatusOK, resources("", "v1"))
	case "/apis":
		groups := []object{}
		for g := range kinds() {
			if g != "" {
				v := object{"groupVersion": g + "/v1", "version": "v1"}
				groups = append(groups, object{"name": g, "versions": []object{v}, "preferredVersion": v})
			}
		}
		answer(w, http.StatusOK, object{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
	default:
		for g := range kinds() {
			if g != "" && path == "/apis/"+g+"/v1" {
				answer(w, http.StatusOK, resources(g, g+"/v1"))
				return
			}
		}
		status(w, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
	}
}
