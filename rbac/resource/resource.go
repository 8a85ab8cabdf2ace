// Package resource is what an API server serves, as names: resources with their
// groups, kinds, short names, subresources and verbs.
//
// A Table comes from a cluster's discovery or, without one, from Builtin, which
// was recorded from a real kube-apiserver. It finds what people type for a
// resource, as kubectl does, and knows the resources that only authorization
// knows: users and groups to impersonate, signers to approve for. Whether
// anybody may use a resource is package rbac's; reading discovery is
// internal/cluster's.
//
//	table := resource.Builtin()
//	target, err := resource.Parse(table, "pods/exec", resource.Options{})
package resource

import "slices"

// Resource is one resource of one API group.
type Resource struct {
	Group        string   `json:"group,omitempty"` // empty: the core group
	Version      string   `json:"version"`         // the one the server prefers
	Versions     []string `json:"versions,omitempty"`
	Name         string   `json:"name"` // plural, as rules write it
	Singular     string   `json:"singular,omitempty"`
	Kind         string   `json:"kind,omitempty"`
	ShortNames   []string `json:"shortNames,omitempty"`
	Namespaced   bool     `json:"namespaced,omitempty"`
	Verbs        []string `json:"verbs"`
	Subresources []Sub    `json:"subresources,omitempty"`

	// Checks are verbs that no API call has, but that the server asks its
	// authorizers for: bind, escalate, impersonate, approve, sign, attest.
	Checks []string `json:"-"`
	// Virtual: no API serves it, only authorization knows it.
	Virtual bool `json:"-"`
}

// Sub is a subresource.
type Sub struct {
	Name  string   `json:"name"`
	Verbs []string `json:"verbs"`
	// Virtual: discovery does not name it, but authorization is asked for it.
	Virtual bool `json:"-"`
}

// Sub finds a subresource.
func (r Resource) Sub(name string) (Sub, bool) {
	i := slices.IndexFunc(r.Subresources, func(s Sub) bool { return s.Name == name })
	if i < 0 {
		return Sub{}, false
	}
	return r.Subresources[i], true
}

// String is RESOURCE or RESOURCE.GROUP.
func (r Resource) String() string {
	if r.Group == "" {
		return r.Name
	}
	return r.Name + "." + r.Group
}
