package duck

import (
	"context"
	"fmt"

	"github.com/postern-dev/postern/internal/store"
)

// Coverage says what the store holds between two times (ticks, both included),
// by cluster and category.
func (s *Store) Coverage(ctx context.Context, from, to int64) ([]store.Coverage, error) {
	rows, err := s.db.SQL().QueryContext(ctx, `SELECT cluster, category, min(time), max(time), count(*), count(*) FILTER (cut) FROM (
		SELECT k__ResourceId AS cluster, k_Category AS category, k_TimeGenerated AS time, cut FROM kql_azure_diagnostics
		WHERE k_TimeGenerated BETWEEN ? AND ?) GROUP BY ALL ORDER BY ALL`, from, to)
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
	return out, rows.Err()
}
