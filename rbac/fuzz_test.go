package rbac_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/manifest"
)

// FuzzEvaluate: no manifest and no question panics, Evaluate allows exactly
// those whom WhoCan names, and what near misses and unions say holds.
func FuzzEvaluate(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data, "ann", "team\nsystem:authenticated", "get", "", "pods/exec", "dev", "web")
		f.Add(archive.Files[0].Data, "system:serviceaccount:ci:bot", "", "list", "apps", "Deployments", "", "")
		f.Add(archive.Files[0].Data, "", "system:masters", "get", "", "/healthz", "", "")
	}
	f.Fuzz(func(t *testing.T, data []byte, user, groups, verb, group, what, namespace, name string) {
		policy := manifest.Decode(data, manifest.Options{Name: "fuzz"}).Policy
		u := rbac.UserInfo{Username: user, UID: name, Extra: map[string][]string{"oid": {name}}}
		if groups != "" {
			u.Groups = strings.Split(groups, "\n")
		}
		q := rbac.Request{Verb: verb, Path: what}
		if !strings.HasPrefix(what, "/") {
			q = rbac.Request{Verb: verb, APIGroup: group, Namespace: namespace, Name: name}
			q.Resource, q.Subresource, _ = strings.Cut(what, "/")
		}
		x := rbac.NewIndex(policy)
		agree(t, x, u, q)
		checkNear(t, x, u, q, map[rbac.NearKind]int{})
		for _, r := range x.Policy().Roles {
			union := rbac.Union(r.Rules)
			if allows(union, q) != allows(r.Rules, q) {
				t.Errorf("the union of %s differs on %v", r.Title(), q)
			}
			if covered, rest := rbac.Covers(union, r.Rules); !covered {
				t.Errorf("the union of %s does not cover %+v", r.Title(), rest)
			}
		}
	})
}

// agree compares Evaluate of a caller with WhoCan.
func agree(t *testing.T, x *rbac.Index, u rbac.UserInfo, q rbac.Request) {
	t.Helper()
	named := slices.ContainsFunc(x.WhoCan(q), func(a rbac.Allow) bool {
		if a.Subject.Kind == rbac.GroupKind {
			return slices.Contains(u.Groups, a.Subject.Name)
		}
		return a.Subject == rbac.User(u.Username).Canonical()
	})
	if d := x.Evaluate(u, q); d.Allowed != named || d.Allowed != (len(d.Allows) > 0) {
		t.Errorf("%v %v: evaluated %v, named by who-can %v", u, q, d.Allowed, named)
	}
}
