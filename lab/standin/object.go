package standin

import (
	"encoding/json"
	"encoding/pem"
	"maps"
	"slices"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

// kinds are the resources that are served, by group.
func kinds() map[string]map[string]string {
	return map[string]map[string]string{
		"":                          {"namespaces": "Namespace", "serviceaccounts": "ServiceAccount", "secrets": "Secret", "configmaps": "ConfigMap", "pods": "Pod"},
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

// objects are all of a kind, the world's and those every cluster has, in the
// order of a real server: by namespace and name. Of two with one name the
// world's counts.
func (s *server) objects(kind string) []object {
	all := map[string]object{}
	put := func(o object) {
		about, _ := o["metadata"].(map[string]any)
		if about == nil {
			return // of a kind that is nothing without a name: the world file says so
		}
		if about["creationTimestamp"] == nil {
			about["creationTimestamp"] = s.cluster.Created.UTC().Format(time.RFC3339)
		}
		if kind == "Namespace" {
			own, _ := about["labels"].(map[string]any)
			if own == nil {
				own = map[string]any{}
				about["labels"] = own
			}
			own["kubernetes.io/metadata.name"] = about["name"]
		}
		all[meta(o, "namespace")+"\x00"+meta(o, "name")] = o
	}
	// Where something is, there is the namespace; where a namespace is, there is
	// its default service account.
	for _, ns := range s.namespaces() {
		switch kind {
		case "Namespace":
			put(object{"metadata": object{"name": ns}})
		case "ServiceAccount":
			put(object{"metadata": object{"name": "default", "namespace": ns}})
		}
	}
	for _, v := range s.builtin(kind) {
		put(plain(v))
	}
	for _, raw := range s.cluster.Kubernetes.Objects {
		var o object
		if json.Unmarshal(raw, &o) != nil {
			continue
		}
		if o["kind"] == kind {
			put(o)
		}
	}
	if kind == "Pod" {
		accounts := s.objects("ServiceAccount")
		for _, o := range all {
			admit(o, accounts)
		}
	}
	sorted := make([]object, 0, len(all))
	for _, key := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, all[key])
	}
	if kind == "ClusterRole" {
		aggregate(sorted)
	}
	return sorted
}

// namespaces are those of every cluster, those of the world and those that its
// objects are in.
func (s *server) namespaces() []string {
	all := []string{"default", "kube-node-lease", "kube-public", "kube-system"}
	for _, raw := range s.cluster.Kubernetes.Objects {
		var o object
		if json.Unmarshal(raw, &o) != nil {
			continue
		}
		ns := meta(o, "namespace")
		if o["kind"] == "Namespace" {
			ns = meta(o, "name")
		}
		if ns != "" && !slices.Contains(all, ns) {
			all = append(all, ns)
		}
	}
	return all
}

// builtin are the objects of a kind that every cluster has.
func (s *server) builtin(kind string) (all []any) {
	roles, bindings := s.bootstrap()
	switch kind {
	case "ClusterRole":
		for _, r := range roles {
			all = append(all, r)
		}
	case "ClusterRoleBinding":
		for _, b := range bindings {
			all = append(all, b)
		}
	case "Role":
		for ns, list := range bootstrappolicy.NamespaceRoles() {
			for _, r := range list {
				r.Namespace = ns
				all = append(all, r)
			}
		}
	case "RoleBinding":
		for ns, list := range bootstrappolicy.NamespaceRoleBindings() {
			for _, b := range list {
				b.Namespace = ns
				all = append(all, b)
			}
		}
	case "ConfigMap":
		if ca, err := s.fleet.authority(s.cluster); err == nil {
			all = append(all, object{"metadata": object{"name": "extension-apiserver-authentication", "namespace": "kube-system"},
				"data": object{"client-ca-file": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.der}))}})
		}
	}
	return all
}

// plain is a Go value as the JSON object it is written as.
func plain(v any) (o object) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		panic("BUG: object: " + err.Error())
	}
	return o
}

// aggregate fills in the rules of ClusterRoles that have an aggregationRule, as
// the controller of a real server does: from the roles that its selectors find,
// in the order of their names. The selectors of one may find another: admin
// takes edit's, and edit view's.
func aggregate(roles []object) {
	type aggregated struct {
		at        int
		selectors []labels.Selector
	}
	all := make([]rbacv1.ClusterRole, len(roles))
	var work []aggregated
	for i, o := range roles {
		if convert(o, &all[i]) != nil || all[i].AggregationRule == nil {
			continue
		}
		a := aggregated{at: i}
		for _, s := range all[i].AggregationRule.ClusterRoleSelectors {
			if selector, err := metav1.LabelSelectorAsSelector(&s); err == nil {
				a.selectors = append(a.selectors, selector)
			}
		}
		all[i].Rules = nil
		work = append(work, a)
	}
	// Each round carries rules one aggregation further.
	for range len(work) + 1 {
		changed := false
		for _, a := range work {
			var rules []rbacv1.PolicyRule
			for i, r := range all {
				if i == a.at || !slices.ContainsFunc(a.selectors, func(s labels.Selector) bool { return s.Matches(labels.Set(r.Labels)) }) {
					continue
				}
				for _, rule := range r.Rules {
					if !slices.ContainsFunc(rules, func(have rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(have, rule) }) {
						rules = append(rules, rule)
					}
				}
			}
			if !equality.Semantic.DeepEqual(all[a.at].Rules, rules) {
				all[a.at].Rules, changed = rules, true
			}
		}
		if !changed {
			break
		}
	}
	for _, a := range work {
		roles[a.at]["rules"] = plain(all[a.at])["rules"]
	}
}

func convert(o object, into any) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func meta(o object, field string) string {
	m, _ := o["metadata"].(map[string]any)
	text, _ := m[field].(string)
	return text
}

// typed are the objects of a kind as Go values, for the authorizer.
func typed[T any](s *server, kind string) (all []*T) {
	for _, o := range s.objects(kind) {
		v := new(T)
		if convert(o, v) == nil { // else it says nothing that a server would take
			all = append(all, v)
		}
	}
	return all
}
