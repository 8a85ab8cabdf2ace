package standin

import (
	"maps"
	"slices"
	"strings"
)

// discovery says what is served, and which version the world wants told.
func (s *server) discovery(path string) (any, error) {
	switch path = strings.TrimSuffix(path, "/"); path {
	case "/version":
		version := s.cluster.Kubernetes.Version
		if version == "" {
			version = "v1.33.4"
		}
		parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
		told := object{"gitVersion": version, "platform": "linux/amd64"}
		if len(parts) == 3 {
			told["major"], told["minor"] = parts[0], parts[1]
		}
		return told, nil
	case "/api":
		return object{"kind": "APIVersions", "versions": []string{"v1"}}, nil
	case "/api/v1":
		return resources(""), nil
	case "/apis":
		groups := []object{}
		for _, g := range slices.Sorted(maps.Keys(kinds())) {
			if g != "" {
				groups = append(groups, group(g))
			}
		}
		return object{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}, nil
	}
	for g := range kinds() {
		switch {
		case g == "":
		case path == "/apis/"+g:
			o := group(g)
			o["kind"], o["apiVersion"] = "APIGroup", "v1"
			return o, nil
		case path == "/apis/"+g+"/v1":
			return resources(g), nil
		}
	}
	return nil, errUnserved
}

// shortNames are what people write for a resource.
func shortNames(resource string) []string {
	return map[string][]string{"namespaces": {"ns"}, "serviceaccounts": {"sa"}, "configmaps": {"cm"}, "pods": {"po"}, "certificatesigningrequests": {"csr"}}[resource]
}

func group(name string) object {
	v := object{"groupVersion": name + "/v1", "version": "v1"}
	return object{"name": name, "versions": []object{v}, "preferredVersion": v}
}

func resources(group string) object {
	list := []object{}
	for _, name := range slices.Sorted(maps.Keys(kinds()[group])) {
		kind := kinds()[group][name]
		list = append(list, object{"name": name, "singularName": strings.ToLower(kind), "namespaced": namespaced(kind), "kind": kind, "verbs": []string{"get", "list"}, "shortNames": shortNames(name)})
	}
	version := "v1"
	if group != "" {
		version = group + "/v1"
	}
	return object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": list}
}
