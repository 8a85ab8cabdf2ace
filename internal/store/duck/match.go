package duck

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/postern-dev/postern/internal/store"
)

// contentKey finds the same event again: same cluster, auditID, stage and text.
// Cluster and text (which has the other two) are in the hash.
type contentKey struct {
	set  bool
	key  duckdb.UUID
	hash uint64
	cut  bool
}

// reuseKey finds events that claim to be the same.
type reuseKey struct {
	key            duckdb.UUID
	cluster, stage string
}

// arrival identifies a delivery: the same again is a duplicate.
type arrival struct {
	category, source string
	time             int64
	pod              string
}

// place is what of a delivery its category's row shows.
type place struct {
	time                                           int64
	pod, stream, containerID, resourceID, envelope string
	newline                                        bool
}

// known is an event that is in the store or, with item set, new in this batch.
type known struct {
	row          int64
	cut          bool
	hash         uint64
	item         *item
	text         *string // read when it is needed
	reused       bool
	arrivals     []arrival
	audit, admin bool // categories it is shown in
	place        place
}

// matcher decides for each item of a batch what it is to the store.
type matcher struct {
	byContent map[contentKey]*known
	byID      map[reuseKey]*group
	lines     map[uint64]bool
	dead      map[uint64]bool
	text      func(*known) (string, error) // of a row of the store

	deliveries []delivery
	reused     []*known // rows of the store to flag
	shown      []shown  // rows of the store whose own delivery counts for a further category
}

// delivery is a further delivery of a known event.
type delivery struct {
	event        *known
	item         *item
	audit, admin bool
}

type shown struct {
	event        *known
	audit, admin bool
}

func (it *item) contentKey() contentKey {
	return contentKey{set: it.id.set, key: it.id.key, hash: it.hash, cut: it.class == cut}
}

func (it *item) reuseKey() reuseKey {
	return reuseKey{key: it.id.key, cluster: it.rec.Cluster, stage: it.stage()}
}

func (it *item) arrival() arrival {
	return arrival{it.rec.Category, it.rec.Source, it.time, it.rec.Pod}
}

func (it *item) place() place {
	r := it.rec
	return place{it.time, r.Pod, r.Stream, r.ContainerID, r.ResourceID, r.Envelope, it.newline}
}

// event takes in a whole or cut event and says what it was.
func (m *matcher) event(it *item, audit, admin bool, id func() int64) (store.Counts, error) {
	at := it.contentKey()
	if k := m.byContent[at]; k != nil {
		return m.again(k, it, audit, admin), nil
	}
	it.row, it.taken, it.audit, it.admin = id(), true, audit, admin
	k := &known{row: it.row, cut: it.class == cut, hash: it.hash, item: it, arrivals: []arrival{it.arrival()}, audit: audit, admin: admin, place: it.place()}
	m.byContent[at] = k
	counts := store.Counts{Stored: 1}
	if k.cut {
		counts.Cut = 1
	}
	if it.odd {
		counts.Odd = 1
	}
	if !it.id.set || k.cut && !it.event.Stage.Set {
		return counts, nil // nothing it could claim to be
	}
	g := m.byID[it.reuseKey()]
	if g == nil {
		g = &group{}
		m.byID[it.reuseKey()] = g
	}
	return counts, m.join(g, k)
}

// group are the events of one auditID and stage. Those not flagged are of one
// piece: at most one whole event and beginnings of it. So however many events an
// attacker gives one id, a further one is compared with few.
type group struct {
	plain, reused []*known
}

func (g *group) add(k *known) {
	if k.reused {
		g.reused = append(g.reused, k)
	} else {
		g.plain = append(g.plain, k)
	}
}

