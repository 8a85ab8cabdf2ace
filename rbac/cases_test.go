package rbac_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/postern-dev/postern/audit"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/manifest"
	"github.com/postern-dev/postern/rbac/recorded"
)

var update = flag.Bool("update", false, "write what was answered into the cases")

// The cases under testdata are manifests, questions and the answers wanted:
//
//	as user:ann +GROUP oid=VALUE    the caller of the lines below, extra values by key
//	VERB RESOURCE[/SUB][.GROUP] [NAME] [-n NAMESPACE]
//	VERB /URL
//	who-can …                       as above, everybody
//	rules ROLE                      what a ClusterRole comes to
//	faults                          what is wrong with the policy
//	complete                        from here on the objects are a cluster's all
//	union ROLE…                     their rules, minimal
//	covers ROLE ROLE                is the second inside the first, what is not
//	version V VERB RESOURCE …       everything that server asks
//	events                          what the events of *.jsonl asked, were told, and are told here

func TestField(t *testing.T) { runCases(t, "testdata/field/*.txtar") }

func TestNearCases(t *testing.T) { runCases(t, "testdata/near/*.txtar") }

func runCases(t *testing.T, pattern string) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runCase(t, file) })
	}
}

func runCase(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := session{t: t}
	questions, want := "", -1
	for i, f := range archive.Files {
		switch f.Name {
		case "questions":
			questions = string(f.Data)
		case "want":
			want = i
		case "events.jsonl":
			c.events = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		default:
			got := manifest.Decode(f.Data, manifest.Options{Name: f.Name})
			for _, p := range got.Problems {
				t.Fatal(p)
			}
			c.policy.Roles = append(c.policy.Roles, got.Policy.Roles...)
			c.policy.Bindings = append(c.policy.Bindings, got.Policy.Bindings...)
		}
	}
	c.index = rbac.NewIndex(c.policy)
	for line := range strings.Lines(questions) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			fmt.Fprintf(&c.out, "%s\n", line)
			c.run(strings.Fields(line))
		}
	}
	if *update {
		if want < 0 {
			want, archive.Files = len(archive.Files), append(archive.Files, txtar.File{Name: "want"})
		}
		archive.Files[want].Data = c.out.Bytes()
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want < 0 {
		t.Fatal("no want section; run with -update and read it")
	}
	if wanted := string(archive.Files[want].Data); wanted != c.out.String() {
		t.Errorf("got:\n%s\nwant:\n%s", c.out.String(), wanted)
	}
}

type session struct {
	t      *testing.T
	policy rbac.Policy
	index  *rbac.Index
	who    rbac.UserInfo
	events []string
	out    bytes.Buffer
}

func (c *session) run(words []string) {
	switch words[0] {
	case "as":
		c.who = caller(c.t, words[1:])
	case "complete":
		c.policy.Complete = true
		c.index = rbac.NewIndex(c.policy)
	case "faults":
		for _, f := range c.index.Faults() {
			c.say("%s at %s: %s", f.Kind, f.At, f.Msg)
		}
	case "who-can":
		for _, a := range c.index.WhoCan(request(c.t, words[1:])) {
			c.say("%s (%s)", a.Subject, by(a))
		}
	case "rules":
		c.rules(c.role(words[1]).Rules)
	case "union":
		var rules []rbac.Rule
		for _, name := range words[1:] {
			rules = append(rules, c.role(name).Rules...)
		}
		c.rules(rbac.Union(rules))
	case "covers":
		covered, uncovered := rbac.Covers(c.role(words[1]).Rules, c.role(words[2]).Rules)
		c.say("%v", covered)
		c.rules(uncovered)
	case "events":
		for _, event := range c.events {
			c.event(event)
		}
	case "version":
		v, ok := rbac.ParseVersion(words[1])
		if !ok {
			c.t.Fatalf("version %q", words[1])
		}
		for _, q := range rbac.Connect(v, request(c.t, words[2:])) {
			c.say("asks %s: %v", q, c.index.Evaluate(c.who, q).Allowed)
		}
	default:
		c.decide(request(c.t, words))
	}
}

