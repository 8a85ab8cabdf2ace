package sarif_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"
)

// scan has the built postern write SARIF about a tenant out of its own test.
func scan(t *testing.T, args ...string) []byte {
	t.Helper()
	script, err := txtar.ParseFile("../../internal/cli/testdata/script/scan.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range script.Files {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f.Name)), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	postern, err := filepath.Abs("../../bin/postern")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(postern, append([]string{"scan", "-q", "-f", "tenant.json", "-o", "sarif"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("postern scan (run `make build` first): %v", err)
	}
	return out
}

// official is the schema of OASIS (sarif-schema-2.1.0.json), which go-sarif keeps
// as a constant of its own: its model of a document knows less than the schema
// does, so the bytes themselves are held against it.
func official(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	if err != nil {
		t.Fatalf("find the schema: %v", err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "pkg/report/v210/sarif/schema.go"), nil, 0)
	if err != nil {
		t.Fatalf("read the schema: %v", err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && len(l.Value) > len(text) {
			text, _ = strconv.Unquote(l.Value)
		}
		return true
	})
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("read the schema: %v", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// complaints are what the schema says of a document.
func complaints(schema *jsonschema.Schema, text []byte) string {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(doc)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

type log struct {
	Runs []struct {
		Tool struct {
			Driver struct{ Rules []map[string]any }
		}
		Results []struct {
			RuleID              string
			RuleIndex           int
			Kind, Level         string
			Message             struct{ Text string }
			Suppressions        []any
			PartialFingerprints map[string]string
			Locations           []struct {
				PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
			}
		}
	}
}

// TestSchema: findings, waived ones, and none at all. GitHub wants more than the
// schema does: a rule, a place and a fingerprint of its own for every result.
func TestSchema(t *testing.T) {
	schema := official(t)
	for _, c := range []struct {
		name   string
		args   []string
		enough func(log) bool
	}{
		{"findings", nil, func(l log) bool { return len(l.Runs[0].Results) > 5 }},
		{"waived", []string{"local-accounts", "--waivers", "waivers.yaml"}, func(l log) bool { return len(l.Runs[0].Results) == 1 && len(l.Runs[0].Results[0].Suppressions) == 1 }},
		{"none", []string{"local-accounts", "--cluster", "aks-b"}, func(l log) bool { return len(l.Runs[0].Results) == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := scan(t, c.args...)
			if said := complaints(schema, text); said != "" {
				t.Errorf("not valid: %s", said)
			}
			var l log
			if err := json.Unmarshal(text, &l); err != nil || len(l.Runs) != 1 {
				t.Fatalf("%d runs: %v", len(l.Runs), err)
			}
			if !c.enough(l) {
				t.Errorf("not what was to be shown: %d results", len(l.Runs[0].Results))
			}
			seen := map[string]bool{}
			for _, r := range l.Runs[0].Results {
				rules := l.Runs[0].Tool.Driver.Rules
				if r.RuleIndex >= len(rules) || rules[r.RuleIndex]["id"] != r.RuleID {
					t.Errorf("%s points at another rule", r.RuleID)
				}
				print := r.PartialFingerprints["posternFinding/v1"]
				if print == "" || seen[print] {
					t.Errorf("%s: fingerprint %q is empty or another's", r.RuleID, print)
				}
				seen[print] = true
				if len(r.Locations) == 0 || r.Locations[0].PhysicalLocation.ArtifactLocation.URI == "" || r.Message.Text == "" {
					t.Errorf("%s has no place or says nothing", r.RuleID)
				}
				if (r.Kind == "fail") == (r.Level == "none") {
					t.Errorf("%s: kind %s with level %s", r.RuleID, r.Kind, r.Level)
				}
			}
		})
	}
}

// TestSchemaComplains: a document that is wrong is found to be.
func TestSchemaComplains(t *testing.T) {
	schema := official(t)
	text := string(scan(t))
	for _, change := range [][2]string{{`"kind": "fail"`, `"kind": "failed"`}, {`"level": "error"`, `"level": "high"`}, {`"version": "2.1.0"`, `"version": "2.0.0"`}, {`"ruleId"`, `"rule"`}} {
		wrong := strings.ReplaceAll(text, change[0], change[1])
		if wrong == text {
			t.Errorf("%s is nowhere", change[0])
		} else if complaints(schema, []byte(wrong)) == "" {
			t.Errorf("%s passes", change[1])
		}
	}
}
