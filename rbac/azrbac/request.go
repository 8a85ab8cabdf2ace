package azrbac

import (
	"path"
	"strings"

	"github.com/postern-dev/postern/rbac"
)

// provider prefixes every data action of a cluster.
const provider = "Microsoft.ContainerService/managedClusters"

// question is one thing asked of Azure: an action at a scope.
type question struct {
	action  string // may hold * where the request does
	scope   string // folded
	exactly bool   // only what is assigned at this very scope counts
	wild    bool   // the request speaks of all verbs, resources or groups
	has     func(operation string) bool
	basis   string // what an answer by this question rests on, if it is no matter of course
	unsure  string // why a yes to this question is not yet a yes to the request
}

// What the mapping rests on where sources disagree or are silent.
const (
	basisCustom  = "custom resources are checked as customresources/read, write and delete; a cluster without that feature (preview) checks GROUP/RESOURCE/VERB instead"
	basisManaged = "the authorizer falls back to the managed namespace of the same name"
	unsureGroup  = "the API group is not one of Kubernetes' own: if this cluster does not check custom resources by customresources/*, the role allows it, otherwise it does not"
	unsureVerb   = "no data action is published for this verb: the authorizer asks Azure for the bare resource, and what Azure answers to that is not documented"
	unsureAll    = "AKS asks Azure about every operation a wildcard request stands for; whether the role covers them all is not certain"
)

// action is the end of a data action for a verb; ok is false for verbs that have none.
func action(verb string) (end string, ok bool) {
	switch verb {
	case "get", "list", "watch":
		return "read", true
	case "create", "update", "patch":
		return "write", true
	case "delete", "deletecollection":
		return "delete", true
	case "bind", "escalate", "use", "impersonate":
		return verb + "/action", true
	case "*":
		return "*", true
	}
	return "", false
}

// discovery are the paths the authorizer opens to whoever has an object id,
// without asking Azure. Of livez and readyz its source says nothing; clusters
// open them to everybody by the ClusterRole system:public-info-viewer.
func discovery(q rbac.Request) bool {
	if !strings.EqualFold(q.Verb, "get") {
		return false
	}
	p := strings.ToLower(q.Path)
	for _, open := range []string{"/api", "/openapi", "/version", "/healthz"} {
		if strings.HasPrefix(p, open) {
			return true
		}
	}
	return false
}

// questions are what AKS's authorizer asks Azure about a request; a yes to any
// is a yes. Subresources are not told apart, pods/exec aside: whoever may read
// pods may read pods/log, whoever may write pods may port-forward.
func questions(q rbac.Request, cluster string) []question {
	if q.Path != "" {
		end, known := action(q.Verb)
		ask := question{action: path.Join(provider, q.Path, end), scope: cluster, wild: strings.Contains(q.Path+q.Verb, "*")}
		if !known {
			ask.unsure = unsureVerb
		}
		return []question{ask}
	}
	asks := actions(q)
	for i := range asks {
		asks[i].scope = cluster
	}
	if q.Namespace == "" {
		return asks
	}
	namespace := strings.ToLower(q.Namespace)
	for i := range asks {
		asks[i].scope = cluster + "/namespaces/" + namespace
	}
	for _, ask := range asks[:len(asks):len(asks)] {
		ask.scope, ask.exactly = cluster+"/managednamespaces/"+namespace, true
		if ask.basis != "" {
			ask.basis += "; "
		}
		ask.basis += basisManaged
		asks = append(asks, ask)
	}
	return asks
}

// actions are the data actions of a resource request, without their scope.
func actions(q rbac.Request) []question {
	end, known := action(q.Verb)
	plain := question{action: path.Join(provider, q.APIGroup, q.Resource, end), wild: q.Verb == "*" || q.Resource == "*" || q.APIGroup == "*"}
	if q.Resource == "pods" && q.Subresource == "exec" {
		plain.action, known = path.Join(provider, q.APIGroup, "pods/exec/action"), true
	}
	if plain.wild {
		plain.action = wildcard(q, end)
	}
	plain.has = func(operation string) bool { return within(q, end, operation) }
	switch {
	case !known:
		plain.unsure = unsureVerb
		return []question{plain}
	case own(q.APIGroup):
		return []question{plain}
	}
	custom := question{action: path.Join(provider, "customresources", end), wild: q.Verb == "*", basis: basisCustom}
	custom.has = func(operation string) bool { return strings.HasPrefix(operation, provider+"/customresources/") }
	plain.unsure = unsureGroup
	if strings.HasSuffix(end, "/action") {
		custom.unsure = unsureVerb // customresources has read, write and delete alone
	}
	return []question{custom, plain}
}

// wildcard is a pattern that covers every operation a wildcard request stands
// for, and perhaps more.
func wildcard(q rbac.Request, end string) string {
	switch {
	case q.APIGroup == "*" && q.Resource == "*", q.APIGroup == "" && q.Resource == "*":
		return provider + "/*/" + end
	case q.APIGroup == "*":
		return provider + "/*" + q.Resource + "/" + end
	}
	return path.Join(provider, q.APIGroup, q.Resource, end)
}

// within reports whether an operation is one a wildcard request stands for.
func within(q rbac.Request, end, operation string) bool {
	parts := strings.Split(strings.TrimPrefix(operation, provider+"/"), "/")
	var g, resource, verb string
	switch len(parts) {
	case 2:
		resource, verb = parts[0], parts[1]
	case 3:
		g, resource, verb = parts[0], parts[1], parts[2]
	default:
		return false
	}
	return (q.APIGroup == "*" || q.APIGroup == g) && (q.Resource == "*" || q.Resource == resource) && (end == "*" || end == verb)
}

// own tells Kubernetes' API groups, and that of the metrics server, from those
// of custom resources. Which groups AKS takes for its own is not published.
func own(group string) bool {
	switch group {
	case "", "*", "apps", "autoscaling", "batch", "extensions", "policy",
		"admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io",
		"authentication.k8s.io", "authorization.k8s.io", "certificates.k8s.io",
		"coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
		"flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "metrics.k8s.io",
		"networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io",
		"resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io", "storagemigration.k8s.io":
		return true
	}
	return false
}
