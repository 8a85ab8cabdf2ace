package access_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/access"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/resource"
)

// few is a table small enough to ask about every cell of.
func few() *resource.Table {
	all := []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	return resource.New([]resource.Resource{
		{Name: "pods", Version: "v1", Namespaced: true, Verbs: all, Subresources: []resource.Sub{{Name: "exec", Verbs: []string{"create", "get"}}}},
		{Name: "nodes", Version: "v1", Verbs: all},
		{Group: "apps", Name: "deployments", Version: "v1", Namespaced: true, Verbs: all, Subresources: []resource.Sub{{Name: "scale", Verbs: []string{"get", "patch", "update"}}}},
		{Group: "rbac.authorization.k8s.io", Name: "clusterroles", Version: "v1", Verbs: all},
	})
}

// ask is what a cell should say, by asking the index about it with and without
// every name that any rule uses.
func ask(x *rbac.Index, u rbac.UserInfo, q rbac.Request) access.Cell {
	if x.Evaluate(u, q).Allowed {
		return access.CellYes
	}
	if q.Path != "" || q.Verb == "deletecollection" || q.Verb == "create" && q.Subresource == "" {
		return access.CellNo
	}
	for _, name := range []string{"a", "b", "c"} {
		q.Name = name
		if x.Evaluate(u, q).Allowed {
			return access.CellNames
		}
	}
	return access.CellNo
}

// TestCellsAreWhatEvaluateDecides: for random policies every cell, in the cluster
// and in each namespace, says what the index says when asked.
func TestCellsAreWhatEvaluateDecides(t *testing.T) {
	o := odd{rand.New(rand.NewSource(21))}
	counts := map[access.Cell]int{}
	for range 300 {
		a := access.New(&snapshot.Snapshot{Source: snapshot.Source{Kind: snapshot.Cluster}, RBAC: o.policy()})
		u := o.caller()
		whole := a.Matrix(u, access.GroupsGiven, access.MatrixOptions{Table: few()})
		for _, namespace := range []string{"", "dev", "ops", "other"} {
			for _, r := range rowsIn(whole, namespace) {
				check(t, a.Index(), u, namespace, whole.Verbs, r, counts)
			}
			if namespace != "" {
				one := a.Matrix(u, access.GroupsGiven, access.MatrixOptions{Table: few(), Namespace: namespace})
				for _, r := range one.Rows {
					check(t, a.Index(), u, namespace, one.Verbs, r, counts)
				}
			}
		}
	}
	if counts[access.CellYes] < 3000 || counts[access.CellNames] < 300 || counts[access.CellNo] < 3000 {
		t.Errorf("cells %v: too one-sided to prove anything", counts)
	}
}

// rowsIn is what a matrix says of one namespace: its rows there, the cluster's elsewhere.
func rowsIn(m access.Matrix, namespace string) (rows []access.MatrixRow) {
	for _, r := range m.Rows {
		if r.Scope != "" {
			continue
		}
		i := slices.IndexFunc(m.Rows, func(o access.MatrixRow) bool {
			return o.Scope == namespace && o.APIGroup == r.APIGroup && o.Resource == r.Resource && o.URL == r.URL
		})
		if i >= 0 {
			r = m.Rows[i]
		}
		if namespace == "" || r.Resource == "pods" || r.Resource == "pods/exec" || strings.HasPrefix(r.Resource, "deployments") {
			rows = append(rows, r)
		}
	}
	return rows
}

func check(t *testing.T, x *rbac.Index, u rbac.UserInfo, namespace string, verbs []string, r access.MatrixRow, counts map[access.Cell]int) {
	t.Helper()
	name, sub, _ := strings.Cut(r.Resource, "/")
	q := rbac.Request{APIGroup: r.APIGroup, Resource: name, Subresource: sub, Namespace: namespace, Path: r.URL}
	for i, verb := range verbs {
		q.Verb = verb
		if r.Cells[i] == access.CellNone {
			continue
		}
		counts[r.Cells[i]]++
		if want := ask(x, u, q); r.Cells[i] != want {
			t.Fatalf("%s in %q: cell says %s, evaluation %s", q, namespace, r.Cells[i], want)
		}
	}
	q.Verb = "bind"
	says := access.CellNo
	for _, s := range r.Special {
		if s.Verb == "bind" {
			says = s.Cell
		}
	}
	if want := ask(x, u, q); r.Resource == "clusterroles" && r.Listed && says != want {
		t.Fatalf("%s: special verb says %s, evaluation %s", q, says, want)
	}
}

