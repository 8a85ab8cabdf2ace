package manifest_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/postern-dev/postern/rbac/manifest"
)

var update = flag.Bool("update", false, "write what was read into the cases")

// TestCases reads every testdata/*.txtar: each file but `want` is decoded, and
// `want` is what came of them.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			want := -1
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = i
					continue
				}
				describe(&got, manifest.Decode(f.Data, manifest.Options{Name: f.Name}))
			}
			if *update {
				if want < 0 {
					want, archive.Files = len(archive.Files), append(archive.Files, txtar.File{Name: "want"})
				}
				archive.Files[want].Data = got.Bytes()
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want < 0 {
				t.Fatal("no want section; run with -update and read it")
			}
			if diff := string(archive.Files[want].Data); diff != got.String() {
				t.Errorf("got:\n%s\nwant:\n%s", got.String(), diff)
			}
		})
	}
}

func describe(w *bytes.Buffer, r manifest.Result) {
	for _, role := range r.Policy.Roles {
		fmt.Fprintf(w, "role %s\n", line(role))
	}
	for _, b := range r.Policy.Bindings {
		fmt.Fprintf(w, "binding %s\n", line(b))
	}
	if r.Others > 0 {
		fmt.Fprintf(w, "others %d\n", r.Others)
	}
	for _, p := range r.Assumed {
		fmt.Fprintf(w, "assumed %v\n", p)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "problem %v\n", p)
		if p.Hint != "" {
			fmt.Fprintf(w, "  hint %s\n", p.Hint)
		}
	}
}

func line(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestYAMLAndJSONAgree: the same objects, read from either notation, are the
// same values.
func TestYAMLAndJSONAgree(t *testing.T) {
	yamlText := "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b, namespace: n}\nroleRef: {kind: Role, name: r}\nsubjects: [{kind: Group, name: \"\\U0001F600\"}]\n"
	jsonText := "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\n\t\"kind\":\"RoleBinding\",\"metadata\":{\"name\":\"b\",\"namespace\":\"n\"},\"roleRef\":{\"kind\":\"Role\",\"name\":\"r\"},\"subjects\":[{\"kind\":\"Group\",\"name\":\"\\ud83d\\ude00\"}]}"
	fromYAML := manifest.Decode([]byte(yamlText), manifest.Options{Name: "x"})
	fromJSON := manifest.Decode([]byte(jsonText), manifest.Options{Name: "x"})
	if line(fromYAML) != line(fromJSON) || len(fromYAML.Policy.Bindings) != 1 {
		t.Errorf("YAML %s\nJSON %s", line(fromYAML), line(fromJSON))
	}
}

// TestAliasesAreBounded: aliases of aliases end in a problem, not in memory.
func TestAliasesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("kind: List\nitems:\n- &a0 {kind: ConfigMap}\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "- &a%d {kind: List, items: [%s]}\n", i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	r := manifest.Decode([]byte(b.String()), manifest.Options{Name: "x"})
	if len(r.Problems) == 0 || !strings.Contains(r.Problems[0].Msg, "expand") {
		t.Errorf("problems = %v", r.Problems)
	}
}

func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			f.Add(part.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := manifest.Decode(data, manifest.Options{Name: "x"})
		lines := bytes.Count(data, []byte("\n")) + 1
		for _, p := range r.Problems {
			if p.Line < 0 || p.Line > lines+1 {
				t.Errorf("problem at line %d of %d: %v", p.Line, lines, p)
			}
		}
		for _, b := range r.Policy.Bindings {
			if b.Name == "" || b.Role.Name == "" {
				t.Errorf("nameless binding %+v", b)
			}
		}
	})
}
