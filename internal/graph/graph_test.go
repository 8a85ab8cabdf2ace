package graph_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/postern-dev/postern/internal/graph"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/manifest"
)

var update = flag.Bool("update", false, "write what was drawn into the cases")

// TestCases draws every testdata/*.txtar: NAME.yaml files are clusters, each
// `ask …` file holds options as one line, and its want is in `want …`.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources := clusters(t, archive)
			wants := map[string]int{}
			for i, f := range archive.Files {
				wants[f.Name] = i
			}
			for _, f := range archive.Files {
				ask, asked := strings.CutPrefix(f.Name, "ask ")
				if !asked {
					continue
				}
				got := answer(t, sources, string(f.Data))
				at, there := wants["want "+ask]
				switch {
				case *update && there:
					archive.Files[at].Data = []byte(got)
				case !there:
					t.Errorf("%s has no want", f.Name)
				case got != string(archive.Files[at].Data):
					t.Errorf("%s: got\n%swant\n%s", f.Name, got, archive.Files[at].Data)
				}
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// clusters are the policies of a case. One called NAME.live.yaml is a cluster
// that was read completely, others are manifests.
func clusters(t *testing.T, archive *txtar.Archive) (all []graph.Source) {
	t.Helper()
	for _, f := range archive.Files {
		name, found := strings.CutSuffix(f.Name, ".yaml")
		if !found {
			continue
		}
		name, live := strings.CutSuffix(name, ".live")
		got := manifest.Decode(f.Data, manifest.Options{Name: f.Name})
		for _, p := range got.Problems {
			t.Fatal(p)
		}
		s := &snapshot.Snapshot{Name: name, Source: snapshot.Source{Kind: snapshot.Files}, RBAC: got.Policy, Taken: time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC), Version: "v1.36.3"}
		if live {
			s.Source = snapshot.Source{Kind: snapshot.Cluster, Context: name}
			s.RBAC.Complete = true
			s.Identity = &snapshot.Identity{User: "me@contoso.example", Groups: []string{"aks-admins", "system:authenticated"}}
		}
		all = append(all, graph.Source{Snapshot: s})
	}
	return all
}

// answer is the picture as text: nodes with what is particular, then edges.
func answer(t *testing.T, sources []graph.Source, ask string) string {
	t.Helper()
	g, err := graph.Build(sources, options(t, ask))
	if err != nil {
		var no *graph.NoSuch
		if errors.As(err, &no) {
			return fmt.Sprintf("error: %v; near %v\n", err, no.Near)
		}
		return "error: " + err.Error() + "\n"
	}
	var b strings.Builder
	for _, n := range g.Nodes {
		var marks []string
		for _, mark := range []struct {
			text string
			set  bool
		}{{"focus", n.Focus}, {"everything", n.Everything}, {"aggregated", n.Aggregated}, {string(n.State), n.State != ""}} {
			if mark.set {
				marks = append(marks, mark.text)
			}
		}
		if len(marks) > 0 || !linked(g, n.ID) {
			fmt.Fprintf(&b, "node %s %v\n", n.ID, marks)
		}
	}
	for _, e := range g.Edges {
		how := ""
		if e.How != "" {
			how = " (" + e.How + ")"
		}
		fmt.Fprintf(&b, "%s %s%s %s\n", e.From, e.Kind, how, e.To)
	}
	for _, p := range g.Paths {
		fmt.Fprintf(&b, "path from %s sure=%v\n", p.From, p.Sure)
		for _, h := range p.Hops {
			fmt.Fprintf(&b, "  %s -> %s: %s %v\n", h.How, h.To, h.Text, h.Evidence)
		}
	}
	for _, w := range g.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	for _, line := range g.Limits() {
		if !strings.HasPrefix(line, "not examined") {
			fmt.Fprintf(&b, "%s\n", line)
		}
	}
	return b.String()
}

func linked(g *graph.Graph, id string) bool {
	for _, e := range g.Edges {
		if e.From == id || e.To == id {
			return true
		}
	}
	return false
}

func options(t *testing.T, ask string) (o graph.Options) {
	t.Helper()
	words := strings.Fields(ask)
	for i := 0; i < len(words); i++ {
		next := func() string { i++; return words[i] }
		switch words[i] {
		case "-n":
			o.Namespace = next()
		case "-e":
			o.Pattern = regexp.MustCompile(next())
		case "--role":
			o.Roles = append(o.Roles, next())
		case "--system":
			o.System = true
		case "--paths":
			o.Paths = true
		default:
			o.Subjects = append(o.Subjects, asked(words[i]))
		}
	}
	return o
}

func asked(text string) graph.Asked {
	kind, name, _ := strings.Cut(text, ":")
	switch kind {
	case "user":
		return graph.Asked{Text: name, Subject: rbac.User(name)}
	case "group":
		return graph.Asked{Text: name, Subject: rbac.Group(name)}
	case "sa":
		namespace, account, _ := strings.Cut(name, "/")
		return graph.Asked{Text: name, Subject: rbac.ServiceAccount(namespace, account)}
	}
	return graph.Asked{Text: text}
}

// TestSameTwice: the same snapshot gives the same bytes, in every form.
func TestSameTwice(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/cluster.txtar")
	if err != nil {
		t.Fatal(err)
	}
	render := func() string {
		var b bytes.Buffer
		for _, o := range []graph.Options{{System: true}, {Paths: true}, {Pattern: regexp.MustCompile("a")}} {
			g, err := graph.Build(clusters(t, archive), o)
			if err != nil {
				t.Fatal(err)
			}
			for _, write := range []func(*bytes.Buffer) error{
				func(b *bytes.Buffer) error { return g.Dot(b) },
				func(b *bytes.Buffer) error { return g.Mermaid(b) },
				func(b *bytes.Buffer) error { return g.HTML(b) },
			} {
				if err := write(&b); err != nil {
					t.Fatal(err)
				}
			}
		}
		return b.String()
	}
	first := render()
	for range 20 {
		if render() != first {
			t.Fatal("two runs differ")
		}
	}
}

// TestUnread: a role that could not be read is unknown, never missing, and a
// part this picture has no use for does not make it incomplete.
func TestUnread(t *testing.T) {
	policy := rbac.Policy{Bindings: []rbac.Binding{{Namespace: "dev", Name: "b", Role: rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: "r"}, Subjects: []rbac.Subject{rbac.User("ann")}}}}
	for _, c := range []struct {
		unread     string
		complete   bool
		want       graph.State
		incomplete bool
	}{
		{"", true, graph.Missing, false},
		{snapshot.Roles, false, graph.Unread, true},
		{snapshot.ClusterRoles, false, graph.Missing, true},
		{snapshot.Discovery, true, graph.Missing, false},
	} {
		s := &snapshot.Snapshot{Source: snapshot.Source{Kind: snapshot.Cluster}, RBAC: policy}
		s.RBAC.Complete = c.complete
		if c.unread != "" {
			s.Unknown = []snapshot.Unknown{{What: c.unread, Why: "forbidden"}}
		}
		g, err := graph.Build([]graph.Source{{Snapshot: s, Name: "c"}}, graph.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got graph.State
		for _, n := range g.Nodes {
			if n.Kind == graph.Role {
				got = n.State
			}
		}
		if got != c.want || g.Incomplete() != c.incomplete {
			t.Errorf("%q unread: state %q, incomplete %v; want %q, %v", c.unread, got, g.Incomplete(), c.want, c.incomplete)
		}
	}
}