// TestCompareIsWhatDiffers: a difference is listed if and only if two cells differ.
func TestCompareIsWhatDiffers(t *testing.T) {
	o := odd{rand.New(rand.NewSource(22))}
	listed := 0
	for range 200 {
		a := access.New(&snapshot.Snapshot{Source: snapshot.Source{Kind: snapshot.Cluster}, RBAC: o.policy()})
		first := a.Matrix(rbac.User("ann").UserInfo("x"), access.GroupsGiven, access.MatrixOptions{Table: few()})
		second := a.Matrix(rbac.User("bob").UserInfo("y"), access.GroupsGiven, access.MatrixOptions{Table: few()})
		if same := access.Compare(first, first); len(same) > 0 {
			t.Fatalf("somebody differs from themselves: %+v", same)
		}
		forth, back := access.Compare(first, second), access.Compare(second, first)
		if len(forth) != len(back) {
			t.Fatalf("%d differences one way, %d the other", len(forth), len(back))
		}
		found := map[string]access.Difference{}
		for i, d := range forth {
			listed++
			if !d.First.Same(back[i].Second) || !d.Second.Same(back[i].First) {
				t.Fatalf("%+v one way, %+v the other", d, back[i])
			}
			found[fmt.Sprint(d.First.Scope, " ", d.First.APIGroup, " ", d.First.Resource)] = d
		}
		for _, namespace := range []string{"", "dev", "ops"} {
			one, other := rowsIn(first, namespace), rowsIn(second, namespace)
			for _, r := range one {
				i := slices.IndexFunc(other, func(o access.MatrixRow) bool {
					return o.APIGroup == r.APIGroup && o.Resource == r.Resource && r.URL == "" && o.URL == ""
				})
				if i < 0 {
					continue
				}
				key := func(scope string) string { return fmt.Sprint(scope, " ", r.APIGroup, " ", r.Resource) }
				d, said := found[key(namespace)]
				if !said {
					d, said = found[key("")]
					said = said && d.First.Same(r) && d.Second.Same(other[i])
				}
				if differs := !r.Same(other[i]); differs && !said {
					t.Fatalf("%s in %q differs and is not listed", r.Resource, namespace)
				}
			}
		}
	}
	if listed < 300 {
		t.Errorf("only %d differences in all worlds", listed)
	}
}

// TestNothingUnreadIsNo: what could not be read turns every no into unknown.
func TestNothingUnreadIsNo(t *testing.T) {
	role := rbac.Role{Name: "r", Rules: []rbac.Rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}}}
	binding := rbac.Binding{Name: "b", Role: role.Ref(), Subjects: []rbac.Subject{rbac.User("ann")}}
	for _, c := range []struct {
		what      string
		roles     []rbac.Role
		wantGet   access.Cell
		wantList  access.Cell
		wantWords bool
	}{
		{"", []rbac.Role{role}, access.CellYes, access.CellNo, false},
		{snapshot.ClusterRoleBindings, []rbac.Role{role}, access.CellYes, access.CellUnknown, true},
		{snapshot.ClusterRoles, nil, access.CellUnknown, access.CellUnknown, true},
		{snapshot.RoleBindings, []rbac.Role{role}, access.CellYes, access.CellNo, true},
		{snapshot.Roles, []rbac.Role{role}, access.CellYes, access.CellNo, false},
	} {
		s := &snapshot.Snapshot{Source: snapshot.Source{Kind: snapshot.Cluster}, RBAC: rbac.Policy{Complete: c.what == "", Roles: c.roles, Bindings: []rbac.Binding{binding}}}
		if c.what != "" {
			s.Unknown = []snapshot.Unknown{{What: c.what, Why: "forbidden"}}
		}
		m := access.New(s).Matrix(rbac.User("ann").UserInfo(), access.GroupsGiven, access.MatrixOptions{Table: few()})
		i := slices.IndexFunc(m.Rows, func(r access.MatrixRow) bool { return r.Resource == "pods" })
		if row := m.Rows[i]; row.Cells[0] != c.wantGet || row.Cells[1] != c.wantList || len(m.Unknown) > 0 != c.wantWords {
			t.Errorf("%s unread: get %s, list %s, unknown %q", c.what, row.Cells[0], row.Cells[1], m.Unknown)
		}
	}
}

// TestNothingOfARuleIsLost: what rules name and the table does not have keeps a row.
func TestNothingOfARuleIsLost(t *testing.T) {
	rule := func(group, resource string) rbac.Rule {
		return rbac.Rule{Verbs: []string{"get", "frob"}, APIGroups: []string{group}, Resources: []string{resource}}
	}
	role := rbac.Role{Name: "r", Rules: []rbac.Rule{
		rule("example.com", "widgets"), rule("", "podss"), rule("", "pods/exec"), rule("example.com", "*"), rule("*", "*/scale"), rule("*", "*/finalizers"), rule("*", "deployments"),
	}}
	s := &snapshot.Snapshot{Source: snapshot.Source{Kind: snapshot.Cluster}, RBAC: rbac.Policy{Complete: true, Roles: []rbac.Role{role}, Bindings: []rbac.Binding{{Name: "b", Role: role.Ref(), Subjects: []rbac.Subject{rbac.User("ann")}}}}}
	var got []string
	for _, r := range access.New(s).Matrix(rbac.User("ann").UserInfo(), access.GroupsGiven, access.MatrixOptions{Table: few()}).Rows {
		if r.Any() {
			got = append(got, fmt.Sprintf("%s.%s %v %v", r.Resource, r.APIGroup, r.Listed, r.Special[0].Verb))
		}
	}
	want := []string{
		"pods/exec. true frob", "podss. false frob", "*/finalizers.* false frob", "deployments.apps true frob", "deployments/scale.apps true frob",
		"*.example.com false frob", "widgets.example.com false frob",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
