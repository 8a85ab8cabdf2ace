package confirm_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/confirm"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/world"
)

// recording plays an API server by enumeration.
func recording(t *testing.T, change func(*confirm.Line)) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	base, err := confirm.Objects(rbac.Policy{Roles: []rbac.Role{{Name: "view", Rules: []rbac.Rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := lines.Encode(confirm.Line{Base: base}); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		w := world.Generate(seed)
		objects, err := confirm.Objects(w.Policy)
		if err != nil {
			t.Fatal(err)
		}
		line := confirm.Line{Seed: seed + 1, Written: objects, Live: objects}
		p := w.Policy
		p.Roles = append([]rbac.Role{{Name: "view", Rules: []rbac.Rule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}}}}, p.Roles...)
		naive := world.NewNaive(p)
		for _, q := range w.Questions(60) {
			v := naive.Ask(q.Who, q.Request)
			asked := confirm.Question{Family: string(q.Family), Spec: confirm.NewSpec(q.Who, q.Request), Status: confirm.Status{Allowed: v.Allowed}}
			if v.Allowed {
				asked.Status.Reason = v.Reasons[0]
			} else if len(v.Absent) > 0 {
				asked.Status.Reason = `RBAC: "` + strings.Join(v.Absent, `" not found, "`) + `" not found`
			}
			line.Questions = append(line.Questions, asked)
		}
		if change != nil {
			change(&line)
		}
		if err := lines.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	return &out
}

func first(line *confirm.Line, wanted func(confirm.Question) bool) *confirm.Question {
	for i, q := range line.Questions {
		if wanted(q) {
			return &line.Questions[i]
		}
	}
	return &confirm.Question{}
}

// TestJudge: a true recording passes, and each kind of lie is told from it.
func TestJudge(t *testing.T) {
	allowed := func(q confirm.Question) bool { return q.Status.Allowed && q.Status.Reason != "" }
	denied := func(q confirm.Question) bool { return !q.Status.Allowed && q.Status.Reason == "" }
	absent := func(q confirm.Question) bool { return !q.Status.Allowed && q.Status.Reason != "" }
	for _, c := range []struct {
		name, want string
		change     func(*confirm.Line)
	}{
		{"as it is", "", nil},
		{"allowed though denied", "rbac says false, the API server true", func(l *confirm.Line) { first(l, denied).Status.Allowed = true }},
		{"denied though allowed", "rbac says true, the API server false", func(l *confirm.Line) { first(l, allowed).Status.Allowed = false }},
		{"another reason", "no reason of rbac's", func(l *confirm.Line) { first(l, allowed).Status.Reason = "RBAC: allowed by something else" }},
		{"an absence not told", "absent roles, the API server says", func(l *confirm.Line) { first(l, absent).Status.Reason = "" }},
		{"an absence made up", "rbac finds 0 absent roles", func(l *confirm.Line) { first(l, denied).Status.Reason = `RBAC: "x" not found` }},
		{"who-can", "who-can names them: false, the API server says true", func(l *confirm.Line) {
			q := *first(l, denied)
			q.WhoCan, q.Status.Allowed = true, true
			l.Questions = append(l.Questions, q)
		}},
		{"an object gone meanwhile", "as it was live", func(l *confirm.Line) { l.Live = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			report, err := confirm.Judge(recording(t, c.change), 1000)
			if err != nil {
				t.Fatal(err)
			}
			found := strings.Join(report.Disagreements, "\n")
			if (c.want == "") != (found == "") || !strings.Contains(found, c.want) {
				t.Errorf("disagreements:\n%s\nwant %q", found, c.want)
			}
		})
	}
}

// TestShort: a recording that proves too little is said to.
func TestShort(t *testing.T) {
	report, err := confirm.Judge(recording(t, nil), 1)
	if err != nil {
		t.Fatal(err)
	}
	if lacks := report.Short(confirm.Least{Worlds: 3, Questions: 180, Families: 12, Family: 1}); lacks != nil {
		t.Errorf("lacks %q, want nothing", lacks)
	}
	for _, c := range []confirm.Least{{Worlds: 4}, {Questions: 181}, {Families: 13}, {Family: 15}, {WhoCan: 1}} {
		if report.Short(c) == nil {
			t.Errorf("nothing is missing of %+v", c)
		}
	}
}

func TestBadRecordings(t *testing.T) {
	for _, text := range []string{`{"base":[`, `{"seed":1,"written":[{"kind":"Pod"}]}`, `{"seed":1,"live":[{"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1"}]}`} {
		if _, err := confirm.Judge(strings.NewReader(text), 1); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: error %v, want one that names line 1", text, err)
		}
	}
}
