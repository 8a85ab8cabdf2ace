package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/postern-dev/postern"

// source is one Go file of the repository, test files apart.
type source struct {
	Path    string // slash path below the repository, e.g. kql/bind/bind.go
	Room    string // its directory
	File    *ast.File
	Fset    *token.FileSet
	Imports []string
}

// root is the repository as seen from this package.
const root = "../.."

// load parses every Go file of the repository that is not a test.
func load(t *testing.T) []source {
	t.Helper()
	return walk(t, func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
}

// walk parses the Go files of the repository whose names are wanted.
func walk(t *testing.T, wanted func(name string) bool) []source {
	t.Helper()
	var out []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules" || name == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || !wanted(name) {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		src := source{Path: rel, Room: filepath.ToSlash(filepath.Dir(rel)), File: file, Fset: fset}
		for _, spec := range file.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			src.Imports = append(src.Imports, p)
		}
		out = append(out, src)
		return nil
	})
	if err != nil {
		t.Fatalf("read sources: %v", err)
	}
	if len(out) < 20 {
		t.Fatalf("read sources: only %d files found, the walk is broken", len(out))
	}
	return out
}

// in reports whether path is dir or lies below it.
func in(path string, dirs ...string) bool {
	for _, dir := range dirs {
		if path == dir || strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return false
}

// standard reports whether an import path is of the standard library.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
