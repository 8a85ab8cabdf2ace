package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/postern-dev/postern/internal/store/duck"
	"github.com/postern-dev/postern/internal/store/duck/engine"
	"github.com/postern-dev/postern/kql"
)

// question is one query in four languages. The answers are compared: rows as
// text in any order, jq's by their number where it only selects.
type question struct {
	name string
	kql  string
	sql  string // over the store's typed columns
	raw  string // over a table of the log's lines, column j; $log is the table
	jq   string // gives one line a row
}

// eventCall rebuilds an event from its columns: by hand there is no other way to
// the same bytes.
const eventCall = `postern_event_json(text, newline, coalesce(audit_text, CAST(audit_key AS VARCHAR)), kind, api_version, level, stage, request_uri, verb, user_set, user_username, user_uid, user_groups, user_extra, impersonated_set, impersonated_username, impersonated_uid, impersonated_groups, impersonated_extra, authentication_metadata, source_ips, user_agent, ref_set, ref_resource, ref_namespace, ref_name, ref_uid, ref_api_group, ref_api_version, ref_resource_version, ref_subresource, status_set, status_metadata, status_status, status_message, status_reason, status_details, status_code, request_object, response_object, received_ticks, received_text, stage_ticks, stage_text, annotations_set, annotation_decision, annotation_reason, annotation_rest)`

const audit = `AzureDiagnostics | where Category == "kube-audit" | extend event = parse_json(log_s) | `

