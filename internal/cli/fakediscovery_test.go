package cli_test

import (
	"net/http"
	"os"
	"strings"
)

// fakeGroup is one version of an API group that the fake server serves.
type fakeGroup struct {
	Name      string         `yaml:"name"`
	Version   string         `yaml:"version"`
	Broken    bool           `yaml:"broken"` // its extension server does not answer
	Resources []fakeResource `yaml:"resources"`
}

type fakeResource struct {
	Name    string              `yaml:"name"`
	Kind    string              `yaml:"kind"`
	Short   []string            `yaml:"short"`
	Cluster bool                `yaml:"cluster"`
	Verbs   []string            `yaml:"verbs"`
	Subs    map[string][]string `yaml:"subs"`
}

// note writes the path of a request down, where a script asks for it.
func (f *fakeAPI) note(r *http.Request) {
	if f.Log == "" {
		return
	}
	f.logging.Lock()
	defer f.logging.Unlock()
	file, err := os.OpenFile(f.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return // the script misses its file
	}
	defer file.Close()
	_, _ = file.WriteString(r.Method + " " + r.URL.Path + "\n")
}

// discovery answers /api, /apis and, in the old form, each group's path. It
// reports whether the request was one of these.
func (f *fakeAPI) discovery(w http.ResponseWriter, r *http.Request, parts []string) bool {
	root := parts[0]
	switch {
	case root != "api" && root != "apis" || f.Discovery == "none" || r.Method != http.MethodGet:
		return false
	case len(parts) == 1 && f.Discovery == "old":
		answer(w, f.oldRoot(root))
	case len(parts) == 1 && strings.Contains(r.Header.Get("Accept"), "as=APIGroupDiscoveryList"):
		answer(w, f.aggregatedRoot(root))
	case len(parts) == 1:
		answer(w, f.oldRoot(root))
	default:
		return f.groupVersion(w, parts)
	}
	return true
}

func (f *fakeAPI) in(root string) (groups []fakeGroup) {
	for _, g := range f.Groups {
		if (g.Name == "") == (root == "api") {
			groups = append(groups, g)
		}
	}
	return groups
}

func (f *fakeAPI) oldRoot(root string) map[string]any {
	if root == "api" {
		return map[string]any{"kind": "APIVersions", "versions": []string{"v1"}}
	}
	var groups []map[string]any
	for _, g := range f.in(root) {
		version := map[string]any{"groupVersion": g.Name + "/" + g.Version, "version": g.Version}
		groups = append(groups, map[string]any{"name": g.Name, "versions": []any{version}, "preferredVersion": version})
	}
	return map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
}

func (f *fakeAPI) groupVersion(w http.ResponseWriter, parts []string) bool {
	for _, g := range f.in(parts[0]) {
		path := []string{"api", g.Version}
		if g.Name != "" {
			path = []string{"apis", g.Name, g.Version}
		}
		if strings.Join(path, "/") != strings.Join(parts, "/") {
			continue
		}
		if g.Broken {
			status(w, http.StatusServiceUnavailable, "service unavailable")
			return true
		}
		var list []map[string]any
		for _, r := range g.Resources {
			list = append(list, map[string]any{"name": r.Name, "singularName": strings.ToLower(r.Kind), "kind": r.Kind, "namespaced": !r.Cluster, "shortNames": r.Short, "verbs": r.Verbs})
			for sub, verbs := range r.Subs {
				list = append(list, map[string]any{"name": r.Name + "/" + sub, "kind": r.Kind, "namespaced": !r.Cluster, "verbs": verbs})
			}
		}
		answer(w, map[string]any{"kind": "APIResourceList", "groupVersion": g.Name + "/" + g.Version, "resources": list})
		return true
	}
	return false
}

func (f *fakeAPI) aggregatedRoot(root string) map[string]any {
	var items []map[string]any
	for _, g := range f.in(root) {
		version := map[string]any{"version": g.Version, "freshness": "Current", "resources": aggregatedResources(g)}
		if g.Broken {
			version["freshness"], version["resources"] = "Stale", nil
		}
		items = append(items, map[string]any{"metadata": map[string]any{"name": g.Name}, "versions": []any{version}})
	}
	return map[string]any{"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items}
}

func aggregatedResources(g fakeGroup) (list []map[string]any) {
	for _, r := range g.Resources {
		scope := "Namespaced"
		if r.Cluster {
			scope = "Cluster"
		}
		var subs []map[string]any
		for sub, verbs := range r.Subs {
			subs = append(subs, map[string]any{"subresource": sub, "verbs": verbs})
		}
		list = append(list, map[string]any{
			"resource": r.Name, "singularResource": strings.ToLower(r.Kind), "scope": scope, "shortNames": r.Short, "verbs": r.Verbs,
			"responseKind": map[string]any{"group": g.Name, "version": g.Version, "kind": r.Kind}, "subresources": subs,
		})
	}
	return list
}
