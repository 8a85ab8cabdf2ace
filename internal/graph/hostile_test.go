package graph_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/graph"
	"github.com/postern-dev/postern/internal/report"
	"github.com/postern-dev/postern/internal/snapshot"
	"github.com/postern-dev/postern/rbac"
)

// hostile are names somebody may bind to see what a viewer makes of them.
func hostile() []string {
	return []string{
		`</script><script>document.title="owned"</script>`, `<!--<script>`, `<img src=x onerror=alert(1)>`, `{{data}}`, `{{script}}`, `{{title}}`, `'"><svg/onload=1>`,
		`a"b`, `a\`, `a\"b`, `\N\G\l`, `"]; n1 -> n2 [label="x`, `&lt;b&gt; &amp; &quot;`, `#quot;`, `#35;`, `"] --> x["`, "`md` **bold** _i_", `1. list`, `- list`, `end`, `%%{init: {}}%%`, `click n1 href "javascript:alert(1)"`,
		"tab\tnew\nline\r", "nul\x00", "\x1b[31mred", "bidi\u202eevil", "\u2028\u2029", "zero\u200bwidth", "bad\xff\xfeutf8", "ann\u0301", "Ω≈ç√ 日本語 🙂", strings.Repeat("long", 300), " ", "#focus=x", "javascript:alert(1)", "user:ann", "constructor", "__proto__",
	}
}

