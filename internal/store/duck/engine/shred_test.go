package engine_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql/runtime"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// A small event table in two shapes: shredded, log_s built from typed columns;
// and the same with the text alone. A query must answer the same over both.

// buildEvent makes the text of an event from its columns.
func buildEvent() runtime.Func {
	return runtime.Func{
		Name: "build_event", Args: []types.Type{types.String, types.String, types.Dynamic, types.Long, types.String, types.Dynamic, types.String}, Result: types.String,
		Call: func(a []any) any {
			var b strings.Builder
			member := func(key string, v any, quote bool) {
				if v == nil {
					return
				}
				if b.Len() > 1 {
					b.WriteByte(',')
				}
				b.WriteString(strconv.Quote(key) + ":")
				switch v := v.(type) {
				case int64:
					b.WriteString(strconv.FormatInt(v, 10))
				case string:
					if quote {
						v = strconv.Quote(v)
					}
					b.WriteString(v)
				}
			}
			b.WriteByte('{')
			member("verb", a[0], true)
			if a[1] != nil || a[2] != nil {
				user := "{"
				if a[1] != nil {
					user += `"username":` + strconv.Quote(a[1].(string))
				}
				if a[2] != nil {
					if len(user) > 1 {
						user += ","
					}
					user += `"groups":` + a[2].(string)
				}
				member("user", user+"}", false)
			}
			if a[3] != nil {
				member("responseStatus", `{"code":`+strconv.FormatInt(a[3].(int64), 10)+`}`, false)
			}
			if a[4] != nil {
				member("annotations", `{"authorization.k8s.io/decision":`+strconv.Quote(a[4].(string))+`}`, false)
			}
			member("sourceIPs", a[5], false)
			member("stage", a[6], true)
			b.WriteByte('}')
			return b.String()
		},
	}
}

