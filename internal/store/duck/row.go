package duck

import (
	"database/sql/driver"
)

// The rows, in the order of the tables' columns (tables.go).

func (s *Store) eventRow(row []driver.Value, it *item, now int64) []driver.Value {
	var key, text, kept, raw any
	if it.id.set {
		key = it.id.key
		if !it.id.uuid {
			text = it.id.text
		}
	}
	var exact []byte
	if it.keep {
		kept, exact = varchar(it.text)
		if exact != nil {
			raw = exact
		}
	}
	row = append(row, it.row, it.rec.Cluster, key, clean(text), it.hash, it.odd, it.reused, kept, raw)
	row = deliveryRow(row, it, it.audit, it.admin, now)
	for _, f := range s.fields {
		v := f.get(&it.event)
		if exact != nil {
			v = clean(v)
		}
		row = append(row, v)
	}
	return row
}

func deliveryRow(row []driver.Value, it *item, audit, admin bool, now int64) []driver.Value {
	r := it.rec
	return append(row, r.Category, r.Source, r.Offset, it.time, r.Pod, r.Stream, r.ContainerID, r.ResourceID, optional(r.Envelope), it.newline, audit, admin, now)
}

func lineRow(row []driver.Value, it *item, now int64) []driver.Value {
	r := it.rec
	text, raw := varchar(it.text)
	return append(row, it.row, r.Cluster, r.Category, it.hash, r.Source, r.Offset, it.time, r.Pod, r.Stream, r.ContainerID, r.ResourceID, optional(r.Envelope), text, blob(raw), now)
}

func deadRow(l letter, now int64) []driver.Value {
	text, raw := varchar(string(l.Text))
	var time any
	if l.Time != 0 {
		time = l.Time
	}
	return []driver.Value{l.row, l.Cluster, l.Source, l.Offset, time, l.Reason, l.hash, text, blob(raw), now}
}

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}