// questions are the query of the reference document and ten in its manner.
func questions() []question {
	d := func(path string) string { return "coalesce(" + path + ", '')" }
	return []question{
		{"the document's query (its event is the whole log_s)",
			`AzureDiagnostics | where Category == "kube-audit-admin" | extend event = parse_json(log_s) | extend HttpMethod = tostring(event.verb) | extend ResponseCode = tostring(event.responseStatus.code) | extend Authorized = tostring(event.annotations["authorization.k8s.io/decision"]) | extend User = tostring(event.user.username) | extend Groups = tostring(event.user.groups) | extend Apiserver = pod_s | extend SourceIP = tostring(event.sourceIPs[0]) | project TimeGenerated, Category, HttpMethod, ResponseCode, Authorized, User, Groups, event`,
			`SELECT time, 'kube-audit-admin', verb, status_code, annotation_decision, user_username, user_groups, ` + eventCall + ` FROM event WHERE show_admin`,
			"SELECT j->>'stageTimestamp', 'kube-audit-admin', j->>'verb', j->'responseStatus'->>'code', j->'annotations'->>'authorization.k8s.io/decision', j->'user'->>'username', j->'user'->>'groups', j FROM $log WHERE (j->>'verb') NOT IN ('get', 'list')",
			`select(.verb != "get" and .verb != "list") | [.stageTimestamp, .verb, .responseStatus.code, .annotations["authorization.k8s.io/decision"], .user.username, .user.groups, .] | tojson`},
		{"refused, by user",
			audit + `where tostring(event.annotations["authorization.k8s.io/decision"]) == "forbid" | summarize count() by tostring(event.user.username)`,
			`SELECT user_username, count(*) FROM event WHERE show_audit AND annotation_decision = 'forbid' GROUP BY 1`,
			"SELECT j->'user'->>'username', count(*) FROM $log WHERE (j->'annotations'->>'authorization.k8s.io/decision') = 'forbid' GROUP BY 1",
			`select(.annotations["authorization.k8s.io/decision"] == "forbid") | .user.username`},
		{"requests by verb and resource",
			audit + `summarize n = count() by verb = tostring(event.verb), resource = tostring(event.objectRef.resource)`,
			`SELECT ` + d("verb") + `, ` + d("ref_resource") + `, count(*) FROM event WHERE show_audit GROUP BY 1, 2`,
			"SELECT coalesce(j->>'verb', ''), coalesce(j->'objectRef'->>'resource', ''), count(*) FROM $log GROUP BY 1, 2",
			`[.verb, .objectRef.resource] | tojson`},
		{"writes to secrets and roles, per user",
			audit + `where event.objectRef.resource in ("secrets", "clusterroles", "clusterrolebindings", "roles", "rolebindings") and event.verb in ("create", "update", "patch", "delete") | summarize n = count(), last = max(TimeGenerated) by who = tostring(event.user.username) | project who, n`,
			`SELECT ` + d("user_username") + `, count(*) FROM event WHERE show_audit AND ref_resource IN ('secrets', 'clusterroles', 'clusterrolebindings', 'roles', 'rolebindings') AND verb IN ('create', 'update', 'patch', 'delete') GROUP BY 1`,
			"SELECT coalesce(j->'user'->>'username', ''), count(*) FROM $log WHERE (j->'objectRef'->>'resource') IN ('secrets', 'clusterroles', 'clusterrolebindings', 'roles', 'rolebindings') AND (j->>'verb') IN ('create', 'update', 'patch', 'delete') GROUP BY 1",
			`select((.objectRef.resource | IN("secrets", "clusterroles", "clusterrolebindings", "roles", "rolebindings")) and (.verb | IN("create", "update", "patch", "delete"))) | .user.username`},
		{"answers of 400 and more, by code",
			audit + `where toint(event.responseStatus.code) >= 400 | summarize count() by toint(event.responseStatus.code)`,
			`SELECT status_code, count(*) FROM event WHERE show_audit AND status_code >= 400 GROUP BY 1`,
			"SELECT (j->'responseStatus'->>'code')::INT, count(*) FROM $log WHERE (j->'responseStatus'->>'code')::INT >= 400 GROUP BY 1",
			`select(.responseStatus.code >= 400) | .responseStatus.code`},
		{"the shared account",
			audit + `where event.user.username == "masterclient" | summarize count() by tostring(event.verb)`,
			`SELECT verb, count(*) FROM event WHERE show_audit AND user_username = 'masterclient' GROUP BY 1`,
			"SELECT j->>'verb', count(*) FROM $log WHERE (j->'user'->>'username') = 'masterclient' GROUP BY 1",
			`select(.user.username == "masterclient") | .verb`},
		{"exec, attach and portforward",
			audit + `where tostring(event.objectRef.subresource) in ("exec", "attach", "portforward", "proxy", "log", "status", "approval") | summarize count() by tostring(event.objectRef.subresource), tostring(event.user.username)`,
			`SELECT ref_subresource, ` + d("user_username") + `, count(*) FROM event WHERE show_audit AND ref_subresource IN ('exec', 'attach', 'portforward', 'proxy', 'log', 'status', 'approval') GROUP BY 1, 2`,
			"SELECT j->'objectRef'->>'subresource', coalesce(j->'user'->>'username', ''), count(*) FROM $log WHERE (j->'objectRef'->>'subresource') IN ('exec', 'attach', 'portforward', 'proxy', 'log', 'status', 'approval') GROUP BY 1, 2",
			`select(.objectRef.subresource | IN("exec", "attach", "portforward", "proxy", "log", "status", "approval")) | .user.username`},
		{"users that are not system's",
			audit + `where event.user.username !startswith "system:" | summarize n = count() by tostring(event.user.username), tostring(event.userAgent)`,
			`SELECT ` + d("user_username") + `, ` + d("user_agent") + `, count(*) FROM event WHERE show_audit AND NOT starts_with(lower(` + d("user_username") + `), 'system:') GROUP BY 1, 2`,
			"SELECT coalesce(j->'user'->>'username', ''), coalesce(j->>'userAgent', ''), count(*) FROM $log WHERE NOT starts_with(lower(j->'user'->>'username'), 'system:') GROUP BY 1, 2",
			`select(.user.username | startswith("system:") | not) | [.user.username, .userAgent] | tojson`},
		{"requests an hour",
			audit + `summarize count() by bin(TimeGenerated, 1h) | project count_`,
			`SELECT count(*) FROM event WHERE show_audit GROUP BY time // 36000000000`,
			"SELECT count(*) FROM $log GROUP BY substr(j->>'stageTimestamp', 1, 13)",
			`.stageTimestamp[0:13]`},
		{"why requests were allowed",
			audit + `where tostring(event.annotations["authorization.k8s.io/reason"]) has "cluster-admin" | summarize dcount(tostring(event.user.username)) by tostring(event.annotations["authorization.k8s.io/reason"])`,
			`SELECT annotation_reason, count(DISTINCT user_username) FROM event WHERE show_audit AND regexp_matches(annotation_reason, '(?i)(^|[^\pL\pN])cluster-admin($|[^\pL\pN])') GROUP BY 1`,
			"SELECT j->'annotations'->>'authorization.k8s.io/reason', count(DISTINCT j->'user'->>'username') FROM $log WHERE regexp_matches(j->'annotations'->>'authorization.k8s.io/reason', '(?i)(^|[^\\pL\\pN])cluster-admin($|[^\\pL\\pN])') GROUP BY 1",
			`select(.annotations["authorization.k8s.io/reason"] // "" | test("cluster-admin")) | .user.username`},
		{"who deleted what last",
			audit + `where event.verb == "delete" | summarize arg_max(TimeGenerated, *) by ns = tostring(event.objectRef.namespace), name = tostring(event.objectRef.name) | project ns, name`,
			`SELECT ` + d("ref_namespace") + `, ` + d("ref_name") + ` FROM (SELECT ref_namespace, ref_name, arg_max(id, time) FROM event WHERE show_audit AND verb = 'delete' GROUP BY 1, 2)`,
			"SELECT coalesce(ns, ''), coalesce(name, '') FROM (SELECT j->'objectRef'->>'namespace' AS ns, j->'objectRef'->>'name' AS name, arg_max(j, j->>'stageTimestamp') FROM $log WHERE (j->>'verb') = 'delete' GROUP BY 1, 2)",
			`select(.verb == "delete") | [.objectRef.namespace, .objectRef.name] | tojson`},
	}
}