func (c *session) decide(q rbac.Request) {
	d := c.index.Evaluate(c.who, q)
	if d.Allowed {
		c.say("yes")
	} else {
		c.say("no")
	}
	for _, a := range d.Allows {
		c.say("  %s", by(a))
	}
	for _, n := range c.index.NearMisses(c.who, q) {
		c.say("  %s: %s", n.Kind, n.Text)
		if n.Request != nil {
			c.say("    would: %s", n.Request)
		}
	}
}

// event compares what was said to a recorded request with what is said here.
func (c *session) event(line string) {
	e, _, cut, err := audit.Salvage([]byte(line))
	if err != nil && !cut {
		c.t.Fatal(err)
	}
	asked, err := recorded.Read(e)
	if err != nil {
		c.say("%s: %v", e.AuditID.Value, err)
		return
	}
	text := fmt.Sprintf("%s %s: %s may %s: %s", e.AuditID.Value, e.Stage.Value, asked.Who.Username, asked.Request, asked.Verdict)
	if asked.Impersonator != nil {
		text += ", asked by " + asked.Impersonator.Username
	}
	if asked.Admission {
		text += ", refused by admission"
	}
	if cut {
		text += ", record cut"
	}
	d := c.index.Evaluate(asked.Who, asked.Request)
	text += fmt.Sprintf("; here %v", d.Allowed)
	if asked.Reason != "" {
		text += fmt.Sprintf(", for the recorded reason %v", slices.ContainsFunc(d.Allows, func(a rbac.Allow) bool { return a.Because() == asked.Reason }))
	}
	c.say("%s", text)
}

func by(a rbac.Allow) string {
	if a.Binding == nil {
		return a.Reason
	}
	return fmt.Sprintf("%s; rule %d at %s", a.Because(), a.Rule+1, a.At())
}

func (c *session) rules(rules []rbac.Rule) {
	for _, r := range rules {
		c.say("  %s", ruleText(r))
	}
}

func ruleText(r rbac.Rule) string {
	text := strings.Join(r.Verbs, ",")
	if len(r.NonResourceURLs) > 0 {
		return text + " " + strings.Join(r.NonResourceURLs, ",")
	}
	text += fmt.Sprintf(" %q %s", r.APIGroups, strings.Join(r.Resources, ","))
	if len(r.ResourceNames) > 0 {
		text += fmt.Sprintf(" names %q", r.ResourceNames)
	}
	return text
}

func (c *session) role(name string) rbac.Role {
	for _, r := range c.index.Policy().Roles {
		if r.Name == name {
			return r
		}
	}
	c.t.Fatalf("no role %q", name)
	return rbac.Role{}
}

func (c *session) say(format string, args ...any) { fmt.Fprintf(&c.out, "  "+format+"\n", args...) }

func caller(t *testing.T, words []string) rbac.UserInfo {
	var subject rbac.Subject
	var groups []string
	extra := map[string][]string{}
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		kind, name, _ := strings.Cut(w, ":")
		switch {
		case strings.HasPrefix(w, "+"):
			groups = append(groups, w[1:])
		case kind == "user":
			subject = rbac.User(name)
		case kind == "group":
			subject = rbac.Group(name)
		case kind == "sa":
			namespace, account, _ := strings.Cut(name, "/")
			subject = rbac.ServiceAccount(namespace, account)
		case value != "":
			extra[key] = append(extra[key], value)
		default:
			t.Fatalf("caller %q", w)
		}
	}
	u := subject.UserInfo(groups...)
	u.Extra = extra
	return u
}

func request(t *testing.T, words []string) rbac.Request {
	if len(words) < 2 {
		t.Fatalf("question %q", words)
	}
	q := rbac.Request{Verb: words[0]}
	if strings.HasPrefix(words[1], "/") {
		q.Path = words[1]
		return q
	}
	full, group, _ := strings.Cut(words[1], ".")
	q.APIGroup = group
	q.Resource, q.Subresource, _ = strings.Cut(full, "/")
	for i := 2; i < len(words); i++ {
		if words[i] == "-n" && i+1 < len(words) {
			q.Namespace = words[i+1]
			i++
			continue
		}
		q.Name = words[i]
	}
	return q
}
