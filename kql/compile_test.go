package kql

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

var update = flag.Bool("update", false, "record the answers anew")

// testCatalog is a small store: an event table with its text shredded, and the
// same table in AKSAudit's shape.
func testCatalog() *schema.Catalog {
	text := func(p string) *schema.Node { return &schema.Node{Physical: p, Type: types.String} }
	user := &schema.Node{Fields: map[string]*schema.Node{
		"username": text("user_name"),
		"groups":   {Physical: "user_groups", Type: types.Dynamic},
	}}
	status := &schema.Node{Fields: map[string]*schema.Node{"code": {Physical: "code", Type: types.Long}}}
	ref := &schema.Node{Physical: "ref", Type: types.Dynamic, Fields: map[string]*schema.Node{"resource": text("ref_resource")}}
	doc := &schema.Node{Fields: map[string]*schema.Node{
		"verb": text("verb"), "user": user, "responseStatus": status, "objectRef": ref,
		"annotations": {Fields: map[string]*schema.Node{"authorization.k8s.io/decision": text("decision")}},
		"sourceIPs":   {Physical: "ips", Type: types.Dynamic},
	}}
	event := &schema.Built{Func: "build_event", Args: []string{"verb", "user_name", "user_groups", "code", "ref", "decision", "ips", "rest"}}
	return &schema.Catalog{Tables: []*schema.Table{
		{Name: "AzureDiagnostics", Relation: "diag", Columns: []schema.Column{
			{Name: "TimeGenerated", Type: types.DateTime, Physical: "time"},
			{Name: "Category", Type: types.String, Physical: "category"},
			{Name: "pod_s", Type: types.String, Physical: "pod"},
			{Name: "log_s", Type: types.String, Built: event, Doc: doc},
		}},
		{Name: "AKSAudit", Relation: "audit", Columns: []schema.Column{
			{Name: "TimeGenerated", Type: types.DateTime, Physical: "time"},
			{Name: "Verb", Type: types.String, Physical: "verb"},
			{Name: "User", Type: types.Dynamic, Built: &schema.Built{Func: "build_user", Args: []string{"user_name", "user_groups"}}, Doc: user},
			{Name: "ResponseStatus", Type: types.Dynamic, Physical: "status", Doc: status},
		}},
		{Name: "AKSAuditAdmin", Relation: "admin", Columns: []schema.Column{
			{Name: "TimeGenerated", Type: types.DateTime, Physical: "time"},
			{Name: "Verb", Type: types.String, Physical: "verb"},
			{Name: "ObjectRef", Type: types.Dynamic, Physical: "ref"},
		}},
	}}
}

// documentQuery is the query this project is measured by: every path of it is
// a typed column, and the event leaves whole.
const documentQuery = `AzureDiagnostics
| where Category == "kube-audit-admin"
| extend event = parse_json(log_s)
| extend HttpMethod = tostring(event.verb)
| extend ResponseCode = tostring(event.responseStatus.code)
| extend Authorized = tostring(event.annotations["authorization.k8s.io/decision"])
| extend User = tostring(event.user.username)
| extend Groups = tostring(event.user.groups)
| extend SourceIP = tostring(event.sourceIPs[0])
| where User != "aksService"
| project TimeGenerated, HttpMethod, ResponseCode, Authorized, User, Groups, SourceIP%s`