// join takes a new event into its group and flags what contradicts.
func (m *matcher) join(g *group, k *known) error {
	plain := g.plain[:0]
	for _, other := range g.plain {
		same, err := m.compatible(k, other)
		if err != nil {
			return err
		}
		if same {
			plain = append(plain, other)
			continue
		}
		m.flag(k)
		m.flag(other)
		g.reused = append(g.reused, other)
	}
	g.plain = plain
	for i := 0; i < len(g.reused) && !k.reused; i++ {
		same, err := m.compatible(k, g.reused[i])
		if err != nil {
			return err
		}
		if !same {
			m.flag(k)
		}
	}
	g.add(k)
	return nil
}

// again handles an event that is known.
func (m *matcher) again(k *known, it *item, audit, admin bool) store.Counts {
	a := it.arrival()
	for _, b := range k.arrivals {
		if a == b {
			return store.Counts{Duplicate: 1}
		}
	}
	k.arrivals = append(k.arrivals, a)
	audit, admin = audit && !k.audit, admin && !k.admin
	k.audit, k.admin = k.audit || audit, k.admin || admin
	if (audit || admin) && it.place() == k.place {
		// This category's row would differ in nothing but the category: the event's
		// own row shows it, and no join is needed.
		if k.item != nil {
			k.item.audit, k.item.admin = k.item.audit || audit, k.item.admin || admin
		} else {
			m.shown = append(m.shown, shown{k, audit, admin})
		}
		audit, admin = false, false
	}
	m.deliveries = append(m.deliveries, delivery{k, it, audit, admin})
	return store.Counts{Merged: 1}
}

func (m *matcher) flag(k *known) {
	switch {
	case k.item != nil:
		k.item.reused = true
	case !k.reused:
		m.reused = append(m.reused, k)
	}
	k.reused = true
}

// compatible reports whether two events of the same auditID and stage and of
// different text may still be one event: where one is cut, the other must go on
// as it began.
func (m *matcher) compatible(a, b *known) (bool, error) {
	if !a.cut && !b.cut {
		return false, nil
	}
	short, err := m.textOf(a)
	if err != nil {
		return false, err
	}
	long, err := m.textOf(b)
	if err != nil {
		return false, err
	}
	if b.cut && (!a.cut || len(long) < len(short)) {
		short, long = long, short
	}
	return strings.HasPrefix(long, short), nil
}

func (m *matcher) textOf(k *known) (string, error) {
	if k.item != nil {
		return k.item.text, nil
	}
	if k.text == nil {
		text, err := m.text(k)
		if err != nil {
			return "", err
		}
		k.text = &text
	}
	return *k.text, nil
}

// line takes in a line of text: known or not.
func (m *matcher) line(it *item, id func() int64) store.Counts {
	if m.lines[it.hash] {
		return store.Counts{Duplicate: 1}
	}
	m.lines[it.hash] = true
	it.taken = true
	if it.class == activity {
		return store.Counts{Stored: 1}
	}
	it.row = id()
	return store.Counts{Stored: 1, LogLines: 1}
}

// load reads from the store what the batch has to be compared with.
func (s *Store) load(ctx context.Context, conn *sql.Conn, m *matcher, items []item, letters []letter) error {
	if !s.events {
		return nil
	}
	var keys [][]any
	var lines, bare bool
	first, last := int64(0), int64(0)
	for i := range items {
		it := &items[i]
		switch {
		case it.class == line, it.class == activity:
			if !lines || it.time < first {
				first = it.time
			}
			if !lines || it.time > last {
				last = it.time
			}
			lines = true
			keys = append(keys, []any{nil, it.hash})
		case it.class == dead:
		case it.id.set:
			keys = append(keys, []any{it.id.key, it.hash})
		default:
			bare = true
			keys = append(keys, []any{nil, it.hash})
		}
	}
	for _, l := range letters {
		keys = append(keys, []any{nil, l.hash})
	}
	if err := s.fillTemp(ctx, conn, "batch_key", "audit_key UUID, hash UBIGINT", keys); err != nil {
		return err
	}
	found := map[int64]*known{}
	for _, table := range []string{eventTable, cutTable} {
		if err := s.loadEvents(ctx, conn, m, table, "audit_key IN (SELECT audit_key FROM batch_key WHERE audit_key IS NOT NULL)", found); err != nil {
			return err
		}
		if bare {
			if err := s.loadEvents(ctx, conn, m, table, "audit_key IS NULL AND hash IN (SELECT hash FROM batch_key WHERE audit_key IS NULL)", found); err != nil {
				return err
			}
		}
	}
	if err := s.loadDeliveries(ctx, conn, found); err != nil {
		return err
	}
	if lines {
		if err := knownActivity(ctx, conn, m.lines, first, last); err != nil {
			return err
		}
		if err := hashes(ctx, conn, m.lines, "SELECT hash FROM log_line WHERE time BETWEEN ? AND ? AND hash IN (SELECT hash FROM batch_key)", first, last); err != nil {
			return err
		}
	}
	if len(letters) > 0 {
		return hashes(ctx, conn, m.dead, "SELECT hash FROM dead_letter WHERE hash IN (SELECT hash FROM batch_key)")
	}
	return nil
}

