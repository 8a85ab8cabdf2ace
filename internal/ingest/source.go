// Package ingest moves audit events from where they are kept into a store: read,
// recognise, batch, commit.
//
// It owns the Source interface (the packages below implement it), the pipeline
// and what becomes of each record: an event or a log line, or a dead letter with
// the reason. A batch of rows and the cursors that say how far their sources
// were read commit in one transaction, so that after any kill reading goes on
// where the store ends. It does not own tables and duplicates (internal/store)
// nor what an event means (audit, audit/aks).
//
//	p := &ingest.Pipeline{Store: st, Sources: []ingest.Source{src}, Cluster: "local"}
//	summary, err := p.Run(ctx)
package ingest

import (
	"context"

	"github.com/postern-dev/postern/internal/store"
)

// Source is a place that events come from: a set of files, a container, later a
// workspace or a hub.
type Source interface {
	// Name is the source as the user wrote it, e.g. file:/var/log/audit.log.
	Name() string
	// Resume hands over all cursors of the store before the first Read; those of
	// other sources are ignored.
	Resume(cursors []store.Cursor) error
	// Read hands all that is there and was not handed over before to sink, then
	// returns. It is called again and again while following. Faults of single
	// files do not end it; they are joined in its error, a *PartialError.
	Read(ctx context.Context, sink Sink) error
	Close() error
}

// Sink takes what a source reads.
type Sink interface {
	// Put takes one piece. When it is committed, the cursor of mark is committed
	// with it: it says how far the source has been read, this piece included.
	Put(ctx context.Context, p Piece, mark Mark) error
	// Idle says that nothing more is there for the moment.
	Idle(ctx context.Context) error
}

// Mark tells how far a source has been read at the moment it is asked.
type Mark interface {
	Cursor() (store.Cursor, error)
}

// Piece is one record as framed, undecoded.
type Piece struct {
	Text     []byte // valid during Put
	Source   string // e.g. file:/var/log/audit.log
	Offset   int64
	Resource string       // ARM id, where the place tells it and the record may not
	Fault    string       // why this cannot be a record
	Excerpt  bool         // Text is only the beginning
	Retract  *store.Place // a dead letter that this piece makes obsolete
}

// PartialError says that parts of a source could not be read; the others were.
type PartialError struct{ Err error }

func (e *PartialError) Error() string { return e.Err.Error() }

func (e *PartialError) Unwrap() error { return e.Err }

// Store is what ingest needs of a store.
type Store interface {
	// Append commits one batch: rows, dead letters and cursors, all or nothing.
	Append(ctx context.Context, b store.Batch) (store.Counts, error)
	// Cursors gives the cursors of the sources named, all of them if none is.
	Cursors(ctx context.Context, sources ...string) ([]store.Cursor, error)
}