func hostileGraph(t testing.TB) *graph.Graph {
	t.Helper()
	p := rbac.Policy{Complete: true}
	for i, name := range hostile() {
		role := rbac.Role{Name: name, Rules: []rbac.Rule{{Verbs: []string{name}, APIGroups: []string{name}, Resources: []string{name}}}, At: rbac.Position{File: name, Line: 1, Column: 1}}
		binding := rbac.Binding{Name: name, Role: rbac.RoleRef{Kind: rbac.ClusterRoleKind, Name: name}, Subjects: []rbac.Subject{rbac.User(name), rbac.Group(name), rbac.ServiceAccount("ns"+strconv.Itoa(i), name)}}
		p.Roles = append(p.Roles, role)
		p.Bindings = append(p.Bindings, binding, rbac.Binding{Namespace: name, Name: name, Role: rbac.RoleRef{Kind: rbac.RoleRoleKind, Name: name}, Subjects: binding.Subjects})
	}
	s := &snapshot.Snapshot{RBAC: p, Source: snapshot.Source{Kind: snapshot.Cluster, Lab: true}, Unknown: []snapshot.Unknown{{What: snapshot.Roles, Why: `</script>"` + "\n\x1b[31m"}}}
	g, err := graph.Build([]graph.Source{{Snapshot: s, Name: `</title><script>1</script>`}}, graph.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestHostileDot reads the output as graphviz's grammar does and finds every
// name whole in a label, and no statement that is not ours.
func TestHostileDot(t *testing.T) {
	g := hostileGraph(t)
	var out bytes.Buffer
	if err := g.Dot(&out); err != nil {
		t.Fatal(err)
	}
	var labels []string
	quoted := regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"`)
	for _, line := range strings.Split(out.String(), "\n") {
		for _, q := range quoted.FindAllString(line, -1) {
			text := strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n").Replace(q[1 : len(q)-1])
			labels = append(labels, html.UnescapeString(text))
		}
		bare := quoted.ReplaceAllString(line, `""`)
		if !regexp.MustCompile(`^ *(digraph "" \{|(node|edge) \[[a-z=", .#0-9]*\];|n\d+ (-> n\d+ ?)?(\[[a-z =",0-9]*\])?;|label=""; [a-zA-Z0-9=". ;]*|\}|)$`).MatchString(bare) {
			t.Errorf("not a statement of ours: %s", bare)
		}
	}
	for _, name := range hostile() {
		if !slices.Contains(labels, "User\n"+report.Clean(name)) {
			t.Errorf("no label says User %q", name)
		}
	}
}

// TestHostileMermaid: labels hold letters, digits, spaces, line breaks of ours
// and numbered characters, nothing else.
func TestHostileMermaid(t *testing.T) {
	g := hostileGraph(t)
	var out bytes.Buffer
	if err := g.Mermaid(&out); err != nil {
		t.Fatal(err)
	}
	label := regexp.MustCompile(`"((?:[\pL\pN ]|#\d+;|<br>)*)"`)
	ours := regexp.MustCompile(`^( *n\d+(\(\[|\{\{|\[\[|\[/|\[)""(\]\)|\}\}|\]\]|/\]|\]):::[a-z]+| *n\d+ -\.?->(\|""\|)? n\d+|flowchart LR|%%.*| *classDef .*| *linkStyle .*|)$`)
	var labels []string
	for _, line := range strings.Split(out.String(), "\n") {
		for _, m := range label.FindAllStringSubmatch(line, -1) {
			labels = append(labels, html.UnescapeString(strings.ReplaceAll(regexp.MustCompile(`#(\d+);`).ReplaceAllString(m[1], "&#$1;"), "<br>", "\n")))
		}
		if bare := label.ReplaceAllString(line, `""`); !ours.MatchString(bare) {
			t.Errorf("not a statement of ours: %s", bare)
		}
		if strings.HasPrefix(line, "%%") && strings.ContainsAny(line, "{}") {
			t.Errorf("a comment that is a directive: %s", line)
		}
	}
	for _, name := range hostile() {
		if !slices.Contains(labels, "User\n"+report.Clean(name)) {
			t.Errorf("no label says User %q", name)
		}
	}
}

// TestHostilePage: whatever the names, the page has the elements it was written
// with, its data decodes to the names, and its policy allows its own script and
// style alone.
func TestHostilePage(t *testing.T) {
	g := hostileGraph(t)
	var out bytes.Buffer
	if err := g.HTML(&out); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	for what, want := range map[string]int{"<script": 2, "</script": 2, "<style": 1, "<title": 1, "</title": 1, "<!--": 0, "<img": 0, "<svg": 0} {
		if got := strings.Count(page, what); got != want {
			t.Errorf("the page has %d %s, want %d", got, what, want)
		}
	}
	data, rest := between(t, page, `<script type="application/json" id="data">`, `</script>`)
	if strings.ContainsAny(data, "<>&\u2028\u2029") {
		t.Error("the data has characters that could end its element")
	}
	var decoded struct {
		Nodes []struct{ Kind, Name, Label string }
	}
	if err := json.Unmarshal([]byte(data), &decoded); err != nil {
		t.Fatal(err)
	}
	for _, name := range hostile() {
		if !slices.ContainsFunc(decoded.Nodes, func(n struct{ Kind, Name, Label string }) bool {
			return n.Kind == "User" && n.Label == report.Clean(name)
		}) {
			t.Errorf("no node says User %q", name)
		}
	}
	policy, _ := between(t, page, `http-equiv="Content-Security-Policy" content="`, `"`)
	script, _ := between(t, rest, "<script>", "</script>")
	css, _ := between(t, page, "<style>", "</style>")
	want := "default-src 'none'; script-src " + hash(script) + "; style-src " + hash(css) + "; base-uri 'none'; form-action 'none'"
	if policy != want {
		t.Errorf("policy %s\nwant %s", policy, want)
	}
	for _, part := range []string{script, css} { // what is ours asks for nothing
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch(", "XMLHttpRequest", "WebSocket", "import(", "@import", "https:", "@font-face"} {
			if strings.Contains(part, bad) {
				t.Errorf("the page's own code has %s", bad)
			}
		}
	}
}

func between(t *testing.T, text, from, to string) (inside, rest string) {
	t.Helper()
	_, after, found := strings.Cut(text, from)
	inside, rest, ends := strings.Cut(after, to)
	if !found || !ends {
		t.Fatalf("no %s … %s", from, to)
	}
	return inside, rest
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
