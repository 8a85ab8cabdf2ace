package duck

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// querier is a connection or the pool.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// rowText gives the exact bytes of a stored event, without its newline.
func (s *Store) rowText(ctx context.Context, q querier, row int64, cut bool) (string, error) {
	table := eventTable
	if cut {
		table = cutTable
	}
	var text string
	var raw []byte
	err := q.QueryRowContext(ctx, "SELECT raw, "+eventExpr("false")+" FROM "+table+" WHERE id = ?", row).Scan(&raw, &text)
	if err != nil {
		return "", fmt.Errorf("read event %d: %w", row, err)
	}
	if raw != nil {
		return string(raw), nil
	}
	return text, nil
}

// auditIDExpr gives the auditID as text, NULL where there is none.
const auditIDExpr = "coalesce(audit_text, CAST(audit_key AS VARCHAR))"

// eventExpr calls eventFunc on the columns of an event table.
func eventExpr(newline string) string {
	args := append([]string{"text", newline, auditIDExpr}, columnsOf(fields())...)
	return eventFunc + "(" + strings.Join(args, ", ") + ")"
}