func prepareEvents(t testing.TB, db *engine.DB) {
	t.Helper()
	for _, s := range []string{
		`CREATE TABLE events (t BIGINT, category VARCHAR, verb VARCHAR, user_name VARCHAR, groups VARCHAR, code BIGINT, decision VARCHAR, ips VARCHAR, stage VARCHAR)`,
		`INSERT INTO events VALUES
			(639307000000000000, 'kube-audit', 'create', 'hshahin', '["g1","g2"]', 201, 'allow', '["10.0.0.1","172.31.0.9"]', 'ResponseComplete'),
			(639307100000000000, 'kube-audit', 'create', 'test-user', '["g3"]', 403, 'forbid', '["10.0.0.2"]', 'ResponseComplete'),
			(639307200000000000, 'kube-audit', 'get', NULL, NULL, NULL, NULL, NULL, 'RequestReceived'),
			(639307300000000000, 'kube-audit', NULL, 'system:node:a', '[]', 200, '', '[]', NULL),
			(639307400000000000, NULL, 'watch', '', NULL, 200, 'allow', NULL, 'ResponseStarted')`,
		`CREATE VIEW texts AS SELECT t, category, build_event(verb, user_name, groups, code, decision, ips, stage) AS log FROM events`,
	} {
		if _, err := db.SQL().ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

func eventCatalog(shredded bool) *schema.Catalog {
	text := func(p string) *schema.Node { return &schema.Node{Physical: p, Type: types.String} }
	log := schema.Column{Name: "log_s", Type: types.String, Physical: "log"}
	relation := "texts"
	if shredded {
		relation = "events"
		log = schema.Column{Name: "log_s", Type: types.String,
			Built: &schema.Built{Func: "build_event", Args: []string{"verb", "user_name", "groups", "code", "decision", "ips", "stage"}},
			Doc: &schema.Node{Fields: map[string]*schema.Node{
				"verb": text("verb"), "stage": text("stage"),
				"user":           {Fields: map[string]*schema.Node{"username": text("user_name"), "groups": {Physical: "groups", Type: types.Dynamic}}},
				"responseStatus": {Fields: map[string]*schema.Node{"code": {Physical: "code", Type: types.Long}}},
				"annotations":    {Fields: map[string]*schema.Node{"authorization.k8s.io/decision": text("decision")}},
				"sourceIPs":      {Physical: "ips", Type: types.Dynamic},
			}}}
	}
	return &schema.Catalog{Tables: []*schema.Table{{Name: "AzureDiagnostics", Relation: relation, Columns: []schema.Column{
		{Name: "TimeGenerated", Type: types.DateTime, Physical: "t"},
		{Name: "Category", Type: types.String, Physical: "category"},
		log,
	}}}}
}

// eventQueries read documents in the ways published queries do.
func eventQueries() []string {
	const e = `AzureDiagnostics | extend e = parse_json(log_s) | sort by TimeGenerated asc | `
	return []string{
		e + `project tostring(e.verb), tostring(e.user.username), tostring(e.user.groups), tostring(e.responseStatus.code), tostring(e.sourceIPs[0]), tostring(e.annotations["authorization.k8s.io/decision"])`,
		e + `project e.verb, e.user, e.user.groups[-1], e.responseStatus.code, e.none, e.user.none.deeper, e`,
		e + `where e.verb == "create" | project log_s`,
		e + `where e.verb != "create" | project e.verb`,
		e + `where e.verb in ("create", "get") | project e.verb`,
		e + `where e.verb !in ("create", "get") | project e.verb`,
		e + `where e.user.username startswith "system:" or e.user.username == "" | project e.user.username`,
		e + `where e.user.username !startswith "system:" | project e.user.username`,
		e + `where e.user.username has "user" and e.verb contains "REA" | project e.user.username`,
		e + `where e.responseStatus.code >= 400 or e.responseStatus.code == 200 | project e.responseStatus.code`,
		e + `where e.responseStatus.code != 403 | project e.responseStatus.code`,
		e + `where e.responseStatus.code startswith "20" | project tolong(e.responseStatus.code) + 1, todouble(e.responseStatus.code), tobool(e.responseStatus.code), toint(e.verb)`,
		e + `where e.verb == 5 or e.responseStatus.code == "200" | count`,
		e + `project isnull(e.verb), isnotnull(e.user), isempty(e.user.username), isnotempty(e.responseStatus.code), gettype(e.responseStatus.code), gettype(e.verb), gettype(e.user.groups)`,
		e + `where log_s has "forbid" or log_s contains "SYSTEM:NODE" | project strlen(log_s), tolower(log_s)`,
		e + `extend u = e.user | extend n = u.username, g = u.groups | where n == "hshahin" | mv-expand g | project n, g, u`,
		e + `extend ip = tostring(e.sourceIPs[0]) | summarize count(), make_set(ip), any(log_s) by tostring(e.verb)`,
		e + `extend p = parse_json(tostring(e.user)).username | project p, q = tostring(parse_json(tostring(e.user)).groups[0])`,
		e + `extend again = e | project-away e | where again.verb == "get" | project again.stage, again.user.username`,
		e + `project v = coalesce(tostring(e.verb), "none"), c = iff(e.responseStatus.code > 300, "bad", "good"), s = strcat(e.user.username, "/", e.verb)`,
		`AzureDiagnostics | where Category == "kube-audit" and Category != "" | count`,
		`AzureDiagnostics | where Category == "" or isempty(Category) | count`,
		`AzureDiagnostics | summarize count() by Category | sort by Category asc`,
		`AzureDiagnostics | top 2 by TimeGenerated | project log_s, parse_json(log_s).verb`,
		`let T = AzureDiagnostics | extend e = parse_json(log_s); T | join kind=leftouter (T | where e.verb == "create" | project TimeGenerated, who = tostring(e.user.username), whole = e, text = log_s) on TimeGenerated | sort by TimeGenerated asc | project TimeGenerated, e.verb, who, whole.verb, whole, text`,
		`let T = AzureDiagnostics | extend e = parse_json(log_s); T | where e.verb == "get" | union (T | where e.verb == "create") | sort by TimeGenerated asc | project e.verb, e, log_s`,
		`AzureDiagnostics | where * has "forbid" | count`,
		`AzureDiagnostics | project pack_all() | take 1`,
		`AzureDiagnostics | distinct Category, log_s | sort by log_s asc`,
		`AzureDiagnostics | where log_s in ((AzureDiagnostics | where parse_json(log_s).verb == "get" | project log_s)) | count`,
	}
}

func TestShreddedAnswersLikeText(t *testing.T) {
	db := newEngine(t, buildEvent())
	prepareEvents(t, db)
	for _, q := range eventQueries() {
		typed, _, err := answer(t.Context(), db, eventCatalog(true), q)
		if err != nil {
			t.Errorf("shredded: %s\n%v", q, err)
			continue
		}
		text, _, err := answer(t.Context(), db, eventCatalog(false), q)
		if err != nil {
			t.Errorf("text: %s\n%v", q, err)
			continue
		}
		if typed != text {
			t.Errorf("%s\nshredded:\n%stext:\n%s", q, typed, text)
		}
		if strings.Count(typed, "\n") < 2 {
			t.Errorf("%s\nanswers nothing: the comparison proves nothing\n%s", q, typed)
		}
	}
}
