package tour

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/lab/cloud"
)

func TestDependents(t *testing.T) {
	for n, want := range map[int][]int{
		1: {1, 2, 3, 4, 5, 6, 7}, 2: {2}, 3: {3, 4, 5, 6, 7}, 4: {4, 7}, 5: {5, 6}, 6: {6}, 7: {7},
	} {
		if got := dependents(n); !slices.Equal(got, want) {
			t.Errorf("dependents(%d) = %v, want %v", n, got, want)
		}
	}
}

// A step may only need earlier ones, or it would wait for what never comes.
func TestNeedsAreEarlier(t *testing.T) {
	for i, s := range steps() {
		if s.n != i+1 {
			t.Errorf("step %d stands at place %d", s.n, i+1)
		}
		for _, need := range s.needs {
			if need >= s.n {
				t.Errorf("step %d needs step %d", s.n, need)
			}
		}
	}
}

func TestEveryStepHasAFault(t *testing.T) {
	have := map[int]bool{}
	ids := map[string]bool{}
	for _, f := range faults() {
		have[f.step] = true
		if ids[f.id] || !strings.HasPrefix(f.id, fmt.Sprint(f.step)) || f.about == "" {
			t.Errorf("fault %q of step %d", f.id, f.step)
		}
		if (f.plant == nil) == (f.daemon == "") || (f.plant == nil) != (f.at == "") {
			t.Errorf("fault %s needs either a point and an action or a fault of the lab", f.id)
		}
		ids[f.id] = true
	}
	for _, s := range steps() {
		if !have[s.n] {
			t.Errorf("no fault for step %d", s.n)
		}
	}
}

// The article's query is quoted byte for byte.
func TestDocumentQuery(t *testing.T) {
	sum := sha256.Sum256(documentQuery)
	const want = "3449f0be845cd73057dcfa5d215708a1bae9c99dbb228213f7624d106ceca849"
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("document.kql has changed: sha256 %s", got)
	}
}

func TestAzRefusal(t *testing.T) {
	for _, c := range []struct {
		stderr string
		want   answer
	}{
		{"ERROR: (AuthorizationFailed) The client 'x' does not have authorization\nCode: AuthorizationFailed\n",
			answer{Code: "AuthorizationFailed", Message: "The client 'x' does not have authorization"}},
		{"WARNING: something\n(BadRequest) Getting static credential is not allowed\nCode: BadRequest",
			answer{Code: "BadRequest", Message: "Getting static credential is not allowed"}},
		{`ERROR: Forbidden({"error":{"code":"AuthorizationFailed","message":"no"}})` + "\n", answer{Code: "AuthorizationFailed", Message: "no"}},
		{`ERROR: Not Found({"error":{"code":"ResourceNotFound","message":"gone"}})`, answer{Code: "ResourceNotFound", Message: "gone"}},
		{"Traceback (most recent call last)\nKeyError", answer{Code: "exit 1", Message: "Traceback (most recent call last)"}},
	} {
		if got := azRefusal(reply{Exit: 1, Stderr: c.stderr}); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %+v, want %+v", c.stderr, got, c.want)
		}
	}
}

func TestRoleAllows(t *testing.T) {
	for _, c := range []struct {
		actions, not []string
		want         bool
	}{
		{[]string{"*"}, nil, true},
		{[]string{"*/read"}, nil, false},
		{[]string{"Microsoft.ContainerService/managedClusters/*"}, nil, true},
		{[]string{"microsoft.containerservice/managedclusters/LISTCLUSTERADMINCREDENTIAL/action"}, nil, true},
		{[]string{"Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"}, nil, false},
		{[]string{"*"}, []string{"Microsoft.ContainerService/*/action"}, false},
	} {
		if got := (role{actions: c.actions, not: c.not}).allows(adminAction); got != c.want {
			t.Errorf("%v without %v: %v", c.actions, c.not, got)
		}
	}
}

func TestPrompt(t *testing.T) {
	m := prompt.FindStringSubmatch("To sign in, use a web browser to open the page https://microsoft.com/devicelogin and enter the code ABC123DEF to authenticate.")
	if m == nil || m[1] != "https://microsoft.com/devicelogin" || m[2] != "ABC123DEF" {
		t.Errorf("%q", m)
	}
}

func TestLineWatcher(t *testing.T) {
	var got []string
	w := &lineWatcher{watch: func(s string) { got = append(got, s) }}
	for _, part := range []string{"a", "b\nc\n\nd", "e\nrest"} {
		fmt.Fprint(w, part)
	}
	if !slices.Equal(got, []string{"ab", "c", "", "de"}) {
		t.Errorf("%q", got)
	}
}

