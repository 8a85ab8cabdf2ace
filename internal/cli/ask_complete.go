package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/postern-dev/postern/rbac/resource"
)

// completeQuestion offers verbs, then resources and their subresources, from
// what Kubernetes itself serves: a completion must not wait for a cluster.
func (e *Env) completeQuestion(_ *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	var offered []string
	table := resource.Builtin()
	switch len(args) {
	case 0:
		offered = verbsOf(table)
	case 1:
		offered = resourcesFor(table, args[0])
	}
	offered = slices.DeleteFunc(offered, func(s string) bool { return !strings.HasPrefix(s, begun) })
	return offered, cobra.ShellCompDirectiveNoFileComp
}

func verbsOf(table *resource.Table) (verbs []string) {
	for _, r := range table.All() {
		verbs = append(append(verbs, r.Verbs...), r.Checks...)
	}
	slices.Sort(verbs)
	return slices.Compact(verbs)
}

// resourcesFor are the resources that know a verb, by the name that says
// exactly which is meant.
func resourcesFor(table *resource.Table, verb string) (names []string) {
	for _, r := range table.All() {
		if verb == "*" || slices.Contains(r.Verbs, verb) || slices.Contains(r.Checks, verb) {
			names = append(names, r.String())
		}
		for _, s := range r.Subresources {
			if slices.Contains(s.Verbs, verb) {
				names = append(names, r.String()+"/"+s.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
