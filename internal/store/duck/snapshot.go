package duck

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/internal/store"
	"github.com/postern-dev/postern/kql/schema"
	"github.com/postern-dev/postern/kql/types"
)

// snapshotTable is one of the tables that snapshots fill. They came later than
// the schema's version 1 and are made beside the views: a binary that does not
// know them loses nothing by it.
type snapshotTable struct {
	name    string // of the table, and behind kql_ of its view
	kusto   string
	columns []snapshotColumn
}

type snapshotColumn struct {
	name   string
	column column
	kind   types.Type
}

func snapshotTables() []snapshotTable {
	head := []snapshotColumn{
		{"TimeGenerated", column{"taken", "BIGINT NOT NULL"}, types.DateTime},
		{"Source", column{"source", "VARCHAR NOT NULL"}, types.String},
	}
	str := func(name, c string) snapshotColumn {
		return snapshotColumn{name, column{c, "VARCHAR NOT NULL"}, types.String}
	}
	flag := func(name, c string) snapshotColumn {
		return snapshotColumn{name, column{c, "BOOLEAN NOT NULL"}, types.Bool}
	}
	doc := func(name, c string) snapshotColumn { return snapshotColumn{name, column{c, "VARCHAR"}, types.Dynamic} }
	return []snapshotTable{
		{"snapshot_principal", "Principals", append(slices.Clone(head), str("TenantId", "tenant"), str("Id", "id"), str("Kind", "kind"),
			str("Name", "name"), str("UserPrincipalName", "upn"), str("AppId", "app_id"), flag("Guest", "guest"), flag("Disabled", "disabled"),
			flag("Deleted", "deleted"), doc("MemberOf", "member_of"), doc("Owners", "owners"))},
		{"snapshot_binding", "Bindings", append(slices.Clone(head), str("Cluster", "cluster"), str("Kind", "kind"), str("Namespace", "namespace"),
			str("Name", "name"), str("RoleKind", "role_kind"), str("RoleName", "role_name"), str("SubjectKind", "subject_kind"),
			str("SubjectNamespace", "subject_namespace"), str("SubjectName", "subject_name"))},
		{"snapshot_assignment", "RoleAssignments", append(slices.Clone(head), str("TenantId", "tenant"), str("Id", "id"), str("PrincipalId", "principal_id"),
			str("PrincipalType", "principal_type"), str("RoleDefinitionId", "role_id"), str("RoleName", "role_name"), str("Scope", "at_scope"),
			str("Condition", "condition"), flag("Eligible", "eligible"), snapshotColumn{"Until", column{"until", "BIGINT"}, types.DateTime})},
	}
}

// create makes the table where it is not there.
func (t snapshotTable) create() string {
	cols := []column{{"scope", "VARCHAR NOT NULL"}}
	for _, c := range t.columns {
		cols = append(cols, c.column)
	}
	return strings.Replace(createTable(t.name, cols), "CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1)
}

func (t snapshotTable) own() (cols []ownColumn) {
	for _, c := range t.columns {
		cols = append(cols, ownColumn{c.name, c.kind, "t." + c.column.name})
	}
	return cols
}

func (t snapshotTable) view() view {
	v := view{name: "kql_" + t.name}
	m := map[string]string{}
	for _, c := range t.own() {
		v.columns = append(v.columns, kusto(c.name))
		m[kusto(c.name)] = c.expr
	}
	v.branches = []branch{{t.name + " t", m}}
	return v
}

func (t snapshotTable) table() *schema.Table { return ownTable(t.kusto, t.view().name, t.own()) }

// PutSnapshot takes the place of what an earlier snapshot of the same scope
// brought, as one transaction. taken is false where the store has one of a later
// time, which stays.
func (s *Store) PutSnapshot(ctx context.Context, n store.Snapshot) (taken bool, err error) {
	s.append.Lock()
	defer s.append.Unlock()
	err = s.transact(ctx, func(tx *sql.Tx) error {
		var latest sql.NullInt64
		for _, t := range snapshotTables() {
			var at sql.NullInt64
			if err := tx.QueryRowContext(ctx, "SELECT max(taken) FROM "+t.name+" WHERE scope = ?", n.Scope).Scan(&at); err != nil {
				return err
			}
			if at.Valid && (!latest.Valid || at.Int64 > latest.Int64) {
				latest = at
			}
		}
		if latest.Valid && latest.Int64 > n.Taken {
			return nil
		}
		taken = true
		for _, t := range snapshotTables() {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+t.name+" WHERE scope = ?", n.Scope); err != nil {
				return err
			}
			if err := t.insert(ctx, tx, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("store snapshot of %s: %w", n.Scope, err)
	}
	return taken, nil
}

func (t snapshotTable) insert(ctx context.Context, tx *sql.Tx, n store.Snapshot) error {
	statement, err := tx.PrepareContext(ctx, "INSERT INTO "+t.name+" VALUES (?"+strings.Repeat(", ?", len(t.columns))+")")
	if err != nil {
		return err
	}
	defer statement.Close()
	for _, row := range t.rows(n) {
		if _, err := statement.ExecContext(ctx, append([]any{n.Scope, n.Taken, n.Source}, row...)...); err != nil {
			return err
		}
	}
	return nil
}

func (t snapshotTable) rows(n store.Snapshot) (rows [][]any) {
	switch t.kusto {
	case "Principals":
		for _, p := range n.Principals {
			rows = append(rows, []any{p.Tenant, p.ID, p.Kind, p.Name, p.UPN, p.AppID, p.Guest, p.Disabled, p.Deleted, list(p.MemberOf), list(p.Owners)})
		}
	case "Bindings":
		for _, b := range n.Bindings {
			rows = append(rows, []any{b.Cluster, b.Kind, b.Namespace, b.Name, b.RoleKind, b.RoleName, b.SubjectKind, b.SubjectNamespace, b.SubjectName})
		}
	case "RoleAssignments":
		for _, a := range n.RoleAssignments {
			rows = append(rows, []any{a.Tenant, a.ID, a.PrincipalID, a.PrincipalType, a.RoleDefinitionID, a.RoleName, a.Scope, a.Condition, a.Eligible,
				sql.NullInt64{Int64: a.Until, Valid: a.Until != 0}})
		}
	default:
		panic("BUG: no rows for " + t.kusto)
	}
	return rows
}

// list is a JSON array; strings always marshal.
func list(ids []string) string {
	if ids == nil {
		ids = []string{}
	}
	text, err := json.Marshal(ids)
	if err != nil {
		panic("BUG: marshal ids: " + err.Error())
	}
	return string(text)
}
