package rbac

import "strings"

// misspelt says what is wrong with how a rule writes this request's resource;
// empty where it means another. The API server takes any word there and matches
// it literally, so such a rule is accepted and allows nothing.
func (r Request) misspelt(written string) string {
	base, sub, _ := strings.Cut(written, "/")
	if sub != r.Subresource || base == r.Resource || base == "" {
		return ""
	}
	right := "write " + r.FullResource()
	word := strings.ToLower(strings.TrimSpace(base))
	switch before, after, dotted := strings.Cut(word, "."); {
	case word == r.Resource:
		return "resources are lower case and compared exactly, " + right
	case dotted && before == r.Resource && (after == r.APIGroup || isVersion(after)):
		return "the group goes to apiGroups, " + right
	case shortName(word) == r.Resource:
		return "short names mean nothing in a rule, " + right
	case len(word) > 2 && stem(word) == stem(r.Resource):
		return "resources are written in their plural, " + right
	}
	return ""
}

// stem is a word without what makes it plural, rightly or wrongly.
func stem(word string) string {
	if s, found := strings.CutSuffix(word, "ies"); found {
		return s + "y"
	}
	for _, ending := range []string{"sses", "xes", "ches", "shes"} {
		if strings.HasSuffix(word, ending) {
			word = strings.TrimSuffix(word, "es")
		}
	}
	return strings.TrimRight(word, "s")
}

// shortName is the resource a short name of Kubernetes' own resources means.
func shortName(word string) string {
	switch word {
	case "cm":
		return "configmaps"
	case "cj":
		return "cronjobs"
	case "crd", "crds":
		return "customresourcedefinitions"
	case "csr":
		return "certificatesigningrequests"
	case "deploy":
		return "deployments"
	case "ds":
		return "daemonsets"
	case "ep":
		return "endpoints"
	case "ev":
		return "events"
	case "hpa":
		return "horizontalpodautoscalers"
	case "ing":
		return "ingresses"
	case "limits":
		return "limitranges"
	case "netpol":
		return "networkpolicies"
	case "no":
		return "nodes"
	case "ns":
		return "namespaces"
	case "pc":
		return "priorityclasses"
	case "pdb":
		return "poddisruptionbudgets"
	case "po":
		return "pods"
	case "pv":
		return "persistentvolumes"
	case "pvc":
		return "persistentvolumeclaims"
	case "quota":
		return "resourcequotas"
	case "rc":
		return "replicationcontrollers"
	case "rs":
		return "replicasets"
	case "sa":
		return "serviceaccounts"
	case "sc":
		return "storageclasses"
	case "sts":
		return "statefulsets"
	case "svc":
		return "services"
	}
	return ""
}