const rowLimit = 500_000 // what postern query prints at most

// answered is what a run gave: how many rows, and the rows' texts sorted where
// they are few.
type answered struct {
	took time.Duration
	rows int
	text string
}

// queries measures the questions inside one process, over a log of n events.
func queries(ctx context.Context, dir, postern string, n int) error {
	log := filepath.Join(dir, "lab.log")
	if err := modelled(log, n, 20261123); err != nil {
		return err
	}
	spread, err := compareEntropies(log, min(n, 50_000))
	if err != nil {
		return err
	}
	raw, err := os.Stat(log)
	if err != nil {
		return err
	}
	store := filepath.Join(dir, "lab.duckdb")
	took, err := timed(func() error {
		return command(ctx, nil, postern, "ingest", "-q", "--from", "file:"+log, "--store", "duckdb:"+store)
	})
	if err != nil {
		return err
	}
	fmt.Printf("\n%d events drawn from the lab's log, %.0f MB of JSON lines, ingested in %.0f s. Entropy: %s.\n\n", n, float64(raw.Size())/1e6, took.Seconds(), spread)
	start, err := startUp(ctx, postern)
	if err != nil {
		return err
	}
	s, err := duck.Open(ctx, duck.Options{Path: store, ReadOnly: true, Now: time.Now})
	if err != nil {
		return err
	}
	defer s.Close()
	lines, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer lines.Close()
	const source = `(SELECT json::JSON AS j FROM read_csv('%s', columns={'json':'VARCHAR'}, delim='\x01', quote='', escape='', header=false, auto_detect=false, max_line_size=16777216)) AS log`
	from := fmt.Sprintf(source, strings.ReplaceAll(log, "'", "''"))
	fmt.Println("| question | rows | postern | hand-written SQL | ratio | raw JSON in DuckDB | ratio | jq | ratio |\n|---|---|---|---|---|---|---|---|---|")
	var overSQL, overRaw, overJQ []float64
	for _, q := range questions() {
		ours, err := bestOf(5, func() (answered, error) { return asked(ctx, s, q.kql) })
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		hand, err := bestOf(5, func() (answered, error) { return selected(ctx, s.Engine().SQL(), q.sql) })
		if err != nil {
			return fmt.Errorf("%s by hand: %w", q.name, err)
		}
		json, err := bestOf(1, func() (answered, error) {
			return selected(ctx, lines, strings.ReplaceAll(q.raw, "$log", from))
		})
		if err != nil {
			return fmt.Errorf("%s over raw JSON: %w", q.name, err)
		}
		if ours.rows == 0 || ours.rows != hand.rows || ours.text != hand.text || ours.rows != json.rows || ours.text != json.text {
			return fmt.Errorf("%s: the answers differ: %d, %d and %d rows\n%s\n%s\n%s", q.name, ours.rows, hand.rows, json.rows, head(ours.text), head(hand.text), head(json.text))
		}
		overSQL, overRaw = append(overSQL, hand.took.Seconds()/ours.took.Seconds()), append(overRaw, json.took.Seconds()/ours.took.Seconds())
		fmt.Printf("| %s | %d | %s | %s | %.2f × | %s | %.0f × |", q.name, ours.rows, short(ours.took), short(hand.took), ours.took.Seconds()/hand.took.Seconds(), short(json.took), json.took.Seconds()/ours.took.Seconds())
		if _, err := exec.LookPath("jq"); err != nil {
			fmt.Println(" not installed | |")
			continue
		}
		jq, err := timed(func() error {
			cmd := exec.CommandContext(ctx, "jq", "-r", q.jq, log)
			return cmd.Run() // its output is thrown away
		})
		if err != nil {
			return fmt.Errorf("%s by jq: %w", q.name, err)
		}
		overJQ = append(overJQ, jq.Seconds()/ours.took.Seconds())
		fmt.Printf(" %s | %.0f × |\n", short(jq), jq.Seconds()/ours.took.Seconds())
	}
	inverse := make([]float64, len(overSQL))
	for i, r := range overSQL {
		inverse[i] = 1 / r
	}
	fmt.Printf("| median | | | | %.2f × | | %.0f × | | %.0f × |\n", median(inverse), median(overRaw), median(overJQ))
	fmt.Printf("\nStart-up of `postern query 'print 1'`, whole command: %s.\n", short(start))
	return nil
}