func (s *Store) loadEvents(ctx context.Context, conn *sql.Conn, m *matcher, table, where string, found map[int64]*known) error {
	rows, err := conn.QueryContext(ctx, `SELECT id, hash, audit_key, cluster, coalesce(stage, ''), stage IS NOT NULL, reused,
		category, source, time, pod, stream, container_id, resource_id, coalesce(envelope, ''), newline, show_audit, show_admin
		FROM `+table+` WHERE `+where)
	if err != nil {
		return fmt.Errorf("find known events: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		k := &known{cut: table == cutTable}
		var key *duckdb.UUID
		var at reuseKey
		var staged bool
		var a arrival
		p := &k.place
		if err := rows.Scan(&k.row, &k.hash, &key, &at.cluster, &at.stage, &staged, &k.reused,
			&a.category, &a.source, &a.time, &a.pod, &p.stream, &p.containerID, &p.resourceID, &p.envelope, &p.newline, &k.audit, &k.admin); err != nil {
			return fmt.Errorf("find known events: %w", err)
		}
		p.time, p.pod = a.time, a.pod
		k.arrivals = []arrival{a}
		content := contentKey{hash: k.hash, cut: k.cut}
		if key != nil {
			at.key = *key
			content.set, content.key = true, *key
		}
		m.byContent[content] = k
		if key != nil && (staged || !k.cut) {
			if m.byID[at] == nil {
				m.byID[at] = &group{}
			}
			m.byID[at].add(k)
		}
		found[k.row] = k
	}
	return rows.Err()
}

func (s *Store) loadDeliveries(ctx context.Context, conn *sql.Conn, found map[int64]*known) error {
	if len(found) == 0 {
		return nil
	}
	ids := make([][]any, 0, len(found))
	for id := range found {
		ids = append(ids, []any{id})
	}
	if err := s.fillTemp(ctx, conn, "batch_found", "id BIGINT", ids); err != nil {
		return err
	}
	rows, err := conn.QueryContext(ctx, "SELECT event_id, category, source, time, pod, show_audit, show_admin FROM delivery WHERE event_id IN (SELECT id FROM batch_found)")
	if err != nil {
		return fmt.Errorf("find known deliveries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var a arrival
		var audit, admin bool
		if err := rows.Scan(&id, &a.category, &a.source, &a.time, &a.pod, &audit, &admin); err != nil {
			return fmt.Errorf("find known deliveries: %w", err)
		}
		k := found[id]
		k.arrivals = append(k.arrivals, a)
		k.audit, k.admin = k.audit || audit, k.admin || admin
	}
	return rows.Err()
}

func hashes(ctx context.Context, conn *sql.Conn, into map[uint64]bool, query string, args ...any) error {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("find known rows: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var h uint64
		if err := rows.Scan(&h); err != nil {
			return fmt.Errorf("find known rows: %w", err)
		}
		into[h] = true
	}
	return rows.Err()
}
