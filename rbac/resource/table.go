package resource

import (
	"slices"
	"strings"
)

// Table is the resources of one server.
type Table struct {
	// Live: from a cluster's own discovery. What it does not have, the cluster
	// does not have, except in the groups of Unread.
	Live bool
	// Unread are API groups whose resources the server could not tell.
	Unread []string

	all []Resource
}

// New is a table of these resources, in the order in which a name that several
// groups have should find them, and of those only authorization knows.
func New(list []Resource) *Table {
	t := &Table{all: slices.Clone(list)}
	t.addChecks()
	return t
}

// All lists every resource, the virtual ones last.
func (t *Table) All() []Resource { return t.all }

// Get finds a resource by its exact plural name and group.
func (t *Table) Get(group, name string) (Resource, bool) {
	i := slices.IndexFunc(t.all, func(r Resource) bool { return r.Group == group && r.Name == name })
	if i < 0 {
		return Resource{}, false
	}
	return t.all[i], true
}

// Find is every resource that a text can mean: its plural or singular name, its
// kind, a short name, or RESOURCE.GROUP and RESOURCE.VERSION.GROUP, where the
// beginning of a group will do. What the text means first comes first.
func (t *Table) Find(text string) []Resource {
	text = strings.ToLower(text)
	name, rest, dotted := strings.Cut(text, ".")
	if name == "" {
		return nil
	}
	if !dotted {
		return t.named(name, func(Resource) bool { return true })
	}
	if version, group, found := strings.Cut(rest, "."); found {
		if all := t.named(name, func(r Resource) bool { return r.Group == group && r.serves(version) }); len(all) > 0 {
			return all
		}
	} else if all := t.named(name, func(r Resource) bool { return r.Group == "" && r.serves(rest) }); len(all) > 0 {
		return all // pods.v1
	}
	if all := t.named(name, func(r Resource) bool { return r.Group == rest }); len(all) > 0 {
		return all
	}
	return t.named(name, func(r Resource) bool { return strings.HasPrefix(r.Group, rest) })
}

func (r Resource) serves(version string) bool {
	return r.Version == version || slices.Contains(r.Versions, version)
}

// named prefers plural names to kinds and those to short names: what one
// resource is called outright is not taken for another's abbreviation.
func (t *Table) named(name string, in func(Resource) bool) []Resource {
	for _, matches := range []func(Resource) bool{
		func(r Resource) bool { return r.Name == name },
		func(r Resource) bool { return r.Singular == name || strings.ToLower(r.Kind) == name },
		func(r Resource) bool { return slices.Contains(r.ShortNames, name) },
	} {
		var found []Resource
		for _, r := range t.all {
			if in(r) && matches(r) {
				found = append(found, r)
			}
		}
		if len(found) > 0 {
			return withoutEchoes(found)
		}
	}
	return nil
}

// withoutEchoes leaves out the resources of authentication.k8s.io that repeat
// another's name for the constrained forms of impersonation: they are found
// with their group.
func withoutEchoes(found []Resource) []Resource {
	return slices.DeleteFunc(slices.Clone(found), func(r Resource) bool {
		return r.Virtual && r.Group == authentication && slices.ContainsFunc(found, func(o Resource) bool { return o.Name == r.Name && o.Group != r.Group })
	})
}