func TestShellLine(t *testing.T) {
	if got := shellLine("az", []string{"rest", "--url", "https://x?a=1&$filter=b", "it's here"}); got != `az rest --url 'https://x?a=1&$filter=b' 'it'\''s here'` {
		t.Error(got)
	}
}

// world is a walk with nobody at a terminal: enough for judging what a query
// returned.
func world() *walk {
	h, u := cloud.User{ID: "h", UPN: "hshahin@lab"}, cloud.User{ID: "t", UPN: "test-user@lab"}
	l := &Lab{Users: []cloud.User{h, u}, Groups: []cloud.Group{{ID: "g1", DisplayName: "one", Members: []string{"h"}}, {ID: "g2", DisplayName: "two", Members: []string{"t"}}}}
	return &walk{lab: l, hshahin: &person{User: h, short: "hshahin"}, testUser: &person{User: u, short: "test-user"}}
}

func table(rows ...[]any) string {
	columns := []map[string]string{}
	for _, c := range []string{"TimeGenerated", "Category", "HttpMethod", "ResponseCode", "Authorized", "User", "Groups", "event"} {
		columns = append(columns, map[string]string{"name": c, "type": "string"})
	}
	b, err := json.Marshal(map[string]any{"tables": []any{map[string]any{"name": "PrimaryResult", "columns": columns, "rows": rows}}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func made(verb, code, decision, user, groups, resource string) []any {
	return []any{"2026-11-23T00:00:00Z", "kube-audit-admin", verb, code, decision, user, groups,
		map[string]any{"objectRef": map[string]string{"resource": resource, "namespace": "default", "name": podName}}}
}

func TestAttempts(t *testing.T) {
	good := made("create", "201", "allow", "hshahin@lab", `["g1","system:authenticated"]`, "pods")
	bad := made("create", "403", "forbid", "test-user@lab", `["g2"]`, "pods")
	other := made("create", "201", "allow", "hshahin@lab", `["g1"]`, "rolebindings")
	if _, err := world().attempts(table(other, good, bad)); err != nil {
		t.Errorf("the right rows: %v", err)
	}
	for name, rows := range map[string][][]any{
		"nothing":          {},
		"only one":         {good},
		"twice":            {good, good, bad},
		"wrong code":       {made("create", "200", "allow", "hshahin@lab", `["g1"]`, "pods"), bad},
		"allowed":          {good, made("create", "403", "allow", "test-user@lab", `["g2"]`, "pods")},
		"no groups":        {made("create", "201", "allow", "hshahin@lab", `[]`, "pods"), bad},
		"groups no array":  {good, made("create", "403", "forbid", "test-user@lab", `g2`, "pods")},
		"another category": {good, bad, {"", "kube-audit", "create", "", "", "", "", nil}},
	} {
		if _, err := world().attempts(table(rows...)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSummaryAndOutput(t *testing.T) {
	results := []Result{{OK: true, Pending: []string{"a", "b"}}, {OK: false}, {OK: true, Pending: []string{"c"}}}
	if got := summaryLine(results); got != "tour: 2/3 steps, 3 clauses pending" {
		t.Error(got)
	}
	var text, js bytes.Buffer
	for _, p := range []printer{&textPrinter{w: &text}, jsonPrinter{w: &js}} {
		tr := newTranscript(step{n: 1, name: "x"}, p, strings.NewReplacer("/very/long", "$L"))
		tr.command("hshahin", "ls /very/long")
		tr.output(strings.Repeat("line\n", 20))
		tr.means("as it %s", "is")
		tr.pend("`why`", "by hand")
		if err := p.summary([]Result{tr.end(errors.New("wrong"))}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"\n1. x\n", "  hshahin$ ls $L\n", "… 8 more lines", "  → as it is\n", "pending: `why` (here: by hand)", "FAILED: wrong", "tour: 0/1 steps, 1 clauses pending\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "\x1b") {
		t.Error("colours off a terminal")
	}
	var back []map[string]any
	if err := json.Unmarshal(js.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if keys := fmt.Sprintln(len(back[0]), back[0]["name"], back[0]["ok"], back[0]["pending"]); keys != "5 1. x false [`why`]\n" {
		t.Error(keys)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"--az=maybe"}, {"-o", "yaml"}, {"--break", "99"}, {"extra"}, {"--nope"}} {
		var out, errs bytes.Buffer
		if code := Main(t.Context(), args, &out, &errs); code != exitUsage || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%v: exit %d, %q, %q", args, code, out.String(), errs.String())
		}
	}
	var out bytes.Buffer
	if code := Main(t.Context(), []string{"--break", "list"}, &out, os.Stderr); code != exitOK || strings.Count(out.String(), "\n") != len(faults()) {
		t.Errorf("--break list: exit %d\n%s", code, out.String())
	}
}
