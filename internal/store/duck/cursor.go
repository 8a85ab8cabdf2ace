package duck

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/postern-dev/postern/internal/store"
)

func (s *Store) writeCursors(ctx context.Context, conn *sql.Conn, cursors []store.Cursor, now int64) error {
	for _, c := range cursors {
		query, args := "INSERT INTO cursor VALUES (?, ?, ?) ON CONFLICT (source) DO UPDATE SET position = excluded.position, updated = excluded.updated", []any{c.Source, c.Position, now}
		if c.Position == nil {
			query, args = "DELETE FROM cursor WHERE source = ?", args[:1]
		}
		_, err := conn.ExecContext(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("write cursor of %s: %w", c.Source, err)
		}
	}
	return nil
}

// Cursors gives how far sources have been read: those named that have a cursor,
// or all when none is named.
func (s *Store) Cursors(ctx context.Context, sources ...string) ([]store.Cursor, error) {
	var out []store.Cursor
	read := func(query string, args ...any) error {
		rows, err := s.db.SQL().QueryContext(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("read cursors: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var c store.Cursor
			if err := rows.Scan(&c.Source, &c.Position); err != nil {
				return fmt.Errorf("read cursors: %w", err)
			}
			out = append(out, c)
		}
		return rows.Err()
	}
	if len(sources) == 0 {
		return out, read("SELECT source, position FROM cursor ORDER BY source")
	}
	for _, source := range sources {
		if err := read("SELECT source, position FROM cursor WHERE source = ?", source); err != nil {
			return nil, err
		}
	}
	return out, nil
}
