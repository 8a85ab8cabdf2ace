package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/postern-dev/postern/internal/failpoint"
	"github.com/postern-dev/postern/internal/store"
)

// letter is a dead letter on its way into the store.
type letter struct {
	store.Dead
	hash uint64
	row  int64
}

// Append commits a batch: new events and lines, further deliveries of known
// events, dead letters and cursors, all or nothing. What it counts adds up.
func (s *Store) Append(ctx context.Context, b store.Batch) (store.Counts, error) {
	if s.options.ReadOnly {
		return store.Counts{}, errors.New("append to store: it is open read-only")
	}
	s.append.Lock()
	defer s.append.Unlock()
	conn, err := s.db.SQL().Conn(ctx)
	if err != nil {
		return store.Counts{}, fmt.Errorf("append to store: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN TRANSACTION"); err != nil {
		return store.Counts{}, fmt.Errorf("append to store: %w", err)
	}
	next := s.next
	counts, err := s.write(ctx, conn, b, &next)
	if err == nil {
		s.options.Fail.Hit(failpoint.IngestCursor)
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		_, back := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		if back != nil && strings.Contains(back.Error(), "no transaction is active") {
			back = nil // the failed statement has ended it
		}
		return store.Counts{}, fmt.Errorf("append to store: %w", errors.Join(err, back))
	}
	s.next, s.events = next, s.events || counts.Stored > 0 || next > 1
	s.options.Fail.Hit(failpoint.IngestCommit)
	return counts, s.protect()
}

func (s *Store) write(ctx context.Context, conn *sql.Conn, b store.Batch, next *int64) (store.Counts, error) {
	now := s.now()
	for i := range b.Records {
		if b.Records[i].Cluster == "" {
			return store.Counts{}, fmt.Errorf("record %d of %s has no cluster", i, b.Records[i].Source)
		}
	}
	if err := retract(ctx, conn, b.Retract); err != nil {
		return store.Counts{}, err
	}
	items := s.shred(b.Records, now)
	letters := s.letters(items, b.Dead)
	m := &matcher{byContent: make(map[contentKey]*known, len(items)), byID: make(map[reuseKey]*group, len(items)), lines: map[uint64]bool{}, dead: map[uint64]bool{}}
	m.text = func(k *known) (string, error) { return s.rowText(ctx, conn, k.row, k.cut) }
	if err := s.load(ctx, conn, m, items, letters); err != nil {
		return store.Counts{}, err
	}
	id := func() int64 { *next++; return *next - 1 }
	counts := store.Counts{Read: int64(len(b.Records) + len(b.Dead))}
	for i := range items {
		it := &items[i]
		switch it.class {
		case line, activity:
			counts = counts.Add(m.line(it, id))
		case whole, cut:
			audit, admin := s.sends(it)
			c, err := m.event(it, audit, admin, id)
			if err != nil {
				return counts, err
			}
			counts = counts.Add(c)
		}
	}
	fresh := letters[:0]
	for _, l := range letters {
		if m.dead[l.hash] {
			counts.Duplicate++
			continue
		}
		m.dead[l.hash] = true
		l.row = id()
		counts.Dead++
		fresh = append(fresh, l)
	}
	for i := range items {
		if items[i].reused {
			counts.Reused++
		}
	}
	if err := counts.Check(); err != nil {
		return counts, fmt.Errorf("BUG: %w", err)
	}
	if err := s.writeRows(ctx, conn, items, fresh, m, now); err != nil {
		return counts, err
	}
	s.options.Fail.Hit(failpoint.IngestAppend)
	return counts, s.writeCursors(ctx, conn, b.Cursors, now)
}

// retract removes the dead letters of places that turned out well.
func retract(ctx context.Context, conn *sql.Conn, places []store.Place) error {
	for _, p := range places {
		if _, err := conn.ExecContext(ctx, "DELETE FROM dead_letter WHERE source = ? AND source_offset = ?", p.Source, p.Offset); err != nil {
			return fmt.Errorf("remove dead letter of %s at %d: %w", p.Source, p.Offset, err)
		}
	}
	return nil
}

// letters collects the dead: those that were handed in and those found here.
func (s *Store) letters(items []item, handed []store.Dead) []letter {
	var out []letter
	for _, d := range handed {
		out = append(out, letter{Dead: d})
	}
	for i := range items {
		if it := &items[i]; it.class == dead {
			r := it.rec
			out = append(out, letter{Dead: store.Dead{Cluster: r.Cluster, Source: r.Source, Offset: r.Offset, Time: r.Time, Reason: it.reason, Text: r.Text}})
		}
	}
	for i := range out {
		l := &out[i]
		l.hash = fingerprint(s.secret, fmt.Sprintf("%s\x00%s\x00%d", l.Cluster, l.Source, l.Offset), string(l.Text))
	}
	return out
}

func (s *Store) writeRows(ctx context.Context, conn *sql.Conn, items []item, letters []letter, m *matcher, now int64) error {
	var events, cuts []*item
	for i := range items {
		switch it := &items[i]; {
		case !it.taken:
		case it.class == whole:
			events = append(events, it)
		case it.class == cut:
			cuts = append(cuts, it)
		}
	}
	if err := s.insertEvents(ctx, conn, eventTable, events, now); err != nil {
		return fmt.Errorf("write %s: %w", eventTable, err)
	}
	if err := s.insertEvents(ctx, conn, cutTable, cuts, now); err != nil {
		return fmt.Errorf("write %s: %w", cutTable, err)
	}
	err := appendRows(conn, "", lineTable, func(row func(...driver.Value) error) error {
		for i := range items {
			if it := &items[i]; it.taken && it.class == line {
				if err := row(lineRow(nil, it, now)...); err != nil {
					return err
				}
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", lineTable, err)
	}
	err = appendRows(conn, "", activityTable, func(row func(...driver.Value) error) error {
		for i := range items {
			if it := &items[i]; it.taken && it.class == activity {
				if err := row(activityRow(it, now)...); err != nil {
					return err
				}
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", activityTable, err)
	}
	err = appendRows(conn, "", deliveryTable, func(row func(...driver.Value) error) error {
		for _, d := range m.deliveries {
			if err := row(deliveryRow([]driver.Value{d.event.row, d.event.cut}, d.item, d.audit, d.admin, now)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", deliveryTable, err)
	}
	err = appendRows(conn, "", deadTable, func(row func(...driver.Value) error) error {
		for _, l := range letters {
			if err := row(deadRow(l, now)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", deadTable, err)
	}
	return s.writeFlags(ctx, conn, m)
}

// writeFlags updates rows that were in the store before: seldom, and one small
// column each.
func (s *Store) writeFlags(ctx context.Context, conn *sql.Conn, m *matcher) error {
	update := func(column string, cut bool, ids [][]any) error {
		if len(ids) == 0 {
			return nil
		}
		if err := s.fillTemp(ctx, conn, "batch_flag", "id BIGINT", ids); err != nil {
			return err
		}
		table := eventTable
		if cut {
			table = cutTable
		}
		if _, err := conn.ExecContext(ctx, "UPDATE "+table+" SET "+column+" = true WHERE id IN (SELECT id FROM batch_flag)"); err != nil {
			return fmt.Errorf("flag rows of %s: %w", table, err)
		}
		return nil
	}
	for _, cut := range []bool{false, true} {
		var reused, audit, admin [][]any
		for _, k := range m.reused {
			if k.cut == cut {
				reused = append(reused, []any{k.row})
			}
		}
		for _, f := range m.shown {
			if f.event.cut == cut && f.audit {
				audit = append(audit, []any{f.event.row})
			}
			if f.event.cut == cut && f.admin {
				admin = append(admin, []any{f.event.row})
			}
		}
		if err := errors.Join(update("reused", cut, reused), update("show_audit", cut, audit), update("show_admin", cut, admin)); err != nil {
			return err
		}
	}
	return nil
}

// fillTemp makes a temporary table of this connection.
func (s *Store) fillTemp(ctx context.Context, conn *sql.Conn, name, columns string, rows [][]any) error {
	if _, err := conn.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE "+name+" ("+columns+")"); err != nil {
		return fmt.Errorf("make table %s: %w", name, err)
	}
	err := appendRows(conn, "temp", name, func(row func(...driver.Value) error) error {
		values := make([]driver.Value, 0, 4)
		for _, r := range rows {
			values = values[:0]
			for _, v := range r {
				values = append(values, v)
			}
			if err := row(values...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("fill table %s: %w", name, err)
	}
	return nil
}

// appendRows opens DuckDB's appender on the connection, inside its transaction.
func appendRows(conn *sql.Conn, catalog, table string, fill func(row func(...driver.Value) error) error) error {
	return conn.Raw(func(raw any) error {
		var a *duckdb.Appender
		rows := 0
		err := fill(func(values ...driver.Value) error {
			if a == nil {
				var err error
				if a, err = duckdb.NewAppender(raw.(driver.Conn), catalog, "", table); err != nil {
					return err
				}
			}
			rows++
			return a.AppendRow(values...)
		})
		if a != nil {
			err = errors.Join(err, a.Close())
		}
		return err
	})
}
