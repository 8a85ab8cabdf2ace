package escalate_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/postern-dev/postern/rbac"
	"github.com/postern-dev/postern/rbac/escalate"
	"github.com/postern-dev/postern/rbac/manifest"
)

var update = flag.Bool("update", false, "write the paths that were found into the cases")

// TestCases: each file has worlds for one kind of edge, NAME.yaml and what ann
// can reach in it, NAME.want. A world called near-… differs from one that has a
// path by what its name says, and must have none; in one called else-… there are
// paths of other kinds only. The first line of a world
// asks: `# user:ann groups=a,b version=1.34 all`. base.yaml is part of each.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			kind := escalate.Kind(strings.TrimSuffix(filepath.Base(file), ".txtar"))
			run(t, ar, kind)
			if !*update {
				return
			}
			if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// run answers every world of a file, and with -update writes the answers into it.
func run(t *testing.T, ar *txtar.Archive, kind escalate.Kind) {
	t.Helper()
	want, base := map[string][]byte{}, []byte(nil)
	for _, f := range ar.Files {
		if name, ok := strings.CutSuffix(f.Name, ".want"); ok {
			want[name] = f.Data
		}
		if f.Name == "base.yaml" {
			base = f.Data
		}
	}
	var out []txtar.File
	fired := 0
	for _, f := range ar.Files {
		name, ok := strings.CutSuffix(f.Name, ".yaml")
		if !ok {
			continue
		}
		out = append(out, f)
		if name == "base" {
			continue
		}
		got, kinds := answer(t, f, base)
		switch {
		case strings.HasPrefix(name, "near-"):
			if len(kinds) > 0 {
				t.Errorf("%s: found something:\n%s", f.Name, got)
			}
		case strings.HasPrefix(name, "else-"):
			if kinds[kind] || len(kinds) == 0 {
				t.Errorf("%s: want edges but %s:\n%s", f.Name, kind, got)
			}
		case !kinds[kind]:
			t.Errorf("%s: no edge %s:\n%s", f.Name, kind, got)
		default:
			fired++
		}
		if !*update && !bytes.Equal(want[name], got) {
			t.Errorf("%s: got\n%swant\n%s", f.Name, got, want[name])
		}
		out = append(out, txtar.File{Name: name + ".want", Data: got})
	}
	if fired == 0 || len(out) < 4 {
		t.Error("a file has a world in which its edge is there, and a near miss")
	}
	ar.Files = out
}

// answer reads a world and asks its question; kinds are those of the edges found.
func answer(t *testing.T, f txtar.File, base []byte) ([]byte, map[escalate.Kind]bool) {
	t.Helper()
	var p rbac.Policy
	for _, part := range []txtar.File{{Name: "base.yaml", Data: base}, f} {
		r := manifest.Decode(part.Data, manifest.Options{Name: part.Name})
		for _, problem := range r.Problems {
			t.Fatal(problem)
		}
		p.Roles, p.Bindings = append(p.Roles, r.Policy.Roles...), append(p.Bindings, r.Policy.Bindings...)
	}
	line, _, _ := strings.Cut(string(f.Data), "\n")
	words := strings.Fields(strings.TrimPrefix(line, "#"))
	if len(words) == 0 || !strings.HasPrefix(line, "#") {
		t.Fatalf("%s: the first line is not a question", f.Name)
	}
	var groups []string
	var o escalate.Options
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "groups":
			groups = strings.Split(value, ",")
		case "version":
			o.Version, _ = rbac.ParseVersion(value)
		case "all":
			o.All = true
		case "complete":
			p.Complete = true
		case "namespace":
			o.Namespace = value
		case "enforce": // the level Pod Security enforces in namespace dev; the others have no labels
			o.Labels = map[string]map[string]string{"dev": {"pod-security.kubernetes.io/enforce": value}}
		case "depth":
			fmt.Sscan(value, &o.MaxDepth)
		default:
			t.Fatalf("%s: %q is no option", f.Name, w)
		}
	}
	r := escalate.New(rbac.NewIndex(p), o).Paths(subject(t, words[0]).UserInfo(groups...))
	kinds := map[escalate.Kind]bool{}
	var b bytes.Buffer
	for _, path := range r.Paths {
		fmt.Fprintf(&b, "path to %s%s\n", path.To(), alike(path))
		show(&b, path, kinds)
	}
	for _, path := range r.Others {
		last := path.Edges[len(path.Edges)-1]
		kinds[last.Kind] = true
		fmt.Fprintf(&b, "within reach: %s, after %d by %s\n", path.To(), len(path.Edges), last.Kind)
	}
	return b.Bytes(), kinds
}

func alike(p escalate.Path) string {
	if p.Alike == 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d alike)", p.Alike)
}

func show(b *bytes.Buffer, p escalate.Path, kinds map[escalate.Kind]bool) {
	for _, e := range p.Edges {
		kinds[e.Kind] = true
		fmt.Fprintf(b, "  %s -- %s (%s) --> %s\n    %s\n", e.From, e.Kind, e.Certainty, e.To, e.Text)
		for _, a := range e.Allows {
			switch {
			case a.Role == nil:
				fmt.Fprintf(b, "    because %s\n", a.Reason)
			case a.Binding == nil:
				fmt.Fprintf(b, "    by %s rule %d (%s), %s\n", a.Role.Title(), a.Rule, a.At(), a.Reason)
			default:
				fmt.Fprintf(b, "    by %s of %s rule %d (%s) to %s\n", a.Binding.Title(), a.Role.Title(), a.Rule, a.At(), a.Subject)
			}
		}
		for _, n := range e.Needs {
			fmt.Fprintf(b, "    needs %s\n", n)
		}
	}
}

func subject(t *testing.T, text string) rbac.Subject {
	t.Helper()
	kind, name, _ := strings.Cut(text, ":")
	switch kind {
	case "user":
		return rbac.User(name)
	case "group":
		return rbac.Group(name)
	case "sa":
		ns, account, _ := strings.Cut(name, "/")
		return rbac.ServiceAccount(ns, account)
	}
	t.Fatalf("%q is no subject", text)
	return rbac.Subject{}
}
