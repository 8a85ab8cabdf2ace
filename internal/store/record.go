// Package store says what is put into a store of audit events and what the
// store answers: plain values, no engine.
//
// It owns the words between collecting (internal/ingest) and keeping
// (internal/store/duck): a Record as it was delivered, a Dead letter, a Cursor,
// the Batch that commits as one, and the Counts that must add up. It does not
// own decoding (audit, audit/aks) nor any SQL.
package store

// Record is one delivery: the text of an audit event or of a log line together
// with what its envelope said. The same event by two categories is two records.
type Record struct {
	Cluster     string // lower-cased ARM id, or a name given by the user; never empty
	Category    string // kube-audit, kube-audit-admin, guard, …; "" when collected locally from kube-apiserver's own audit log
	Time        int64  // ticks (100 ns since 0001-01-01T00:00:00Z) of the delivery; 0 takes the event's stage time
	Pod         string
	Stream      string
	ContainerID string
	ResourceID  string // exactly as delivered, "" when there was none
	Envelope    string // JSON object of the envelope's remaining fields, "" when there are none
	Text        []byte // exactly the bytes of the event or line, trailing newline included when delivered so
	Source      string // where it was read, e.g. file:/var/log/audit.log
	Offset      int64  // where in the source the record starts; -1 when the source has no offsets
}

// Dead is something that was read and could not be understood. It is kept, so
// that nothing is lost and so that a later version can try again.
type Dead struct {
	Cluster string // "" when it could not be told
	Source  string
	Offset  int64
	Time    int64 // ticks when known, otherwise 0
	Reason  string
	Text    []byte
}

// Cursor is how far a source has been read. Position belongs to the source
// alone: the store keeps the bytes and gives them back.
type Cursor struct {
	Source   string
	Position []byte
}

// Place is where a source holds something.
type Place struct {
	Source string
	Offset int64
}

// Batch is what one transaction commits: rows, dead letters and the cursors
// that say so. After a kill either all of it is there or none. Retract removes,
// before anything is added, the dead letters of exactly these places: a last
// line that was half written when it was read and is whole now. Counts do not
// speak of them.
type Batch struct {
	Retract []Place
	Records []Record
	Dead    []Dead
	Cursors []Cursor // a nil Position removes the cursor
}
