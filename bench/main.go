// Command bench measures whole runs of Postern against named rivals on the same
// file on the same machine, and prints each as a ratio. It asserts nothing about
// time; a wrong answer of either side ends it.
//
// Rivals: DuckDB's own read_json (through the driver Postern uses) and, where
// they are installed, jq and rbac-tool.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	events := flag.Int("events", 500_000, "audit events to generate")
	postern := flag.String("postern", "bin/postern", "the postern binary")
	only := flag.String("only", "", "who-can, query: this part alone")
	queried := flag.Int("queried", 2_000_000, "audit events to ask about in a running process")
	flag.Parse()
	if err := run(context.Background(), *postern, *events, *queried, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, postern string, n, queried int, only string) error {
	dir, err := os.MkdirTemp("", "postern-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	switch only {
	case "":
	case "who-can":
		return whoCan(ctx, dir, postern)
	case "query":
		return queries(ctx, dir, postern, queried)
	default:
		return fmt.Errorf("no part is called %q: who-can, query", only)
	}
	log := filepath.Join(dir, "audit.log")
	if err := generate(log, n, 20261123); err != nil {
		return err
	}
	raw, err := os.Stat(log)
	if err != nil {
		return err
	}
	fmt.Printf("%d events, %.0f MB of JSON lines\n\n| work | postern | rival | ratio |\n|---|---|---|---|\n", n, float64(raw.Size())/1e6)

	store := filepath.Join(dir, "store.duckdb")
	ours, err := timed(func() error {
		return command(ctx, nil, postern, "ingest", "-q", "--from", "file:"+log, "--store", "duckdb:"+store)
	})
	if err != nil {
		return err
	}
	flat := filepath.Join(dir, "flat.duckdb")
	rival, err := timed(func() error { return readJSON(ctx, flat, log, n) })
	if err != nil {
		return err
	}
	row("ingest, lossless, duplicates checked", ours, "read_json into typed columns (lossy)", rival)
	size, err := os.Stat(store)
	if err != nil {
		return err
	}
	fmt.Printf("| store size | %.1f MB | raw log %.1f MB | 1/%.1f |\n", float64(size.Size())/1e6, float64(raw.Size())/1e6, float64(raw.Size())/float64(size.Size()))
	if err := denials(ctx, postern, store, log); err != nil {
		return err
	}
	if err := queries(ctx, dir, postern, queried); err != nil {
		return err
	}
	return whoCan(ctx, dir, postern)
}

// denials asks both sides who was refused how often: whole commands, start-up
// included.
func denials(ctx context.Context, postern, store, log string) error {
	kql := `AzureDiagnostics | where Category == "kube-audit" | extend event = parse_json(log_s)
| where tostring(event.annotations["authorization.k8s.io/decision"]) == "forbid"
| summarize Denied = count() by User = tostring(event.user.username) | sort by User asc`
	var out bytes.Buffer
	ours, err := timed(func() error {
		return command(ctx, &out, postern, "query", "-q", "-o", "json", "--store", "duckdb:"+store, kql)
	})
	if err != nil {
		return err
	}
	want, err := denied(out.Bytes())
	if err != nil {
		return err
	}
	rows := 0
	rival, err := timed(func() error {
		db, err := sql.Open("duckdb", "")
		if err != nil {
			return err
		}
		defer db.Close()
		return db.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT j->'user'->>'username' AS u, count(*) FROM (SELECT json::JSON AS j FROM read_csv(?, columns={'json':'VARCHAR'}, delim='\x01', quote='', escape='', header=false, auto_detect=false)) WHERE (j->'annotations'->>'authorization.k8s.io/decision') = 'forbid' GROUP BY u)`, log).Scan(&rows)
	})
	if err != nil {
		return fmt.Errorf("query raw JSON: %w", err)
	}
	if rows != want {
		return fmt.Errorf("compare answers: postern has %d users, DuckDB over raw JSON %d", want, rows)
	}
	row("denied requests per user, whole command", ours, "the same over raw JSON in DuckDB", rival)
	if _, err := exec.LookPath("jq"); err != nil {
		fmt.Println("\njq is not installed: not compared")
		return nil
	}
	var users bytes.Buffer
	rival, err = timed(func() error {
		return command(ctx, &users, "jq", "-r", `select(.annotations["authorization.k8s.io/decision"]=="forbid")|.user.username`, log)
	})
	if err != nil {
		return err
	}
	distinct := map[string]bool{}
	for u := range strings.FieldsSeq(users.String()) {
		distinct[u] = true
	}
	if len(distinct) != want {
		return fmt.Errorf("compare answers: postern has %d users, jq %d", want, len(distinct))
	}
	row("denied requests per user, whole command", ours, "jq", rival)
	return nil
}

func denied(out []byte) (int, error) {
	var answer struct {
		Tables []struct{ Rows [][]any }
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return 0, fmt.Errorf("read answer: %w", err)
	}
	if len(answer.Tables) != 1 || len(answer.Tables[0].Rows) == 0 {
		return 0, fmt.Errorf("read answer: no denial found, the log has some")
	}
	return len(answer.Tables[0].Rows), nil
}

// readJSON is the rival: the same columns by DuckDB's own reader.
func readJSON(ctx context.Context, path, log string, n int) error {
	db, err := sql.Open("duckdb", path)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, `CREATE TABLE event AS SELECT level, auditID::UUID AS audit_id, stage, requestURI AS uri, verb, "user".username AS username, "user".groups AS groups,
 sourceIPs AS ips, userAgent AS agent, objectRef.resource AS resource, objectRef.namespace AS namespace, objectRef.name AS name, objectRef.apiGroup AS api_group,
 objectRef.apiVersion AS api_version, objectRef.subresource AS subresource, responseStatus.code AS code, responseStatus.reason AS reason, responseStatus.message AS message,
 requestReceivedTimestamp::TIMESTAMP AS received, stageTimestamp::TIMESTAMP AS staged, annotations AS annotations
FROM read_json(?, format='newline_delimited', columns={level:'VARCHAR',auditID:'VARCHAR',stage:'VARCHAR',requestURI:'VARCHAR',verb:'VARCHAR',
 "user":'STRUCT(username VARCHAR, groups VARCHAR[])',sourceIPs:'VARCHAR[]',userAgent:'VARCHAR',
 objectRef:'STRUCT(resource VARCHAR, namespace VARCHAR, name VARCHAR, apiGroup VARCHAR, apiVersion VARCHAR, subresource VARCHAR)',
 responseStatus:'STRUCT(code INTEGER, reason VARCHAR, message VARCHAR)',requestReceivedTimestamp:'VARCHAR',stageTimestamp:'VARCHAR',annotations:'JSON'})`, log)
	if err != nil {
		return fmt.Errorf("read json: %w", err)
	}
	var got int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM event`).Scan(&got); err != nil {
		return err
	}
	if got != n {
		return fmt.Errorf("read json: %d events of %d", got, n)
	}
	return nil
}

func row(work string, ours time.Duration, rival string, theirs time.Duration) {
	fmt.Printf("| %s | %.2f s | %s: %.2f s | %.2f × |\n", work, ours.Seconds(), rival, theirs.Seconds(), theirs.Seconds()/ours.Seconds())
}

func timed(f func() error) (time.Duration, error) {
	start := time.Now()
	err := f()
	return time.Since(start), err
}

func command(ctx context.Context, out *bytes.Buffer, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if out != nil {
		cmd.Stdout = out
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w: %s", name, err, strings.TrimSpace(stderr.String()))
	}
	return nil
}