func head(s string) string { return s[:min(len(s), 600)] }

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Clone(list)
	sort.Float64s(list)
	return list[len(list)/2]
}

func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func startUp(ctx context.Context, postern string) (time.Duration, error) {
	a, err := bestOf(5, func() (answered, error) {
		took, err := timed(func() error { return command(ctx, nil, postern, "query", "-q", "print 1") })
		return answered{took: took}, err
	})
	return a.took, err
}

// bestOf is the best of several runs, all sides alike: what is left is the
// work, not the neighbours.
func bestOf(n int, run func() (answered, error)) (answered, error) {
	var best answered
	for i := range n {
		a, err := run()
		if err != nil {
			return a, err
		}
		if i == 0 || a.took < best.took {
			best = a
		}
	}
	return best, nil
}

// asked compiles and runs a query and reads its rows.
func asked(ctx context.Context, s *duck.Store, text string) (answered, error) {
	start := time.Now()
	p, err := kql.Compile(s.Catalog(), text, kql.Options{Now: 639_307_656_000_000_000})
	if err != nil {
		return answered{}, err
	}
	rows, err := s.Engine().Query(ctx, p, engine.Limits{Rows: rowLimit})
	if err != nil {
		return answered{}, err
	}
	defer rows.Close()
	var t tally
	for rows.Next(ctx) {
		t.row(rows.Row())
	}
	a := t.done(start)
	return a, rows.Err()
}

// selected runs a statement as it is.
func selected(ctx context.Context, db *sql.DB, text string) (answered, error) {
	start := time.Now()
	rows, err := db.QueryContext(ctx, text)
	if err != nil {
		return answered{}, err
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return answered{}, err
	}
	values, scan := make([]any, len(cols)), make([]any, len(cols))
	for i := range values {
		scan[i] = &values[i]
	}
	var t tally
	for t.rows < rowLimit && rows.Next() {
		if err := rows.Scan(scan...); err != nil {
			return answered{}, err
		}
		t.row(values)
	}
	a := t.done(start)
	return a, rows.Err()
}

// tally counts rows and keeps the texts of the first ones.
type tally struct {
	rows  int
	lines []string
}

const compared = 2000

func (t *tally) row(values []any) {
	if t.rows++; t.rows <= compared {
		cells := make([]string, len(values))
		for i, v := range values {
			cells[i] = fmt.Sprint(v)
		}
		t.lines = append(t.lines, strings.Join(cells, " | "))
	}
}

func (t *tally) done(start time.Time) answered {
	a := answered{took: time.Since(start), rows: t.rows}
	if t.rows <= compared { // of a larger answer any rows may have come first
		sort.Strings(t.lines)
		a.text = strings.Join(t.lines, "\n")
	}
	return a
}
