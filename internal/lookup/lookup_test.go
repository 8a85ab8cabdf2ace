package lookup_test

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/lookup"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

const admins = "66992c59-0f3b-4d6a-9c81-5e7b2a4d8f06"

func world() *snapshot.Snapshot {
	clusterRole := func(name string) rbac.RoleRef { return rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: name} }
	return &snapshot.Snapshot{
		Source: snapshot.Source{Kind: snapshot.Cluster},
		RBAC: rbac.Policy{
			Roles: []rbac.Role{{Name: "cluster-admin"}, {Name: "view"}, {Name: "basic"}},
			Bindings: []rbac.Binding{
				{Name: "admins", Role: clusterRole("cluster-admin"), Subjects: []rbac.Subject{rbac.Group(admins), rbac.Group("system:masters")}},
				{Name: "basic", Role: clusterRole("basic"), Subjects: []rbac.Subject{rbac.Group("system:authenticated")}},
				{Namespace: "dev", Name: "view", Role: clusterRole("view"), Subjects: []rbac.Subject{rbac.User("Ann@x"), rbac.ServiceAccount("ci", "bot")}},
				{Namespace: "ops", Name: "gone", Role: clusterRole("gone"), Subjects: []rbac.Subject{rbac.User("Ann@x")}},
				{Namespace: "ops", Name: "sas", Role: clusterRole("view"), Subjects: []rbac.Subject{rbac.Group("system:serviceaccounts:ci")}},
			},
		},
	}
}

func bare(text string) *lookup.Asked { return &lookup.Asked{Text: text} }

func of(s rbac.Subject) *lookup.Asked { return &lookup.Asked{Text: s.Label(), Subject: s} }

func show(rows []lookup.Row) []string {
	got := []string{}
	for _, r := range rows {
		text := r.Subject.String()
		if r.Group != "" {
			text += " in " + r.Group
		}
		if r.Grant.Binding == nil {
			text += " unbound"
		} else {
			text += fmt.Sprintf(" %s/%s %s", r.Grant.Binding.Namespace, r.Grant.Binding.Name, r.State)
		}
		got = append(got, text)
	}
	return got
}

func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		name string
		q    lookup.Question
		want []string
	}{
		{"bare GUID is a group", lookup.Question{Subject: bare(admins)}, []string{"group:" + admins + " /admins found"}},
		{"user", lookup.Question{Subject: of(rbac.User("Ann@x"))}, []string{
			"user:Ann@x dev/view found", "user:Ann@x ops/gone missing", "user:Ann@x in system:authenticated /basic found"}},
		{"namespace", lookup.Question{Subject: of(rbac.User("Ann@x")), Namespace: "ops"}, []string{
			"user:Ann@x ops/gone missing", "user:Ann@x in system:authenticated /basic found"}},
		{"local account", lookup.Question{Subject: bare("masterclient")}, []string{
			"user:masterclient in system:masters unbound", "user:masterclient in system:masters /admins found", "user:masterclient in system:authenticated /basic found"}},
		{"system:masters", lookup.Question{Subject: bare("system:masters")}, []string{
			"group:system:masters unbound", "group:system:masters /admins found"}},
		{"bare ServiceAccount name", lookup.Question{Subject: bare("bot")}, []string{
			"sa:ci/bot dev/view found", "sa:ci/bot in system:serviceaccounts:ci ops/sas found", "sa:ci/bot in system:authenticated /basic found"}},
		{"ServiceAccount by its user name", lookup.Question{Subject: of(rbac.User("system:serviceaccount:ci:bot"))}, []string{
			"sa:ci/bot dev/view found", "sa:ci/bot in system:serviceaccounts:ci ops/sas found", "sa:ci/bot in system:authenticated /basic found"}},
		{"the binding's namespace is not the ServiceAccount's", lookup.Question{Subject: of(rbac.ServiceAccount("dev", "bot"))}, []string{
			"sa:dev/bot in system:authenticated /basic found"}},
		{"bare unknown word", lookup.Question{Subject: bare("nobody")}, []string{}},
		{"pattern", lookup.Question{Pattern: regexp.MustCompile("^ci/|^Ann")}, []string{
			"sa:ci/bot dev/view found", "user:Ann@x dev/view found", "user:Ann@x ops/gone missing"}},
		{"not pattern", lookup.Question{Pattern: regexp.MustCompile("^system:|@|/"), Not: true}, []string{"group:" + admins + " /admins found"}},
		{"not subject", lookup.Question{Subject: bare("Ann@x"), Not: true, Namespace: "dev"}, []string{
			"group:" + admins + " /admins found", "group:system:authenticated /basic found", "group:system:masters unbound", "group:system:masters /admins found", "sa:ci/bot dev/view found"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(lookup.Answer(world(), c.q).Rows); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
			}
		})
	}
}

// TestCallerGroupsAreExamined: the server tells the caller's groups and nobody else's.
func TestCallerGroupsAreExamined(t *testing.T) {
	s := world()
	s.Identity = &snapshot.Identity{User: "ann@x", Groups: []string{admins, "system:authenticated"}}
	r := lookup.Answer(s, lookup.Question{Subject: bare("ann@x")})
	want := []string{"user:ann@x in " + admins + " /admins found", "user:ann@x in system:authenticated /basic found"}
	if got := show(r.Rows); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Contains(strings.Join(r.NotExamined, "\n"), "groups of") {
		t.Errorf("not examined: %q, though the server told the groups", r.NotExamined)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "user:Ann@x is bound") {
		t.Errorf("warnings = %q", r.Warnings)
	}
	other := lookup.Answer(s, lookup.Question{Subject: bare("Ann@x")})
	if !strings.Contains(strings.Join(other.NotExamined, "\n"), "groups of user:Ann@x") {
		t.Errorf("not examined: %q, want the groups of user:Ann@x", other.NotExamined)
	}
}

// TestUnreadIsNotMissing: where roles could not be listed, a role is unknown.
func TestUnreadIsNotMissing(t *testing.T) {
	s := world()
	s.RBAC.Roles = nil
	s.Unknown = []snapshot.Unknown{{What: snapshot.ClusterRoles, Why: "forbidden"}}
	for _, r := range lookup.Answer(s, lookup.Question{Subject: of(rbac.User("Ann@x"))}).Rows {
		if r.State != lookup.Unread {
			t.Errorf("%s: role is %s, want unknown", r.Grant.Binding.Name, r.State)
		}
	}
}

func TestNearNamesAreOffered(t *testing.T) {
	r := lookup.Answer(world(), lookup.Question{Subject: bare("66992C59-…")})
	if !reflect.DeepEqual(r.Near, []rbac.Subject{rbac.Group(admins)}) {
		t.Errorf("near = %v", r.Near)
	}
}
