package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// core are the rooms without effects (ARCHITECTURE.md, rule 1).
var core = []string{"audit", "rbac", "kql", "internal/finding"}

func pure(room string) bool { return in(room, core...) }

// TestCoreIsPure: the core imports the standard library and itself only, and
// nothing of it that waits, logs, reads the environment or the clock.
func TestCoreIsPure(t *testing.T) {
	banned := []string{"context", "log", "log/slog", "os", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "database/sql", "syscall"}
	for _, s := range load(t) {
		if !pure(s.Room) {
			continue
		}
		for _, imp := range s.Imports {
			switch {
			case strings.HasPrefix(imp, module+"/"):
				if !pure(strings.TrimPrefix(imp, module+"/")) {
					t.Errorf("%s imports %s: the core imports only the core", s.Path, imp)
				}
			case !standard(imp):
				if s.Room != "rbac/manifest" || !strings.Contains(imp, "yaml") {
					t.Errorf("%s imports %s: the core uses the standard library only", s.Path, imp)
				}
			default:
				for _, b := range banned {
					if imp == b || strings.HasPrefix(imp, "os/") {
						t.Errorf("%s imports %s: the core has no effects", s.Path, imp)
						break
					}
				}
			}
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && (sel.Sel.Name == "Now" || sel.Sel.Name == "Since" || sel.Sel.Name == "Sleep") {
				t.Errorf("%s uses time.%s: the core takes the time as a value", s.Fset.Position(n.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}

// TestHomesOfDependencies: each heavy dependency has one home (rule 2), and SQL
// is run by stores alone (rule 5).
func TestHomesOfDependencies(t *testing.T) {
	homes := []struct {
		prefix string
		rooms  []string
	}{
		{"k8s.io/client-go", []string{"internal/cluster"}},
		{"github.com/Azure/azure-sdk-for-go", []string{"internal/azure", "internal/ingest/blob", "internal/ingest/loganalytics", "internal/ingest/activitylog"}},
		{"github.com/duckdb/", []string{"internal/store/duck"}},
		{"database/sql", []string{"internal/store"}},
		{"github.com/spf13/cobra", []string{"internal/cli"}},
	}
	seen := map[string]bool{}
	for _, s := range load(t) {
		if in(s.Path, "lab", "tools", "bench") {
			continue
		}
		for _, imp := range s.Imports {
			for _, h := range homes {
				if !strings.HasPrefix(imp, h.prefix) {
					continue
				}
				seen[h.prefix] = true
				if !in(s.Room, h.rooms...) {
					t.Errorf("%s imports %s: its home is %s", s.Path, imp, strings.Join(h.rooms, ", "))
				}
			}
		}
	}
	for _, h := range homes {
		if !seen[h.prefix] {
			t.Errorf("nothing imports %s: the rule watches an empty place", h.prefix)
		}
	}
}

// TestDirections: nothing imports lab, tools or the command line; server rooms
// do not import one another; lab does not import the product (rules 3 and 4).
func TestDirections(t *testing.T) {
	for _, s := range load(t) {
		for _, imp := range s.Imports {
			rel, ours := strings.CutPrefix(imp, module+"/")
			if !ours {
				continue
			}
			if in(rel, "lab", "tools") && !in(s.Path, "lab", "tools") {
				t.Errorf("%s imports %s: lab and tools are nobody's dependency", s.Path, imp)
			}
			if in(s.Path, "lab") && !in(rel, "lab") {
				t.Errorf("%s imports %s: the lab is the product's oracle and shares no code with it", s.Path, imp)
			}
			if in(rel, "internal/cli") && !in(s.Path, "internal/cli", "cmd") {
				t.Errorf("%s imports %s: only cmd may", s.Path, imp)
			}
			if a, ok := strings.CutPrefix(s.Room, "internal/server/"); ok && in(rel, "internal/server") {
				if b := strings.TrimPrefix(rel, "internal/server/"); !in(b, strings.Split(a, "/")[0]) {
					t.Errorf("%s imports %s: server rooms do not import one another", s.Path, imp)
				}
			}
		}
	}
}

// TestWhereTheOraclesMeet: of the lab's tests those of lab/confirm may import the
// pure core, to hold it against a real API server; no other imports the product.
func TestWhereTheOraclesMeet(t *testing.T) {
	met := false
	for _, s := range walk(t, func(name string) bool { return strings.HasSuffix(name, "_test.go") }) {
		if !in(s.Path, "lab") {
			continue
		}
		for _, imp := range s.Imports {
			rel, ours := strings.CutPrefix(imp, module+"/")
			if !ours || in(rel, "lab") {
				continue
			}
			met = true
			if s.Room != "lab/confirm" || !pure(rel) {
				t.Errorf("%s imports %s: only tests of lab/confirm may, and only the pure core", s.Path, imp)
			}
		}
	}
	if !met {
		t.Error("no test of the lab imports the pure core: the exception is not needed any more")
	}
}

// TestRootModuleIsLight: the product never depends on a whole Kubernetes.
func TestRootModuleIsLight(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, heavy := range []string{"k8s.io/kubernetes ", "go.etcd.io/etcd/server"} {
		if strings.Contains(string(mod), heavy) {
			t.Errorf("go.mod names %s: that belongs to lab/go.mod", heavy)
		}
	}
}

// TestPackagesSayWhatTheyOwn: one package comment a package, on the file that
// carries it, at least two lines long.
func TestPackagesSayWhatTheyOwn(t *testing.T) {
	doc := map[string]int{}
	for _, s := range load(t) {
		if _, ok := doc[s.Room]; !ok {
			doc[s.Room] = 0
		}
		if s.File.Doc != nil {
			doc[s.Room] = max(doc[s.Room], strings.Count(s.File.Doc.Text(), "\n"))
		}
	}
	for room, lines := range doc {
		if lines < 2 {
			t.Errorf("package %s: the package comment has %d lines; say what it owns and what it does not", room, lines)
		}
	}
}

// TestNoHiddenState: no init functions and no package variables that code
// assigns to.
func TestNoHiddenState(t *testing.T) {
	for _, s := range load(t) {
		for _, d := range s.File.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init function: register in an explicit list", s.Fset.Position(f.Pos()))
			}
		}
	}
	vars := packageVars(load(t))
	for _, s := range load(t) {
		ast.Inspect(s.File, func(n ast.Node) bool {
			assign, ok := n.(*ast.AssignStmt)
			if !ok || assign.Tok == token.DEFINE {
				return true
			}
			for _, lhs := range assign.Lhs {
				id, ok := lhs.(*ast.Ident)
				// An identifier the parser resolved inside a function is a local.
				if ok && vars[s.Room+"."+id.Name] && (id.Obj == nil || id.Obj.Pos() == token.NoPos || fileLevel(s.File, id)) {
					t.Errorf("%s: assigns the package variable %s", s.Fset.Position(id.Pos()), id.Name)
				}
			}
			return true
		})
	}
}

func packageVars(sources []source) map[string]bool {
	out := map[string]bool{}
	for _, s := range sources {
		for _, d := range s.File.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if name.Name != "_" {
						out[s.Room+"."+name.Name] = true
					}
				}
			}
		}
	}
	return out
}