func TestPathsReadTypedColumns(t *testing.T) {
	for _, c := range []struct{ tail, function string }{{"", "no"}, {", event", "at the root"}} {
		p, err := Compile(testCatalog(), fmt.Sprintf(documentQuery, c.tail), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, col := range []string{"verb", "code", "decision", "user_name", "user_groups", "ips"} {
			if !strings.Contains(p.SQL, `"`+col+`"`) {
				t.Errorf("the SQL does not read the column %s:\n%s", col, p.SQL)
			}
		}
		if strings.Contains(p.SQL, "dyn.get") {
			t.Errorf("the SQL takes JSON apart:\n%s", p.SQL)
		}
		root, below, _ := strings.Cut(p.SQL, " FROM ")
		if strings.Contains(below, "build_event") {
			t.Errorf("the event is built below the root:\n%s", p.SQL)
		}
		if got := strings.Contains(root, "build_event"); got != (c.tail != "") {
			t.Errorf("building %s: at the root %v:\n%s", c.function, got, p.SQL)
		}
	}
}

// TestBuiltTravelsAsItsColumns: what is sorted, cut, filtered and joined are the
// columns; the text is made once, at the end.
func TestBuiltTravelsAsItsColumns(t *testing.T) {
	p, err := Compile(testCatalog(), `AzureDiagnostics | extend e = parse_json(log_s), again = log_s
		| where e.objectRef.resource == "pods" | sort by TimeGenerated | take 5 | project again, e, e.objectRef.name`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	root, below, _ := strings.Cut(p.SQL, " FROM ")
	if strings.Count(root, "build_event") != 2 || strings.Contains(below, "build_event") {
		t.Errorf("wanted the event built twice, at the root only:\n%s", p.SQL)
	}
	if !strings.Contains(p.SQL, `"ref_resource"`) || !strings.Contains(p.SQL, `"ref"`) {
		t.Errorf("wanted the columns of objectRef:\n%s", p.SQL)
	}
}

// TestConditionsReachTheScan: comparisons with constants stand on the stored
// columns, where the engine's statistics apply.
func TestConditionsReachTheScan(t *testing.T) {
	p, err := Compile(testCatalog(), `AKSAudit | extend code = ResponseStatus.code
		| where Verb == "create" and TimeGenerated > datetime(2026-01-01) and code >= 400 and User.username == "x" | count`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := strings.Index(p.SQL, ` FROM "audit") AS q1 WHERE `)
	if i < 0 {
		t.Fatalf("no condition at the scan:\n%s", p.SQL)
	}
	where := p.SQL[i:]
	where = where[:strings.Index(where, ") AS q2")]
	if strings.Contains(where, "coalesce") || strings.Count(where, "$") != 4 {
		t.Errorf("wanted four plain conditions at the scan, got %s", where)
	}
}

// TestTextOfTheQueryIsNeverSQL: names and literals, however hostile, reach the
// engine as parameters or not at all.
func TestTextOfTheQueryIsNeverSQL(t *testing.T) {
	const evil = `x'); DROP TABLE audit; --`
	const marker = "zzmarkerzz"
	for _, q := range []string{
		`print a = "` + marker + evil + `"`,
		`print ["` + marker + evil + `"] = 1 | extend ["` + marker + `2"] = 2 | sort by ["` + marker + `2"]`,
		`AKSAudit | where Verb == "` + marker + `" or Verb has "` + marker + `" or Verb in ("` + marker + `", "b")`,
		`AKSAudit | extend x = User["` + marker + evil + `"] | where x == "` + marker + `"`,
		`datatable(["` + marker + evil + `"]:string) ["` + marker + `"] | summarize count() by ["` + marker + evil + `"]`,
		`AKSAudit | summarize ["` + marker + evil + `"] = countif(Verb matches regex "` + marker + `")`,
		`AKSAudit | project ["` + marker + `"] = bag_pack("` + marker + `", 1), parse_json("{\"` + marker + `\":1}")`,
		`let ["` + marker + `"] = "` + marker + `"; print strcat("` + marker + `", ["` + marker + `"])`,
		`AKSAudit | as ["` + marker + `"] | join kind=leftouter (["` + marker + `"] | project Verb, ["` + marker + evil + `"] = 1) on Verb`,
		`union withsource=["` + marker + `"] AKSAudit, (print ["` + marker + evil + `"] = "` + marker + `")`,
		`print a = 424242424 + 1, b = 42424.2424, c = datetime(2042-04-24), d = 4242h, e = dynamic({"` + marker + `":424242424})`,
		`AKSAudit | take 424242424`,
		`range x from 1 to 424242424 step 424242`,
	} {
		p, err := Compile(testCatalog(), q, Options{})
		if err != nil {
			t.Errorf("%s\n%v", q, err)
			continue
		}
		for _, bad := range []string{marker, "DROP", "424242", "42424.2", "637", "644"} {
			if strings.Contains(p.SQL, bad) {
				t.Errorf("%s\nleaks %q into SQL:\n%s", q, bad, p.SQL)
			}
		}
	}
}

func TestNamesAndTypesOfTheResult(t *testing.T) {
	p, err := Compile(testCatalog(), `AKSAudit | project TimeGenerated, User.username, n = toint(1), ResponseStatus`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Column{{Name: "TimeGenerated", Type: types.DateTime}, {Name: "User_username", Type: types.Dynamic}, {Name: "n", Type: types.Long}, {Name: "ResponseStatus", Type: types.Dynamic}}
	if !reflect.DeepEqual(p.Columns, want) || !reflect.DeepEqual(p.Tables, []string{"AKSAudit"}) {
		t.Errorf("columns %v of tables %v, want %v", p.Columns, p.Tables, want)
	}
}

// TestErrors checks refusals, and remarks on what compiles, against
// testdata/errors: for every NAME.kql the message NAME.err.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		var out []txtar.File
		for _, f := range ar.Files {
			if name, ok := strings.CutSuffix(f.Name, ".err"); ok {
				want[name] = string(f.Data)
			}
		}
		for _, f := range ar.Files {
			name, ok := strings.CutSuffix(f.Name, ".kql")
			if !ok {
				continue
			}
			p, err := Compile(testCatalog(), strings.TrimSuffix(string(f.Data), "\n"), Options{})
			got := "compiled\n"
			if err != nil {
				got = err.Error() + "\n"
			} else if len(p.Notes) > 0 {
				got += strings.Join(p.Notes, "\n") + "\n"
			}
			out = append(out, f, txtar.File{Name: name + ".err", Data: []byte(got)})
			if !*update && got != want[name] {
				t.Errorf("%s: %s\ngot:\n%swant:\n%s", file, name, got, want[name])
			}
		}
		if *update {
			ar.Files = out
			if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestExplain: every phase prints something, and print(parse(q)) compiles to the
// same program.
func TestExplain(t *testing.T) {
	q := fmt.Sprintf(documentQuery, ", event")
	for _, phase := range Phases() {
		out, err := Explain(testCatalog(), q, phase, Options{})
		if err != nil || strings.TrimSpace(out) == "" {
			t.Errorf("%s: %q, %v", phase, out, err)
		}
	}
	printed, err := Explain(testCatalog(), q, "syntax", Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err1 := Compile(testCatalog(), q, Options{})
	b, err2 := Compile(testCatalog(), printed, Options{})
	if err1 != nil || err2 != nil || a.SQL != b.SQL || !reflect.DeepEqual(a.Params, b.Params) {
		t.Errorf("the printed query means something else: %v %v", err1, err2)
	}
	if _, err := Explain(testCatalog(), q, "nonsense", Options{}); err == nil {
		t.Error("an unknown phase was accepted")
	}
}
