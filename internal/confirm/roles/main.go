// Command roles compares ClusterRoles given as manifests, aggregated ones filled
// in by rbac, with a cluster's own account of them: every role of the manifests,
// rule by rule, in order. Roles named as arguments must be among the aggregated
// ones. It exits with 3 where a role differs.
//
//	roles manifests.yaml live.json admin edit view
package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/manifest"
)

func main() {
	if len(os.Args) < 3 {
		fail(errors.New("want two files: manifests, and what the cluster reports"))
	}
	written, err := read(os.Args[1])
	if err != nil {
		fail(err)
	}
	live, err := read(os.Args[2])
	if err != nil {
		fail(err)
	}
	reported := map[string]rbac.Role{}
	for _, r := range live.Roles {
		reported[r.Name] = r
	}
	aggregated, rules, differ := map[string]bool{}, 0, 0
	for _, r := range rbac.NewIndex(written).Policy().Roles {
		if r.Aggregated() {
			aggregated[r.Name] = true
		}
		rules += len(r.Rules)
		if want, found := reported[r.Name]; !found || !same(r.Rules, want.Rules) {
			differ++
			fmt.Printf("%s:\n  from files  %q\n  in cluster  %q\n", r.Title(), r.Rules, want.Rules)
		}
	}
	for _, name := range os.Args[3:] {
		if !aggregated[name] {
			differ++
			fmt.Printf("ClusterRole %s is not an aggregated one of %s\n", name, os.Args[1])
		}
	}
	fmt.Printf("%d ClusterRoles, %d aggregated, %d rules: %d differ\n", len(written.Roles), len(aggregated), rules, differ)
	if differ > 0 {
		os.Exit(3)
	}
}

func read(path string) (rbac.Policy, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return rbac.Policy{}, err
	}
	r := manifest.Decode(text, manifest.Options{Name: path})
	if len(r.Problems) > 0 {
		return rbac.Policy{}, r.Problems[0]
	}
	if len(r.Policy.Roles) == 0 {
		return rbac.Policy{}, fmt.Errorf("read %s: no roles", path)
	}
	return r.Policy, nil
}

// same compares rules and their order; an absent list is an empty one.
func same(a, b []rbac.Rule) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		for _, pair := range [][2][]string{{x.Verbs, y.Verbs}, {x.APIGroups, y.APIGroups}, {x.Resources, y.Resources}, {x.ResourceNames, y.ResourceNames}, {x.NonResourceURLs, y.NonResourceURLs}} {
			if len(pair[0])+len(pair[1]) > 0 && !reflect.DeepEqual(pair[0], pair[1]) {
				return false
			}
		}
	}
	return true
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "roles: %v\n", err)
	os.Exit(1)
}