// fileLevel reports whether id resolves to a declaration at the top of the file.
func fileLevel(f *ast.File, id *ast.Ident) bool {
	return f.Scope != nil && f.Scope.Lookup(id.Name) == id.Obj
}

// TestErrorTexts: error texts start in lower case, end without a full stop and
// do not say that they failed to.
func TestErrorTexts(t *testing.T) {
	for _, s := range load(t) {
		ast.Inspect(s.File, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !(sel.Sel.Name == "Errorf" || sel.Sel.Name == "New") {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); !ok || (x.Name != "fmt" && x.Name != "errors") {
				return true
			}
			lit, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				return true
			}
			text := strings.Trim(lit.Value, "\"`")
			if strings.HasPrefix(text, "failed to") || (strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "..")) {
				t.Errorf("%s: error text %s: say `verb object: cause`, no full stop", s.Fset.Position(lit.Pos()), lit.Value)
			}
			return true
		})
	}
}

// TestDependenciesHaveReasons: every direct dependency of every module has its
// line in docs/design/dependencies.md.
func TestDependenciesHaveReasons(t *testing.T) {
	reasons, err := os.ReadFile(filepath.Join(root, "docs/design/dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, mod := range []string{"go.mod", "lab/go.mod", "tools/go.mod"} {
		text, err := os.ReadFile(filepath.Join(root, mod))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range direct(string(text)) {
			if !strings.Contains(string(reasons), "`"+path+"`") {
				missing = append(missing, mod+": "+path)
			}
		}
	}
	sort.Strings(missing)
	for _, m := range missing {
		t.Errorf("%s has no reason in docs/design/dependencies.md", m)
	}
}

// direct lists the modules a go.mod requires itself.
func direct(mod string) []string {
	var out []string
	block := false
	for _, line := range strings.Split(mod, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "require (":
			block = true
		case line == ")":
			block = false
		case strings.HasSuffix(line, "// indirect") || line == "":
		case block:
			out = append(out, strings.Fields(line)[0])
		case strings.HasPrefix(line, "require "):
			out = append(out, strings.Fields(line)[1])
		}
	}
	return out
}

// TestRulesCanFail feeds each helper a breach, so that a rule that cannot fail
// is noticed.
func TestRulesCanFail(t *testing.T) {
	if pure("internal/cli") || !pure("kql/bind") || !pure("audit/aks") {
		t.Error("pure: wrong rooms")
	}
	if standard("github.com/x/y") || !standard("encoding/json") {
		t.Error("standard: wrong verdict")
	}
	if got := direct("require (\n\ta.b/c v1\n\td.e/f v2 // indirect\n)\nrequire g.h/i v3\n"); strings.Join(got, " ") != "a.b/c g.h/i" {
		t.Errorf("direct: %v", got)
	}
	f, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nvar v int\nfunc f() { v = 1 }", 0)
	if err != nil || f.Scope.Lookup("v") == nil {
		t.Errorf("fileLevel: parser does not resolve package variables: %v", err)
	}
}
