package cluster

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	apidiscovery "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/postern-dev/postern/rbac/resource"
)

// aggregated asks for all groups in one answer, which servers give since
// Kubernetes 1.26 (v2beta1) and 1.30 (v2); older ones answer with the names of
// the groups only. The fields of both versions are the same.
const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

// discover asks what the server serves. Unserved are the groups that it could
// not tell: those of extension servers that do not answer.
func (c *Client) discover(ctx context.Context) (list []resource.Resource, unserved []string, err error) {
	served := &served{}
	for _, root := range []string{"/api", "/apis"} {
		if err := c.discoverRoot(ctx, root, served); err != nil {
			return nil, nil, err
		}
	}
	slices.Sort(served.unread)
	return served.list(), slices.Compact(served.unread), nil
}

func (c *Client) discoverRoot(ctx context.Context, root string, s *served) error {
	var answer json.RawMessage
	if err := c.ask(ctx, http.MethodGet, root, aggregated, nil, &answer); err != nil {
		return err
	}
	var kind metav1.TypeMeta
	if err := json.Unmarshal(answer, &kind); err != nil {
		return c.noDiscovery(root, err)
	}
	switch kind.Kind {
	case "APIGroupDiscoveryList":
		var groups apidiscovery.APIGroupDiscoveryList
		if err := json.Unmarshal(answer, &groups); err != nil {
			return c.noDiscovery(root, err)
		}
		for _, group := range groups.Items {
			s.aggregated(group)
		}
		return nil
	case "APIVersions":
		var versions metav1.APIVersions
		if err := json.Unmarshal(answer, &versions); err != nil {
			return c.noDiscovery(root, err)
		}
		return c.discoverVersions(ctx, s, groupVersions(root, "", versions.Versions))
	case "APIGroupList":
		var groups metav1.APIGroupList
		if err := json.Unmarshal(answer, &groups); err != nil {
			return c.noDiscovery(root, err)
		}
		var all []groupVersion
		for _, g := range groups.Groups {
			all = append(all, groupVersions(root, g.Name, preferred(g))...)
		}
		return c.discoverVersions(ctx, s, all)
	}
	return c.noDiscovery(root, nil)
}

func (c *Client) noDiscovery(root string, err error) error {
	msg := c.Server() + root + " answered without a list of API groups"
	if err != nil {
		msg += ": " + err.Error()
	}
	return &Error{Fault: FaultServer, Msg: msg, Hint: "is this a Kubernetes API server?", Err: err}
}

// preferred is the versions of a group, the preferred one first.
func preferred(g metav1.APIGroup) []string {
	var versions []string
	for _, v := range g.Versions {
		versions = append(versions, v.Version)
	}
	if i := slices.Index(versions, g.PreferredVersion.Version); i > 0 {
		first := versions[i]
		versions = append([]string{first}, slices.Delete(versions, i, i+1)...)
	}
	return versions
}

// groupVersion is one version of a group, in the form older servers tell.
type groupVersion struct {
	group, version, path string
	answer               metav1.APIResourceList
	err                  error
}

func groupVersions(root, group string, versions []string) []groupVersion {
	var all []groupVersion
	for _, v := range versions {
		path := root
		if group != "" {
			path += "/" + url.PathEscape(group)
		}
		all = append(all, groupVersion{group: group, version: v, path: path + "/" + url.PathEscape(v)})
	}
	return all
}

// discoverVersions asks for each version of each group, some at a time.
func (c *Client) discoverVersions(ctx context.Context, s *served, all []groupVersion) error {
	const atOnce = 8
	var wait sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range all {
		gv := &all[i]
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			gv.err = c.do(ctx, http.MethodGet, gv.path, nil, &gv.answer)
		})
	}
	wait.Wait()
	for _, gv := range all {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if gv.err != nil {
			s.unread = append(s.unread, groupName(gv.group))
			continue
		}
		s.listed(gv)
	}
	return nil
}

// groupName says core where RBAC writes "".
func groupName(group string) string {
	if group == "" {
		return "core"
	}
	return group
}

// served gathers resources from either form of discovery: one a group and name,
// whatever the number of its versions.
type served struct {
	all    []*resource.Resource
	unread []string
}

func (s *served) list() []resource.Resource {
	list := make([]resource.Resource, 0, len(s.all))
	for _, r := range s.all {
		slices.Sort(r.Verbs)
		slices.SortFunc(r.Subresources, func(a, b resource.Sub) int { return strings.Compare(a.Name, b.Name) })
		list = append(list, *r)
	}
	return list
}

func (s *served) resource(group, version, name string) *resource.Resource {
	i := slices.IndexFunc(s.all, func(r *resource.Resource) bool { return r.Group == group && r.Name == name })
	if i < 0 {
		s.all = append(s.all, &resource.Resource{Group: group, Version: version, Name: name})
		i = len(s.all) - 1
	}
	r := s.all[i]
	if !slices.Contains(r.Versions, version) {
		r.Versions = append(r.Versions, version)
	}
	return r
}

func addSub(r *resource.Resource, name string, verbs []string) {
	if _, known := r.Sub(name); !known {
		slices.Sort(verbs)
		r.Subresources = append(r.Subresources, resource.Sub{Name: name, Verbs: verbs})
	}
}

func (s *served) aggregated(group apidiscovery.APIGroupDiscovery) {
	for _, v := range group.Versions {
		if v.Freshness == apidiscovery.DiscoveryFreshnessStale {
			s.unread = append(s.unread, groupName(group.Name))
		}
		for _, in := range v.Resources {
			r := s.resource(group.Name, v.Version, in.Resource)
			if in.ResponseKind != nil && r.Kind == "" {
				r.Kind = in.ResponseKind.Kind
			}
			r.Singular, r.Namespaced = in.SingularResource, in.Scope == apidiscovery.ScopeNamespace
			r.ShortNames, r.Verbs = union(r.ShortNames, in.ShortNames), union(r.Verbs, in.Verbs)
			for _, sub := range in.Subresources {
				addSub(r, sub.Subresource, sub.Verbs)
			}
		}
	}
}

// listed adds a version in the older form, in which a subresource is an entry
// of its own, RESOURCE/SUBRESOURCE.
func (s *served) listed(gv groupVersion) {
	for _, in := range gv.answer.APIResources {
		name, sub, isSub := strings.Cut(in.Name, "/")
		r := s.resource(gv.group, gv.version, name)
		if isSub {
			addSub(r, sub, in.Verbs)
			continue
		}
		r.Kind, r.Singular, r.Namespaced = in.Kind, in.SingularName, in.Namespaced
		r.ShortNames, r.Verbs = union(r.ShortNames, in.ShortNames), union(r.Verbs, in.Verbs)
	}
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// version asks for the server's own version.
func (c *Client) version(ctx context.Context) (string, error) {
	var info struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := c.do(ctx, http.MethodGet, "/version", nil, &info); err != nil {
		return "", err
	}
	if info.GitVersion == "" {
		return "", &Error{Fault: FaultServer, Msg: c.Server() + " tells no version", Hint: "is this a Kubernetes API server?"}
	}
	return info.GitVersion, nil
}
