package duck

import (
	"context"
	"fmt"
	"strings"

	"github.com/postern-dev/postern/audit/aks"
	"github.com/postern-dev/postern/internal/store"
)

// Coverage says what the store holds between two times (ticks, both included),
// by cluster and category: what AzureDiagnostics has as rows, and of the Activity
// Log, by subscription. It reads the tables
// themselves: planning the view, with its hundreds of expressions, takes longer
// than counting.
func (s *Store) Coverage(ctx context.Context, from, to int64) ([]store.Coverage, error) {
	rows, err := s.db.SQL().QueryContext(ctx, coverageSQL(), from, to)
	if err != nil {
		return nil, fmt.Errorf("read coverage: %w", err)
	}
	defer rows.Close()
	var out []store.Coverage
	for rows.Next() {
		var c store.Coverage
		if err := rows.Scan(&c.Cluster, &c.Category, &c.From, &c.To, &c.Rows, &c.Cut); err != nil {
			return nil, fmt.Errorf("read coverage: %w", err)
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read coverage: %w", err)
	}
	return out, nil
}

func coverageSQL() string {
	// Each part is of one cluster and category: first, last, number, and whether
	// its records are cut.
	part := func(category, cut, from, time, where string) string {
		return fmt.Sprintf("SELECT e.cluster, %s AS category, min(%s) AS first, max(%s) AS last, count(*) AS n, %s AS cut FROM %s WHERE %s BETWEEN $1 AND $2%s GROUP BY ALL",
			category, time, time, cut, from, time, where)
	}
	parts := []string{part("e.category", "false", lineTable+" e", "e.time", ""),
		part(quote(string(aks.Activity)), "false", "(SELECT subscription AS cluster, time FROM "+activityTable+") e", "e.time", "")}
	for category, show := range map[string]string{"'kube-audit'": "show_audit", "'kube-audit-admin'": "show_admin"} {
		for table, cut := range map[string]string{eventTable: "false", cutTable: "true"} {
			parts = append(parts,
				part(category, cut, table+" e", "e.time", " AND e."+show),
				part(category, cut, deliveryTable+" d JOIN "+table+" e ON e.id = d.event_id", "d.time", " AND d."+show+" AND d.cut = "+cut))
		}
	}
	return "SELECT cluster, category, min(first), max(last), CAST(sum(n) AS BIGINT), CAST(coalesce(sum(n) FILTER (cut), 0) AS BIGINT) FROM (" +
		strings.Join(parts, " UNION ALL ") + ") GROUP BY ALL ORDER BY ALL"
}
