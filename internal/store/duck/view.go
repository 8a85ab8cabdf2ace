package duck

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/postern-dev/postern/kql/schema"
)

// view is a relation of the catalog: branches of the same columns, united. Each
// branch has its category as a constant, so that a predicate on Category leaves
// only the branches it can match.
type view struct {
	name     string
	columns  []string // of the relation, the Kusto ones as kusto(name)
	branches []branch
}

type branch struct {
	from  string            // FROM clause with the condition
	exprs map[string]string // by column
}

// kusto is the relation's column for a Kusto column. DuckDB folds case: without
// a prefix AzureDiagnostics.Level and the event's level would collide.
func kusto(name string) string { return "k_" + name }

func (v view) sql() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE OR REPLACE VIEW %s AS ", v.name)
	for i, br := range v.branches {
		if i > 0 {
			b.WriteString(" UNION ALL ")
		}
		b.WriteString("SELECT ")
		for j, c := range v.columns {
			if j > 0 {
				b.WriteString(", ")
			}
			expr, ok := br.exprs[c]
			if !ok {
				panic("BUG: view " + v.name + " has a branch without " + c)
			}
			fmt.Fprintf(&b, "%s AS %s", expr, c)
		}
		b.WriteString(" FROM " + br.from)
	}
	return b.String()
}

// parts are the view's branches as the compiler takes them. A column whose
// expression is a string literal has that value in all rows.
func (v view) parts() []schema.Branch {
	var out []schema.Branch
	for _, br := range v.branches {
		b := schema.Branch{From: br.from, Exprs: br.exprs, Consts: map[string]string{}}
		for column, expr := range br.exprs {
			if n := len(expr); n >= 2 && expr[0] == '\'' && expr[n-1] == '\'' && !strings.Contains(expr[1:n-1], "'") {
				b.Consts[column] = expr[1 : n-1]
			}
		}
		out = append(out, b)
	}
	return out
}

// views lists every relation of the catalog.
func views() []view {
	all := []view{azureDiagnostics(), aksAudit("AKSAudit", "kube-audit", "show_audit"), aksAudit("AKSAuditAdmin", "kube-audit-admin", "show_admin"),
		controlPlane(), azureActivityView(), eventsView(), deliveriesView(), deadLettersView()}
	for _, t := range snapshotTables() {
		all = append(all, t.view())
	}
	return all
}

// errStaleViews is a store, open read-only, whose views another build of this
// version has made.
var errStaleViews = errors.New("its views are those of another build of postern")

// makeViews brings the views up to this binary's definitions; done is the
// fingerprint of those the store has.
func (s *Store) makeViews(ctx context.Context, done string) error {
	h := sha256.New()
	h.Write([]byte(createActivity()))
	for _, t := range snapshotTables() {
		h.Write([]byte(t.create()))
	}
	for _, v := range views() {
		h.Write([]byte(v.sql()))
	}
	want := hex.EncodeToString(h.Sum(nil)[:16])
	if done == want {
		return nil
	}
	if s.options.ReadOnly {
		return errStaleViews
	}
	err := s.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, createActivity()); err != nil {
			return fmt.Errorf("make table %s: %w", activityTable, err)
		}
		for _, t := range snapshotTables() {
			if _, err := tx.ExecContext(ctx, t.create()); err != nil {
				return fmt.Errorf("make table %s: %w", t.name, err)
			}
		}
		for _, v := range views() {
			if _, err := tx.ExecContext(ctx, v.sql()); err != nil {
				return fmt.Errorf("make view %s: %w", v.name, err)
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES ('views', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", want)
		return err
	})
	if err != nil {
		return fmt.Errorf("open store %s: %w", s.options.Path, err)
	}
	return nil
}

// docColumns are the relation's columns that hold parts of the event's JSON,
// beside the arguments of eventFunc.
func docColumns() []string {
	cols := append([]string{}, eventArgs()...)
	return append(cols, "user_json", "impersonated_json", "ref_json", "status_json", "annotations_json", "code", "received_time", "stage_time")
}

// wholeDoc are the expressions of docColumns for an event table under alias e,
// its delivery under alias d.
func wholeDoc(d string) map[string]string {
	m := map[string]string{"text": "e.text", "newline": d + ".newline", "audit_id": "coalesce(e.audit_text, CAST(e.audit_key AS VARCHAR))"}
	for _, f := range fields() {
		m[f.column] = "e." + f.column
	}
	call := func(name string, fields []field) string {
		args := []string{"e.text"}
		for _, c := range columnsOf(fields) {
			args = append(args, "e."+c)
		}
		return name + "(" + strings.Join(args, ", ") + ")"
	}
	m["user_json"] = call(userFunc, userFields())
	m["impersonated_json"] = call(impersonatedFunc, impersonatedFields())
	m["ref_json"] = call(refFunc, refFields())
	m["status_json"] = call(statusFunc, statusFields())
	m["annotations_json"] = call(annotationsFunc, annotationFields())
	m["code"] = "CAST(e.status_code AS BIGINT)"
	m["received_time"] = timeFunc + "(e.received_ticks, e.received_text)"
	m["stage_time"] = timeFunc + "(e.stage_ticks, e.stage_text)"
	return m
}

// noDoc are the expressions for a text of which KQL sees no path: a cut event.
func noDoc(text, newline string) map[string]string {
	m := map[string]string{"text": text, "newline": newline, "audit_id": "CAST(NULL AS VARCHAR)", "code": "CAST(NULL AS BIGINT)"}
	for _, f := range fields() {
		m[f.column] = "CAST(NULL AS " + f.sql + ")"
	}
	for _, c := range docColumns() {
		if _, ok := m[c]; !ok {
			m[c] = "CAST(NULL AS VARCHAR)"
		}
	}
	return m
}

// lineDoc are the expressions for a line of text, which may be JSON of its own.
func lineDoc(text string) map[string]string {
	m := noDoc(text, "false")
	for _, p := range docPaths() {
		switch {
		case p.column == "code":
			m[p.column] = fmt.Sprintf("%s(%s, %s)", docCodeFunc, text, p.args())
		case p.json:
			m[p.column] = fmt.Sprintf("%s(%s, %s)", docJSONFunc, text, p.args())
		default:
			m[p.column] = fmt.Sprintf("%s(%s, %s)", docTextFunc, text, p.args())
		}
	}
	return m
}

// events gives the branches of a category over whole and cut events: those whose
// own row counts for it and those where a later delivery does. exprs makes the
// expressions from the alias of the delivery.
func eventBranches(show string, exprs func(delivery string, doc map[string]string) map[string]string) []branch {
	var out []branch
	for _, cut := range []bool{false, true} {
		table, doc := eventTable, wholeDoc
		constant := func(m map[string]string) map[string]string { return with(m, map[string]string{"cut": fmt.Sprint(cut)}) }
		if cut {
			table, doc = cutTable, func(d string) map[string]string { return noDoc("e.text", d+".newline") }
		}
		out = append(out,
			branch{table + " e WHERE e." + show, constant(exprs("e", doc("e")))},
			branch{fmt.Sprintf("%s d JOIN %s e ON e.id = d.event_id WHERE d.%s AND d.cut = %t", deliveryTable, table, show, cut), constant(exprs("d", doc("d")))})
	}
	return out
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func with(m map[string]string, more map[string]string) map[string]string {
	for k, v := range more {
		m[k] = v
	}
	return m
}
